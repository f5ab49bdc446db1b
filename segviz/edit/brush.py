"""The brush: all cells whose centre lies within a radius of the stroke."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.edit import spans

Rows = NDArray[np.int64]
Columns = NDArray[np.float64]


def stroke(
    shape: tuple[int, int], points: ArrayLike, radius: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows, columns) of the cells within ``radius`` of the line through ``points``, in C order.

    Args:
        shape: rows, columns of the mask.
        points: (n, 2) of (row, column); whole numbers are cell centres. One point paints a disc.
        radius: in cells. Discs of 1, 2, 3, 5, 10 have 5, 13, 29, 81, 317 cells.

    Raises:
        Refused: a point is not a number (SV-EDIT-002).
    """
    line = spans.points(points)
    if len(line) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    begin, end = (line[:-1], line[1:]) if len(line) > 1 else (line, line)
    rows, segment = _rows_of(begin[:, 0], end[:, 0], radius, shape[0])
    low, high = _chord(rows, begin[segment], end[segment], radius)
    return spans.cells(rows, low, high, shape)


def _rows_of(
    begin: Columns, end: Columns, radius: float, count: int
) -> tuple[Rows, NDArray[np.int64]]:
    """Every row that each segment may touch, and the segment it belongs to."""
    first = np.clip(np.ceil(np.minimum(begin, end) - radius), 0, count).astype(np.int64)
    last = np.clip(np.floor(np.maximum(begin, end) + radius), -1, count - 1).astype(np.int64)
    lengths = np.maximum(last - first + 1, 0)
    return spans.expand(first, lengths), np.repeat(np.arange(len(first)), lengths)


def _chord(
    rows: Rows, begin: NDArray[np.float64], end: NDArray[np.float64], radius: float
) -> tuple[Columns, Columns]:
    """Where each row crosses its capsule: the two end discs and the rectangle between them.

    A capsule is convex, so its part of a row is one interval and the union needs no gaps.
    """
    parts = (
        _across_disc(rows, begin, radius),
        _across_disc(rows, end, radius),
        _across_rectangle(rows, begin, end, radius),
    )
    low = np.min([part[0] for part in parts], axis=0)
    high = np.max([part[1] for part in parts], axis=0)
    return low, high


def _across_disc(rows: Rows, centre: NDArray[np.float64], radius: float) -> tuple[Columns, Columns]:
    inside = radius**2 - (rows - centre[:, 0]) ** 2
    half = np.where(inside >= 0, np.sqrt(np.maximum(inside, 0)), -np.inf)
    return centre[:, 1] - half, centre[:, 1] + half


def _across_rectangle(
    rows: Rows, begin: NDArray[np.float64], end: NDArray[np.float64], radius: float
) -> tuple[Columns, Columns]:
    """Cells whose foot lies on the segment and whose distance to its line is within the radius."""
    down, right = (end - begin).T
    length = np.hypot(down, right)
    row = rows - begin[:, 0]
    along_low, along_high = _solve(row * down, right, np.zeros_like(length), length**2)
    aside_low, aside_high = _solve(row * right, -down, -radius * length, radius * length)
    low = begin[:, 1] + np.maximum(along_low, aside_low)
    high = begin[:, 1] + np.minimum(along_high, aside_high)
    empty = (low > high) | (length == 0)
    return np.where(empty, np.inf, low), np.where(empty, -np.inf, high)


def _solve(offset: Columns, slope: Columns, low: Columns, high: Columns) -> tuple[Columns, Columns]:
    """The interval of x with ``low <= offset + slope * x <= high``."""
    flat = slope == 0
    holds = (offset >= low) & (offset <= high)
    divisor = np.where(flat, 1.0, slope)
    one, two = (low - offset) / divisor, (high - offset) / divisor
    return (
        np.where(flat, np.where(holds, -np.inf, np.inf), np.minimum(one, two)),
        np.where(flat, np.where(holds, np.inf, -np.inf), np.maximum(one, two)),
    )
