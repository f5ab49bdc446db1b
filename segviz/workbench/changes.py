"""What a tool would do, sifted by the limits and put in the order of the mask file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from segviz.edit.canvas import Canvas, Edit, Values
from segviz.edit.delta import Delta
from segviz.edit.where import Where
from segviz.grid import Grid, VolumeGrid, Window

LIMIT = 4_000_000
"""Most cells that one entry of the journal holds; a greater change makes a new mask file."""

STRIP_CELLS = 1 << 23
"""Cells of a scene that are looked at together."""

ANYWHERE = Where()

ALREADY_SO = "Nothing was changed: the mask is already so."


def canvas(grid: Grid, labels: NDArray[np.uint8], values: Values | None = None) -> Canvas:
    """A mask in native order as tools see it."""
    if isinstance(grid, VolumeGrid):
        return Canvas(grid.canonical, grid.to_canonical(labels), values)
    return Canvas(grid, labels, values)


def native(grid: Grid, delta: Delta) -> Delta:
    """A change in the order of a canvas as one in that of the mask file, sorted."""
    cells = delta.cells
    if isinstance(grid, VolumeGrid):
        nx, ny, nz = grid.canonical.shape
        corners = np.minimum([0, 1, nx, nx * ny], nx * ny * nz - 1)
        first, *steps = grid.native_index(corners.astype(np.int64))
        xy, z = np.divmod(cells, nz)
        x, y = np.divmod(xy, ny)
        cells = first + sum(
            along * (step - first) for along, step in zip((x, y, z), steps, strict=True)
        )
    return in_order(cells, delta.before, delta.after)


def in_order(
    cells: NDArray[np.int64], before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> Delta:
    """Cells that come once each, sorted."""
    if np.all(cells[1:] > cells[:-1]):
        return Delta(cells, before, after)
    order = np.argsort(cells, kind="stable")
    return Delta(cells[order], before[order], after[order])


def joined(parts: Iterable[Delta]) -> Delta:
    """Parts that share no cell as one change."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
    return in_order(
        np.concatenate([np.empty(0, np.int64), *(part.cells for part in found)]),
        np.concatenate([np.empty(0, np.uint8), *(part.before for part in found)]),
        np.concatenate([np.empty(0, np.uint8), *(part.after for part in found)]),
    )


def up_to(parts: Iterator[Delta], most: int) -> tuple[list[Delta], bool]:
    """The first parts, and whether they are all; not all where they hold more cells than that."""
    taken, count = [], 0
    for part in parts:
        taken.append(part)
        count += len(part)
        if count > most:
            return taken, False
    return taken, True


def strips(shape: tuple[int, ...]) -> Iterator[Window | None]:
    """Windows that cover a scene from the top down, as wide as it is; None, once, of a volume."""
    if len(shape) == 3:
        yield None
        return
    step = max(1, STRIP_CELLS // shape[1])
    for top in range(0, shape[0], step):
        yield top, min(top + step, shape[0]), 0, shape[1]


def differences(data: NDArray[np.uint8], wanted: NDArray[np.uint8], window: Window | None) -> Delta:
    """What would make a strip of a mask what is wanted there."""
    flat, first = _strip(data, window)
    wanted = wanted.reshape(-1)
    cells = np.flatnonzero(flat != wanted)
    return Delta(cells + first, flat[cells], wanted[cells])


def moved(data: NDArray[np.uint8], labels: dict[int, int], window: Window | None) -> Delta:
    """What giving labels other numbers would change in a strip of a mask."""
    flat, first = _strip(data, window)
    table = np.arange(256, dtype=np.uint8)
    table[list(labels)] = list(labels.values())
    cells = np.flatnonzero(np.isin(flat, [old for old, new in labels.items() if old != new]))
    before = flat[cells]
    return Delta(cells + first, before, table[before])


def _strip(data: NDArray[np.uint8], window: Window | None) -> tuple[NDArray[np.uint8], int]:
    """The cells of a strip, flat, and the number of the first one."""
    if window is None:
        return data.reshape(-1), 0
    return data[window[0] : window[1]].reshape(-1), window[0] * data.shape[1]


class Sieve:
    """The parts of an edit that keep to the limits.

    Attributes:
        asked: cells that the tool would change.
        open: those of them whose labels may be changed.
        kept: those of them whose values lie in the window, too.
    """

    def __init__(self, canvas: Canvas, where: Where) -> None:
        self._canvas = canvas
        self._where = where
        self.asked = self.open = self.kept = 0

    def __call__(self, parts: Iterable[Delta]) -> Iterator[Delta]:
        for part in parts:
            kept = self._where.allow(self._canvas, part)
            self.asked += len(part)
            self.open += int(self._where.labels_allow(part.before, part.after).sum())
            self.kept += len(kept)
            if len(kept):
                yield kept

    def note(self, edit: Edit) -> str:
        """What to tell who did it: what the tool says, or why no cell was changed."""
        if self.kept or (edit.note and not self.asked):
            return edit.note
        if not self.asked:
            return ALREADY_SO
        if not self.open:
            return f"Nothing was changed: {self._labels()}"
        return (
            "Nothing was changed: all values there lie outside the chosen window; widen it or "
            "paint without it."
        )

    def _labels(self) -> str:
        where = self._where
        if where.locked and where.only is None and where.outside is None and not where.union:
            return "the label that it would add to or take from is locked; unlock it first."
        return "no cell there has a label that may be painted over; choose another limit."
