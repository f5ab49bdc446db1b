"""Small canvases for tests of tools, and the mask that an edit would leave."""

from __future__ import annotations

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from segviz.edit.canvas import Canvas, Edit
from segviz.grid import RasterGrid, VolumeGrid


def volume(labels: NDArray[np.uint8], spacing_mm=(1.0, 1.0, 1.0), values=None) -> Canvas:
    """``values``: one array, or several as [channel, x, y, z]."""
    grid = VolumeGrid(labels.shape, np.diag([*spacing_mm, 1.0]))
    return Canvas(grid, labels, None if values is None else reader(values, labels.ndim))


def scene(labels: NDArray[np.uint8], cell_m: float = 10.0, values=None) -> Canvas:
    transform = Affine(cell_m, 0, 500_000, 0, -cell_m, 9_000_000)
    grid = RasterGrid(labels.shape, transform, CRS.from_epsg(32718))
    return Canvas(grid, labels, None if values is None else reader(values, labels.ndim))


def reader(values: NDArray[np.generic], axes: int):
    bands = np.asarray(values, np.float32)
    bands = bands[None] if bands.ndim == axes else bands
    return lambda box, channel: bands[channel][box]


def done(canvas: Canvas, edit: Edit) -> NDArray[np.uint8]:
    """The mask after an edit, whose parts are held against what an edit promises."""
    flat = np.ascontiguousarray(canvas.labels).reshape(-1).copy()
    seen = np.zeros(flat.size, bool)
    for part in edit.parts:
        assert part.cells.dtype == np.int64 and part.after.dtype == np.uint8
        assert (np.diff(part.cells) > 0).all(), "cells are sorted"
        assert not seen[part.cells].any(), "no cell comes twice"
        assert (flat[part.cells] == part.before).all()
        assert (part.before != part.after).all()
        seen[part.cells] = True
        part.apply(flat)
    return flat.reshape(canvas.labels.shape)
