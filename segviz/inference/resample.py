"""Separable resampling between box-shaped grids that share their axes."""

from __future__ import annotations

import math
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
    """Apply one weight matrix to each of the last ``len(weights)`` axes; identities cost nothing.

    The axes that shrink most come first, so that there is less to do for the others.
    """
    first = values.ndim - len(weights)
    matrices = [(axis, matrix) for axis, matrix in enumerate(weights, first)]
    for axis, matrix in sorted(matrices, key=lambda pair: pair[1].shape[0] / pair[1].shape[1]):
        if not is_identity(matrix):
            before, after = values.shape[:axis], values.shape[axis + 1 :]
            if after:
                flat = values.reshape(math.prod(before), values.shape[axis], math.prod(after))
                values = np.matmul(matrix, flat).reshape(*before, len(matrix), *after)
            else:
                values = values @ matrix.T
    return np.ascontiguousarray(values)


def is_identity(matrix: NDArray[np.float32]) -> bool:
    """True where a weight matrix leaves its axis as it is."""
    return matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.eye(len(matrix)))
