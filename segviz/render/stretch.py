"""Which measured value is drawn black and which one white."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Range = tuple[float, float]

SAMPLE = 4_000_000
"""Above this many values every n-th is looked at."""


def percentiles(
    values: NDArray[np.generic],
    valid: NDArray[np.bool_] | None = None,
    low: float = 2.0,
    high: float = 98.0,
) -> Range:
    """The cumulative cut of one band: what lies at ``low`` and ``high`` percent of the valid cells.

    Args:
        values: of any shape; what is not finite is left out.
        valid: the same shape; all when None.
    """
    sample = np.asarray(values) if valid is None else np.asarray(values)[valid]
    return _ends(sample.ravel(), low, high)


def default_window(data: NDArray[np.generic]) -> Range:
    """(low, high) where the file names no window: 0.1 % cut off both ends, as 3D Slicer does."""
    return _ends(data.ravel(order="K"), 0.1, 99.9)


def to_uint8(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    """Grey levels of any shape: ``low`` and below 0, ``high`` and above 255, not-a-number 0."""
    grey = np.asarray(values, dtype=np.float32) - np.float32(low)
    grey *= np.float32(255.0 / ((high - low) or 1.0))
    np.nan_to_num(grey, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    np.clip(np.rint(grey, out=grey), 0, 255, out=grey)
    return grey.astype(np.uint8)


def _ends(flat: NDArray[np.generic], low: float, high: float) -> Range:
    sample = flat[:: _stride(flat.size)].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return 0.0, 1.0
    bottom, top = (float(end) for end in np.percentile(sample, [low, high]))
    return bottom, top if top > bottom else bottom + 1.0


def _stride(size: int) -> int:
    """At least size / SAMPLE, with no factor in common: else only some columns would be seen."""
    stride = size // SAMPLE + 1
    while math.gcd(stride, size) > 1:
        stride += 1
    return stride
