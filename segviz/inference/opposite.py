"""The other side of a head, laid over this one: what both sides have is no lesion.

The plane of symmetry is the one across which the brightness is most like its mirror image.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

Field = NDArray[np.float32]
Vector = NDArray[np.float64]

CELL_MM = 4.0
POINTS = 3000
ANGLES_DEG = range(-24, 25, 8)
OFFSETS_MM = range(-24, 25, 6)
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
    normal, distance = symmetry_plane(image, spacing_mm, across)
    spacing = np.array(spacing_mm)
    reflection = np.eye(3) - 2 * np.outer(normal, normal)
    matrix = reflection * spacing / spacing[:, None]
    laid = ndimage.affine_transform(
        image, matrix, 2 * distance * normal / spacing, order=1, mode="constant"
    )
    blurred: Field = ndimage.gaussian_filter(
        laid, [0.0, *(blur_mm / mm for mm in spacing_mm[1:])], truncate=3
    )
    return blurred


def symmetry_plane(
    image: Field, spacing_mm: tuple[float, ...], across: int
) -> tuple[Vector, float]:
    """Unit normal [3] and distance: normal . (cell x spacing) = distance, all in mm."""
    steps = [max(1, round(CELL_MM / mm)) for mm in spacing_mm]
    soft = ndimage.uniform_filter(np.clip(image, 0, BRIGHTEST), steps)
    coarse = soft[tuple(slice(None, None, step) for step in steps)]
    cell_mm = np.multiply(spacing_mm, steps)
    points = np.argwhere(coarse > 0.2)
    if len(points) == 0:
        return np.eye(3)[across], float((image.shape[across] - 1) / 2 * spacing_mm[across])
    points = np.random.default_rng(0).permutation(points)[:POINTS]
    own = coarse[tuple(points.T)]
    places = points * cell_mm
    center = places.mean(axis=0)

    def unlike(guess: Vector) -> float:
        """Mean difference of points from their mirror images."""
        normal = _normal(guess[:2], across)
        over = (places - center) @ normal - guess[2]
        cells = np.rint((places - 2 * over[:, None] * normal) / cell_mm).astype(np.intp)
        inside = ((cells >= 0) & (cells < coarse.shape)).all(axis=1)
        there = np.zeros(len(own), np.float32)
        there[inside] = coarse[tuple(cells[inside].T)]
        return float(np.abs(there - own).mean())

    starts = product(ANGLES_DEG, ANGLES_DEG, OFFSETS_MM)
    best = min((np.array(start, float) for start in starts), key=unlike)
    simplex = best + np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 3.0]])
    found = optimize.minimize(
        unlike, best, method="Nelder-Mead", options={"initial_simplex": simplex, "maxfev": 120}
    )
    normal = _normal(found.x[:2], across)
    return normal, float(center @ normal + found.x[2])


def _normal(angles_deg: Vector, across: int) -> Vector:
    """A unit vector along an axis, turned towards the next and the one after."""
    first, second = np.tan(np.deg2rad(angles_deg))
    normal = np.roll(np.array([1.0, first, second]), across)
    turned: Vector = normal / np.linalg.norm(normal)
    return turned
