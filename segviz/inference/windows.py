"""How a grid is laid out in windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from segviz.grid import Box, Window


def round_up(size: int, multiple: int) -> int:
    return math.ceil(size / multiple) * multiple


def balanced(size: int, most: int, multiple: int, overlap: int) -> tuple[int, list[int]]:
    """Window length and starts along one axis: as few windows as can be, evenly spread.

    Args:
        size: cells to cover.
        most: longest window, a multiple of ``multiple``.
        multiple: the length is rounded up to this; it may then pass the end of the axis.
        overlap: least overlap of neighbours.
    """
    if size <= most:
        return round_up(size, multiple), [0]
    count = math.ceil((size - overlap) / (most - overlap))
    length = min(most, round_up(math.ceil((size + (count - 1) * overlap) / count), multiple))
    return length, [round((size - length) * n / (count - 1)) for n in range(count)]


def balanced_boxes(
    shape: tuple[int, ...], most: tuple[int, ...], multiple: int, overlap: int
) -> tuple[tuple[int, ...], list[Box]]:
    """The one shape of all windows and where they lie, in any number of axes."""
    axes = [balanced(n, m, multiple, overlap) for n, m in zip(shape, most, strict=True)]
    window = tuple(length for length, _ in axes)
    boxes = [
        tuple(slice(start, start + length) for start, length in zip(starts, window, strict=True))
        for starts in product(*(starts for _, starts in axes))
    ]
    return window, boxes


def full_boxes(
    shape: tuple[int, ...], window: tuple[int, ...], overlap: tuple[int, ...]
) -> tuple[tuple[int, ...], list[Box]]:
    """Windows of just one size, evenly spread, for networks whose answer depends on it."""
    starts = []
    for size, length, least in zip(shape, window, overlap, strict=True):
        count = max(1, math.ceil((size - least) / (length - least)))
        room = max(size - length, 0)
        starts.append([round(room * n / max(count - 1, 1)) for n in range(count)])
    boxes = [
        tuple(slice(start, start + length) for start, length in zip(corner, window, strict=True))
        for corner in product(*starts)
    ]
    return window, boxes


def gaussian(shape: tuple[int, ...], sigma: float = 0.125) -> NDArray[np.float32]:
    """Weights of a window's cells, 1 in the middle; ``sigma`` in window lengths, as in nnU-Net."""
    weights = np.ones(shape, np.float32)
    for axis, size in enumerate(shape):
        distance = (np.arange(size) - (size - 1) / 2) / (sigma * size)
        profile = np.exp(-0.5 * distance**2).astype(np.float32)
        weights *= profile.reshape([-1 if other == axis else 1 for other in range(len(shape))])
    return np.maximum(weights, 1e-3)


@dataclass(frozen=True)
class Tile:
    """A part of a scene to label, and the larger part read for it, which may pass the edge."""

    core: Window
    outer: Window


def tiles(window: Window, core: int, halo: int, multiple: int) -> list[Tile]:
    """Equal tiles with a halo that cover a window of a scene.

    Their outer edges lie on multiples of ``multiple`` of the scene, whatever the window, so that a
    network that halves its input sees every pixel at the same place of its own grid.
    """
    rows = _spans(window[0], window[1], core, multiple)
    columns = _spans(window[2], window[3], core, multiple)
    return [
        Tile(
            (
                max(row, window[0]),
                min(row + height, window[1]),
                max(column, window[2]),
                min(column + width, window[3]),
            ),
            (row - halo, row + height + halo, column - halo, column + width + halo),
        )
        for (row, height), (column, width) in product(rows, columns)
    ]


def _spans(start: int, stop: int, most: int, multiple: int) -> list[tuple[int, int]]:
    """(start, length) of equal spans that cover start..stop from the last multiple before it."""
    first = start // multiple * multiple
    count = math.ceil((stop - first) / most)
    length = round_up(math.ceil((stop - first) / count), multiple)
    return [(position, length) for position in range(first, stop, length)]
