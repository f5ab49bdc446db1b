"""Voxel counts, ml, components and diameters of the labels of a volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.grid import VolumeGrid
from segviz.mask import Legend, Mask
from segviz.measure.counts import counts
from segviz.measure.diameters import hull, lengths, plane_axes
from segviz.measure.pieces import pieces

__all__ = ["VolumeTally", "components", "counts", "measure_volume"]


class Change(Protocol):
    """Changed cells: flat indices of the native array in C order, labels before and after."""

    @property
    def cells(self) -> NDArray[np.int64]: ...
    @property
    def before(self) -> NDArray[np.uint8]: ...
    @property
    def after(self) -> NDArray[np.uint8]: ...


def components(binary: NDArray[np.bool_]) -> int:
    """Number of parts of a volume that do not touch, not even at a corner (26 neighbours)."""
    return pieces(binary).count


def measure_volume(mask: Mask) -> dict[str, Any]:
    """Grid, and for each label of the legend or the mask its numbers, by value.

    ``volume_ml`` is voxels x |det| of the affine. Diameters lie within one axial slice and are null
    where the label has no voxel.
    """
    grid = _volume_grid(mask)
    tally = VolumeTally.of(mask.data, grid)
    boxes = ndimage.find_objects(mask.data, max_label=255)
    labels = [
        {
            "label": row["value"],
            "name": row["name"],
            "voxels": row["count"],
            "volume_ml": row["amount"],
            "components": components(mask.data[box] == row["value"]) if box else 0,
            "longest_diameter_mm": row["longest_diameter_mm"],
            "perpendicular_diameter_mm": row["perpendicular_diameter_mm"],
        }
        for row in tally.rows(mask.legend)
        for box in [boxes[row["value"] - 1]]
    ]
    return {"grid": describe(grid), "labels": labels}


def describe(grid: VolumeGrid) -> dict[str, Any]:
    """Shape, spacing and voxel volume, for JSON."""
    return {
        "shape": list(grid.shape),
        "spacing_mm": list(grid.spacing_mm),
        "voxel_volume_mm3": grid.voxel_volume_mm3,
    }


@dataclass(eq=False)
class VolumeTally:
    """Running numbers of a mask while it is edited; only slices of a change are looked at again.

    Attributes:
        grid: of the mask.
        voxels: (256,) cells of each label.
        diameters: (256, axial slices, 2) longest and perpendicular in mm; -1 without cells.
    """

    grid: VolumeGrid
    voxels: NDArray[np.int64]
    diameters: NDArray[np.float64]

    @classmethod
    def of(cls, data: NDArray[np.uint8], grid: VolumeGrid) -> VolumeTally:
        """Count a native array [i, j, k]."""
        depth = grid.canonical.shape[2]
        tally = cls(grid, counts(data), np.full((256, depth, 2), -1.0))
        labels = np.flatnonzero(tally.voxels[1:]) + 1
        tally._look_at(data, np.arange(depth), labels)
        return tally

    def change(self, data: NDArray[np.uint8], delta: Change) -> None:
        """Follow a change that ``data`` already holds."""
        self.voxels += np.bincount(delta.after, minlength=256)
        self.voxels -= np.bincount(delta.before, minlength=256)
        labels = np.union1d(delta.before, delta.after)
        self._look_at(data, self._slices_of(delta.cells), labels[labels > 0])

    def rows(self, legend: Legend) -> list[dict[str, Any]]:
        """One row for each label of the legend or the mask, by value."""
        values = np.flatnonzero(self.voxels[1:]) + 1
        labels = sorted(legend.covering(values), key=lambda label: label.value)
        return [
            {
                "value": label.value,
                "name": label.name,
                "color": label.color,
                "count": int(self.voxels[label.value]),
                "amount": int(self.voxels[label.value]) * self.grid.voxel_volume_ml,
                "unit": "ml",
                **self._diameters_of(label.value),
            }
            for label in labels
        ]

    def _diameters_of(self, label: int) -> dict[str, float | None]:
        """Of the slice with the greatest longest diameter; of equals, the greater perpendicular."""
        longest, perpendicular = max(map(tuple, self.diameters[label].round(9).tolist()))
        if self.voxels[label] == 0:
            longest = perpendicular = None
        return {"longest_diameter_mm": longest, "perpendicular_diameter_mm": perpendicular}

    def _slices_of(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Canonical axial slices that hold some of the cells."""
        width, height, _ = self.grid.canonical.shape
        return np.unique(self.grid.canonical_index(cells) // (width * height))

    def _look_at(
        self, data: NDArray[np.uint8], slices: NDArray[np.int64], labels: NDArray[np.integer[Any]]
    ) -> None:
        canonical = self.grid.to_canonical(data)
        axes = plane_axes(self.grid.canonical.affine)
        for index in slices:
            cut = np.ascontiguousarray(canonical[:, :, index])
            for label in labels:
                inside = cut == label
                found = inside.any()
                self.diameters[label, index] = lengths(hull(inside) @ axes) if found else -1.0


def _volume_grid(mask: Mask) -> VolumeGrid:
    if not isinstance(mask.grid, VolumeGrid):
        raise TypeError("a scene has hectares, not ml")
    return mask.grid
