"""What people did to a model's answer, in words."""

from __future__ import annotations

from typing import Any

from segviz.ui.since import lines


def row(name: str, added: float, removed: float, dice: float | None) -> dict[str, Any]:
    return {"name": name, "unit": "ml", "added": added, "removed": removed, "dice": dice}


def test_nothing_is_said_where_nothing_was_changed() -> None:
    assert lines([row("Lesion", 0.0, 0.0, 1.0), row("Edema", 0.0, 0.0, None)], "m 1.0") == []


def test_one_label_takes_one_line() -> None:
    rows = [row("Lesion", 1.2, 0.4, 0.94), row("Edema", 0.0, 0.0, 1.0)]
    said = "+1.20 ml, −0.40 ml by people; Dice to its answer 0.94"
    assert lines(rows, "m 1.0") == [f"Since m 1.0: {said}"]
    assert lines(rows, "") == [f"Since the import: {said}"]


def test_of_many_labels_those_changed_most_are_told() -> None:
    rows = [row(name, n, 0.0, 0.9) for n, name in enumerate("abcde", 1)]
    assert lines(rows, "m 1.0") == [
        "Since m 1.0, by people:",
        "e: +5.00 ml; Dice 0.90",
        "d: +4.00 ml; Dice 0.90",
        "c: +3.00 ml; Dice 0.90",
        "and 2 more labels",
    ]
