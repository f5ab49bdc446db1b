"""How far apart the surfaces of two binary volumes lie, in mm.

Two conventions, named by who set them: the voxel surface of MONAI (voxels that lose a 6-neighbour)
for HD95 and ASSD, and the subvoxel surface of DeepMind's surface-distance (a patch of marching
cubes in each corner between eight voxels, weighted by its area) for the surface Dice (NSD).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from skimage.measure import marching_cubes

from segviz.grid import VolumeGrid, box_of

Binary = NDArray[np.bool_]
Floats = NDArray[np.float64]
Points = NDArray[np.int64]
Distances = tuple[Floats, Floats]
Vector = tuple[float, float, float]
Steps = Vector | tuple[Vector, Vector, Vector]
"""From voxel to voxel in mm: the spacing, or a vector for each axis where they are askew."""

ASKEW = 1e-4
"""Cosine between two axes from which on a grid is no longer one of right angles."""

_BITS = (1 << np.arange(8)).reshape(2, 2, 2)


def steps_of(grid: VolumeGrid) -> Steps:
    """The spacing of a grid; vectors where its axes are not at right angles (a sheared affine)."""
    if not is_askew(grid):
        return grid.spacing_mm
    i, j, k = (tuple(map(float, column)) for column in grid.affine[:3, :3].T)
    return i, j, k  # type: ignore[return-value]


def is_askew(grid: VolumeGrid) -> bool:
    """Whether a product or a sum of spacings would be wrong on this grid."""
    axes = grid.affine[:3, :3] / grid.spacing_mm
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() > ASKEW)


def surface(binary: Binary) -> Binary:
    """Voxels that lose a 6-neighbour; what touches the array's border has a surface there."""
    inner = binary.copy()
    for axis in range(binary.ndim):
        own, all_of = np.moveaxis(inner, axis, 0), np.moveaxis(binary, axis, 0)
        own[1:] &= all_of[:-1]
        own[:-1] &= all_of[1:]
        own[[0, -1]] = False
    return binary & ~inner


def voxel_distances(one: Binary, two: Binary, steps_mm: Steps) -> Distances:
    """Distances from each surface voxel of one to the surface of the other, and back.

    Neither volume may be empty. In the order of ``surface(one)`` and of ``surface(two)``.
    """
    box = box_of(one | two)
    return _apart(surface(one[box]), surface(two[box]), steps_mm)


def hausdorff(distances: Distances) -> float:
    """The greatest distance from a surface to the other (HD, HD100)."""
    return max(float(directed.max()) for directed in distances)


def hausdorff95(distances: Distances) -> float:
    """The greater of the two directed 95th percentiles, linearly interpolated (MONAI's HD95)."""
    return max(float(np.quantile(directed, 0.95)) for directed in distances)


def hausdorff95_pooled(distances: Distances) -> float:
    """The 95th percentile of both directions taken together (HD95 of MedPy and panoptica)."""
    return float(np.quantile(np.concatenate(distances), 0.95))


def mean_distance(distances: Distances) -> float:
    """Average over the surface voxels of both (ASSD)."""
    return float(np.concatenate(distances).mean())


class Patches:
    """The subvoxel surfaces of two volumes: how far each patch lies from the other surface.

    Attributes:
        areas: mm2 of the patches of one and of two.
        distances: mm from each of them to the other surface.
    """

    def __init__(self, one: Binary, two: Binary, steps_mm: Steps) -> None:
        box = box_of(one | two)
        codes = [_corner_codes(binary[box]) for binary in (one, two)]
        on = [(code > 0) & (code < 255) for code in codes]
        patch_mm2 = patch_areas(steps_mm)
        self.areas = patch_mm2[codes[0][on[0]]], patch_mm2[codes[1][on[1]]]
        self.distances = _apart(on[0], on[1], steps_mm)

    def surface_dice(self, tolerance_mm: float) -> float:
        """Share of both surfaces within the tolerance of the other (NSD, Nikolov 2018)."""
        near = sum(
            float(area[apart <= tolerance_mm].sum())
            for area, apart in zip(self.areas, self.distances, strict=True)
        )
        return near / sum(float(area.sum()) for area in self.areas)

    def hausdorff95(self) -> float:
        """The greater of the two directed 95th percentiles by area (DeepMind's robust HD)."""
        return max(map(_quantile95, self.areas, self.distances))

    def mean_distances(self) -> tuple[float, float]:
        """Average by area from one to two, and from two to one (DeepMind's ASD)."""
        one, two = (
            float(np.average(apart, weights=area))
            for area, apart in zip(self.areas, self.distances, strict=True)
        )
        return one, two


def surface_dice(one: Binary, two: Binary, tolerance_mm: float, steps_mm: Steps) -> float:
    """Share of both subvoxel surfaces that lies within the tolerance of the other."""
    return Patches(one, two, steps_mm).surface_dice(tolerance_mm)


@lru_cache(maxsize=32)
def patch_areas(steps_mm: Steps) -> Floats:
    """(256,) mm2 of the surface between eight voxels, by the bits of those inside.

    Marching cubes (Lorensen and Cline 1987) of the smaller side, inside or outside, so that a
    volume and what is left of the array have one surface.
    """
    areas = np.zeros(256)
    for code in range(1, 255):
        inside = (_BITS & code) > 0
        areas[code] = _patch_area(inside if inside.sum() <= 4 else ~inside, frame(steps_mm))
    areas.setflags(write=False)
    return areas


def frame(steps_mm: Steps) -> Floats:
    """(3, 3) matrix that takes voxel indices (rows) to mm."""
    given = np.asarray(steps_mm, np.float64)
    return np.diag(given) if given.ndim == 1 else given


def nearest_mm(points: Points, others: Points, steps_mm: Steps) -> Floats:
    """(n,) mm from each of the (n, 3) voxels to the nearest of the others."""
    to_mm = frame(steps_mm)
    tree = cKDTree(others @ to_mm, balanced_tree=False)
    found = tree.query(points @ to_mm)[1]
    apart: Floats = np.linalg.norm((points - others[found]) @ to_mm, axis=1)
    return apart


def _apart(one: Binary, two: Binary, steps_mm: Steps) -> Distances:
    """From each point of one to the nearest of two, and from two to one; shared ones are at 0."""
    shared = one & two
    return _directed(one, two, shared, steps_mm), _directed(two, one, shared, steps_mm)


def _directed(one: Binary, two: Binary, shared: Binary, steps_mm: Steps) -> Floats:
    alone = ~shared[one]
    apart = np.zeros(len(alone))
    if alone.any():
        apart[alone] = nearest_mm(np.argwhere(one & ~shared), np.argwhere(two), steps_mm)
    return apart


def _quantile95(area: Floats, apart: Floats) -> float:
    order = np.argsort(apart)
    reached = np.cumsum(area[order]) / area.sum()
    at = min(int(np.searchsorted(reached, 0.95)), len(order) - 1)
    return float(apart[order][at])


def _patch_area(inside: Binary, to_mm: Floats) -> float:
    cubes = marching_cubes(inside.astype(np.float32), 0.5, method="lorensen")  # type: ignore[no-untyped-call]
    corners, triangles = cubes[:2]
    a, b, c = (corners.astype(np.float64) @ to_mm)[triangles].transpose(1, 0, 2)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def _corner_codes(binary: Binary) -> NDArray[np.uint8]:
    """One more along each axis than voxels: which of the eight voxels at a corner are inside."""
    padded = np.pad(binary, 1).astype(np.uint8)
    codes = np.zeros([n + 1 for n in binary.shape], np.uint8)
    for place in np.ndindex(2, 2, 2):
        window = tuple(slice(start, start + n) for start, n in zip(place, codes.shape, strict=True))
        codes |= padded[window] * np.uint8(_BITS[place])
    return codes
