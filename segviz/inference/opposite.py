"""The other side of a head, laid over this one: what both sides have is no lesion.

The plane of symmetry is the one across which the brightness is most like its mirror image.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.inference.symmetry import Plane, Vectors, best_plane, cells_of

Field = NDArray[np.float32]

CELL_MM = 4.0
POINTS = 3000
BRIGHTEST = 1.5
"""Times the median of the head; without it the fat of the scalp would decide."""


def opposite(image: Field, spacing_mm: tuple[float, ...], across: int, blur_mm: float) -> Field:
    """What lies at each cell's mirror image, blurred: two sides are never quite alike.

    Args:
        image: [a, b, c], 1 at the median of the head.
        spacing_mm: along its axes.
        across: the axis that runs from left to right or back.
        blur_mm: sigma, along the two axes of a slice (the last two).
    """
    plane = symmetry_plane(image, spacing_mm, across)
    spacing = np.array(spacing_mm)
    reflection = np.eye(3) - 2 * np.outer(plane.normal, plane.normal)
    matrix = reflection * spacing / spacing[:, None]
    offset = 2 * plane.distance * plane.normal / spacing
    laid = ndimage.affine_transform(image, matrix, offset, order=1, mode="constant")
    blurred: Field = ndimage.gaussian_filter(
        laid, [0.0, *(blur_mm / mm for mm in spacing_mm[1:])], truncate=3
    )
    return blurred


def symmetry_plane(image: Field, spacing_mm: tuple[float, ...], across: int) -> Plane:
    """Of a head; of nothing but air, the plane through its middle."""
    steps = [max(1, round(CELL_MM / mm)) for mm in spacing_mm]
    soft = ndimage.uniform_filter(np.clip(image, 0, BRIGHTEST), steps)
    coarse = soft[tuple(slice(None, None, step) for step in steps)]
    cell_mm: Vectors = np.multiply(spacing_mm, steps)
    points = np.argwhere(coarse > 0.2)
    if len(points) == 0:
        return Plane(np.eye(3)[across], (image.shape[across] - 1) / 2 * spacing_mm[across])
    points = np.random.default_rng(0).permutation(points)[:POINTS]
    own = coarse[tuple(points.T)]

    def unlike(mirrored: Vectors, part: slice) -> float:
        """Mean difference of points from their mirror images."""
        cells, inside = cells_of(mirrored, cell_mm, coarse.shape)
        there = np.zeros(len(mirrored), np.float32)
        there[inside] = coarse[cells]
        return float(np.abs(there - own[part]).mean())

    return best_plane(points * cell_mm, unlike, across)
