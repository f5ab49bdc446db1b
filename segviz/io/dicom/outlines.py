"""Outlines of cells as closed contours without holes of their own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from rasterio.features import shapes

Ring = list[tuple[float, float]]
"""Corners (column, row), the first not repeated; (0, 0) is the outer corner of the first cell."""


def outlines(inside: NDArray[np.bool_]) -> Iterator[Ring]:
    """Closed contours along cell edges around the marked cells [row, column].

    A cell is marked exactly where its centre lies within an odd number of contours, and the area
    within is that of the cells. Holes hang on their outer contour by a keyhole: a channel without
    width along cell edges, as DICOM wants (PS3.3 C.8.8.6.3).
    """
    for outline, _ in shapes(inside.astype(np.uint8), inside):
        outer, *holes = (ring[:-1] for ring in outline["coordinates"])
        for hole in sorted(holes, key=min):
            outer = _keyholed(outer, hole)
        yield [
            corner
            for corner, after in zip(outer, [*outer[1:], outer[0]], strict=True)
            if corner != after
        ]


def _keyholed(outer: Ring, hole: Ring) -> Ring:
    """One ring of two: from the leftmost corner of the hole straight left to the outer ring."""
    begin = hole.index(min(hole))
    x, y = hole[begin]
    at, column = max(
        (
            (n, edge[0])
            for n, (edge, end) in enumerate(zip(outer, [*outer[1:], outer[0]], strict=True))
            if edge[0] == end[0] <= x and min(edge[1], end[1]) <= y <= max(edge[1], end[1])
        ),
        key=lambda hit: hit[1],
    )
    door = (column, y)
    around = [*hole[begin:], *hole[: begin + 1]]
    return [*outer[: at + 1], door, *around, door, *outer[at + 1 :]]
