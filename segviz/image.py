"""Measured values on a grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import RasterGrid, VolumeGrid, Window


@dataclass(frozen=True, eq=False)
class Volume:
    """One scan in memory.

    Attributes:
        grid: where its voxels lie.
        data: native-order values [i, j, k], native byte order.
        channel: what was measured, e.g. ``"CT"``, ``"MR"`` or ``""``.
        when: date of the examination, if known.
        window: (low, high) values to show black and white, if the file says.
        notes: sentences about the file that are shown but do not block.
        answers: what the reader chose when the file left a question open.
        sha256: of the bytes it was read from.
    """

    grid: VolumeGrid
    data: NDArray[np.generic]
    channel: str = ""
    when: date | None = None
    window: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.data.shape != self.grid.shape:
            raise ValueError(f"array {self.data.shape} does not lie on grid {self.grid.shape}")


@runtime_checkable
class Scene(Protocol):
    """A raster read window by window, never whole.

    Attributes:
        grid: where its pixels lie.
        channels: a name for each band, e.g. ``("B2", "B3", "B4", "B8")``.
        dtype: as ``read`` returns it, scale and offset applied.
        when: date of acquisition, if known.
        notes: sentences about the file that are shown but do not block.
        tags: what the file says of how it was made, by names in capitals.
        sha256: of the file; empty until it was computed.
    """

    grid: RasterGrid
    channels: tuple[str, ...]
    dtype: np.dtype
    when: date | None
    notes: tuple[str, ...]
    tags: Mapping[str, str]
    sha256: str

    def read(
        self,
        window: Window,
        bands: Sequence[int] | None = None,
        shape: tuple[int, int] | None = None,
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """Values [band, row, column] and where they are valid [row, column].

        Args:
            window: row start, row stop, column start, column stop.
            bands: 0-based; all when None.
            shape: (rows, columns) to thin the window to, nearest; full resolution when None.
        """
        ...


Image = Volume | Scene


def windows(shape: tuple[int, int], size: int) -> Iterator[Window]:
    """Non-overlapping windows of at most ``size`` x ``size`` that cover a raster, row by row."""
    rows, columns = shape
    for row in range(0, rows, size):
        for column in range(0, columns, size):
            yield row, min(row + size, rows), column, min(column + size, columns)


def require_finite(volume: Volume) -> None:
    """Refuse a volume in which a network would silently answer "background" everywhere.

    Raises:
        Refused: some voxels hold no number (SV-RUN-002).
    """
    if volume.data.dtype.kind != "f":
        return
    missing = 1.0 - float(np.isfinite(volume.data).mean())
    if missing > 0:
        raise Refused(
            "SV-RUN-002",
            f"{missing:.2%} of the voxels hold no number; a model would answer 'nothing found' for "
            "the whole scan. Fill them (open with --fill 0) and run again.",
        )
