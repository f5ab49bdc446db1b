"""What lies around cells, window by window, so that a scene of any size can be gone through."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from segviz.edit.amounts import SLACK, Length
from segviz.edit.canvas import Canvas
from segviz.grid import Box

Line = tuple[tuple[int, ...], int]
"""Offset along all axes but the last, and cells to either side along the last."""

WINDOW = {2: 512, 3: 64}
"""Cells along the side of a window by the number of axes, such that it stays in the cache."""


def windows(
    canvas: Canvas, box: Box, reach: tuple[int, ...]
) -> Iterator[tuple[Box, Box, NDArray[np.uint8]]]:
    """Windows that make up a box: each with where it lies within the labels that come with it.

    Args:
        reach: cells along each axis by which the labels go beyond the window, within the mask.
    """
    shape = canvas.labels.shape
    sizes = [max(WINDOW[len(shape)], 2 * more) for more in reach]
    sides = [
        [slice(start, min(start + size, s.stop)) for start in range(s.start, s.stop, size)]
        for s, size in zip(box, sizes, strict=True)
    ]
    for window in product(*sides):
        wide = tuple(
            slice(max(0, s.start - more), min(n, s.stop + more))
            for s, more, n in zip(window, reach, shape, strict=True)
        )
        within = tuple(
            slice(s.start - w.start, s.stop - w.start) for s, w in zip(window, wide, strict=True)
        )
        yield window, within, np.ascontiguousarray(canvas.labels[wide])


def near(marked: NDArray[np.bool_], length: Length) -> NDArray[np.bool_]:
    """Cells whose centre is at most ``length`` from that of a marked one.

    The squared distance is the least sum of squared steps, one axis after the other (as in
    Felzenszwalb and Huttenlocher 2012, by trial since the length is short).
    """
    squared = np.where(marked, np.float32(0), np.float32(np.inf))
    for axis, (step, reach) in enumerate(zip(length.steps, length.reach, strict=True)):
        nearest = squared.copy()
        rows, least = np.moveaxis(squared, axis, 0), np.moveaxis(nearest, axis, 0)
        for cells in range(1, min(reach, len(rows) - 1) + 1):
            more = np.float32((cells * step) ** 2)
            np.minimum(least[cells:], rows[:-cells] + more, out=least[cells:])
            np.minimum(least[:-cells], rows[cells:] + more, out=least[:-cells])
        squared = nearest
    return squared <= (length.value * (1 + SLACK)) ** 2


def ball(length: Length) -> list[Line]:
    """Lines that make up the cells whose centres are within ``length`` of one."""
    *across, along = length.steps
    lines = []
    for offset in product(*(range(-n, n + 1) for n in length.reach[:-1])):
        aside = sum((n * step) ** 2 for n, step in zip(offset, across, strict=True))
        rest = (length.value * (1 + SLACK)) ** 2 - aside
        if rest >= 0:
            lines.append((offset, int(np.sqrt(rest) / along)))
    return lines


def votes(marked: NDArray[np.bool_], within: Box, lines: list[Line]) -> NDArray[np.uint16]:
    """How many marked cells the ball around each cell of a window holds.

    Args:
        marked: cells of the window and around it; beyond them there are none.
        within: the window.
        lines: of a ball of fewer than 65,536 cells.
    """
    reach = np.abs([(*offset, side) for offset, side in lines]).max(axis=0)
    margins = [
        (max(0, n - s.start), max(0, n - (size - s.stop)))
        for n, s, size in zip(reach, within, marked.shape, strict=True)
    ]
    starts = [s.start + before for s, (before, _) in zip(within, margins, strict=True)]
    sizes = [s.stop - s.start for s in within]
    margins[-1] = (margins[-1][0] + 1, margins[-1][1])
    sums = np.cumsum(np.pad(marked, margins), axis=-1, dtype=np.uint16)
    found = np.zeros(sizes, np.uint16)
    for offset, side in lines:
        row = tuple(
            slice(start + n, start + n + size)
            for n, start, size in zip(offset, starts, sizes, strict=False)
        )
        first = starts[-1] - side
        stop = starts[-1] + side + 1
        found += sums[(*row, slice(stop, stop + sizes[-1]))]
        found -= sums[(*row, slice(first, first + sizes[-1]))]
    return found
