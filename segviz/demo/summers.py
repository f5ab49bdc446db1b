"""A summer seen from above, and a first map of its forest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_multiotsu

from segviz.mask import Label, Legend

BANDS = ("B2", "B3", "B4", "B8")
YEARS = (2016, 2017, 2018, 2019, 2020)

FOREST, OTHER = 1, 2
LEGEND = Legend((Label(FOREST, "forest", "#009E73"), Label(OTHER, "not forest", "#E69F00")))
RULE = "Rule: darker in green light than the summer's Otsu threshold is forest"


@dataclass(frozen=True, eq=False)
class Summer:
    """Reflectance x 10,000 from June to August: uint16 [band, row, column], 0 is no data."""

    year: int
    reflectance: NDArray[np.uint16]

    @property
    def when(self) -> date:
        """The middle of the summer."""
        return date(self.year, 7, 15)


def forest(summer: Summer) -> NDArray[np.uint8]:
    """Labels [row, column] by one rule: closed canopy is dark in green light; specks are outvoted.

    Meadows and young regrowth look like forest to NDVI, but are much brighter in green light.
    """
    green = summer.reflectance[BANDS.index("B3")]
    seen = green > 0
    (threshold,) = threshold_multiotsu(green[seen], 2)  # type: ignore[no-untyped-call]
    dark = ndimage.median_filter(green <= threshold, size=3)
    return np.where(seen, np.where(dark, FOREST, OTHER), 0).astype(np.uint8)
