"""Which share of each cell a polygon covers, exactly.

The area left of an edge is summed along each row, as fonts are drawn: an edge is cut where it
crosses from cell to cell, each piece adds its height to the cells at its right and the part of it
that is left over to its own. There is no sampling and no smallest cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from segviz.grid import Window

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STRIP_CELLS = 1 << 17
"""Cells looked at together; what that takes stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """A polygon in pixel corners (column, row), ready to be laid on cells.

    Attributes:
        window: the cells of its bounding box.
        row, column: of the cell in which each piece of an edge lies, within the window.
        height: signed, how far the piece goes down.
        left: share of its cell that lies left of it.
    """

    window: Window
    row: Integers
    column: Integers
    height: Floats
    left: Floats

    @classmethod
    def of(cls, polygon: BaseGeometry) -> Coverage:
        """
        Args:
            polygon: valid, of one part or many; lines and points in it cover nothing.
        """
        every = shapely.get_parts(shapely.get_parts(polygon))
        parts = [part for part in every if part.geom_type == "Polygon"]
        if not parts:
            nothing = np.empty(0)
            return cls((0, 0, 0, 0), *(nothing.astype(np.int64),) * 2, nothing, nothing)
        rings = shapely.get_rings(shapely.orient_polygons(parts, exterior_cw=True))
        west, north, east, south = shapely.total_bounds(parts)
        top, left = int(np.floor(north)), int(np.floor(west))
        bottom, right = int(np.ceil(south)), int(np.ceil(east))
        points, ring = shapely.get_coordinates(rings, return_index=True)
        points -= (left, top)
        same = ring[1:] == ring[:-1]
        middle, height = _pieces(points[:-1][same], points[1:][same])
        column, row = np.floor(middle.T).astype(np.int64)
        row = np.clip(row, 0, bottom - top - 1)
        return cls((top, bottom, left, right), row, column, height, middle[:, 0] - column)

    def strips(self, cells: int = STRIP_CELLS) -> Iterator[tuple[Window, Floats]]:
        """Windows that make up the bounding box, and the covered share of each cell.

        Shares are 0 to 1 up to the rounding of their sums, some 1e-12.
        """
        top, bottom, left, right = self.window
        width = right - left
        step = max(1, cells // max(1, width))
        order = np.argsort(self.row, kind="stable")
        starts = np.searchsorted(self.row[order], np.arange(0, bottom - top + step, step))
        for number, first in enumerate(range(top, bottom, step)):
            stop = min(first + step, bottom)
            chosen = order[starts[number] : starts[number + 1]]
            share = self._share(chosen, first - top, stop - first, width)
            yield (first, stop, left, right), share

    def _share(self, chosen: Integers, first: int, rows: int, width: int) -> Floats:
        """A column more on each side takes what lies on the right edge."""
        at = (self.row[chosen] - first) * (width + 2) + self.column[chosen]
        height, left = self.height[chosen], self.left[chosen]
        turns = np.zeros(rows * (width + 2))
        np.add.at(turns, at, height * (1 - left))
        np.add.at(turns, at + 1, height * left)
        by_row = turns.reshape(rows, width + 2)
        return np.cumsum(by_row, axis=1, out=by_row)[:, :width]


def _pieces(start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Middles (n, 2) of the pieces into which cells cut edges, and their heights; level ones not.

    Args:
        start, end: (edges, 2) column and row.
    """
    slanted = start[:, 1] != end[:, 1]
    start, end = start[slanted], end[slanted]
    along = end - start
    edges = np.arange(len(start))
    edge, part = [edges, edges], [np.zeros(len(edges)), np.ones(len(edges))]
    for axis in (0, 1):
        low = np.ceil(np.minimum(start[:, axis], end[:, axis])).astype(np.int64)
        high = np.floor(np.maximum(start[:, axis], end[:, axis])).astype(np.int64)
        count = np.where(along[:, axis] == 0, 0, np.maximum(high - low + 1, 0))
        crossed = np.repeat(edges, count)
        step = np.arange(len(crossed)) - np.repeat(np.cumsum(count) - count, count)
        line = low[crossed] + step
        edge.append(crossed)
        part.append((line - start[crossed, axis]) / along[crossed, axis])
    which, at = np.concatenate(edge), np.clip(np.concatenate(part), 0, 1)
    order = np.lexsort((at, which))
    which, at = which[order], at[order]
    same = which[1:] == which[:-1]
    which, begin, stop = which[1:][same], at[:-1][same], at[1:][same]
    middle = start[which] + along[which] * ((begin + stop) / 2)[:, None]
    return middle, along[which, 1] * (stop - begin)
