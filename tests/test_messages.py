"""The table of messages and the program hold the same codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"SV-[A-Z]+-\d{3}")
ROW = re.compile(r"^\| (SV-[A-Z]+-\d{3}) \|", re.MULTILINE)
TABLE = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
MODULES = sorted((ROOT / "segviz").rglob("*.py"))


def codes_in(module: Path) -> set[str]:
    return set(CODE.findall(module.read_text(encoding="utf-8")))


@pytest.mark.parametrize("module", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_code_has_a_row(module: Path) -> None:
    assert codes_in(module) <= set(ROW.findall(TABLE))


def test_no_code_is_listed_twice() -> None:
    rows = ROW.findall(TABLE)
    assert len(rows) == len(set(rows))


def test_every_row_is_still_said() -> None:
    said = set().union(*(codes_in(module) for module in MODULES))
    assert set(ROW.findall(TABLE)) <= said
