"""Slices of a volume as the radiologist sees them.

Patient left is on the right of the screen in axial and coronal slices (seen from the feet and from
the front), anterior is on the left of sagittal ones. Arrays here are canonical: [x, y, z] grow to
R, A, S.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from segviz.grid import Value, VolumeGrid
from segviz.image import Volume
from segviz.mask import Legend, Mask
from segviz.render import picture
from segviz.render.stretch import Range, default_window, to_uint8

Plane = Literal["axial", "coronal", "sagittal"]

AXIS: dict[Plane, int] = {"sagittal": 0, "coronal": 1, "axial": 2}
"""The canonical axis that a plane cuts."""

FILL = 0.3
"""Opacity of a label inside its outline."""


def plane(array: NDArray[Value], grid: VolumeGrid, plane: Plane, mm: float) -> NDArray[Value]:
    """Screen picture [row down, column right] of the slice nearest to a position.

    Args:
        array: canonical values [x, y, z].
        grid: canonical grid of the array.
        mm: R, A or S coordinate along the axis the plane cuts.
    """
    axis = AXIS[plane]
    index = min(max(round(_position(grid, axis, mm)), 0), array.shape[axis] - 1)
    cut: NDArray[Value] = np.take(array, index, axis=axis)
    return upright(cut)


def upright(cut: NDArray[Value]) -> NDArray[Value]:
    """A cut [horizontal, vertical] of a canonical array, turned to [row down, column right].

    The horizontal axis grows to R or A, the screen's columns to L or P; the vertical one grows to A
    or S, the screen's rows to P or I.
    """
    return cut[::-1, ::-1].T


def range_mm(grid: VolumeGrid, plane: Plane) -> tuple[float, float, float]:
    """First and last slice position and the step between slices, in mm along the cut axis."""
    canonical, axis = grid.canonical, AXIS[plane]
    step = float(canonical.affine[axis, axis])
    first = _first(canonical, axis)
    return first, first + step * (canonical.shape[axis] - 1), step


def slice_png(
    volume: Volume,
    mask: Mask | None,
    plane: Plane,
    mm: float,
    size: int = 512,
    window: Range | None = None,
) -> bytes:
    """PNG of one slice with the mask's outline and light fill; black beyond the volume.

    Args:
        volume: what to show.
        mask: on the volume's grid, or None.
        plane: axial, coronal or sagittal.
        mm: R, A or S coordinate along the axis the plane cuts.
        size: pixels of the longer side; pixels are square in mm.
        window: (low, high) drawn black and white; the volume's own, or the default, when None.
    """
    low, high = window or volume.window or default_window(volume.data)
    grid = volume.grid.canonical
    shape = _screen_shape(grid, plane, size)
    position = _position(grid, AXIS[plane], mm)
    if not -0.5 <= position <= grid.shape[AXIS[plane]] - 0.5:
        return picture.png(np.zeros(shape, np.uint8))
    cells = None if mask is None else _section(volume.grid, mask.data, plane, mm)
    cut = _section(volume.grid, volume.data, plane, mm)
    return _drawn(cut, cells, mask.legend if mask else Legend(()), shape, (low, high))


def aligned_png(
    volume: Volume,
    mask: Mask,
    reference: VolumeGrid,
    matrix: NDArray[np.float64],
    plane: Plane,
    mm: float,
    size: int = 512,
    window: Range | None = None,
) -> bytes:
    """PNG of a plane of the reference, with what an aligned scan has there.

    Values lie between voxels by linear interpolation, labels are the nearest; black beyond.

    Args:
        reference: the grid whose plane is shown.
        matrix: 4x4, RAS+ mm of the scan to RAS+ mm of the reference.
        plane, mm, size, window: as of ``slice_png``; ``mm`` counts on the reference.
    """
    low, high = window or volume.window or default_window(volume.data)
    grid, axis = reference.canonical, AXIS[plane]
    shape = [*grid.shape]
    shape[axis] = 1
    cells = np.indices(shape).reshape(3, -1).astype(np.float64)
    cells[axis] = _position(grid, axis, mm)
    to_scan = np.linalg.inv(volume.grid.affine) @ np.linalg.inv(matrix) @ grid.affine
    at = to_scan[:3, :3] @ cells + to_scan[:3, 3:]
    flat = [n for side, n in enumerate(grid.shape) if side != axis]
    values = np.asarray(volume.data, np.float32)
    seen = ndimage.map_coordinates(values, at, order=1, cval=low).reshape(flat)
    labels = ndimage.map_coordinates(mask.data, at, order=0).reshape(flat)
    return _drawn(
        upright(seen), upright(labels), mask.legend, _screen_shape(grid, plane, size), (low, high)
    )


def _drawn(
    cut: NDArray[np.generic],
    cells: NDArray[np.uint8] | None,
    legend: Legend,
    shape: tuple[int, int],
    window: Range,
) -> bytes:
    """PNG of values [row down, column right] under labels of the same cells."""
    grey = resize(to_uint8(cut, *window), shape, Image.Resampling.BILINEAR)
    if cells is None:
        return picture.png(grey)
    labels = resize(cells, shape, Image.Resampling.NEAREST)
    return picture.png(overlay(np.dstack([grey] * 3), labels, legend))


def overlay(
    pixels: NDArray[np.uint8], labels: NDArray[np.uint8], legend: Legend
) -> NDArray[np.uint8]:
    """Colours [row, column, 3] under the outline and the light fill of the labels [row, column]."""
    opacity = np.where(outline(labels), np.uint8(255), np.uint8(round(255 * FILL)) * (labels > 0))
    colors = picture.palette(legend)[labels]
    layers = (Image.fromarray(layer) for layer in (colors, pixels, opacity))
    return np.asarray(Image.composite(*layers), dtype=np.uint8)


def outline(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Labelled cells [row, column] with another label, or the picture's edge, on one of 4 sides."""
    around = np.pad(labels, 1)
    edge = np.zeros(labels.shape, np.bool_)
    for rows, columns in ((0, 1), (2, 1), (1, 0), (1, 2)):
        edge |= around[rows:, columns:][: labels.shape[0], : labels.shape[1]] != labels
    return edge & (labels > 0)


def resize(
    pixels: NDArray[np.uint8], shape: tuple[int, int], how: Image.Resampling
) -> NDArray[np.uint8]:
    """The picture with ``shape`` rows and columns."""
    scaled = Image.fromarray(np.ascontiguousarray(pixels)).resize((shape[1], shape[0]), how)
    return np.asarray(scaled, dtype=np.uint8)


def _section(grid: VolumeGrid, native: NDArray[Value], name: Plane, mm: float) -> NDArray[Value]:
    return plane(grid.to_canonical(native), grid.canonical, name, mm)


def _screen_shape(grid: VolumeGrid, plane: Plane, size: int) -> tuple[int, int]:
    """Rows and columns of a picture with square pixels, the longer side ``size``."""
    extent = [n * mm for n, mm in zip(grid.shape, grid.spacing_mm, strict=True)]
    across, up = (length for axis, length in enumerate(extent) if axis != AXIS[plane])
    scale = size / max(across, up)
    return max(1, round(up * scale)), max(1, round(across * scale))


def _first(grid: VolumeGrid, axis: int) -> float:
    """R, A or S of the middle of the first slice; those of an oblique scan lean over several mm."""
    middle = [(n - 1) / 2 for n in grid.shape]
    middle[axis] = 0.0
    return float(grid.affine[axis, :3] @ middle + grid.affine[axis, 3])


def _position(grid: VolumeGrid, axis: int, mm: float) -> float:
    """Index, with a fraction, of the slice whose middle lies at ``mm``."""
    return float((mm - _first(grid, axis)) / grid.affine[axis, axis])
