"""Which cells an operation may change: locks, labels painted over, a window of values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segviz.edit.canvas import Canvas, Channel
from segviz.edit.delta import Delta


@dataclass(frozen=True)
class Where:
    """Limits of an operation; without any, every cell may change.

    Attributes:
        only: change cells of this label alone; 0 for what is unlabelled.
        outside: leave cells of this label alone.
        locked: labels that no operation adds to or takes from.
        window: lowest and highest value of the image, both included, in which cells change.
        channel: whose values the window is about.
        union: add only: cells that have a label keep it.
    """

    only: int | None = None
    outside: int | None = None
    locked: frozenset[int] = frozenset()
    window: tuple[float, float] | None = None
    channel: Channel = 0
    union: bool = False

    def allow(self, canvas: Canvas, delta: Delta) -> Delta:
        """The part of a change that keeps to the limits."""
        may = self.labels_allow(delta.before, delta.after)
        if self.window is not None and may.any():
            may[may] = self._values_allow(canvas, delta.cells[may])
        return Delta(delta.cells[may], delta.before[may], delta.after[may])

    def labels_allow(
        self, before: NDArray[np.uint8], after: NDArray[np.uint8]
    ) -> NDArray[np.bool_]:
        """Where the labels before and after keep to the limits; values are not looked at."""
        may = np.ones(len(before), bool)
        if self.only is not None:
            may &= before == self.only
        if self.outside is not None:
            may &= before != self.outside
        if self.locked:
            locked = np.array(sorted(self.locked))
            may &= ~(np.isin(before, locked) | np.isin(after, locked))
        if self.union:
            may &= before == 0
        return may

    def _values_allow(self, canvas: Canvas, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
        if canvas.values is None or self.window is None or len(cells) == 0:
            return np.ones(len(cells), bool)
        low, high = self.window
        places = np.unravel_index(cells, canvas.labels.shape)
        box = tuple(slice(int(p.min()), int(p.max()) + 1) for p in places)
        values = canvas.values(box, self.channel)
        found = values[tuple(p - s.start for p, s in zip(places, box, strict=True))]
        return np.asarray((found >= low) & (found <= high))
