"""What a person types or points at: lengths, sizes and places, in the units of either world.

Volumes are measured in mm and ml, scenes in m and ha; cells do in both, and are all there is where
a scene has no coordinate system.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segviz.edit import spans
from segviz.edit.canvas import Canvas
from segviz.errors import Refused
from segviz.grid import Box, VolumeGrid
from segviz.measure.areas import M2_PER_HA, cell_areas_m2
from segviz.measure.connected import Weights
from segviz.measure.ellipsoid import is_on_earth

MOST_CELLS = 250
SLACK = 1e-6
"""Relative: 3 steps of 0.1 mm, which files store with 7 digits, are not further than 0.3 mm."""


@dataclass(frozen=True)
class Length:
    """A length, and how far apart cells are in its unit.

    Attributes:
        value: more than 0.
        steps: from a cell to the next one along each axis.
        unit: ``"mm"``, ``"m"`` or ``"cells"``.
    """

    value: float
    steps: tuple[float, ...]
    unit: str

    @classmethod
    def of(
        cls, canvas: Canvas, *, mm: float | None, m: float | None, cells: float | None
    ) -> Length:
        """The one that is given.

        Raises:
            Refused: none, several, of the other world or not above 0 (SV-EDIT-052); m without a
                coordinate system (SV-EDIT-053); more than 250 cells (SV-EDIT-055).
        """
        is_volume = isinstance(canvas.grid, VolumeGrid)
        unit = "mm" if is_volume else "m"
        value, in_cells = _one(mm if is_volume else m, cells, m if is_volume else mm, unit)
        if in_cells:
            length = cls(value, (1.0,) * canvas.labels.ndim, "cells")
        else:
            require_earth(canvas)
            length = cls(value, canvas.spacing, unit)
        if max(length.reach) > MOST_CELLS:
            raise Refused(
                "SV-EDIT-055",
                f"{length} are {max(length.reach)} cells, more than the {MOST_CELLS} that this "
                "tool looks at, so nothing was changed; choose a shorter length.",
            )
        return length

    @property
    def reach(self) -> tuple[int, ...]:
        """Cells that it spans along each axis."""
        return tuple(int(self.value * (1 + SLACK) / step) for step in self.steps)

    @property
    def note(self) -> str:
        """Says across which axes it is too short to do anything."""
        short = [axis for axis, cells in enumerate(self.reach) if cells == 0]
        if not short:
            return ""
        if len(short) == len(self.steps):
            return f"{self} is less than the size of a cell, so nothing changes."
        across = "slice" if len(self.steps) == 3 else ("row", "column")[short[0]]
        step = f"{self.steps[short[0]]:.3g} {self.unit}"
        return (
            f"{self} is less than the {step} between {across}s, so each {across} was changed by "
            "itself."
        )

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


@dataclass(frozen=True, eq=False)
class Size:
    """A size, and how much each cell adds to it.

    Attributes:
        value: more than 0.
        unit: ``"ml"``, ``"ha"`` or ``"cells"``.
        weights: of the cells, in this unit.
    """

    value: float
    unit: str
    weights: Weights | float

    @classmethod
    def of(cls, canvas: Canvas, *, ml: float | None, ha: float | None, cells: float | None) -> Size:
        """The one that is given.

        Raises:
            Refused: none, several, of the other world or not above 0 (SV-EDIT-052); ha without a
                coordinate system (SV-EDIT-053).
        """
        is_volume = isinstance(canvas.grid, VolumeGrid)
        unit = "ml" if is_volume else "ha"
        value, in_cells = _one(ml if is_volume else ha, cells, ha if is_volume else ml, unit)
        if in_cells:
            return cls(value, "cells", 1.0)
        require_earth(canvas)
        return cls(value, unit, true_sizes(canvas))

    def exceeds(self, sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which sizes are below this one."""
        return sizes < self.value * (1 - SLACK)

    def holds(self, sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which sizes are this one or below."""
        return sizes <= self.value * (1 + SLACK)

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


def true_sizes(canvas: Canvas) -> Weights | float:
    """Of cells: ml, or ha on the ellipsoid; 1 in a scene that is not on the Earth."""
    grid = canvas.grid
    if isinstance(grid, VolumeGrid):
        return grid.voxel_volume_ml
    if not is_on_earth(grid.crs):
        return 1.0
    look = cell_areas_m2(grid)

    def weights(box: Box) -> NDArray[np.float64]:
        rows, columns = box
        return look((rows.start, rows.stop, columns.start, columns.stop)) / M2_PER_HA

    return weights


def cell_at(canvas: Canvas, at: Sequence[float]) -> tuple[int, ...]:
    """The cell under a place: canonical voxel [x, y, z], or [column, row] of pixel corners.

    Raises:
        Refused: it lies outside the image (SV-EDIT-050) or is no place (SV-EDIT-002).
    """
    shape = canvas.labels.shape
    places = spans.points(at, len(shape))
    if len(places) == 1:
        is_volume = isinstance(canvas.grid, VolumeGrid)
        cell = np.floor(places[0] + 0.5) if is_volume else np.floor(places[0])[::-1]
        if ((cell >= 0) & (cell < shape)).all():
            return tuple(int(c) for c in cell)
    raise Refused(
        "SV-EDIT-050",
        "The place that was clicked lies outside the image, so nothing was changed; "
        "click on the image.",
    )


def require_label(label: int) -> None:
    """Refuse 0, which stands for what has no label (SV-EDIT-058)."""
    if not 1 <= label <= 255:
        raise Refused(
            "SV-EDIT-058",
            "This tool works on a label and none was chosen, so nothing was changed; choose one "
            "of the list.",
        )


def _one(
    own: float | None, cells: float | None, other: float | None, unit: str
) -> tuple[float, bool]:
    """The value given, and whether it is in cells."""
    given = [value for value in (own, cells) if value is not None]
    if other is not None or len(given) != 1 or not 0 < given[0] < np.inf:
        raise Refused(
            "SV-EDIT-052",
            f"The length or size is no number above 0 in {unit} or in cells, so nothing was "
            "changed; type one.",
        )
    return float(given[0]), cells is not None


def require_earth(canvas: Canvas) -> None:
    """Refuse a scene that has no metres (SV-EDIT-053)."""
    grid = canvas.grid
    if not isinstance(grid, VolumeGrid) and not is_on_earth(grid.crs):
        raise Refused(
            "SV-EDIT-053",
            "The file does not say where on the Earth its pixels lie, so there are no metres and "
            "hectares and nothing was changed; give the number in pixels.",
        )
