"""The polygon tool: all cells whose centre lies inside."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.edit import spans


def fill(shape: tuple[int, int], points: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows, columns) of the cells whose centres lie inside a polygon (even-odd), in C order.

    Two polygons that share an edge never share a cell and leave none out.

    Args:
        shape: rows, columns of the mask.
        points: (n, 2) of (row, column); whole numbers are cell centres; closed for you.

    Raises:
        Refused: a point is not a number (SV-EDIT-002).
    """
    corners = spans.points(points)
    rows, crossings = _crossings(corners, np.roll(corners, -1, axis=0), shape[0])
    order = np.lexsort((crossings, rows))
    rows, crossings = rows[order], crossings[order]
    enter, leave = crossings[0::2], crossings[1::2]
    return spans.cells(rows[0::2], enter, np.ceil(leave) - 1, shape)


def _crossings(
    begin: NDArray[np.float64], end: NDArray[np.float64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Row, column of each place where an edge crosses a row of cell centres.

    An edge owns the rows ``top <= row < bottom``, so each row is crossed an even number of times.
    """
    top, bottom = np.minimum(begin[:, 0], end[:, 0]), np.maximum(begin[:, 0], end[:, 0])
    first = np.clip(np.ceil(top), 0, count).astype(np.int64)
    stop = np.clip(np.ceil(bottom), 0, count).astype(np.int64)
    lengths = stop - first
    rows, edge = spans.expand(first, lengths), np.repeat(np.arange(len(begin)), lengths)
    start, step = begin[edge], end[edge] - begin[edge]
    return rows, start[:, 1] + step[:, 1] * (rows - start[:, 0]) / step[:, 0]
