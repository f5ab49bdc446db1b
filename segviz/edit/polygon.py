"""The polygon tool: all cells whose centre lies inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.edit import positions, spans
from segviz.edit.canvas import Canvas, Edit
from segviz.edit.delta import Delta
from segviz.grid import VolumeGrid

BAND = 2**21
"""Cells of a scene that are looked at together."""


def polygon(
    canvas: Canvas,
    *,
    label: int,
    points: ArrayLike = (),
    rings: Sequence[ArrayLike] = (),
    plane: int = 2,
    slices: tuple[int, int] | None = None,
) -> Edit:
    """Give a label to all cells inside a polygon; 0 cuts it out.

    Args:
        points: corners of one ring, [x, y, z] or [column, row].
        rings: more rings; what an even number of them hold is left out, so holes stay holes.
        plane: of a volume: the axis across it, 2 for axial.
        slices: first and last slice that get the shape; None for the one of the first corner.

    Raises:
        Refused: a corner is no position (SV-EDIT-002).
    """
    corners = [positions.indices(canvas, ring) for ring in (points, *rings)]
    what = "Polygon" if label else "Cut with a polygon"
    if isinstance(canvas.grid, VolumeGrid):
        return Edit([_prism(canvas, label, corners, plane, slices)], what)
    return Edit(_bands(canvas, label, corners), what)


def _prism(
    canvas: Canvas,
    label: int,
    corners: Sequence[NDArray[np.float64]],
    plane: int,
    slices: tuple[int, int] | None,
) -> Delta:
    """The same shape in each of the slices; rows run along the second axis of the plane."""
    across, up = positions.ALONG[plane]
    shape, every = canvas.labels.shape, np.concatenate(corners)
    rows, columns = fill((shape[up], shape[across]), *(ring[:, (up, across)] for ring in corners))
    if len(rows) == 0:
        return canvas.relabelled((slice(0, 0),) * 3, np.zeros((0, 0, 0), bool), label)
    first, last = sorted(slices or (int(np.floor(every[0, plane] + 0.5)),) * 2)
    start, stop = (min(max(n, 0), shape[plane]) for n in (first, last + 1))
    sides = {plane: slice(start, stop), across: _span(columns), up: _span(rows)}
    box = tuple(sides[axis] for axis in range(3))
    drawn = np.zeros(
        (sides[across].stop - sides[across].start, sides[up].stop - sides[up].start), bool
    )
    drawn[columns - sides[across].start, rows - sides[up].start] = True
    inside = np.broadcast_to(np.expand_dims(drawn, plane), [side.stop - side.start for side in box])
    return canvas.relabelled(box, inside, label)


def _span(numbers: NDArray[np.int64]) -> slice:
    return slice(int(numbers.min()), int(numbers.max()) + 1)


def _bands(canvas: Canvas, label: int, corners: Sequence[NDArray[np.float64]]) -> Iterable[Delta]:
    """The shape in a scene, some rows at a time."""
    every = np.concatenate(corners)
    if len(every) == 0:
        return
    height, width = canvas.labels.shape
    first, last = np.clip([every[:, 0].min(), every[:, 0].max() + 1], 0, height).astype(int)
    deep = max(1, BAND // width)
    for row in range(first // deep * deep, last, deep):
        count = min(deep, height - row)
        rows, columns = fill((count, width), *(ring - (row, 0) for ring in corners))
        delta = canvas.painted((rows + row) * width + columns, label)
        if len(delta):
            yield delta


def fill(shape: tuple[int, int], *rings: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows, columns) of the cells whose centres lie inside polygons (even-odd), in C order.

    Two polygons that share an edge never share a cell and leave none out.

    Args:
        shape: rows, columns of the mask.
        rings: (n, 2) of (row, column) each; whole numbers are cell centres; closed for you.

    Raises:
        Refused: a point is not a number (SV-EDIT-002).
    """
    corners = [spans.points(ring) for ring in rings]
    begin = np.concatenate([np.empty((0, 2)), *corners])
    end = np.concatenate([np.empty((0, 2)), *(np.roll(ring, -1, axis=0) for ring in corners)])
    rows, crossings = _crossings(begin, end, shape[0])
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
