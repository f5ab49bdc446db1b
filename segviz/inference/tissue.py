"""A sharper border between two tissues, by the brightness of each cell.

What a network saw coarsely is the prior; the brightness of a tissue is normally distributed around
its mean nearby (as in Ashburner and Friston 2005, NeuroImage 26). Whatever the contrast, where the
two are equally bright nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.inference.resample import along_axes

Field = NDArray[np.float32]

SURE = 0.8
"""Share from which a cell tells how bright its tissue is."""

LEAST = 1000
"""Sure cells of a tissue without which nothing is changed."""

NEAR_MM = 10.0
"""Standard deviation of what is near: coils are uneven, and so is each tissue."""

FEW = 0.02
"""Share of sure cells nearby at which their mean counts half, and that of the whole scan half."""

POWER = 0.25
"""Of the likelihood, since the shares have seen the brightness already."""

TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, eq=False)
class Border:
    """Between two tissues, as the grid of a network shows it.

    Attributes:
        labels: of the tissues.
        means: [2, a, b, c] how bright they are near each cell.
        variance: of their brightness around that.
    """

    labels: tuple[int, int]
    means: Field
    variance: float

    @classmethod
    def of(
        cls, shares: Field, brightness: Field, spacing_mm: Sequence[float], labels: tuple[int, int]
    ) -> Self | None:
        """From the sure cells of both tissues; None where there are hardly any.

        Args:
            shares: [class without background, a, b, c].
            brightness: [a, b, c] of the same cells.
        """
        sure = np.stack([shares[label - 1] > SURE for label in labels]).astype(np.float32)
        if min(sure.sum(axis=(1, 2, 3))) < LEAST:
            return None
        means = np.stack([_mean_nearby(brightness, cells, spacing_mm) for cells in sure])
        variance = float((sure * (brightness - means) ** 2).sum() / sure.sum())
        return cls(labels, means, max(variance, TINY))

    def sharpen(self, shares: Field, brightness: Field, weights: Sequence[Field]) -> None:
        """Divide what the two tissues share by the brightness of each cell, in place.

        Brightness beyond both means, of a lesion or a vessel, counts as the nearer of them.

        Args:
            shares: [class without background, ...] of finer cells.
            brightness: of the same cells.
            weights: from the network's cells to them, by axis.
        """
        first, second = along_axes(self.means, weights)
        held = np.clip(brightness, np.minimum(first, second), np.maximum(first, second))
        logit = (first - second) * (2 * held - first - second) * (POWER / (2 * self.variance))
        one, other = (shares[label - 1] for label in self.labels)
        both = one + other
        one[...] = both * one / (one + other * np.exp(-logit) + TINY)
        other[...] = both - one


def _mean_nearby(brightness: Field, cells: Field, spacing_mm: Sequence[float]) -> Field:
    """Of the chosen cells (1, else 0) around each cell."""
    overall = (cells * brightness).sum() / cells.sum()
    sigma = [NEAR_MM / mm for mm in spacing_mm]
    more, there = (
        ndimage.gaussian_filter(field, sigma, truncate=2.5)
        for field in (cells * (brightness - overall), cells)
    )
    mean: Field = (overall + more / (there + FEW)).astype(np.float32)
    return mean
