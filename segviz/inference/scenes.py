"""Labelling a scene window by window: memory depends on the window alone."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from segviz.grid import Window
from segviz.image import Scene
from segviz.inference.run import Run
from segviz.inference.windows import Tile, tiles

CORE = 1024

Classify = Callable[[NDArray[np.generic]], NDArray[np.uint8]]
"""Values [band, row, column] to labels [row, column]."""

Read = tuple[NDArray[np.generic], NDArray[np.bool_]]


def label_scene(
    scene: Scene,
    classify: Classify,
    out: NDArray[np.uint8],
    bands: Sequence[int],
    run: Run,
    *,
    window: Window | None = None,
    core: int = CORE,
    halo: int = 0,
    multiple: int = 1,
) -> NDArray[np.int64]:
    """Write labels into ``out`` [row, column of the whole scene]; 0 where there is no data.

    Args:
        window: the part to label; all when None.
        core: most rows and columns of a tile.
        halo: cells read around a tile; mirrored at the edge of the scene.
        multiple: tiles start and end on multiples of this.

    Returns:
        Number of pixels of each label, [256]; 0 counts pixels without data.
    """
    rows, columns = scene.grid.shape
    todo = tiles(window or (0, rows, 0, columns), core, halo, multiple)
    counts = np.zeros(256, np.int64)
    for done, (tile, (values, valid)) in enumerate(_read_ahead(scene, todo, bands, run), 1):
        top, left = tile.core[0] - tile.outer[0], tile.core[2] - tile.outer[2]
        part = np.s_[
            top : top + tile.core[1] - tile.core[0], left : left + tile.core[3] - tile.core[2]
        ]
        with run.stage("network" if halo else "classify"):
            labels = np.where(valid[part], classify(values)[part], np.uint8(0))
        with run.stage("write"):
            out[tile.core[0] : tile.core[1], tile.core[2] : tile.core[3]] = labels
            count_labels(labels, counts)
            let_go(out)
        run.step(done, len(todo))
    return counts


def count_labels(labels: NDArray[np.uint8], counts: NDArray[np.int64]) -> None:
    """Add to the counts [256]; for the few labels of a tile much faster than ``bincount``."""
    for label in range(int(labels.max(initial=0)) + 1):
        counts[label] += np.count_nonzero(labels == label)


def let_go(out: NDArray[np.uint8]) -> None:
    """Drop what was written from memory where it is mapped from a file; the system writes it."""
    if isinstance(out.base, mmap.mmap):
        out.base.madvise(mmap.MADV_DONTNEED)


def read_tile(scene: Scene, outer: Window, bands: Sequence[int]) -> Read:
    """Values and validity of a window that may pass the edge; there the scene is mirrored.

    Values without data are 0.
    """
    rows, columns = scene.grid.shape
    inside = (max(outer[0], 0), min(outer[1], rows), max(outer[2], 0), min(outer[3], columns))
    values, valid = scene.read(inside, bands)
    if values.dtype.kind == "f":
        valid = valid & np.isfinite(values).all(axis=0)
    if not valid.all():
        values = np.where(valid, values, values.dtype.type(0))
    if inside == outer:
        return values, valid
    row, column = (
        mirrored(*ends) for ends in ((*outer[:2], *inside[:2]), (*outer[2:], *inside[2:]))
    )
    return values.take(row, 1).take(column, 2), valid.take(row, 0).take(column, 1)


def mirrored(start: int, stop: int, first: int, last: int) -> NDArray[np.int64]:
    """Positions start..stop folded back into first..last, counted from first, edges once."""
    size = last - first
    period = max(2 * (size - 1), 1)
    folded = (np.arange(start, stop) - first) % period
    return np.minimum(folded, period - folded) if size > 1 else np.zeros(stop - start, np.int64)


def _read_ahead(
    scene: Scene, todo: list[Tile], bands: Sequence[int], run: Run
) -> Iterator[tuple[Tile, Read]]:
    """Each tile with what was read for it; the next one is read while this one is worked on."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        ahead = reader.submit(read_tile, scene, todo[0].outer, bands)
        for tile, following in zip(todo, [*todo[1:], None], strict=True):
            with run.stage("wait for reading"):
                read = ahead.result()
            if following:
                ahead = reader.submit(read_tile, scene, following.outer, bands)
            yield tile, read
