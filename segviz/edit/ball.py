"""The brush as a tool: a disc in one plane of a volume, a ball across its slices, a disc on a map.

The browser paints with the same rule, so that what was seen is what is kept.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.edit import brush as discs
from segviz.edit import positions
from segviz.edit.canvas import Canvas, Edit
from segviz.errors import Refused
from segviz.grid import Box, VolumeGrid

MOST_CELLS = 25_000_000

TOLERANCE_MM = 1e-6
"""Added to the radius, so that a cell at just that distance is painted in spite of rounding."""


def brush(
    canvas: Canvas,
    *,
    label: int,
    points: ArrayLike,
    radius_mm: float = 0.0,
    radius_cells: float = 0.0,
    plane: int | None = None,
) -> Edit:
    """Paint all cells whose centre lies within a radius of the line through ``points``.

    Args:
        label: 0 erases.
        points: (n, 3) [x, y, z] of a volume, put on the nearest voxel; (n, 2) [column, row] of a
            scene. One point paints a disc or a ball.
        radius_mm: in a volume; with voxels that are not cubes the ball is still one in mm.
        radius_cells: in a scene.
        plane: paint in the slice of the first point across this axis alone, 2 for axial; None
            paints a ball.

    Raises:
        Refused: a point is no position (SV-EDIT-002); the stroke is too large (SV-EDIT-033).
    """
    what = "Brush" if label else "Eraser"
    line = positions.indices(canvas, points)
    if not isinstance(canvas.grid, VolumeGrid):
        _require_small(line, radius_cells, canvas.grid.shape)
        rows, columns = discs.stroke(canvas.grid.shape, line, radius_cells)
        cells = rows * canvas.labels.shape[1] + columns
        return Edit([canvas.painted(cells, label)], what)
    line = np.floor(line + 0.5)
    axes: tuple[int, ...] = (0, 1, 2)
    if plane is not None:
        axes = positions.ALONG[plane]
        line[:, plane] = line[:1, plane]
    box, inside = near(canvas.labels.shape, canvas.spacing, line, radius_mm, axes)
    return Edit([canvas.relabelled(box, inside, label)], what)


def _require_small(line: NDArray[np.float64], radius: float, shape: tuple[int, int]) -> None:
    """Refuse a stroke whose cells would not fit in memory, and a radius that is none."""
    inside = np.clip(line, -radius, np.array(shape) + radius)
    height, width = np.ptp(inside, axis=0) + 2 * radius + 1 if len(inside) else (0.0, 0.0)
    if radius < 0 or height * width > MOST_CELLS:
        raise Refused(
            "SV-EDIT-033",
            f"The stroke spans more than {MOST_CELLS // 1_000_000} million pixels, so it was not "
            "applied; draw it in parts.",
        )


def near(
    shape: tuple[int, ...],
    spacing: tuple[float, ...],
    line: NDArray[np.float64],
    radius: float,
    axes: tuple[int, ...],
) -> tuple[Box, NDArray[np.bool_]]:
    """A box and its cells whose centre lies within ``radius`` of the line.

    Args:
        line: (n, len(shape)) of cell indices.
        radius: in the unit of ``spacing``.
        axes: along which the stroke is thick; it stays one cell thin along the others.
    """
    reach = radius + TOLERANCE_MM
    more = np.array([reach / spacing[a] if a in axes else 0.0 for a in range(len(shape))])
    box = _box(line, more, shape)
    inside = np.zeros([s.stop - s.start for s in box], bool)
    begin, end = (line[:-1], line[1:]) if len(line) > 1 else (line, line)
    for one, two in zip(begin, end, strict=True):
        part = _box(np.stack([one, two]), more, shape)
        squares = _distance_squared(part, one, two, spacing, axes)
        within = tuple(
            slice(p.start - b.start, p.stop - b.start) for p, b in zip(part, box, strict=True)
        )
        inside[within] |= squares <= reach * reach
    return box, inside


def _box(line: NDArray[np.float64], more: NDArray[np.float64], shape: tuple[int, ...]) -> Box:
    """The cells that a line, so many cells thick, may touch; none where it has no points."""
    if len(line) == 0:
        return tuple(slice(0, 0) for _ in shape)
    low = np.ceil(line.min(axis=0) - more).astype(int)
    high = np.floor(line.max(axis=0) + more).astype(int) + 1
    starts = [min(max(n, 0), size) for n, size in zip(low.tolist(), shape, strict=True)]
    stops = [min(max(n, 0), size) for n, size in zip(high.tolist(), shape, strict=True)]
    return tuple(slice(a, max(a, b)) for a, b in zip(starts, stops, strict=True))


def _distance_squared(
    box: Box,
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    spacing: tuple[float, ...],
    axes: tuple[int, ...],
) -> NDArray[np.float64]:
    """From the centres of a box's cells to a segment, along ``axes`` alone."""
    place = {
        a: (np.arange(box[a].start, box[a].stop) * spacing[a] - begin[a] * spacing[a]).reshape(
            [-1 if a == b else 1 for b in range(len(box))]
        )
        for a in axes
    }
    way = {a: end[a] * spacing[a] - begin[a] * spacing[a] for a in axes}
    length = math.fsum(step * step for step in way.values())
    along = sum((place[a] * way[a] for a in axes), np.zeros(1))
    share = np.clip(along / length, 0.0, 1.0) if length else along
    return np.asarray(sum(((place[a] - share * way[a]) ** 2 for a in axes), np.zeros(1)))
