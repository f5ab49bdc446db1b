"""A drawn landscape in nine Sentinel-2 bands: river, forest, fields and a town.

Reflectance x 10,000 at the top of the atmosphere, as typical of each cover in summer. It is for
pictures: no scene that we may show has all nine bands.
"""

from __future__ import annotations

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from scipy import ndimage

from segviz.grid import RasterGrid

SHAPE = (216, 180)
GRID = RasterGrid(SHAPE, Affine(10, 0, 500_000, 0, -10, 5_200_000), CRS.from_epsg(32633))
BANDS = ("B2", "B3", "B4", "B5", "B6", "B7", "B8", "B11", "B12")
SEED = 9

COVERS: dict[str, tuple[int, ...]] = {
    "trees": (830, 660, 420, 780, 1950, 2350, 2450, 1250, 560),
    "water": (900, 700, 480, 430, 330, 340, 290, 120, 80),
    "grass": (950, 900, 720, 1280, 2500, 2950, 3100, 2150, 1200),
    "crops": (930, 880, 620, 1220, 3300, 4150, 4400, 1850, 900),
    "ploughed": (1250, 1280, 1500, 1750, 1950, 2100, 2250, 3000, 2500),
    "roofs": (1650, 1600, 1700, 1850, 1980, 2080, 2150, 2300, 2150),
    "streets": (1250, 1150, 1120, 1180, 1250, 1300, 1350, 1450, 1350),
}


def covers() -> NDArray[np.int64]:
    """Positions in ``COVERS`` [row, column]: what is there."""
    names = list(COVERS)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    wood = _noise(14.0, SEED) + 0.3 * _noise(3.0, SEED + 1) + (100 - rows) / 50
    ground = np.full(SHAPE, names.index("trees"))
    fields = _fields(names)
    ground = np.where(wood > 0, ground, fields)
    town = np.hypot((rows - 165) / 1.1, columns - 125) + 6 * _noise(5.0, SEED + 2) < 30
    block = ((rows // 3) % 3 > 0) & ((columns // 3) % 4 > 0)
    ground = np.where(town, np.where(block, names.index("roofs"), names.index("streets")), ground)
    middle = 62 + 26 * np.sin(rows / 31) + 9 * np.sin(rows / 11 + 1)
    river = np.abs(columns - middle) < 5.5
    return np.asarray(np.where(river, names.index("water"), ground), np.int64)


def scene() -> NDArray[np.uint16]:
    """Reflectance x 10,000 [band, row, column] with the texture of each cover."""
    table = np.array(list(COVERS.values()), float).T
    values = table[:, covers()]
    grain = 1.0 + 0.05 * _noise(0.8, SEED + 3) + 0.04 * _noise(6.0, SEED + 4)
    values = ndimage.gaussian_filter(values, (0, 0.6, 0.6)) * grain
    return np.asarray(np.clip(values, 1, 65535), np.uint16)


def _fields(names: list[str]) -> NDArray[np.int64]:
    """Long rectangles, slightly turned, of grass, crops and ploughed earth."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    along, across = 0.94 * columns + 0.34 * rows, 0.94 * rows - 0.34 * columns
    strip = np.floor(across / 26).astype(int)
    parcel = np.floor((along + 17 * strip) / 40).astype(int)
    kinds = np.random.default_rng(SEED).integers(0, 3, (64, 64))[strip % 64, parcel % 64]
    positions = [names.index(name) for name in ("grass", "crops", "ploughed")]
    return np.asarray(np.take(positions, kinds), np.int64)


def _noise(smooth: float, seed: int) -> NDArray[np.float64]:
    """Smooth noise with mean 0 and deviation 1."""
    rough = np.random.default_rng(seed).standard_normal(SHAPE)
    fine = ndimage.gaussian_filter(rough, smooth, mode="wrap")
    return np.asarray((fine - fine.mean()) / fine.std())
