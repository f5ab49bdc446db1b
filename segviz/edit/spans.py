"""Cells as half-open spans of flat indices: what a stroke or a polygon covers, row by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused


def expand(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Every index of the spans, span after span.

    >>> expand(np.array([3, 10]), np.array([2, 3])).tolist()
    [3, 4, 10, 11, 12]
    """
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


def cells(
    rows: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    shape: tuple[int, int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows, columns) of the cells whose centres lie within ``low <= column <= high`` of a row.

    Spans may overlap, lie outside the raster, or be empty (``high < low``). Each cell comes once,
    in C order.
    """
    columns = shape[1]
    first = np.clip(np.ceil(low), 0, columns).astype(np.int64)
    stop = np.clip(np.floor(high), -1, columns - 1).astype(np.int64) + 1
    keep = (stop > first) & (rows >= 0) & (rows < shape[0])
    starts, stops = _disjoint(rows[keep] * columns + first[keep], rows[keep] * columns + stop[keep])
    row, column = np.divmod(expand(starts, stops - starts), columns)
    return row, column


def _disjoint(
    starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same cells in spans that are sorted and do not overlap."""
    order = np.argsort(starts, kind="stable")
    starts, stops = starts[order], stops[order]
    covered = np.maximum.accumulate(np.concatenate([[0], stops]))[:-1]
    starts = np.maximum(starts, covered)
    keep = stops > starts
    return starts[keep], stops[keep]


def points(values: object, axes: int = 2) -> NDArray[np.float64]:
    """(n, axes) finite coordinates.

    Raises:
        Refused: they are not (SV-EDIT-002).
    """
    try:
        array = np.asarray(values, dtype=np.float64).reshape(-1, axes)
    except (TypeError, ValueError):
        array = np.full((1, axes), np.nan)
    if not np.isfinite(array).all():
        raise Refused(
            "SV-EDIT-002",
            "The stroke holds a point that is no position, so nothing was painted; draw it again.",
        )
    return array
