"""Left and right of a brain, told apart by its own plane of symmetry.

The plane is the one across which a labelled brain is most like its mirror image; which half is left
follows from the affine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

Labels = NDArray[np.uint8]
Vectors = NDArray[np.float64]

CELL_MM = 3.0
POINTS = 600
"""Of each label, so that small deep structures say as much as the large cortex."""

ANGLES_DEG = range(-30, 31, 10)
OFFSETS_MM = range(-16, 17, 8)
SEED = 0


@dataclass(frozen=True)
class Plane:
    """Where ``normal`` . (position in mm) = ``distance``; the normal points to larger x."""

    normal: tuple[float, float, float]
    distance: float

    def above(self, shape: tuple[int, ...], spacing_mm: tuple[float, ...]) -> NDArray[np.bool_]:
        """[x, y, z] True on the side that the normal points to; cell 0 lies at 0 mm."""
        x, y, z = (
            np.float32(part * spacing) * np.arange(size, dtype=np.float32)
            for part, spacing, size in zip(self.normal, spacing_mm, shape, strict=True)
        )
        beyond: NDArray[np.bool_] = x[:, None, None] + y[:, None] + z > np.float32(self.distance)
        return beyond


def tell_apart(
    labels: Labels, spacing_mm: tuple[float, float, float], right: Mapping[int, int]
) -> Labels:
    """Labels with those of the right half renamed.

    Args:
        labels: [x, y, z] in RAS+ order; 0 is background.
        right: label -> what it is called on the right; others stay.
    """
    if not labels.any():
        return labels
    plane = symmetry_plane(labels, spacing_mm)
    table = np.arange(256, dtype=np.uint8)
    table[list(right)] = list(right.values())
    return np.where(plane.above(labels.shape, spacing_mm), table[labels], labels)


def symmetry_plane(labels: Labels, spacing_mm: tuple[float, float, float]) -> Plane:
    """The plane within 30 degrees of sagittal across which the labels agree best."""
    steps = tuple(max(1, round(CELL_MM / spacing)) for spacing in spacing_mm)
    coarse = labels[tuple(slice(None, None, step) for step in steps)]
    if not coarse.any():
        steps, coarse = (1, 1, 1), labels
    cell_mm = np.multiply(spacing_mm, steps)
    values = np.flatnonzero(np.bincount(coarse.ravel()))
    values = values[values > 0]
    shares = np.stack(
        [ndimage.gaussian_filter((coarse == v).astype(np.float32), 0.7) for v in values]
    )
    points, kinds = _sample(coarse, values)
    points = points * cell_mm
    center = points.mean(axis=0)

    def unlike(place: Vectors, part: slice = slice(None)) -> float:
        """1 - mean share of a point's own label at its mirror image."""
        normal, distance = _normal(place[:2]), place[2]
        over = (points[part] - center) @ normal - distance
        mirrored = points[part] - 2 * over[:, None] * normal
        cells = np.rint(mirrored / cell_mm).astype(np.intp)
        inside = ((cells >= 0) & (cells < coarse.shape)).all(axis=1)
        x, y, z = cells[inside].T
        return 1 - float(shares[kinds[part][inside], x, y, z].sum()) / len(over)

    starts = product(ANGLES_DEG, ANGLES_DEG, OFFSETS_MM)
    best = min((np.array(s, float) for s in starts), key=lambda s: unlike(s, slice(None, None, 4)))
    simplex = best + np.array([[0, 0, 0], [5, 0, 0], [0, 5, 0], [0, 0, 2.0]])
    found = optimize.minimize(unlike, best, method="Nelder-Mead",
                              options={"initial_simplex": simplex, "maxfev": 200})  # fmt: skip
    normal = _normal(found.x[:2])
    a, b, c = (float(part) for part in normal)
    return Plane((a, b, c), float(center @ normal + found.x[2]))


def _sample(coarse: Labels, values: NDArray[np.intp]) -> tuple[Vectors, NDArray[np.intp]]:
    """Cells [point, axis] of each label, and which of the labels it is."""
    rng = np.random.default_rng(SEED)
    chosen = [np.argwhere(coarse == value) for value in values]
    chosen = [rng.permutation(cells)[:POINTS] for cells in chosen]
    kinds = np.repeat(np.arange(len(values)), [len(cells) for cells in chosen])
    return np.concatenate(chosen).astype(float), kinds


def _normal(angles_deg: Vectors) -> Vectors:
    """A unit vector turned from the x axis about z and then about y."""
    yaw, roll = np.deg2rad(angles_deg)
    return np.array([np.cos(yaw) * np.cos(roll), np.sin(yaw) * np.cos(roll), np.sin(roll)])
