"""Objects of a label: which there are, how large, where; lesions, clearings, fields, buildings.

An object is a connected piece of its label (26 neighbours in a volume, 8 in a scene). Objects that
touch can be split at their necks (``necks``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from segviz.errors import Refused
from segviz.grid import Grid, VolumeGrid
from segviz.mask import Label, Mask
from segviz.measure import necks
from segviz.measure.areas import M2_PER_HA, cell_areas_m2
from segviz.measure.ellipsoid import cell_steps_m, is_on_earth
from segviz.measure.runs import Runs

LISTED = 1000
"""Rows of a table of objects; the count and the distribution are of all."""

NO_CRS = "The scene does not say where on the Earth it lies, so its objects have no hectares."
NONE_FOUND = "The label has no object, so there is no size to tell the middle of."

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Objects:
    """The objects of a label, numbered from 1 in the order in which cells are stored.

    Attributes:
        runs: their cells; the value of a run is the number of its object.
        size: float64 [number - 1] in ``unit``: true ml or ha, pixels without a CRS.
        left_out: objects that were smaller than asked for.
    """

    grid: Grid
    label: Label
    runs: Runs
    size: Floats
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.size)

    @property
    def unit(self) -> str:
        return unit(self.grid)

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """[number - 1]"""
        return self.runs.totals().astype(np.int64)

    @cached_property
    def middles(self) -> Floats:
        """[number - 1, axis] mean index of the cells."""
        return self.runs.middles() if len(self) else np.zeros((0, len(self.grid.shape)))

    @cached_property
    def places(self) -> Floats:
        """[number - 1, ...] centroids: x, y, z in RAS+ mm; longitude and latitude; row and column
        of a scene without a CRS."""
        middles = self.middles
        if isinstance(self.grid, VolumeGrid):
            return middles @ self.grid.affine[:3, :3].T + self.grid.affine[:3, 3]
        if not is_on_earth(self.grid.crs):
            return middles
        t, (down, right) = self.grid.transform, (middles + 0.5).T
        x, y = t.a * right + t.b * down + t.c, t.d * right + t.e * down + t.f
        to_degrees = Transformer.from_crs(self.grid.crs, 4326, always_xy=True)
        return np.column_stack(to_degrees.transform(x, y))

    def cell_of(self, number: int) -> list[int]:
        """A cell at the middle of an object, to look at: x, y, z in canonical order, row, column.

        It may lie beside an object that is bent.
        """
        if isinstance(self.grid, VolumeGrid):
            to_cell = np.linalg.inv(self.grid.canonical.affine)
            cell = to_cell[:3, :3] @ self.places[number - 1] + to_cell[:3, 3]
        else:
            cell = self.middles[number - 1]
        return [int(n) for n in np.rint(cell)]

    def numbers(self) -> NDArray[np.int32]:
        """The number of each cell's object, as an array on the grid; 4 bytes a cell."""
        return self.runs.drawn()


def objects(
    mask: Mask, label: int, *, smallest: float = 0.0, split: float | None = None
) -> Objects:
    """The objects of a label.

    Args:
        smallest: size in ml or ha (pixels without a CRS) below which an object is left out.
        split: depth in mm or m by which a neck must be narrower than both sides, measured from the
            outline, for them to be two objects; None never splits.

    Raises:
        Refused: more runs than fit into memory (SV-NUM-110); a piece too large to split
            (SV-NUM-111); metres in a scene without a CRS (SV-NUM-112); a depth or a size that is
            no positive number (SV-NUM-113).
    """
    _require_sensible(smallest, split)
    pieces = Runs.of(mask.data, label).pieces()
    if split is not None:
        pieces = necks.split(pieces, split, spacing(mask.grid))
    found = Objects(mask.grid, mask.legend[label], pieces, _sizes(pieces, mask.grid))
    return found if not smallest else _from_size(found, smallest)


def unit(grid: Grid) -> str:
    """Of sizes on a grid: ``ml``, ``ha``, or ``pixels`` without a CRS."""
    if isinstance(grid, VolumeGrid):
        return "ml"
    return "ha" if is_on_earth(grid.crs) else "pixels"


def spacing(grid: Grid) -> tuple[float, ...]:
    """Between neighbouring cell centres: mm, or m at the middle of a scene.

    Raises:
        Refused: a scene without a CRS has no metres (SV-NUM-112).
    """
    if isinstance(grid, VolumeGrid):
        return grid.spacing_mm
    if not is_on_earth(grid.crs):
        raise Refused(
            "SV-NUM-112",
            "The scene does not say where on the Earth it lies, so a depth in metres cannot split "
            "its objects; count connected pieces, or export it again with its coordinate system.",
        )
    return cell_steps_m(grid)


def summary(found: Objects, listed: int = LISTED) -> dict[str, Any]:
    """Count, distribution of sizes and the largest objects, for JSON.

    Returns:
        label, name, color, unit, count, left_out, total, smallest, quartile_1, median, quartile_3,
        largest, mean (null with a ``why`` where nothing was found), histogram (``edges`` and
        ``counts``) and ``objects``, the largest first, each with its number, cells, size and place.
    """
    row: dict[str, Any] = {
        "label": found.label.value,
        "name": found.label.name,
        "color": found.label.color,
        "unit": found.unit,
        "count": len(found),
        "left_out": found.left_out,
        "total": float(found.size.sum()),
        **_distribution(found.size),
        "histogram": histogram(found.size),
        "objects": table(found, listed),
    }
    if not len(found):
        row["why"] = NONE_FOUND
    return row


def table(found: Objects, listed: int = LISTED) -> list[dict[str, Any]]:
    """The largest objects, the largest first; of equals the lower number."""
    order = np.lexsort((np.arange(len(found)), -found.size))[:listed]
    names = place_names(found.grid)
    return [
        {
            "id": int(n) + 1,
            "cells": int(found.cells[n]),
            "size": float(found.size[n]),
            "at": found.cell_of(int(n) + 1),
            **dict(zip(names, found.places[n].tolist(), strict=True)),
        }
        for n in order
    ]


def place_names(grid: Grid) -> tuple[str, ...]:
    """What the numbers of a place are called."""
    if isinstance(grid, VolumeGrid):
        return ("x_mm", "y_mm", "z_mm")
    return ("longitude", "latitude") if is_on_earth(grid.crs) else ("row", "column")


def histogram(size: Floats) -> dict[str, list[Any]]:
    """Objects by size, in bins whose edges are 1, 2, 5 of each power of ten.

    >>> histogram(np.array([0.3, 0.4, 1.0, 7.0]))
    {'edges': [0.2, 0.5, 1.0, 2.0, 5.0, 10.0], 'counts': [2, 0, 1, 0, 1]}
    """
    if not len(size):
        return {"edges": [], "counts": []}
    decades = range(int(np.floor(np.log10(size.min()))) - 1, int(np.log10(size.max())) + 3)
    steps = np.array([float(f"{step}e{power}") for power in decades for step in (1, 2, 5)])
    low = np.searchsorted(steps, size.min(), "right") - 1
    high = np.searchsorted(steps, size.max(), "right")
    edges = steps[low : high + 1]
    place = np.searchsorted(edges, size, "right") - 1
    counts = np.bincount(place, minlength=len(edges) - 1)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _distribution(size: Floats) -> dict[str, float | None]:
    """Quartiles by linear interpolation (numpy's default, R's type 7)."""
    names = ("smallest", "quartile_1", "median", "quartile_3", "largest")
    if not len(size):
        return dict.fromkeys((*names, "mean"))
    values = np.quantile(size, (0, 0.25, 0.5, 0.75, 1)).tolist()
    return dict(zip(names, values, strict=True)) | {"mean": float(size.mean())}


def _require_sensible(smallest: float, split: float | None) -> None:
    if not (np.isfinite(smallest) and smallest >= 0) or not (
        split is None or (np.isfinite(split) and split > 0)
    ):
        raise Refused(
            "SV-NUM-113",
            "The smallest size and the depth at which objects are split must be positive numbers, "
            "or other objects would be counted; give another number.",
        )


def _sizes(runs: Runs, grid: Grid) -> Floats:
    if isinstance(grid, VolumeGrid):
        return runs.totals() * grid.voxel_volume_ml
    if not is_on_earth(grid.crs):
        return runs.totals()
    area_m2 = cell_areas_m2(grid)
    of_run = runs.sums(lambda first, stop: area_m2((first, stop, 0, grid.shape[1])))
    return runs.totals(of_run) / M2_PER_HA


def _from_size(found: Objects, smallest: float) -> Objects:
    kept = found.size >= smallest
    number = np.cumsum(kept)
    runs = found.runs.chosen(kept[found.runs.value - 1])
    runs = replace(runs, value=number[runs.value - 1].astype(np.int32))
    left_out = int(np.count_nonzero(~kept))
    return replace(found, runs=runs, size=found.size[kept], left_out=left_out)
