"""Running numbers of a mask, kept up to date cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.edit.delta import Delta
from segviz.grid import Grid, RasterGrid, VolumeGrid, Window
from segviz.image import windows
from segviz.mask import Legend
from segviz.measure.areas import AreaTally
from segviz.measure.volumes import VolumeTally, counts

WINDOW = 1024
CELLS = 1 << 20
"""Looked at together, where they are given one by one."""


class SceneTally:
    """AreaTally of a whole mask, told of changes by flat cell."""

    def __init__(self, data: NDArray[np.uint8], grid: RasterGrid) -> None:
        self.grid = grid
        self._areas = AreaTally(grid)
        self._stroke = AreaTally(grid)
        for window in windows(grid.shape, WINDOW):
            r0, r1, c0, c1 = window
            self._areas.add(window, data[r0:r1, c0:c1])

    def change(self, data: NDArray[np.uint8], delta: Delta) -> None:
        """Follow a change that ``data`` already holds."""
        self._change(self._areas, delta)

    def rows(self, legend: Legend) -> list[dict[str, Any]]:
        """One row for each label of the legend or the mask, by value."""
        return self._areas.rows(legend)

    def growth(self, delta: Delta, label: int) -> float:
        """By how many ha (pixels, where there is no CRS) a change lets a label grow."""
        self._stroke.moments.clear()
        before, after = (np.where(d == label, d, 0) for d in (delta.before, delta.after))
        self._change(self._stroke, Delta(delta.cells, before, after))
        areas = self._stroke.area_ha()
        return (self._stroke.pixels() if areas is None else areas).get(label, 0)

    def _change(self, tally: AreaTally, delta: Delta) -> None:
        rows, columns = np.divmod(delta.cells, self.grid.shape[1])
        tally.change(rows, columns, delta.before, delta.after)


class Amounts:
    """Cells and ml or ha (pixels without a CRS) of labels, added up strip by strip."""

    def __init__(self, grid: Grid) -> None:
        self._counts = np.zeros(256, np.int64)
        self._volume = grid.voxel_volume_ml if isinstance(grid, VolumeGrid) else 1.0
        self._areas = AreaTally(grid) if isinstance(grid, RasterGrid) else None

    def add(self, labels: NDArray[np.uint8], window: Window | None) -> None:
        """Count the labels of a window of a scene, or all of a volume."""
        self._counts += counts(labels)
        if self._areas is not None and window is not None:
            self._areas.add(window, labels)

    def add_cells(self, cells: NDArray[np.int64], labels: NDArray[np.uint8]) -> None:
        """Count some cells alone, given by their flat numbers in the grid."""
        self._counts += counts(labels)
        if self._areas is None:
            return
        for start in range(0, len(cells), CELLS):
            rows, columns = np.divmod(cells[start : start + CELLS], self._areas.grid.shape[1])
            part = labels[start : start + CELLS]
            self._areas.change(rows, columns, np.zeros_like(part), part)

    def labels(self) -> list[int]:
        """Those that have cells."""
        return [int(value) for value in np.flatnonzero(self._counts[1:]) + 1]

    def of(self, label: int) -> tuple[int, float]:
        """Cells and amount of a label."""
        count = int(self._counts[label])
        areas = self._areas.area_ha() if self._areas is not None else None
        return count, count * self._volume if areas is None else areas.get(label, 0.0)


Tally = VolumeTally | SceneTally


def of(data: NDArray[np.uint8], grid: Grid) -> Tally:
    """Count a whole mask."""
    if isinstance(grid, VolumeGrid):
        return VolumeTally.of(data, grid)
    return SceneTally(data, grid)
