"""A drawn forest that loses clearings year by year, for places without a network."""

from __future__ import annotations

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from scipy import ndimage

from segviz.demo.summers import YEARS, Summer
from segviz.grid import RasterGrid

SIZE = 256
GRID = RasterGrid((SIZE, SIZE), Affine(10, 0, 500_000, 0, -10, 9_100_000), CRS.from_epsg(32721))
CLEARINGS_A_YEAR = 14
SEED = 2016

CANOPY = (200, 380, 220, 3000)
MEADOW = (330, 720, 420, 3900)
FRESH = (620, 900, 1250, 2300)
"""Sentinel-2 reflectance x 10,000 in B2, B3, B4, B8."""


def summers() -> list[Summer]:
    """uint16 reflectance [band, row, column] of each year."""
    cut = clearings()
    meadow = _relief(24.0, SEED) > 1.0
    return [Summer(year, _reflectance(year, cut, meadow)) for year in YEARS]


def clearings() -> NDArray[np.int16]:
    """The year in which each cell was cleared; 9999 where the forest stands."""
    random = np.random.default_rng(SEED)
    ragged = 0.35 * _relief(4.0, SEED + 1)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    cut = np.full((SIZE, SIZE), 9999, np.int16)
    for year in YEARS[1:]:
        lowest, highest = (8, 8, 3), (SIZE - 8, SIZE - 8, 9)
        for row, column, radius in random.uniform(lowest, highest, (CLEARINGS_A_YEAR, 3)):
            inside = np.hypot(rows - row, columns - column) / radius + ragged < 1.0
            cut[inside] = np.minimum(cut[inside], year)
    return cut


def _reflectance(
    year: int, cut: NDArray[np.int16], meadow: NDArray[np.bool_]
) -> NDArray[np.uint16]:
    """Canopy, meadow, and clearings that are bare when fresh and green over a few years."""
    age = np.clip((year - cut.astype(np.float64)) / 4.0, 0.0, 1.0)
    cleared = (cut <= year)[np.newaxis]
    canopy, green, bare = (np.array(c, float)[:, None, None] for c in (CANOPY, MEADOW, FRESH))
    ground = np.where(meadow[np.newaxis], green, canopy)
    ground = np.where(cleared, bare * (1.0 - age) + green * age, ground)
    texture = 1.0 + 0.06 * _relief(1.2, year) + 0.04 * _relief(12.0, SEED + 2)
    return np.clip(ndimage.gaussian_filter(ground, (0, 0.6, 0.6)) * texture, 1, 65535).astype(
        np.uint16
    )


def _relief(smooth: float, seed: int) -> NDArray[np.float64]:
    """Smooth noise [row, column] with mean 0 and deviation 1."""
    rough = np.random.default_rng(seed).standard_normal((SIZE, SIZE))
    fine = ndimage.gaussian_filter(rough, smooth, mode="wrap")
    return np.asarray((fine - fine.mean()) / fine.std())
