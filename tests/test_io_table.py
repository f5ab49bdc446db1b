"""CSV."""

from __future__ import annotations

import csv
from pathlib import Path

from segviz.io.table import write_csv


def test_rows_of_several_shapes(tmp_path: Path) -> None:
    rows = [{"name": "forest", "area_ha": 1.5}, {"name": "wätter", "pixels": 3, "area_ha": None}]
    write_csv(rows, tmp_path / "n.csv")
    with (tmp_path / "n.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert found == [
        {"name": "forest", "area_ha": "1.5", "pixels": ""},
        {"name": "wätter", "area_ha": "", "pixels": "3"},
    ]


def test_text_is_never_a_formula_and_numbers_stay_numbers(tmp_path: Path) -> None:
    write_csv([{"name": "=HYPERLINK(1)", "change": -2.5}], tmp_path / "n.csv")
    assert (tmp_path / "n.csv").read_text().splitlines()[1] == "'=HYPERLINK(1),-2.5"


def test_nothing(tmp_path: Path) -> None:
    write_csv([], tmp_path / "n.csv")
    assert (tmp_path / "n.csv").read_text().strip() == ""
