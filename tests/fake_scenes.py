"""A scene held in an array that remembers what was read of it, for tests."""

from __future__ import annotations

import numpy as np
from affine import Affine

from segviz.grid import RasterGrid


class ArrayScene:
    def __init__(self, values, valid=None, channels=("B2", "B3", "B4", "B8"), tags=()):
        self.values = values
        self.valid = np.ones(values.shape[1:], bool) if valid is None else valid
        self.grid = RasterGrid(values.shape[1:], Affine(10, 0, 0, 0, -10, 0), None)
        self.channels = channels[: len(values)]
        self.dtype = values.dtype
        self.when = None
        self.notes = ()
        self.tags = dict(tags)
        self.sha256 = ""
        self.reads = []

    def read(self, window, bands=None, shape=None):
        r0, r1, c0, c1 = window
        assert 0 <= r0 < r1 <= self.grid.shape[0]
        assert 0 <= c0 < c1 <= self.grid.shape[1]
        self.reads.append((r1 - r0) * (c1 - c0))
        chosen = slice(None) if bands is None else list(bands)
        return self.values[chosen, r0:r1, c0:c1], self.valid[r0:r1, c0:c1]
