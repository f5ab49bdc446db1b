"""Small pictures for the list of cases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segviz.grid import VolumeGrid
from segviz.image import Scene, Volume
from segviz.mask import Mask
from segviz.render import bands, picture
from segviz.render.slices import overlay, upright
from segviz.render.stretch import default_window, percentiles, to_uint8

SIZE = (200, 320)
"""Rows and columns."""


def thumbnail(image: Volume | Scene, mask: Mask | None = None) -> bytes:
    """PNG of 320 x 200 pixels, filled by the picture's middle, with the mask on it.

    A volume shows the axial slice on which the mask is largest, the middle one where there is no
    mask; a scene shows its natural colours.
    """
    if isinstance(image, Volume):
        pixels, labels, height = _axial(image, mask)
    else:
        pixels, labels = _quicklook(image, mask)
        height = 1.0
    pixels = _cover(pixels, height, Image.Resampling.BILINEAR)
    if mask is None or labels is None:
        return picture.png(pixels)
    return picture.png(
        overlay(pixels, _cover(labels, height, Image.Resampling.NEAREST), mask.legend)
    )


def largest_slice(mask: Mask, grid: VolumeGrid) -> int:
    """Index of the canonical axial slice with the most labelled voxels; the middle one of none."""
    labelled = np.count_nonzero(grid.to_canonical(mask.data), axis=(0, 1))
    return int(labelled.argmax()) if labelled.any() else len(labelled) // 2


def _axial(
    volume: Volume, mask: Mask | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None, float]:
    """Colours, labels and the height of a pixel in pixel widths."""
    grid = volume.grid
    index = largest_slice(mask, grid) if mask else grid.canonical.shape[2] // 2
    cut = upright(grid.to_canonical(volume.data)[:, :, index])
    grey = to_uint8(cut, *(volume.window or default_window(volume.data)))
    labels = upright(grid.to_canonical(mask.data)[:, :, index]) if mask else None
    across, up, _ = grid.canonical.spacing_mm
    return np.dstack([grey] * 3), labels, up / across


def _quicklook(
    scene: Scene, mask: Mask | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Natural colours and labels, thinned to what the thumbnail needs."""
    rows, columns = scene.grid.shape
    scale = min(1.0, max(SIZE[0] / rows, SIZE[1] / columns))
    return quicklook(scene, mask, (max(1, round(rows * scale)), max(1, round(columns * scale))))


def quicklook(
    scene: Scene, mask: Mask | None, shape: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Natural colours [row, column, 3] and labels of a whole scene, thinned; no data is black."""
    rows, columns = scene.grid.shape
    values, valid = scene.read((0, rows, 0, columns), bands.natural(scene.channels), shape)
    colors = [np.where(valid, to_uint8(band, *percentiles(band, valid)), 0) for band in values]
    pixels = np.dstack(colors if len(colors) == 3 else colors * 3).astype(np.uint8)
    return pixels, thin(mask.data, shape) if mask else None


def thin(data: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Every n-th cell [row, column], each from the middle of its part; reads few rows of a file."""
    rows, columns = (
        ((np.arange(count) + 0.5) * (size / count)).astype(np.int64)
        for count, size in zip(shape, data.shape, strict=True)
    )
    return np.asarray(data[rows])[:, columns]


def _cover(pixels: NDArray[np.uint8], height: float, how: Image.Resampling) -> NDArray[np.uint8]:
    """The middle part of the pixels that fills the thumbnail; a pixel is ``height`` widths tall."""
    rows, columns = pixels.shape[:2]
    scale = max(SIZE[0] / (rows * height), SIZE[1] / columns)
    down, right = min(rows, SIZE[0] / scale / height), min(columns, SIZE[1] / scale)
    top, left = (rows - down) / 2, (columns - right) / 2
    box = (left, top, left + right, top + down)
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize((SIZE[1], SIZE[0]), how, box=box))
