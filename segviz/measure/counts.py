"""Cells of each label, and of each pair of labels, in arrays that need not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 18
"""Cells counted at a time: their copy as integers stays in the processor's cache."""


def counts(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(256,) cells of each label in an array of any shape, which may be a memory map."""
    total = np.zeros(256, np.int64)
    for part in _parts(labels.shape):
        total += np.bincount(labels[part].ravel(), minlength=256)
    return total


def pair_counts(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(256, 256) cells by their label in one array (rows) and in the other (columns)."""
    total = np.zeros(1 << 16, np.int64)
    for part in _parts(one.shape):
        total += np.bincount(pair_codes(one[part], two[part]).ravel(), minlength=1 << 16)
    return total.reshape(256, 256)


def pair_codes(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """256 x first label + second label, cell by cell."""
    codes = np.left_shift(one, 8, dtype=np.uint16)
    codes |= two
    return codes


def _parts(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of the first axis that hold about CHUNK cells."""
    step = max(1, CHUNK // max(1, int(np.prod(shape[1:]))))
    return (slice(start, start + step) for start in range(0, shape[0], step))
