"""The transition matrix of two masks, against a plain read of one of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from affine import Affine
from measure import Row, interleaved, versus
from numpy.typing import NDArray
from pyproj import CRS

from segviz.change.series import scene_change
from segviz.grid import RasterGrid
from segviz.mask import Legend, Mask

SIDE = 10980
GRID = RasterGrid((SIDE, SIDE), Affine(10, 0, 500_000, 0, -10, 5_200_000), CRS.from_epsg(32633))
LEGEND = Legend.named("forest", "shrub", "crops", "built", "water")
PATCH = 20
TRANSITIONS_AT_MOST = 25.0


def rows(folder: Path, rounds: int) -> list[Row]:
    return [transitions(folder, rounds)]


def transitions(folder: Path, rounds: int) -> Row:
    """The matrix between two dates of five classes, a tenth of which changed."""
    folder.mkdir(parents=True, exist_ok=True)
    before = patches(1)
    after = before.copy()
    after[2000:5000, 3000:7000] = patches(2)[2000:5000, 3000:7000]
    for name, labels in (("before", before), ("after", after)):
        np.save(folder / f"{name}.npy", labels)
    masks = [Mask(GRID, np.load(folder / f"{name}.npy", mmap_mode="r"), LEGEND)
             for name in ("before", "after")]  # fmt: skip
    found = scene_change(masks)
    changed = np.count_nonzero((before != after) & (before > 0) & (after > 0))
    cells = sum(found["pixels"][n][0] for n in range(len(LEGEND)))
    assert cells == np.count_nonzero(before)
    moved = np.array(found["transitions"][0])
    assert abs((moved.sum() - np.trace(moved)) / changed - 0.01) < 1e-4
    path = folder / "before.npy"
    times = interleaved(
        {"matrix": lambda: scene_change(masks), "read": lambda: np.load(path)}, rounds
    )
    return versus(
        "transition matrix of 10980 x 10980, over a plain read of one mask",
        times["matrix"],
        times["read"],
        TRANSITIONS_AT_MOST,
        "cells of each date, hectares that changed",
    )


def patches(seed: int) -> NDArray[np.uint8]:
    """Squares of five classes, and a corner without data."""
    random = np.random.default_rng(seed)
    small = random.integers(1, 6, (SIDE // PATCH + 1,) * 2, dtype=np.uint8)
    found = np.kron(small, np.ones((PATCH, PATCH), np.uint8))[:SIDE, :SIDE].copy()
    found[:200, :300] = 0
    return found
