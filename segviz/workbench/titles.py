"""What an edit did, in a few words: ``"Brush: +0.42 ml Lesion"``."""

from __future__ import annotations

import numpy as np

from segviz.edit.delta import Delta
from segviz.grid import Grid, VolumeGrid
from segviz.mask import Legend
from segviz.measure.ellipsoid import is_on_earth
from segviz.workbench.tallies import SceneTally, Tally


def told(what: str, delta: Delta, tally: Tally, legend: Legend) -> tuple[str, float]:
    """The tool and by how much the label it was about grew or shrank, in words and in ``unit``."""
    label = subject(delta)
    grown = growth(delta, label, tally)
    return _said(what, grown, tally, legend[label].name), grown


def told_between(what: str, before: Tally, after: Tally, legend: Legend) -> tuple[str, float]:
    """As ``told``, of a change too great to be held as one, from the numbers of both masks."""
    had, has = _sizes(before, legend), _sizes(after, legend)
    grown = {label: has.get(label, 0) - had.get(label, 0) for label in had | has}
    label = max(grown, key=lambda label: (abs(grown[label]), grown[label]))
    return _said(what, grown[label], before, legend[label].name), grown[label]


def _said(what: str, grown: float, tally: Tally, name: str) -> str:
    return f"{what}: {signed(grown, unit(tally.grid))} {name}"


def _sizes(tally: Tally, legend: Legend) -> dict[int, float]:
    return {
        row["value"]: row["count"] if row["amount"] is None else row["amount"]
        for row in tally.rows(legend)
    }


def subject(delta: Delta) -> int:
    """The label painted most; the one erased most where only background was painted."""
    painted = np.bincount(delta.after, minlength=256)[1:]
    erased = np.bincount(delta.before, minlength=256)[1:]
    return int(np.argmax(painted if painted.any() else erased)) + 1


def growth(delta: Delta, label: int, tally: Tally) -> float:
    """By how much a label grew, in ``unit``; negative where it shrank."""
    if isinstance(tally, SceneTally):
        return tally.growth(delta, label)
    voxels = np.count_nonzero(delta.after == label) - np.count_nonzero(delta.before == label)
    return voxels * tally.grid.voxel_volume_ml


def unit(grid: Grid) -> str:
    if isinstance(grid, VolumeGrid):
        return "ml"
    return "ha" if is_on_earth(grid.crs) else "pixels"


def signed(value: float, unit: str) -> str:
    """Two decimals, or two digits where that would be little more than zero.

    >>> signed(0.42, "ml"), signed(-12.0, "ha"), signed(0.0123, "ha"), signed(5, "pixels")
    ('+0.42 ml', '-12.00 ha', '+0.012 ha', '+5 pixels')
    """
    if unit == "pixels":
        return f"{value:+.0f} pixels"
    return f"{value:+.2f} {unit}" if abs(value) >= 0.1 else f"{value:+.2g} {unit}"
