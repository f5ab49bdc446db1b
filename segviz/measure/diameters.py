"""Diameters of a label from voxel centre to voxel centre: two within a slice, one in space."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import cdist

Points = NDArray[np.float64]

TIE_MM = 1e-9
ROWS = 1024
"""Points whose distances to all others are held at once."""


@dataclass(frozen=True)
class Line:
    """A diameter.

    Attributes:
        start, end: its ends in cells, centres at whole numbers.
        mm: its length from end to end.
        edge_mm: the same prolonged at both ends to where it leaves its end voxel.
    """

    start: tuple[float, ...]
    end: tuple[float, ...]
    mm: float
    edge_mm: float


def in_plane(mask2d: NDArray[np.bool_], spacing: tuple[float, float]) -> tuple[float, float]:
    """(longest, perpendicular) diameter in mm; (0, 0) of one voxel or none.

    The longest is the greatest distance between two centres. The perpendicular is the longest chord
    at right angles to it through the convex outline of the centres; where several pairs are equally
    far apart, the one with the longest perpendicular counts.

    Args:
        mask2d: the label within one slice; all of its parts count as one.
        spacing: mm between neighbouring centres along both axes.
    """
    return lengths(hull(mask2d) * np.asarray(spacing, float))


def lengths(outline: Points) -> tuple[float, float]:
    """(longest, perpendicular) diameter in mm of a convex outline (n, 2) in mm."""
    if len(outline) < 2:
        return 0.0, 0.0
    longest, pairs = _farthest(outline)
    return longest, max(_width(outline, outline[b] - outline[a]) for a, b in pairs)


def calipers(mask2d: NDArray[np.bool_], axes: Points) -> tuple[Line, Line]:
    """The two diameters of ``in_plane`` with their ends (row, column).

    Args:
        mask2d: with at least one cell.
        axes: (2, 2), the steps along rows and columns in mm, as ``plane_axes`` gives them.
    """
    cells = hull(mask2d).astype(float)
    outline = cells @ axes
    if len(cells) == 1:
        short, long = sorted(np.hypot(*axes.T).tolist())
        return _point(cells[0], long), _point(cells[0], short)
    _, pairs = _farthest(outline)
    widths = np.array([_width(outline, outline[b] - outline[a]) for a, b in pairs])
    a, b = pairs[int(np.argmax(widths >= widths.max() - TIE_MM))]
    return _line(cells[a], cells[b], axes), _perpendicular(outline, a, b, axes)


def plane_axes(affine: Points) -> Points:
    """(2, 2) steps along the first two axes of a volume in mm, within their plane.

    The first lies along a row; the second leans where the scan's axes are not at right angles.
    """
    one, two = affine[:3, 0], affine[:3, 1]
    length = float(np.linalg.norm(one))
    lean = float(one @ two) / length
    height = float(np.linalg.norm(two - lean * one / length))
    return np.array([[length, 0.0], [lean, height]])


def in_space(binary: NDArray[np.bool_], axes: Points) -> Line:
    """The greatest distance between two voxel centres (Feret's diameter), exact.

    Of equally distant pairs the one whose ends come first.

    Args:
        binary: [x, y, z] with at least one voxel.
        axes: (3, 3), the steps along x, y, z in mm.
    """
    cells = _corners(binary)
    if len(cells) == 1:
        return _point(cells[0], float(np.linalg.norm(axes, axis=1).max()))
    points = cells @ axes
    best, ends = -1.0, (0, 0)
    for row in range(0, len(points), ROWS):
        apart = cdist(points[row : row + ROWS], points)
        greatest = float(apart.max())
        if greatest > best + TIE_MM:
            at, to = np.argwhere(apart >= greatest - TIE_MM)[0]
            best, ends = greatest, (row + int(at), int(to))
    return _line(cells[ends[0]], cells[ends[1]], axes)


def _corners(binary: NDArray[np.bool_]) -> Points:
    """(n, 3) cells among which are all corners of the convex hull, in order."""
    for axis in (2, 1, 0):
        binary = _ends(binary, axis)
    cells = np.argwhere(binary)
    with suppress(QhullError, ValueError):  # flat or few: all of them
        cells = cells[np.sort(ConvexHull(cells).vertices)]
    return cells.astype(float)


def _ends(binary: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """The first and last cell of each line along an axis."""
    first = binary.argmax(axis=axis, keepdims=True)
    last = binary.shape[axis] - 1 - np.flip(binary, axis).argmax(axis=axis, keepdims=True)
    ends = np.zeros_like(binary)
    for at in (first, last):
        np.put_along_axis(ends, at, True, axis)
    return ends & binary


def _point(cell: Points, edge_mm: float) -> Line:
    """A single voxel: no length between centres, the step of the grid from edge to edge."""
    at = tuple(cell.tolist())
    return Line(at, at, 0.0, edge_mm)


def _line(start: Points, end: Points, axes: Points) -> Line:
    step = end - start
    mm = float(np.linalg.norm(step @ axes))
    return Line(tuple(start.tolist()), tuple(end.tolist()), mm, mm + mm / float(abs(step).max()))


def _perpendicular(outline: Points, a: int, b: int, axes: Points) -> Line:
    """The longest chord at right angles to a diameter; of equals that nearest to its middle."""
    unit, normal = _frame(outline[b] - outline[a])
    along, low, high, sides = _chords(outline, unit, normal)
    width = float((high - low).max())
    longest = along[high - low >= width - TIE_MM]
    middle = float((outline[a] + outline[b]) @ unit) / 2
    at = float(np.clip(middle, longest.min(), longest.max()))
    back = np.linalg.inv(axes)
    start, end = ((at * unit + np.interp(at, *side) * normal) @ back for side in sides)
    step_per_mm = float(abs(normal @ back).max())
    return Line(tuple(start.tolist()), tuple(end.tolist()), width, width + 1 / step_per_mm)


def _farthest(outline: Points) -> tuple[float, list[tuple[int, int]]]:
    """The greatest distance between corners, and all pairs that are so far apart."""
    first, second = np.triu_indices(len(outline), 1)
    apart = np.hypot(*(outline[second] - outline[first]).T)
    longest = float(apart.max())
    ends = np.flatnonzero(apart >= longest - TIE_MM)
    return longest, list(zip(first[ends].tolist(), second[ends].tolist(), strict=True))


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
    """Longest chord of a convex outline at right angles to a direction."""
    _, low, high, _ = _chords(outline, *_frame(direction))
    return float(np.max(high - low))


def _chords(
    outline: Points, unit: Points, normal: Points
) -> tuple[Points, Points, Points, tuple[tuple[Points, Points], tuple[Points, Points]]]:
    """Chords along a normal through each corner: where, both ends, and the outline's two sides.

    Their length changes linearly between corners and is concave, so one of these is the longest.
    """
    along, across = outline @ unit, outline @ normal
    lower, upper = sides = _sides(along, across)
    return along, np.interp(along, *lower), np.interp(along, *upper), sides


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
