"""Hectares of the labels of a scene: whole numbers per block of cells first, areas last.

A block is a row of cells in degrees, else a square of a few km within which the area of a cell is
a linear function of its place. Counts are integers, so totals do not depend on the order in which
windows were counted or on who counted them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.grid import RasterGrid, Window
from segviz.image import windows
from segviz.mask import Legend, Mask
from segviz.measure.ellipsoid import area_model, cell_area_m2, cell_size_m, is_on_earth

__all__ = ["AreaTally", "cell_area_m2", "cell_areas_m2", "measure_scene"]

Integers = NDArray[np.int64]
Labels = NDArray[np.uint8] | NDArray[np.uint16]

M2_PER_HA = 10_000.0
BLOCK_M = 5000.0
BLOCK_CELLS = 256
STRIP_CELLS = 1 << 18
"""Cells looked at together; what that takes stays small and in the processor's cache."""

WINDOW = 4096

NO_CRS = (
    "The file does not say where on the Earth its pixels lie, so they have no hectares; "
    "export it again with its coordinate system."
)


@dataclass(eq=False)
class AreaTally:
    """Running cell counts of the labels of a grid, and from them their areas.

    Labels are 1-65535; cells with 0 hold no data and are not counted.

    Attributes:
        grid: of the mask.
        moments: label -> (blocks, 3) of the number of its cells and the sums of their row and
            column offsets within the block.
    """

    grid: RasterGrid
    moments: dict[int, Integers] = field(default_factory=dict)

    def add(self, window: Window, labels: Labels) -> None:
        """Count a window's labels [row, column]; each cell of the grid once."""
        row_start, row_stop, column_start, column_stop = window
        width = column_stop - column_start
        for first, stop in self._blocks.strips(row_start, row_stop, width):
            cut = labels[first - row_start : stop - row_start]
            self._add_strip((first, stop, column_start, column_stop), cut)

    def change(
        self, rows: Integers, columns: Integers, before: NDArray[np.uint8], after: NDArray[np.uint8]
    ) -> None:
        """Move cells from one label to another, in the time it takes to look at these cells."""
        block, down, right = self._blocks.place(rows, columns)
        for labels, sign in ((before, -1), (after, 1)):
            for label in np.flatnonzero(np.bincount(labels, minlength=256)[1:]).tolist():
                chosen = labels == label + 1
                total = self._of(label + 1)
                total[:, 0] += sign * np.bincount(block[chosen], minlength=len(total))
                for column, offset in ((1, down), (2, right)):  # whole numbers, far below 2^53
                    sums = np.bincount(block[chosen], offset[chosen], len(total))
                    total[:, column] += sign * sums.astype(np.int64)

    def __add__(self, other: AreaTally) -> AreaTally:
        """Both together, e.g. two windows counted by two workers."""
        if not self.grid.same_as(other.grid):
            raise ValueError(f"counts of {self.grid} and of {other.grid} do not add up")
        total = AreaTally(self.grid, {label: m.copy() for label, m in self.moments.items()})
        for label, moments in other.moments.items():
            total._of(label)[...] += moments
        return total

    def pixels(self) -> dict[int, int]:
        """Label -> number of its cells, where there are any."""
        counted = {label: int(m[:, 0].sum()) for label, m in sorted(self.moments.items())}
        return {label: count for label, count in counted.items() if count}

    def area_ha(self) -> dict[int, float] | None:
        """Label -> ha on the ellipsoid, where there are cells; None where the grid has no CRS."""
        if not is_on_earth(self.grid.crs):
            return None
        model = self._blocks.model
        return {
            label: float(np.sum(self.moments[label] * model)) / M2_PER_HA for label in self.pixels()
        }

    def rows(self, legend: Legend) -> list[dict[str, Any]]:
        """One row for each label of the legend or the mask, by value."""
        pixels, areas = self.pixels(), self.area_ha()
        return [
            {
                "value": label.value,
                "name": label.name,
                "color": label.color,
                "count": pixels.get(label.value, 0),
                "amount": None if areas is None else areas.get(label.value, 0.0),
                "unit": "pixels" if areas is None else "ha",
                "longest_diameter_mm": None,
                "perpendicular_diameter_mm": None,
            }
            for label in sorted(legend.covering(list(pixels)), key=lambda label: label.value)
        ]

    @cached_property
    def _blocks(self) -> _Blocks:
        return _Blocks.of(self.grid)

    def _of(self, label: int) -> Integers:
        if label not in self.moments:
            self.moments[label] = np.zeros((self._blocks.count, 3), np.int64)
        return self.moments[label]

    def _add_strip(self, window: Window, labels: Labels) -> None:
        """In runs where pairs of labels make few of them, else label by label.

        The labels met so far are looked for first, others only where some cells are left.
        """
        begins = _begins(labels) if labels.dtype.itemsize > 1 else None
        if begins is not None and np.count_nonzero(begins) * FEW_RUNS < labels.size:
            for label, blocks, moments in self._blocks.moments_of_runs(window, labels, begins):
                self._of(label)[blocks] += moments
            return
        marked, here = self._blocks.room(window)
        left = np.count_nonzero(labels)
        known = list(self.moments)
        candidates = chain(known, _others(labels, known))
        while left:
            label = next(candidates)
            np.equal(labels, label, out=here)
            blocks, moments = self._blocks.moments(window, marked)
            self._of(label)[blocks] += moments
            left -= int(moments[..., 0].sum())


def _begins(labels: Labels) -> NDArray[np.bool_]:
    """Where runs of equal cells along a row begin."""
    begins = np.empty(labels.shape, np.bool_)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=begins[:, 1:])
    begins[:, 0] = True
    return begins


def _others(labels: Labels, known: list[int]) -> Iterator[int]:
    """Labels of a strip beside those that are known."""
    counts = np.bincount(labels.ravel())
    counts[[0, *(label for label in known if label < len(counts))]] = 0
    yield from np.flatnonzero(counts).tolist()


def cell_areas_m2(grid: RasterGrid) -> Callable[[Window], NDArray[np.float64]]:
    """From a window to the true area in m2 of each of its cells; sums agree with ``AreaTally``.

    Raises:
        ValueError: the grid has no CRS on the Earth.
    """
    blocks = _Blocks.of(grid)
    model = blocks.model

    def look(window: Window) -> NDArray[np.float64]:
        row_start, row_stop, column_start, column_stop = window
        areas = np.empty((row_stop - row_start, column_stop - column_start))
        columns = np.arange(column_start, column_stop)
        for first, stop in blocks.strips(row_start, row_stop, len(columns)):
            rows = np.arange(first, stop)
            heads = rows[:1] if blocks.height > 1 else rows
            block, _, right = blocks.place(heads[:, None], columns)
            base, by_row, by_column = np.moveaxis(model[block], -1, 0)
            down = rows[:, None] % blocks.height
            part = areas[first - row_start : stop - row_start]
            np.multiply(by_row, down, out=part)
            part += base + by_column * right
        return areas

    return look


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Blocks of ``height`` x ``width`` cells that cover a grid, numbered row by row.

    Within blocks of one row of cells all areas are equal, so offsets are not looked at.
    """

    grid: RasterGrid
    height: int
    width: int

    @classmethod
    def of(cls, grid: RasterGrid) -> _Blocks:
        if grid.is_geographic and grid.transform.b == grid.transform.d == 0:
            return cls(grid, 1, grid.shape[1])
        cells = BLOCK_M / cell_size_m(grid) if is_on_earth(grid.crs) else BLOCK_CELLS
        edge = min(BLOCK_CELLS, 1 << max(0, int(np.floor(np.log2(cells)))))
        return cls(grid, edge, edge)

    @property
    def across(self) -> int:
        return -(-self.grid.shape[1] // self.width)

    @property
    def are_rows(self) -> bool:
        """Each block is a row of cells, from one side of the grid to the other."""
        return self.height == 1 and self.width == self.grid.shape[1]

    @property
    def count(self) -> int:
        return -(-self.grid.shape[0] // self.height) * self.across

    @cached_property
    def model(self) -> NDArray[np.float64]:
        """(blocks, 3) m2 of a block's first cell, and what a row and a column further add."""
        row, column = np.divmod(np.arange(self.count), self.across)
        return area_model(
            self.grid, row * self.height, column * self.width, self.height, self.width
        )

    def place(self, rows: Integers, columns: Integers) -> tuple[Integers, Integers, Integers]:
        """Number of the block of each cell, and the cell's row and column offset within it."""
        block_row, down = np.divmod(rows, self.height)
        block_column, right = np.divmod(columns, self.width)
        return block_row * self.across + block_column, down, right * (self.height > 1)

    def strips(self, row_start: int, row_stop: int, columns: int) -> Iterator[tuple[int, int]]:
        """Rows in parts: one row of blocks each, or many where a block is one row of cells."""
        step = max(1, STRIP_CELLS // columns) if self.are_rows else self.height
        for first in range(row_start - row_start % self.height, row_stop, step):
            yield max(first, row_start), min(first + step, row_stop)

    def room(self, strip: Window) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Cells of whole blocks around a strip, none of them marked; and a view of its own."""
        row, row_stop, column, column_stop = strip
        skipped = 0 if self.are_rows else column % self.width
        width = column_stop - column if self.are_rows else self.width
        count = -(-(skipped + column_stop - column) // width)
        marked = np.zeros((row_stop - row, count * _whole_words(width)), np.bool_)
        return marked, marked[:, skipped : skipped + column_stop - column]

    def moments(self, strip: Window, marked: NDArray[np.bool_]) -> tuple[Integers, Integers]:
        """Numbers of the blocks in a strip, and (.., 3) moments of the cells marked in its room."""
        rows = np.arange(*strip[:2])
        counts = _counts(marked, self.width)
        if self.are_rows:
            moments = np.zeros((len(rows), 3), np.int64)
            moments[:, 0] = counts.sum(axis=1, dtype=np.int64)
            return rows, moments
        weights = np.stack([np.ones(len(rows)), rows % self.height])
        by_row = (weights @ counts).reshape(2, marked.shape[1] // self.width, -1).sum(axis=2)
        rightward = _sums_of_columns(marked).reshape(-1, self.width) @ np.arange(self.width)
        moments = np.column_stack([*by_row.astype(np.int64), rightward])
        first = strip[0] // self.height * self.across + strip[2] // self.width
        return np.arange(first, first + len(moments)), moments

    def moments_of_runs(
        self, strip: Window, labels: Labels, begins: NDArray[np.bool_]
    ) -> Iterator[tuple[int, Integers, Integers]]:
        """Of each label in a strip but 0, numbers of blocks and (blocks, 3) moments in them.

        Args:
            begins: where runs of equal cells along a row begin.
        """
        rows, columns = np.arange(*strip[:2]), np.arange(*strip[2:])
        begins[:, columns % self.width == 0] = True
        starts = np.flatnonzero(begins)
        lengths = np.diff(starts, append=labels.size)
        found = labels.reshape(-1)[starts]
        row, column = np.divmod(starts, len(columns))
        across, _, right = self.place(rows[:1], columns)
        below, down, _ = self.place(rows, columns[:1])
        block, down, right = (below - below[0])[row] + across[column], down[row], right[column]
        present = np.flatnonzero(np.bincount(found))
        first, step = int(block[0]), int(block[-1] - block[0]) + 1
        place = np.zeros(int(present[-1]) + 1, np.int64)
        place[present] = np.arange(len(present)) * step - first
        key = place[found] + block
        sums = np.empty((len(present), step, 3), np.int64)
        for n, weights in enumerate(
            (lengths, lengths * down, lengths * right + lengths * (lengths - 1) // 2)
        ):  # whole numbers, far below 2^53
            sums[..., n] = np.bincount(key, weights, sums[..., 0].size).reshape(-1, step)
        if self.are_rows:
            sums[..., 1:] = 0
        for label, moments in zip(present.tolist(), sums, strict=True):
            if label:
                blocks = np.flatnonzero(moments[:, 0])
                yield label, blocks + first, moments[blocks]


FEW_RUNS = 6
"""Cells in a run on average above which runs are faster than looking for each label."""

WORD = 64
"""Cells whose marks are counted together."""


def _whole_words(columns: int) -> int:
    """Columns filled up to whole words; those of small blocks, which are powers of 2, stay."""
    return columns if columns < WORD else -(-columns // WORD) * WORD


def _counts(marked: NDArray[np.bool_], width: int) -> NDArray[np.uint8]:
    """[row, word]: marked cells of each row within words, or within blocks where they are less."""
    if width < 8:
        small: NDArray[np.uint8] = marked.reshape(len(marked), -1, width).sum(
            axis=2, dtype=np.uint8
        )
        return small
    words = np.packbits(marked, axis=1).view(f"u{min(width, WORD) // 8}")
    counts: NDArray[np.uint8] = np.bitwise_count(words)
    return counts


def _sums_of_columns(marked: NDArray[np.bool_]) -> Integers:
    """Marked cells of each column; eight of them are added at once, up to 255 rows of bytes."""
    if marked.shape[1] % 8:
        plain: Integers = marked.sum(axis=0, dtype=np.int64)
        return plain
    words = marked.view(np.uint64)
    parts = [np.add.reduce(words[row : row + 128]) for row in range(0, len(words), 128)]
    sums: Integers = np.stack(parts).view(np.uint8).sum(axis=0, dtype=np.int64)
    return sums


def measure_scene(
    mask: Mask, valid: Callable[[Window], NDArray[np.bool_]] | None = None
) -> dict[str, Any]:
    """Grid, number of valid pixels and for each label its pixels, ha and share, by value.

    Args:
        mask: labels of a scene; read window by window.
        valid: where the pixels of a window of the image hold data. Without it, pixels with label 0
            are the ones that hold none.
    """
    grid = _raster_grid(mask)
    tally, unlabelled = AreaTally(grid), AreaTally(grid)
    for window in windows(grid.shape, WINDOW):
        row_start, row_stop, column_start, column_stop = window
        labels = np.asarray(mask.data[row_start:row_stop, column_start:column_stop])
        if valid is not None:
            inside = valid(window)
            unlabelled.add(window, (inside & (labels == 0)).astype(np.uint8))
            labels = np.where(inside, labels, np.uint8(0))
        tally.add(window, labels)
    return {
        "grid": describe(grid),
        "valid_pixels": sum(tally.pixels().values()) + unlabelled.pixels().get(1, 0),
        "labels": _scene_rows(tally.rows(mask.legend), unlabelled),
    }


def describe(grid: RasterGrid) -> dict[str, Any]:
    """Shape, CRS and transform, for JSON."""
    return {
        "shape": list(grid.shape),
        "crs": grid.crs_name,
        "transform": list(grid.transform[:6]),
    }


def _scene_rows(rows: list[dict[str, Any]], unlabelled: AreaTally) -> list[dict[str, Any]]:
    """The rows of a tally in the words of the JSON, with each label's share of the valid area."""
    has_area = is_on_earth(unlabelled.grid.crs)
    sizes = [row["amount"] if has_area else row["count"] for row in rows]
    rest = unlabelled.area_ha() if has_area else unlabelled.pixels()
    total = sum(sizes) + (rest or {}).get(1, 0)
    return [
        {
            "label": row["value"],
            "name": row["name"],
            "pixels": row["count"],
            "area_ha": row["amount"],
            "share": size / total if total else 0.0,
            **({} if has_area else {"why": NO_CRS}),
        }
        for row, size in zip(rows, sizes, strict=True)
    ]


def _raster_grid(mask: Mask) -> RasterGrid:
    if not isinstance(mask.grid, RasterGrid):
        raise TypeError("a volume has ml, not hectares")
    return mask.grid
