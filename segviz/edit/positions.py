"""From the places that a pointer sends to cells.

A place in a volume is [x, y, z] of canonical voxels, whole numbers are their centres; in a scene it
is [column, row] of pixel corners, (0.5, 0.5) is the centre of the first pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.edit.canvas import Canvas
from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.measure.ellipsoid import is_on_earth

ALONG = ((1, 2), (0, 2), (0, 1))
"""The two axes of the plane across axis 0 (sagittal), 1 (coronal), 2 (axial)."""


def indices(canvas: Canvas, places: ArrayLike) -> NDArray[np.float64]:
    """(n, axes): places as continuous indices of ``canvas.labels``, whole at cell centres.

    Raises:
        Refused: one of them is no position (SV-EDIT-002).
    """
    axes = canvas.labels.ndim
    try:
        found = np.asarray(places, dtype=np.float64).reshape(-1, axes)
    except (TypeError, ValueError):
        found = np.full((1, axes), np.nan)
    if not np.isfinite(found).all():
        raise Refused(
            "SV-EDIT-002",
            "The stroke holds a point that is no position, so nothing was painted; draw it again.",
        )
    return found if isinstance(canvas.grid, VolumeGrid) else found[:, ::-1] - 0.5


def cell(canvas: Canvas, place: ArrayLike) -> tuple[int, ...]:
    """The cell at a place.

    Raises:
        Refused: it lies outside the image (SV-EDIT-070), or is no position (SV-EDIT-002).
    """
    found = np.floor(indices(canvas, place)[0] + 0.5).astype(np.int64)
    if (found < 0).any() or (found >= canvas.labels.shape).any():
        raise Refused(
            "SV-EDIT-070",
            "The click lies outside the image, so nothing was changed; click inside it.",
        )
    return tuple(found.tolist())


def steps(canvas: Canvas) -> tuple[float, ...]:
    """Between cell centres in mm or m; 1 in a scene that does not say where it lies."""
    grid = canvas.grid
    if isinstance(grid, VolumeGrid) or is_on_earth(grid.crs):
        return canvas.spacing
    return 1.0, 1.0
