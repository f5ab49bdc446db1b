"""Cells that people labelled by hand, stroke by stroke: what a model can learn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.edit.delta import Delta

BACKGROUND = "background"
"""Name of the label that samples what shall get no label in a scan."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Labelled cells, each once, sorted.

    Attributes:
        cells: flat indices of the native array in C order.
        labels: what they were painted with; 0 where they were erased.
        strokes: number of the stroke that each belongs to.
    """

    cells: NDArray[np.int64]
    labels: NDArray[np.uint8]
    strokes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.cells)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Samples:
        """Some of them."""
        return Samples(self.cells[chosen], self.labels[chosen], self.strokes[chosen])

    def relabelled(self, labels: dict[int, int]) -> Samples:
        """With other labels; those without an entry are left out."""
        table = np.full(256, -1)
        table[list(labels)] = list(labels.values())
        found = table[self.labels]
        kept = found >= 0
        return Samples(self.cells[kept], found[kept].astype(np.uint8), self.strokes[kept])

    def counts(self) -> dict[int, tuple[int, int]]:
        """Label -> (strokes, cells)."""
        return {
            int(label): (
                len(np.unique(self.strokes[self.labels == label])),
                int((self.labels == label).sum()),
            )
            for label in np.unique(self.labels)
        }

    def thinned(self, most: int, rng: np.random.Generator) -> Samples:
        """At most ``most`` cells of each stroke, chosen at random."""
        order = rng.permutation(len(self))
        order = order[np.argsort(self.strokes[order], kind="stable")]
        strokes = self.strokes[order]
        first = np.searchsorted(strokes, strokes)
        return self.where(np.sort(order[np.arange(len(order)) - first < most]))


def gather(strokes: Iterable[tuple[int, Delta]]) -> Samples:
    """The cells of strokes, the oldest first; a cell that was painted twice is of the last one."""
    numbered = list(strokes)[::-1]
    cells = np.concatenate([np.empty(0, np.int64), *(delta.cells for _, delta in numbered)])
    labels = np.concatenate([np.empty(0, np.uint8), *(delta.after for _, delta in numbered)])
    owners = np.repeat(
        np.array([number for number, _ in numbered], np.int64),
        [len(delta) for _, delta in numbered],
    )
    cells, last = np.unique(cells, return_index=True)
    return Samples(cells, labels[last], owners[last])


def of_mask(data: NDArray[np.uint8], background: int | None = None) -> Samples:
    """A mask of samples: each piece of touching cells of a label is a stroke; 0 is no sample.

    Args:
        background: label that stands for 0, what shall get no label in a scan.
    """
    owners = np.zeros(data.shape, np.int64)
    pieces = 0
    for label in np.flatnonzero(np.bincount(data.reshape(-1), minlength=256)[1:]) + 1:
        found, count = ndimage.label(data == label, np.ones((3,) * data.ndim))
        owners[found > 0] = found[found > 0] + pieces
        pieces += count
    cells = np.flatnonzero(data)
    labels = data.reshape(-1)[cells].copy()
    if background is not None:
        labels[labels == background] = 0
    return Samples(cells, labels, owners.reshape(-1)[cells])
