"""Put a mask on another grid, on request: different grids are never compared cell by cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from segviz.errors import Refused
from segviz.grid import Grid, RasterGrid, VolumeGrid
from segviz.image import windows
from segviz.mask import Mask

WINDOW = 512


def nearest(mask: Mask, grid: Grid) -> Mask:
    """The mask on another grid: each cell has the label of the old cell that its centre lies in.

    Cells outside the old grid get 0. Nothing is smoothed; shapes move by up to half a cell.

    Raises:
        Refused: a scene does not say where on the Earth it lies (SV-PAIR-004).
    """
    if isinstance(mask.grid, VolumeGrid) and isinstance(grid, VolumeGrid):
        data = _volume(mask.data, mask.grid, grid)
    elif isinstance(mask.grid, RasterGrid) and isinstance(grid, RasterGrid):
        data = _scene(mask.data, mask.grid, grid)
    else:
        raise TypeError("a volume and a scene have no common place")
    return Mask(grid, data, mask.legend, mask.source)


def describe(one: Grid, two: Grid) -> str | None:
    """How two grids differ, as a sentence; None where they are the same."""
    if isinstance(one, VolumeGrid) and isinstance(two, VolumeGrid):
        return None if one.same_as(two) else _volumes_differ(one, two)
    if isinstance(one, RasterGrid) and isinstance(two, RasterGrid):
        return None if one.same_as(two) else _scenes_differ(one, two)
    return "One is a volume and the other a scene."


def _volume(labels: NDArray[np.uint8], source: VolumeGrid, target: VolumeGrid) -> NDArray[np.uint8]:
    """Slab by slab along i, so that coordinates of one slab only are in memory."""
    matrix = np.linalg.inv(source.affine) @ target.affine
    j, k = np.meshgrid(*(np.arange(n) for n in target.shape[1:]), indexing="ij")
    in_slab = (
        np.einsum("ab,bjk->ajk", matrix[:3, 1:3], np.stack([j, k])) + matrix[:3, 3, None, None]
    )
    moved = np.zeros(target.shape, np.uint8)
    for i in range(target.shape[0]):
        _copy_nearest(labels, in_slab + i * matrix[:3, 0, None, None], moved[i])
    return moved


def _scene(labels: NDArray[np.uint8], source: RasterGrid, target: RasterGrid) -> NDArray[np.uint8]:
    if (source.crs is None) != (target.crs is None):
        raise Refused(
            "SV-PAIR-004",
            "One of the scenes does not say where on the Earth it lies, so they cannot be put on "
            "top of each other; export it again with its coordinate system.",
        )
    moved = np.zeros(target.shape, np.uint8)
    transformer = _transformer(source, target)
    back = ~source.transform
    for r0, r1, c0, c1 in windows(target.shape, WINDOW):
        column, row = np.meshgrid(np.arange(c0, c1) + 0.5, np.arange(r0, r1) + 0.5)
        x, y = target.transform @ (column, row)
        if transformer is not None:
            x, y = transformer.transform(x, y)
        old_column, old_row = back @ (x, y)
        _copy_nearest(labels, np.stack([old_row, old_column]) - 0.5, moved[r0:r1, c0:c1])
    return moved


def _transformer(source: RasterGrid, target: RasterGrid) -> Transformer | None:
    if source.crs == target.crs or source.crs is None or target.crs is None:
        return None
    return Transformer.from_crs(target.crs, source.crs, always_xy=True)


def _copy_nearest(
    labels: NDArray[np.uint8], places: NDArray[np.float64], out: NDArray[np.uint8]
) -> None:
    """Fill ``out`` with the labels at (axis, ...) positions in cells; outside stays as it is."""
    limits = np.array(labels.shape).reshape(-1, *[1] * out.ndim)
    with np.errstate(invalid="ignore"):
        inside = ((places >= -0.5) & (places < limits - 0.5)).all(axis=0)
    cells = np.floor(places[:, inside] + 0.5).astype(np.int64)
    out[inside] = labels[tuple(cells)]


def _volumes_differ(one: VolumeGrid, two: VolumeGrid) -> str:
    if str(one) != str(two):
        return f"The visits lie on different grids: {one}, and {two}."
    shift = np.linalg.norm(one.affine[:3, 3] - two.affine[:3, 3])
    return f"The visits lie on grids of {one} that are shifted by {shift:.3g} mm or turned."


def _scenes_differ(one: RasterGrid, two: RasterGrid) -> str:
    if str(one) != str(two):
        return f"The dates lie on different grids: {one}, and {two}."
    column, row = ~one.transform @ (two.transform.c, two.transform.f)
    return (
        f"The dates lie on grids of {one} that are shifted by {row:.3g} rows and {column:.3g} "
        "columns or differ in pixel size."
    )
