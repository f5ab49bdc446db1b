"""Where the cells of an image or a mask lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import nibabel.orientations as orientations
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from segviz.errors import Refused

Value = TypeVar("Value", bound=np.generic)

Window = tuple[int, int, int, int]
"""Row start, row stop, column start, column stop; half-open."""

Box = tuple[slice, ...]


def box_of(filled: NDArray[np.bool_], margin: int | Sequence[int] = 0) -> Box:
    """The smallest box that holds all that is marked; all of the array where nothing is.

    Args:
        margin: so many cells more on each side (of each axis), within the array.
    """
    margins = [margin] * filled.ndim if isinstance(margin, int) else margin
    box: list[slice] = []
    for axis, (size, more) in enumerate(zip(filled.shape, margins, strict=True)):
        others = tuple(other for other in range(filled.ndim) if other != axis)
        found = np.flatnonzero(filled.any(axis=others))
        first, last = (int(found[0]), int(found[-1])) if len(found) else (0, size - 1)
        box.append(slice(max(0, first - more), min(size, last + 1 + more)))
    return tuple(box)


"""One slice with start and stop for each axis."""


@dataclass(frozen=True, eq=False)
class VolumeGrid:
    """Voxels [i, j, k] and the 4x4 affine that takes their centres to RAS+ mm.

    Raises:
        Refused: the affine is not finite or is flat (SV-GRID-001, SV-GRID-002).
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise Refused(
                "SV-GRID-001",
                "The scan does not say where its voxels lie, so no ml can be given; "
                "export it again with its geometry.",
            )
        if abs(np.linalg.det(affine[:3, :3])) < 1e-12:
            raise Refused(
                "SV-GRID-002",
                "The position matrix of the scan is flat (voxel volume 0), so no ml can be given; "
                "export it again.",
            )
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along i, j, k in mm."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(i), float(j), float(k)

    @cached_property
    def voxel_volume_mm3(self) -> float:
        """|det| of the affine's 3x3 part; under shear the product of spacings is wrong."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def voxel_volume_ml(self) -> float:
        return self.voxel_volume_mm3 / 1000.0

    @cached_property
    def axis_codes(self) -> str:
        """Direction in which i, j, k grow, e.g. ``"RAS"`` or ``"PSR"``."""
        return "".join(str(code) for code in orientations.aff2axcodes(self.affine))

    @cached_property
    def canonical(self) -> VolumeGrid:
        """The same voxels with axes permuted and flipped to the nearest RAS+."""
        ornt = orientations.io_orientation(self.affine)
        shape = [0, 0, 0]
        for axis, target in enumerate(ornt[:, 0].astype(int)):
            shape[target] = self.shape[axis]
        return VolumeGrid(
            (shape[0], shape[1], shape[2]),
            self.affine @ orientations.inv_ornt_aff(ornt, self.shape),
        )

    def to_canonical(self, array: NDArray[Value]) -> NDArray[Value]:
        """View of a native [i, j, k] array in canonical order."""
        ornt = orientations.io_orientation(self.affine)
        canonical: NDArray[Value] = orientations.apply_orientation(array, ornt)
        return canonical

    def from_canonical(self, array: NDArray[Value]) -> NDArray[Value]:
        """View of a canonical array in native [i, j, k] order; undoes ``to_canonical`` exactly."""
        ornt = orientations.io_orientation(self.affine)
        back = orientations.ornt_transform(np.array([[0, 1], [1, 1], [2, 1]]), ornt)
        native: NDArray[Value] = orientations.apply_orientation(array, back)
        return native

    def native_index(self, canonical_flat: NDArray[np.int64]) -> NDArray[np.int64]:
        """Flat native C-order indices of flat canonical indices in which x runs fastest."""
        x, y, z = np.unravel_index(canonical_flat, self.canonical.shape, order="F")
        ornt = orientations.io_orientation(self.affine).astype(int)
        position = (x, y, z)
        native = []
        for axis, (target, flip) in enumerate(ornt):
            along = position[target]
            native.append(along if flip > 0 else self.shape[axis] - 1 - along)
        return np.ravel_multi_index(tuple(native), self.shape)

    def canonical_index(self, native_flat: NDArray[np.int64]) -> NDArray[np.int64]:
        """Inverse of ``native_index``."""
        native = np.unravel_index(native_flat, self.shape)
        ornt = orientations.io_orientation(self.affine).astype(int)
        position: list[NDArray[np.int64]] = [np.empty(0, np.int64)] * 3
        for axis, (target, flip) in enumerate(ornt):
            along = native[axis]
            position[target] = along if flip > 0 else self.shape[axis] - 1 - along
        return np.ravel_multi_index(tuple(position), self.canonical.shape, order="F")

    def same_as(self, other: VolumeGrid, tolerance_mm: float = 1e-3) -> bool:
        """Equal shape, and no voxel corner further apart than the tolerance."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[[0, n - 1] for n in self.shape])).reshape(3, -1)
        corners = np.vstack([corners, np.ones(corners.shape[1])])
        apart = np.linalg.norm(((self.affine - other.affine) @ corners)[:3], axis=0)
        return bool(apart.max() <= tolerance_mm)

    def __str__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        spacing = " x ".join(f"{s:.3g}" for s in self.spacing_mm)
        return f"{shape} voxels of {spacing} mm, {self.axis_codes}"


@dataclass(frozen=True, eq=False)
class RasterGrid:
    """Cells [row, column] and the affine that takes (column, row) corners to CRS units.

    ``crs`` is None where the file does not say; such a grid has no hectares.

    Raises:
        Refused: the cell size is zero or not a number (SV-GRID-003).
    """

    shape: tuple[int, int]
    transform: Affine
    crs: CRS | None

    def __post_init__(self) -> None:
        if not np.isfinite(self.transform[:6]).all() or self.transform.determinant == 0:
            raise Refused(
                "SV-GRID-003",
                "The pixel size in the file is zero or damaged, so no hectares can be given; "
                "export it again with its georeference.",
            )
        object.__setattr__(self, "shape", (int(self.shape[0]), int(self.shape[1])))

    @property
    def is_geographic(self) -> bool:
        return self.crs is not None and self.crs.is_geographic

    @property
    def is_north_up(self) -> bool:
        t = self.transform
        return bool(t.b == 0 and t.d == 0 and t.a > 0 and t.e < 0)

    @cached_property
    def crs_name(self) -> str | None:
        """``"EPSG:n"`` where the CRS has a code, else its name."""
        if self.crs is None:
            return None
        code = self.crs.to_epsg()
        return f"EPSG:{code}" if code else self.crs.name

    def window(self, rows: tuple[int, int], columns: tuple[int, int]) -> RasterGrid:
        """The grid of a window, half-open."""
        moved = self.transform @ Affine.translation(columns[0], rows[0])
        return RasterGrid((rows[1] - rows[0], columns[1] - columns[0]), moved, self.crs)

    def same_as(self, other: RasterGrid, tolerance_cells: float = 1e-3) -> bool:
        """Equal shape and CRS, and no corner further apart than the tolerance."""
        if self.shape != other.shape or self.crs != other.crs:
            return False
        rows, columns = self.shape
        back = ~self.transform
        for corner in ((0, 0), (columns, 0), (0, rows), (columns, rows)):
            column, row = back @ (other.transform @ corner)
            if max(abs(column - corner[0]), abs(row - corner[1])) > tolerance_cells:
                return False
        return True

    def __str__(self) -> str:
        rows, columns = self.shape
        return f"{rows} x {columns} pixels, {self.crs_name or 'no CRS'}"


Grid = VolumeGrid | RasterGrid


def same_grid(one: Grid, two: Grid) -> bool:
    """Of one kind, and their cells coincide (see ``same_as``)."""
    if isinstance(one, VolumeGrid):
        return isinstance(two, VolumeGrid) and one.same_as(two)
    return isinstance(two, RasterGrid) and one.same_as(two)
