"""Indices of surface reflectance, and what they say of a place over time.

Reflectance goes from 0 to 1; values times 10,000 are divided first, since EVI and SAVI are wrong on
scaled numbers. Where a quotient is 0 / 0 there is no value (NaN), not 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.render.bands import find_bands

Floats = NDArray[np.float64]

BLUE, GREEN, RED, NIR = "blue", "green", "red", "near infrared"
SWIR1, SWIR2 = "short-wave infrared 1", "short-wave infrared 2"

LANDSAT_8 = {"b2": BLUE, "b3": GREEN, "b4": RED, "b5": NIR, "b6": SWIR1, "b7": SWIR2}
"""Bands of Landsat 8 and 9 by number; other numbers are Sentinel-2's."""


@dataclass(frozen=True)
class Index:
    """One index.

    Attributes:
        bands: what it is computed from, in the order of ``formula``'s arguments.
        formula: from reflectance 0-1 of any shape.
        text: the formula for people, in Sentinel-2's numbers.
    """

    name: str
    bands: tuple[str, ...]
    formula: Callable[..., Floats]
    text: str

    def of(self, *reflectance: ArrayLike) -> Floats:
        """The index of the bands' reflectance; NaN where it is not defined."""
        with np.errstate(divide="ignore", invalid="ignore"):
            values = self.formula(*(np.asarray(band, np.float64) for band in reflectance))
        return np.where(np.isfinite(values), values, np.nan)


def _difference(one: Floats, two: Floats) -> Floats:
    return (one - two) / (one + two)


def _evi(nir: Floats, red: Floats, blue: Floats) -> Floats:
    return 2.5 * (nir - red) / (nir + 6 * red - 7.5 * blue + 1)


def _savi(nir: Floats, red: Floats) -> Floats:
    return 1.5 * (nir - red) / (nir + red + 0.5)


INDICES: Mapping[str, Index] = {
    index.name: index
    for index in (
        Index("NDVI", (NIR, RED), _difference, "(B8 − B4) / (B8 + B4)"),
        Index("NBR", (NIR, SWIR2), _difference, "(B8 − B12) / (B8 + B12)"),
        Index("NDMI", (NIR, SWIR1), _difference, "(B8 − B11) / (B8 + B11)"),
        Index("NDWI", (GREEN, NIR), _difference, "(B3 − B8) / (B3 + B8), McFeeters"),
        Index("EVI", (NIR, RED, BLUE), _evi, "2.5 (B8 − B4) / (B8 + 6 B4 − 7.5 B2 + 1)"),
        Index("SAVI", (NIR, RED), _savi, "1.5 (B8 − B4) / (B8 + B4 + 0.5)"),
    )
}
"""By name, the most asked for first."""


def positions(channels: Sequence[str], index: Index, landsat: bool = False) -> list[int] | None:
    """0-based positions of an index's bands; None where one is not there by its name.

    Args:
        landsat: numbers are those of Landsat 8 and 9.
    """
    if not landsat:
        return find_bands(channels, index.bands)
    by_number = [LANDSAT_8.get(name.strip().lower().removeprefix("sr_"), name) for name in channels]
    return find_bands(by_number, index.bands)


def possible(channels: Sequence[str], landsat: bool = False) -> list[str]:
    """Names of the indices that these bands allow."""
    return [
        name for name, index in INDICES.items() if positions(channels, index, landsat) is not None
    ]
