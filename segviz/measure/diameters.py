"""The two diameters of a label within one slice, from voxel centre to voxel centre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

TIE_MM = 1e-9


def in_plane(mask2d: NDArray[np.bool_], spacing: tuple[float, float]) -> tuple[float, float]:
    """(longest, perpendicular) diameter in mm; (0, 0) of one voxel or none.

    The longest is the greatest distance between two centres. The perpendicular is the longest chord
    at right angles to it through the convex outline of the centres; where several pairs are equally
    far apart, the one with the longest perpendicular counts.

    Args:
        mask2d: the label within one slice; all of its parts count as one.
        spacing: mm between neighbouring centres along both axes.
    """
    outline = hull(mask2d).astype(np.float64) * spacing
    if len(outline) < 2:
        return 0.0, 0.0
    first, second = np.triu_indices(len(outline), 1)
    apart = np.hypot(*(outline[second] - outline[first]).T)
    longest = float(apart.max())
    ends = np.flatnonzero(apart >= longest - TIE_MM)
    widths = [_width(outline, outline[second[n]] - outline[first[n]]) for n in ends]
    return longest, max(widths)


def hull(mask2d: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n, 2) corners (row, column) of the convex outline of the labelled cells, around it.

    Andrew's monotone chain over the first and last cell of each row, in whole numbers.
    """
    rows = np.flatnonzero(mask2d.any(axis=1))
    inside = mask2d[rows]
    first = inside.argmax(axis=1)
    last = mask2d.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    left = _chain(list(zip(rows.tolist(), first.tolist(), strict=True)))
    right = _chain(list(zip(rows[::-1].tolist(), last[::-1].tolist(), strict=True)))
    corners = list(dict.fromkeys(left + right))
    return np.array(corners, dtype=np.int64).reshape(-1, 2)


def _chain(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The points at which a path along them turns left only."""
    kept: list[tuple[int, int]] = []
    for row, column in points:
        while len(kept) > 1:
            (row1, column1), (row2, column2) = kept[-2:]
            if (row2 - row1) * (column - column1) > (column2 - column1) * (row - row1):
                break
            kept.pop()
        kept.append((row, column))
    return kept


def _width(outline: Points, direction: Points) -> float:
    """Longest chord of a convex outline at right angles to a direction.

    Its length changes linearly between corners and is concave, so one of the corners has it.
    """
    along, across = (outline @ axis for axis in _frame(direction))
    lower, upper = _sides(along, across)
    return float(np.max(np.interp(along, *upper) - np.interp(along, *lower)))


def _frame(direction: Points) -> tuple[Points, Points]:
    unit = direction / np.hypot(*direction)
    return unit, np.array([-unit[1], unit[0]])


def _sides(along: Points, across: Points) -> tuple[tuple[Points, Points], tuple[Points, Points]]:
    """The outline below and above the line between its two ends, each sorted along that line."""
    begin, end = int(along.argmin()), int(along.argmax())
    one, two = _path(begin, end, len(along)), _path(end, begin, len(along))[::-1]
    paths = [(along[path], across[path]) for path in (one, two)]
    below, above = sorted(paths, key=lambda path: float(path[1].mean()))
    return below, above


def _path(begin: int, end: int, count: int) -> NDArray[np.int64]:
    """Corner numbers from one corner to another, around the outline."""
    return np.arange(begin, end + 1 if end >= begin else end + 1 + count) % count
