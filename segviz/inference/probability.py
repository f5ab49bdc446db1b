"""Probabilities as bytes, and the threshold that makes a mask of them.

A byte is the probability x 255, rounded. A voxel is in the mask where its byte is at least
``least_byte(threshold)``: the page that moves the threshold and the run that made the mask count
the same voxels.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused

FULL = 255


def to_bytes(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Probabilities 0-1 as bytes."""
    rounded: NDArray[np.uint8] = np.floor(np.clip(shares, 0, 1) * FULL + 0.5).astype(np.uint8)
    return rounded


def least_byte(threshold: float) -> int:
    """The smallest byte that reaches a threshold: 255 x threshold, halves rounded up, at least 1.

    Raises:
        Refused: the threshold is not a number from 0 to 1 (SV-RUN-011).
    """
    if not 0 <= threshold <= 1:
        raise Refused(
            "SV-RUN-011",
            "The threshold must be a number from 0 to 1, the probability from which a voxel "
            "counts; set it again.",
        )
    return max(1, math.floor(threshold * FULL + 0.5))


def above(probability: NDArray[np.uint8], threshold: float) -> NDArray[np.uint8]:
    """1 where the probability reaches the threshold, else 0."""
    return (probability >= least_byte(threshold)).astype(np.uint8)
