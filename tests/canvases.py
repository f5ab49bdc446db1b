"""Small canvases, and what an edit makes of them."""

from itertools import pairwise

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS
from scipy.ndimage import gaussian_filter

from segviz.edit.canvas import Canvas
from segviz.grid import RasterGrid, VolumeGrid

TEN_METRES = Affine(10, 0, 5e5, 0, -10, 5e6)


def volume(labels, spacing_mm=(1, 1, 1), values=None):
    """``values``: one array, or several as [channel, x, y, z]; of a scene [band, row, column]."""
    labels = _kept(labels)
    grid = VolumeGrid(labels.shape, np.diag([*spacing_mm, 1]))
    return Canvas(grid, labels, _reader(values, labels.ndim))


def scene(labels, crs=32633, transform=TEN_METRES, values=None):
    labels = _kept(labels)
    grid = RasterGrid(labels.shape, transform, crs and CRS(crs))
    return Canvas(grid, labels, _reader(values, labels.ndim))


def canvas_of(labels, spacing_mm=(1, 1, 1), crs=32633, transform=TEN_METRES):
    return volume(labels, spacing_mm) if np.ndim(labels) == 3 else scene(labels, crs, transform)


def after(canvas, edit):
    """The mask after an edit; each cell comes once, in order within its part, and changes."""
    result = np.array(canvas.labels)
    seen = [np.empty(0, np.int64)]
    for delta in edit.parts:
        at = np.unravel_index(delta.cells, result.shape)
        assert (result[at] == delta.before).all()
        assert (delta.before != delta.after).all()
        assert all(one < two for one, two in pairwise(delta.cells))
        result[at] = delta.after
        seen.append(delta.cells)
    cells = np.concatenate(seen)
    assert len(np.unique(cells)) == len(cells)
    return result


def noise(shape, seed, labels=4, share=0.6):
    random = np.random.default_rng(seed)
    mask = random.integers(0, labels, shape)
    return np.where(random.random(shape) < share, mask, 0).astype(np.uint8)


def blobs(shape, seed, labels=4):
    field = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.2)
    return np.digitize(field / field.std(), np.linspace(-1, 1, labels - 1)).astype(np.uint8)


def turned(labels):
    """The same labels, stored in another order."""
    return np.asfortranarray(labels[..., ::-1])[..., ::-1]


def _kept(labels):
    labels = np.asarray(labels, np.uint8).view()
    labels.setflags(write=False)
    return labels


def _reader(values, axes):
    if values is None:
        return None
    bands = np.asarray(values, np.float32)
    bands = bands[None] if bands.ndim == axes else bands
    return lambda box, channel: bands[channel][box]


MASKS = [
    pytest.param(make(shape, seed), id=f"{make.__name__} {len(shape)}-D {seed}")
    for shape in ((17, 23), (9, 11, 13))
    for make in (noise, blobs)
    for seed in range(4)
]
