"""Amounts: what a person can count by hand, at the revision that the spec names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from workspace import add_visit, scene_grid, store_at, volume_grid

from segviz import findings, workbench
from segviz.findings import amounts
from segviz.findings.blocks import Plot, Table
from segviz.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path)
    workbench.close_all()


def paint(store: Store, layer: str, cells: list[int], label: int = 1, uuid: str = "1") -> None:
    bench = workbench.get(store, layer)
    labels = np.full(len(cells), label, np.uint8)
    bench.edit_cells(np.array(cells), labels, base_revision=bench.revision, uuid=uuid)


def test_a_scan_has_ml_and_diameters_and_keeps_them_as_edits_go_on(store: Store) -> None:
    visit = add_visit(store, volume_grid())
    paint(store, visit.id, [0, 1])  # neighbours along k, which grows to the right by 2 mm
    spec = amounts.now(store, store.case(visit.case_id))
    numbers = findings.find(store, spec)
    paint(store, visit.id, [119], uuid="2")

    (mask,) = numbers["masks"]
    (row,) = mask["labels"]
    assert row["voxels"] == 2
    assert row["volume_ml"] == pytest.approx(0.002)
    assert (row["longest_diameter_mm"], row["perpendicular_diameter_mm"]) == (2.0, 0.0)
    assert findings.find(store, spec) == numbers == json.loads(json.dumps(numbers))
    assert findings.find(store, amounts.now(store, store.case(visit.case_id))) != numbers

    (table,) = findings.tell(spec, numbers)
    assert isinstance(table, Table)
    assert table.rows == [["Visit 1", "Lesion", row["volume_ml"], 2, 1, 2.0, 0.0]]


def test_a_scene_has_hectares(store: Store) -> None:
    visit = add_visit(store, scene_grid())
    paint(store, visit.id, [0, 1, 2])
    spec = amounts.now(store, store.case(visit.case_id))
    (table,) = findings.tell(spec, findings.find(store, spec))
    assert isinstance(table, Table)
    ((date, name, hectares, pixels),) = table.rows
    assert (date, name, pixels) == ("Visit 1", "forest", 3)
    assert hectares == pytest.approx(3.0, rel=2e-3)  # but for the scale of UTM


def test_without_a_crs_there_are_pixels_alone(store: Store) -> None:
    visit = add_visit(store, scene_grid(crs=None))
    paint(store, visit.id, [0, 1, 2])
    spec = amounts.now(store, store.case(visit.case_id))
    (table,) = findings.tell(spec, findings.find(store, spec))
    assert isinstance(table, Table)
    assert table.rows == [["Visit 1", "forest", None, 3]]
    assert "no hectares" in table.note


def test_an_empty_mask_says_so_and_is_no_zero(store: Store) -> None:
    visit = add_visit(store, volume_grid())
    spec = amounts.now(store, store.case(visit.case_id))
    (table,) = findings.tell(spec, findings.find(store, spec))
    assert isinstance(table, Table)
    assert table.rows == [["Visit 1", "nothing marked", None, None, None, None, None]]


def test_over_time_an_empty_mask_has_no_number_and_a_missing_label_is_zero() -> None:
    def mask(date: str, *labels: dict[str, object]) -> dict[str, object]:
        return {"visit": date, "date": date, "mask": "", "world": "scene", "labels": list(labels)}

    def row(label: int, pixels: int) -> dict[str, object]:
        about = {"label": label, "name": f"class {label}", "color": "#009E73"}
        return about | {"pixels": pixels, "area_ha": pixels / 100}

    masks = [
        mask("2018-01-01", row(1, 100), row(2, 0)),
        mask("2019-01-01", row(1, 0), row(2, 0)),
        mask("2020-01-01", row(1, 0), row(2, 50)),
    ]
    table, plot = amounts.tell({}, {"masks": masks})
    assert isinstance(table, Table)
    assert list(table.columns) == ["Class", "2018-01-01", "2019-01-01", "2020-01-01"]
    assert table.rows == [["class 1", 1.0, None, 0], ["class 2", 0, None, 0.5]]
    assert isinstance(plot, Plot)
    assert [list(line.y) for line in plot.lines] == [[1.0, None, 0], [0, None, 0.5]]
    assert plot.y_title == "Area, ha"
    assert list(plot.lines[0].x) == ["2018-01-01", "2019-01-01", "2020-01-01"]


def test_other_layers_are_named_and_those_without_work_left_out(store: Store) -> None:
    visit = add_visit(store, volume_grid())
    paint(store, visit.id, [0])
    mine = workbench.new_layer(store, visit.id, "Mine", "Dr A", visit.id)
    workbench.new_layer(store, visit.id, "Untouched", "Dr B", None)
    paint(store, mine.id, [1], uuid="3")
    spec = amounts.now(store, store.case(visit.case_id))
    (table,) = findings.tell(spec, findings.find(store, spec))
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["Visit 1", "Visit 1 · Mine"]
