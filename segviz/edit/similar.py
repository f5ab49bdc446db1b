"""How far the values of an image are from each other, over one channel or several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.edit.canvas import Canvas, Channel
from segviz.grid import Box

Floats = NDArray[np.float32]

SAMPLE = 2**17
"""About so many cells tell the spread."""

OUTER = (2.0, 98.0)
"""Percentiles between which the spread of values is taken: a few odd cells do not count."""


def layers(canvas: Canvas, box: Box, channels: Sequence[Channel]) -> list[Floats]:
    """Values of a box, one array for each channel; a normalised difference comes as a pair."""
    assert canvas.values is not None, "tools that look at the image get its values"
    chosen = (tuple(c) if isinstance(c, list | tuple) else c for c in channels)
    return [canvas.values(box, channel) for channel in chosen]  # type: ignore[arg-type]


def spread(values: Floats) -> float:
    """Range of the values but for the outermost; 1 where all are the same.

    Taken from every n-th cell where there are many.
    """
    some = values.ravel()[:: values.size // SAMPLE | 1]
    known = some[np.isfinite(some)]
    if known.size == 0:
        return 1.0
    low, high = np.percentile(known, OUTER)
    return float(high - low) or float(known.max() - known.min()) or 1.0


def smoothed(values: Floats) -> Floats:
    """Averaged with the neighbours by 1 2 1 along each axis; cells without a value do not count."""
    known = np.isfinite(values)
    if known.all():
        return _binomial(values)
    weight = _binomial(known.astype(np.float32))
    total = _binomial(np.where(known, values, np.float32(0)))
    return np.where(known, total / np.maximum(weight, np.float32(1e-6)), np.float32(np.nan))


def _binomial(values: Floats) -> Floats:
    for axis in range(values.ndim):
        values = ndimage.correlate1d(values, (0.25, 0.5, 0.25), axis, mode="nearest")
    return values
