"""A small picture of the surroundings of one pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segviz.grid import Window
from segviz.render import picture
from segviz.render.stretch import Range, to_uint8

MARK = (255, 235, 0)
"""Seen on forest, soil, water and cloud alike, with the dark line beside it."""

SHADE = (0, 0, 0)

STRIPE = 5
HATCH = (128, 128, 128, 110)


def around(row: int, column: int, size: int) -> Window:
    """The window of an odd number of cells a side whose middle is a cell; may pass the edges."""
    half = size // 2
    return row - half, row + half + 1, column - half, column + half + 1


def inside(window: Window, shape: tuple[int, int]) -> Window:
    """What of a window lies on a raster."""
    r0, r1, c0, c1 = window
    return max(r0, 0), min(r1, shape[0]), max(c0, 0), min(c1, shape[1])


def chip(
    values: NDArray[np.generic],
    valid: NDArray[np.bool_],
    stretch: Sequence[Range],
    place: tuple[int, int],
    size: int,
    scale: int,
) -> bytes:
    """PNG of ``size`` x ``size`` cells, each ``scale`` pixels wide, with a frame around the middle.

    Lines lead to the frame from the edges; the cell itself stays free. Cells without data, and
    those beyond the raster, are hatched, so that they differ from a picture still on its way.

    Args:
        values: [3, row, column] red, green, blue or [1, row, column] grey.
        valid: [row, column].
        stretch: (low, high) of each band.
        place: row and column in the picture of the first of the values.
    """
    bands = [to_uint8(band, *ends) for band, ends in zip(values, stretch, strict=True)]
    colors = np.dstack(bands if len(bands) == 3 else bands * 3)
    cells = np.zeros((size, size, 4), np.uint8)
    rows, columns = (slice(at, at + n) for at, n in zip(place, valid.shape, strict=True))
    cells[rows, columns, :3] = np.where(valid[..., None], colors, 0)
    cells[rows, columns, 3] = np.where(valid, 255, 0)
    pixels = cells.repeat(scale, axis=0).repeat(scale, axis=1)
    along = np.arange(len(pixels))
    stripes = np.add.outer(along, along) // STRIPE % 2 == 0
    pixels[stripes & (pixels[..., 3] == 0)] = HATCH
    _mark(pixels, scale * (size // 2), scale)
    return picture.png(pixels)


def _mark(pixels: NDArray[np.uint8], first: int, scale: int) -> None:
    """Draw the frame and its lines into [row, column, 4]; ``first`` is where the cell begins."""
    edge, middle, gap = len(pixels), first + scale // 2, 4 * scale
    inner = slice(first, first + scale)
    cell = pixels[inner, inner].copy()
    for color, width in ((SHADE, 2), (MARK, 1)):
        opaque = (*color, 255)
        outer = slice(first - width, first + scale + width)
        pixels[outer, outer] = opaque
        along = slice(middle - width, middle + width)
        for part in (slice(0, max(0, first - gap)), slice(first + scale + gap, edge)):
            pixels[along, part] = opaque
            pixels[part, along] = opaque
    pixels[inner, inner] = cell
