"""How far apart the surfaces of two binary volumes lie, in mm.

Two conventions, named by who set them: the voxel surface of MONAI (voxels that lose a 6-neighbour)
for HD95 and ASSD, and the subvoxel surface of DeepMind's surface-distance (a patch of marching
cubes in each corner between eight voxels, weighted by its area) for the surface Dice (NSD).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import marching_cubes

Binary = NDArray[np.bool_]
Floats = NDArray[np.float64]
Spacing = tuple[float, float, float]

_BITS = (1 << np.arange(8)).reshape(2, 2, 2)


def voxel_distances(one: Binary, two: Binary, spacing_mm: Spacing) -> tuple[Floats, Floats]:
    """Distances from each surface voxel of one to the surface of the other, and back.

    Neither volume may be empty; what touches the array's border has a surface there.
    """
    surfaces = [binary & ~ndimage.binary_erosion(binary) for binary in (one, two)]
    return _apart(surfaces[0], surfaces[1], spacing_mm)


def hausdorff95(distances: tuple[Floats, Floats]) -> float:
    """The greater of the two directed 95th percentiles, linearly interpolated (MONAI's HD95)."""
    return max(float(np.quantile(directed, 0.95)) for directed in distances)


def mean_distance(distances: tuple[Floats, Floats]) -> float:
    """Average over the surface voxels of both (ASSD)."""
    return float(np.concatenate(distances).mean())


def surface_dice(one: Binary, two: Binary, tolerance_mm: float, spacing_mm: Spacing) -> float:
    """Share of both surfaces that lies within the tolerance of the other (NSD, Nikolov 2018)."""
    codes = [_corner_codes(binary) for binary in (one, two)]
    surfaces = [(code > 0) & (code < 255) for code in codes]
    patch_mm2 = patch_areas(spacing_mm)
    areas = [patch_mm2[code[on]] for code, on in zip(codes, surfaces, strict=True)]
    distances = _apart(surfaces[0], surfaces[1], spacing_mm)
    near = sum(
        area[apart <= tolerance_mm].sum() for area, apart in zip(areas, distances, strict=True)
    )
    return float(near / sum(area.sum() for area in areas))


@lru_cache(maxsize=32)
def patch_areas(spacing_mm: Spacing) -> Floats:
    """(256,) mm2 of the surface between eight voxels, by the bits of those inside.

    Marching cubes (Lorensen and Cline 1987) of the smaller side, inside or outside, so that a
    volume and what is left of the array have one surface.
    """
    areas = np.zeros(256)
    for code in range(1, 255):
        inside = (_BITS & code) > 0
        areas[code] = _patch_area(inside if inside.sum() <= 4 else ~inside, spacing_mm)
    areas.setflags(write=False)
    return areas


def _patch_area(inside: Binary, spacing_mm: Spacing) -> float:
    cubes = marching_cubes(inside.astype(np.float32), 0.5, method="lorensen")  # type: ignore[no-untyped-call]
    corners, triangles = cubes[:2]
    a, b, c = (corners.astype(np.float64) * spacing_mm)[triangles].transpose(1, 0, 2)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def _corner_codes(binary: Binary) -> NDArray[np.uint8]:
    """One more along each axis than voxels: which of the eight voxels at a corner are inside."""
    padded = np.pad(binary, 1).astype(np.uint8)
    codes = np.zeros([n + 1 for n in binary.shape], np.uint8)
    for place in np.ndindex(2, 2, 2):
        window = tuple(slice(start, start + n) for start, n in zip(place, codes.shape, strict=True))
        codes |= padded[window] * np.uint8(_BITS[place])
    return codes


def _apart(one: Binary, two: Binary, spacing_mm: Spacing) -> tuple[Floats, Floats]:
    """From each point of one to the nearest of two, and from two to one."""
    to_one, to_two = (
        ndimage.distance_transform_edt(~points, sampling=spacing_mm) for points in (one, two)
    )
    return to_two[one], to_one[two]
