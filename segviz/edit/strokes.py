"""Brush, eraser, polygon and lasso: what a hand draws, as cells."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from segviz.edit import brush as brushes
from segviz.edit import polygon as polygons
from segviz.edit.canvas import Canvas, Edit
from segviz.errors import Refused
from segviz.grid import VolumeGrid

MAX_SHAPE_CELLS = 25_000_000
Points = NDArray[np.float64]


def brush(canvas: Canvas, *, points: Points, label: int, radius: float = 0.0) -> Edit:
    """Give a label to all pixels of a scene within ``radius`` pixels of a line.

    Args:
        points: (n, 2) of (row, column).

    Raises:
        Refused: the shape is too large (SV-EDIT-033), or this is no scene (SV-EDIT-039).
    """
    shape = scene_shape(canvas)
    require_small(points, radius, shape)
    return painted(canvas, brushes.stroke(shape, points, radius), label, "Brush")


def eraser(canvas: Canvas, *, points: Points, radius: float = 0.0) -> Edit:
    """Take the labels away within ``radius`` pixels of a line; as ``brush``."""
    shape = scene_shape(canvas)
    require_small(points, radius, shape)
    return painted(canvas, brushes.stroke(shape, points, radius), 0, "Eraser")


def polygon(canvas: Canvas, *, points: Points, label: int) -> Edit:
    """Give a label to all pixels whose centres lie inside a polygon (even-odd).

    Args:
        points: (n, 2) of (row, column).

    Raises:
        As ``brush``.
    """
    shape = scene_shape(canvas)
    require_small(points, 0, shape)
    return painted(canvas, polygons.fill(shape, points), label, "Polygon" if label else "Cut")


def lasso(canvas: Canvas, *, points: Points, label: int) -> Edit:
    """The same of a line drawn by a free hand."""
    return Edit(polygon(canvas, points=points, label=label).parts, "Lasso" if label else "Cut")


def painted(
    canvas: Canvas, where: tuple[NDArray[np.int64], NDArray[np.int64]], label: int, what: str
) -> Edit:
    rows, columns = where
    cells = np.ravel_multi_index((rows, columns), canvas.labels.shape).astype(np.int64)
    return Edit([canvas.given(cells, label)], what)


def scene_shape(canvas: Canvas) -> tuple[int, int]:
    """Rows and columns; refused for a volume (SV-EDIT-039)."""
    if isinstance(canvas.grid, VolumeGrid):
        raise Refused("SV-EDIT-039", "This tool is for satellite scenes only; nothing was changed.")
    return canvas.grid.shape


def require_small(points: Points, radius: float, shape: tuple[int, int]) -> None:
    """Refuse a shape whose cells would not fit in memory, and a radius that is none."""
    inside = np.clip(points, -radius, np.array(shape) + radius).reshape(-1, 2)
    height, width = np.ptp(inside, axis=0) + 2 * radius + 1 if len(inside) else (0.0, 0.0)
    if not 0 <= radius < math.inf or height * width > MAX_SHAPE_CELLS:
        raise Refused(
            "SV-EDIT-033",
            f"The shape spans more than {MAX_SHAPE_CELLS // 1_000_000} million pixels, so it was "
            "not applied; draw it in parts.",
        )
