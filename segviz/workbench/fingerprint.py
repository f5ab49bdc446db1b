"""A number of 64 bits that tells whether a mask is what its journal says.

It is the sum over all labelled cells of ``column x row x key(label)``, modulo 2^64. Column and row
are those of the flat mask laid out in rows of 32,768 cells, each with a random odd number; label 0
counts 0. A sum does not depend on an order, so a change is followed by looking at its cells alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segviz.edit.delta import Delta

WIDTH_BITS = 15
WIDTH = 1 << WIDTH_BITS
"""Cells looked at together; their numbers stay in the processor's cache."""

_FIRST = np.uint64(0x9E3779B97F4A7C15)
_FACTOR = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT = np.uint64(33)


def _odd(places: NDArray[np.int64], first: int) -> NDArray[np.uint64]:
    """A random odd number for each place: the finalizer of MurmurHash3 (Appleby 2011)."""
    mixed = (places.astype(np.uint64) + np.uint64(first)) * _FIRST
    for _ in range(2):
        mixed ^= mixed >> _SHIFT
        mixed *= _FACTOR
    return mixed | np.uint64(1)


_COLUMNS = _odd(np.arange(WIDTH), 1)
_KEYS = _odd(np.arange(256), 1 << 60)
_KEYS[0] = 0
_ROWS = 1 << 61


def of(flat: NDArray[np.uint8]) -> int:
    """Of a flat mask, which may be a memory map."""
    rows = _odd(np.arange(-(-len(flat) // WIDTH)), _ROWS)
    total = np.zeros((), np.uint64)
    for row, start in zip(rows, range(0, len(flat), WIDTH), strict=True):
        labels = flat[start : start + WIDTH]
        if labels.any():
            keys = np.take(_KEYS, labels)
            total += np.multiply(np.dot(_COLUMNS[: len(labels)], keys), row, dtype=np.uint64)
    return _signed(total)


def after(before: int, delta: Delta) -> int:
    """Of a mask after a change, from that of the mask before it."""
    row, column = delta.cells >> WIDTH_BITS, delta.cells & (WIDTH - 1)
    keys = _KEYS[delta.after] - _KEYS[delta.before]
    change = np.dot(_COLUMNS[column] * _odd(row, _ROWS), keys)
    return _signed(np.array(before, np.int64).view(np.uint64) + change)


def _signed(number: NDArray[np.uint64] | np.uint64) -> int:
    """As databases hold 64 bits."""
    return int(np.asarray(number, np.uint64).view(np.int64))
