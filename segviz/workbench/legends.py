"""Changes of a legend: the new legend, and what becomes of the cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from segviz.errors import Refused
from segviz.mask import Label, Legend

COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True)
class Change:
    """What to do to a legend.

    Attributes:
        what: for the history.
        legend: the new one.
        moved: label -> label that its cells get; 0 for none.
    """

    what: str
    legend: Legend
    moved: dict[int, int]


def add(legend: Legend, *, name: str, color: str = "", value: int | None = None) -> Change:
    """One more label, with the first free number where none is given.

    Raises:
        Refused: no name of its own, no number left or taken, a colour that is none (SV-EDIT-037,
            SV-EDIT-092).
    """
    name = _free_name(legend, name)
    free = [number for number in range(1, 256) if number not in legend]
    number = (free[0] if free else 0) if value is None else value
    if number not in free:
        raise _no_name()
    label = Label(number, name, _color(color) or legend.free_color)
    return Change(f"New label: {name}", Legend((*legend, label)), {})


def rename(legend: Legend, *, value: int, name: str) -> Change:
    """Another name for a label; Refused (SV-EDIT-037, SV-EDIT-093)."""
    old = _known(legend, value)
    others = Legend(tuple(label for label in legend if label.value != value))
    new = replace(old, name=_free_name(others, name))
    return Change(f"Rename label: {old.name} to {new.name}", _with(legend, new), {})


def recolour(legend: Legend, *, value: int, color: str) -> Change:
    """Another colour ``#RRGGBB`` for a label; Refused (SV-EDIT-092, SV-EDIT-093)."""
    old = _known(legend, value)
    new = replace(old, color=_color(color) or old.color)
    return Change(f"Recolour label: {old.name}", _with(legend, new), {})


def delete(legend: Legend, *, value: int) -> Change:
    """Without a label; its cells get none. Refused (SV-EDIT-093)."""
    old = _known(legend, value)
    return Change(f"Delete label {old.name}", _without(legend, value), {value: 0})


def merge(legend: Legend, *, value: int, into: int) -> Change:
    """Without a label; its cells get another one. Refused (SV-EDIT-093)."""
    old = _known(legend, value)
    new = _known(legend, into)
    if value == into:
        raise _unknown()
    what = f"Merge label {old.name} into {new.name}"
    return Change(what, _without(legend, value), {value: into})


def grown(legend: Legend, born: Mapping[int, int]) -> Legend:
    """With new labels, named after those that they come from: ``Lesion 2``, ``Lesion 3``."""
    for value, parent in sorted(born.items()):
        taken = {label.name.casefold() for label in legend}
        names = (f"{legend[parent].name} {number}" for number in range(2, 300))
        name = next(name for name in names if name.casefold() not in taken)
        thing = legend[parent].thing
        legend = Legend((*legend, Label(value, name, legend.free_color, thing)))
    return legend


CHANGES: dict[str, Callable[..., Change]] = {
    "add": add,
    "rename": rename,
    "recolour": recolour,
    "delete": delete,
    "merge": merge,
}


def change(legend: Legend, kind: str, **given: object) -> Change:
    """A change by its name; what is None in ``given`` counts as not given.

    Raises:
        Refused: there is no such change, or something that it needs is missing (SV-EDIT-094).
    """
    try:
        return CHANGES[kind](legend, **{k: v for k, v in given.items() if v is not None})
    except (KeyError, TypeError):
        raise Refused(
            "SV-EDIT-094",
            f"A legend can be changed by {', '.join(CHANGES)}, each with a label and what it shall "
            "be; this was none of them, so nothing was changed. Load the page again.",
        ) from None


def imported(legend: Legend, new: Legend) -> Change:
    """The labels of another legend; those it lacks lose their cells."""
    gone = {label.value: 0 for label in legend if label.value not in new}
    return Change(f"Import {len(new)} labels", new, gone)


def _known(legend: Legend, value: int) -> Label:
    if value not in legend:
        raise _unknown()
    return legend[value]


def _free_name(legend: Legend, name: str) -> str:
    name = name.strip()
    if not name or name.casefold() in {label.name.casefold() for label in legend}:
        raise _no_name()
    return name


def _color(color: str) -> str:
    if color and not COLOR.fullmatch(color):
        raise Refused(
            "SV-EDIT-092",
            "The colour of a label is written #RRGGBB, else it could not be drawn; nothing was "
            "changed. Choose a colour.",
        )
    return color


def _with(legend: Legend, label: Label) -> Legend:
    return Legend(tuple(label if old.value == label.value else old for old in legend))


def _without(legend: Legend, value: int) -> Legend:
    return Legend(tuple(label for label in legend if label.value != value))


def _no_name() -> Refused:
    return Refused(
        "SV-EDIT-037",
        "A new label needs a name that no other label of this mask has (at most 255 labels); "
        "choose another name.",
    )


def _unknown() -> Refused:
    return Refused(
        "SV-EDIT-093",
        "The label is not in the legend of this mask any more, or it was to be merged into itself; "
        "nothing was changed. Choose one of the listed labels.",
    )
