"""Separable resampling between box-shaped grids that share their axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def axis_weights(
    size: int, positions: NDArray[np.floating], width: float = 1.0
) -> NDArray[np.float32]:
    """Weights [output, input] of a triangle kernel along one axis.

    Args:
        size: number of input cells.
        positions: where the output samples lie, in input cell indices; held at both ends.
        width: half width of the triangle in cells. 1 interpolates linearly; above 1 it also
            averages, so that a coarser output is free of aliasing.
    """
    held = np.clip(positions, 0, size - 1)
    distance = np.abs(held[:, None] - np.arange(size)[None, :])
    weights = np.maximum(0.0, 1.0 - distance / max(width, 1.0))
    normalised: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype("f4")
    return normalised


def along_axes(
    values: NDArray[np.float32], weights: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Apply one weight matrix to each of the last ``len(weights)`` axes."""
    first = values.ndim - len(weights)
    for axis, matrix in enumerate(weights, first):
        values = np.moveaxis(np.tensordot(matrix, values, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(values)
