"""A simulated brain tumour of exactly known volume that grows over three visits.

The brain is nilearn's MNI152 template: RAS+, voxels of 1 mm, so that 1000 voxels are 1 ml.
Arrays are [i, j, k] of that grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.grid import VolumeGrid

CENTRE_MM = (30.0, -12.0, 30.0)
AXES = (0.90, 1.25, 0.95)
SEED = 152


@dataclass(frozen=True)
class Visit:
    """What is drawn at one date: the tumour's volume and how the scanner saw it that day."""

    when: date
    volume_ml: float
    gain: float
    seed: int


VISITS = (
    Visit(date(2021, 1, 12), 4.2, 1.00, 1),
    Visit(date(2021, 5, 2), 9.8, 0.96, 2),
    Visit(date(2021, 9, 20), 17.5, 1.05, 3),
)


def template() -> tuple[VolumeGrid, NDArray[np.float32]]:
    """The template's grid and its tissue brightness: 0 outside the brain, 1 the brightest."""
    from nilearn.datasets import load_mni152_template  # takes seconds to import

    image = load_mni152_template(resolution=1)
    shape = image.shape
    grid = VolumeGrid((shape[0], shape[1], shape[2]), image.affine)
    return grid, np.asarray(image.dataobj, np.float32)


def growth(grid: VolumeGrid, tissue: NDArray[np.float32]) -> NDArray[np.float32]:
    """The order in which the tumour takes the voxels: low first, infinite outside the brain.

    Distance from the centre in mm, squeezed to an ellipsoid and made ragged by smooth noise. Fluid
    (dark voxels) is taken late, so that the tumour bends around the ventricle.
    """
    centre = np.linalg.inv(grid.affine) @ (*CENTRE_MM, 1.0)
    offsets = [
        (np.arange(n, dtype=np.float32) - c) * s / a
        for n, c, s, a in zip(grid.shape, centre[:3], grid.spacing_mm, AXES, strict=True)
    ]
    i, j, k = np.meshgrid(*offsets, indexing="ij", sparse=True)
    distance_mm = np.sqrt(i**2 + j**2 + k**2)
    ragged_mm = 3.2 * _noise(grid.shape, 5.0, SEED) + 0.9 * _noise(grid.shape, 1.6, SEED + 1)
    fluid_mm = 40.0 * np.clip(0.62 - ndimage.gaussian_filter(tissue, 0.7), 0.0, None)
    brain = ndimage.binary_erosion(tissue > 0.25, iterations=2)
    return np.where(brain, distance_mm + ragged_mm + fluid_mm, np.inf).astype(np.float32)


def tumour(order: NDArray[np.float32], voxels: int) -> NDArray[np.bool_]:
    """Exactly the ``voxels`` lowest of a growth order."""
    taken = np.zeros(order.size, bool)
    taken[np.argpartition(order, voxels, axis=None)[:voxels]] = True
    return taken.reshape(order.shape)


def scan(tissue: NDArray[np.float32], lesion: NDArray[np.bool_], visit: Visit) -> NDArray[np.int16]:
    """A T1-weighted scan after contrast agent, as the scanner of that day shows it."""
    seen = 0.75 * tissue
    box = _around(lesion, margin=24)
    seen[box] = _enhanced(seen[box], lesion[box])
    seen *= visit.gain * (1.0 + 0.03 * _noise(tissue.shape, 45.0, visit.seed))
    noise = np.random.default_rng(visit.seed).standard_normal(tissue.shape, np.float32)
    seen += 0.012 * noise
    return np.where(tissue > 0, np.clip(seen, 0.0, None) * 1000.0, 0.0).astype(np.int16)


def _enhanced(tissue: NDArray[np.float32], lesion: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Tissue with the tumour in it: uneven bright rim, dark core, swelling around it."""
    depth_mm = ndimage.distance_transform_edt(lesion)
    away_mm = ndimage.distance_transform_edt(~lesion)
    fine, coarse = (_noise(tissue.shape, smooth, SEED + 2) for smooth in (1.2, 4.0))
    rim = 0.98 + 0.07 * fine + 0.09 * coarse
    core = 0.33 + 0.04 * fine + 0.03 * coarse
    dead = _step(depth_mm + 0.9 * coarse, 2.5, 6.0)
    swelling = 0.25 * np.exp(-((away_mm / 8.0) ** 2)) * _step(tissue, 0.45, 0.7)
    share = ndimage.gaussian_filter(lesion.astype(np.float32), 0.7)
    drawn = tissue * (1.0 - swelling) * (1.0 - share) + (rim * (1.0 - dead) + core * dead) * share
    return np.asarray(drawn, np.float32)


def _around(lesion: NDArray[np.bool_], margin: int) -> tuple[slice, ...]:
    """The lesion's bounding box and ``margin`` voxels on each side."""
    box = ndimage.find_objects(lesion.astype(np.uint8))[0]
    return tuple(slice(max(s.start - margin, 0), s.stop + margin) for s in box)


def _noise(shape: tuple[int, ...], smooth: float, seed: int) -> NDArray[np.float32]:
    """Gaussian noise with mean 0 and deviation 1, smooth over ``smooth`` voxels."""
    coarse = max(int(smooth // 3), 1)
    small = tuple(-(-n // coarse) + 1 for n in shape)
    rough = np.random.default_rng(seed).standard_normal(small).astype(np.float32)
    fine = ndimage.gaussian_filter(rough, smooth / coarse, mode="wrap")
    if coarse > 1:
        fine = ndimage.zoom(fine, coarse, order=1)
    cut = fine[tuple(slice(0, n) for n in shape)]
    return np.asarray((cut - cut.mean()) / cut.std(), np.float32)


def _step(values: NDArray[np.floating], low: float, high: float) -> NDArray[np.float32]:
    """0 below ``low``, 1 above ``high``, smooth in between."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
