"""What a tool works on: a mask that must not be written, and the image it lies on.

Volumes are in canonical order here (x to the right, y to the front, z up), so that a tool gives the
same voxels whatever the order in which a file stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from segviz.edit.delta import Delta
from segviz.grid import Box, Grid, VolumeGrid, box_of
from segviz.measure.ellipsoid import cell_steps_m

Channel = int | tuple[int, int]
"""A band, or two bands (a, b) whose normalised difference (a - b) / (a + b) is meant."""

Values = Callable[[Box, Channel], NDArray[np.float32]]
"""Measured values of a box, NaN where there are none."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """A mask and the values of its image.

    Attributes:
        grid: where the cells lie; canonical for volumes.
        labels: uint8 [x, y, z] or [row, column]; maybe a view into a file, never written by tools.
        values: of the image; None where a tool needs none.
    """

    grid: Grid
    labels: NDArray[np.uint8]
    values: Values | None = None

    @cached_property
    def spacing(self) -> tuple[float, ...]:
        """Between neighbouring cell centres along each axis: mm, or m at the middle of a scene.

        Raises:
            ValueError: a scene without a CRS has no metres.
        """
        if isinstance(self.grid, VolumeGrid):
            return self.grid.spacing_mm
        return cell_steps_m(self.grid)

    @property
    def whole(self) -> Box:
        return tuple(slice(0, n) for n in self.labels.shape)

    def box_of(self, label: int, margin: int | tuple[int, ...] = 0) -> Box | None:
        """The smallest box that holds all cells of a label, and so many more on each side."""
        present = self.labels == label
        return box_of(present, margin) if present.any() else None

    def replaced(self, box: Box, labels: NDArray[np.uint8]) -> Delta:
        """What putting ``labels`` into a box would change."""
        before = self.labels[box]
        places = np.unravel_index(np.flatnonzero(before != labels), labels.shape)
        cells = np.ravel_multi_index(
            tuple(p + s.start for p, s in zip(places, box, strict=True)), self.labels.shape
        )
        return Delta(cells.astype(np.int64), np.asarray(before[places]), labels[places])

    def relabelled(self, box: Box, inside: NDArray[np.bool_], label: int) -> Delta:
        """What giving one label to the marked cells of a box would change."""
        return self.replaced(box, np.where(inside, np.uint8(label), self.labels[box]))

    def painted(self, cells: NDArray[np.int64], label: int) -> Delta:
        """What giving one label to sorted flat cells (C order of ``labels``) would change."""
        before = self.at(cells)
        changed = before != label
        after = np.full(int(changed.sum()), label, np.uint8)
        return Delta(cells[changed], before[changed], after)

    def at(self, cells: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Labels of flat cells (C order of ``labels``)."""
        return np.asarray(self.labels[np.unravel_index(cells, self.labels.shape)])


@dataclass(frozen=True, eq=False)
class Edit:
    """What a tool would do.

    Attributes:
        parts: changed cells, in the canvas's own order; several where a scene is gone through
            window by window. No cell comes twice.
        what: for the history, without the amount: ``"Fill between slices 41-57"``.
        note: a sentence for the person who used the tool, if there is something to say.
        born: new label -> label whose cells it takes, for labels that the legend does not have yet.
    """

    parts: Iterable[Delta]
    what: str
    note: str = ""
    born: Mapping[int, int] = field(default_factory=dict)
