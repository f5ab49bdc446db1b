"""Places that a pointer sends, as indices of a mask.

A place in a volume is [x, y, z] of canonical voxels, whole numbers are their centres; in a scene it
is [column, row] of pixel corners, (0.5, 0.5) is the centre of the first pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.edit import spans
from segviz.edit.amounts import require_earth
from segviz.edit.canvas import Canvas
from segviz.grid import VolumeGrid

ALONG = ((1, 2), (0, 2), (0, 1))
"""The two axes of the plane across axis 0 (sagittal), 1 (coronal), 2 (axial)."""


def indices(canvas: Canvas, places: ArrayLike) -> NDArray[np.float64]:
    """(n, axes): places as continuous indices of ``canvas.labels``, whole at cell centres.

    Raises:
        Refused: one of them is no position (SV-EDIT-002).
    """
    found = spans.points(places, canvas.labels.ndim)
    return found if isinstance(canvas.grid, VolumeGrid) else found[:, ::-1] - 0.5


def length(
    canvas: Canvas, *, mm: float, m: float, cells: float | None
) -> tuple[float, tuple[float, ...]]:
    """A length, and how far apart neighbouring cells are along each axis in its unit.

    It is ``cells`` where that is given, else mm of a volume and m of a scene.

    Raises:
        Refused: metres of a scene that does not say where it lies (SV-EDIT-053).
    """
    if cells is not None:
        return cells, (1.0,) * canvas.labels.ndim
    require_earth(canvas)
    return (mm if isinstance(canvas.grid, VolumeGrid) else m), canvas.spacing
