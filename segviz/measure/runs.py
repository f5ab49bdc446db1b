"""Cells that lie together, as runs along the last axis: what they need grows with the outline.

A mask is read strip by strip and may be a memory map; objects of a scene of 10980 x 10980 cells are
found, measured and held against others without an array of ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from segviz.errors import Refused
from segviz.grid import Value

STRIP_CELLS = 1 << 21
MOST = 1 << 24
"""Runs that are held together, with some 50 bytes each while they are joined."""

Integers = NDArray[np.int64]
Pairs = tuple[Integers, Integers, Integers]
"""Two numbers and how many cells have both."""

Cells = Callable[[int, int], NDArray[np.generic]]
"""From the first and the last but one index of the first axis to a value for each cell there."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of cells with one value other than 0, in C order.

    Attributes:
        shape: of the array.
        line: int64 [run], flat index over all axes but the last.
        start, stop: int32 [run] along the last axis, half-open.
        value: int32 [run], a label or the number of an object.
    """

    shape: tuple[int, ...]
    line: Integers
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    value: NDArray[np.int32]

    @classmethod
    def of(cls, array: NDArray[np.integer], label: int | None = None) -> Runs:
        """Runs of equal values; of one label alone, as 1, where it is given.

        Raises:
            Refused: so many that they do not fit into memory (SV-NUM-110).
        """
        found = []
        held = 0
        for first, last in _strips(array.shape):
            part = np.ascontiguousarray(array[first:last])
            found.append(_in_lines(part if label is None else part == label, first))
            held += len(found[-1][0])
            if held > MOST:
                raise Refused(
                    "SV-NUM-110",
                    f"The mask is torn into more than {MOST:,} runs of cells, so its objects "
                    "cannot be counted in memory; remove small pieces first (Islands).",
                )
        line, start, stop, value = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return cls(array.shape, line, start, stop, value)

    def __len__(self) -> int:
        return len(self.line)

    @property
    def cells(self) -> Integers:
        """[run]"""
        return (self.stop - self.start).astype(np.int64)

    @cached_property
    def count(self) -> int:
        """The greatest value."""
        return int(self.value.max(initial=0))

    def pieces(self, corners: bool = True) -> Runs:
        """The same runs with the number of their piece, from 1 in C order of its first cell.

        Args:
            corners: cells touch at faces, edges and corners (8 or 26 neighbours), else at faces.
        """
        one, two = self._touching(corners)
        links = coo_matrix((np.ones(len(one), bool), (one, two)), shape=(len(self), len(self)))
        _, piece = connected_components(links, directed=False)
        return replace(self, value=_in_order(piece))

    def totals(self, of_run: NDArray[Value] | None = None) -> NDArray[np.float64]:
        """[value - 1] sums of a number of each run, of its cells when None."""
        weights = self.cells if of_run is None else of_run
        return np.bincount(self.value, weights, self.count + 1)[1:].astype(np.float64)

    def sums(self, cells: Cells) -> NDArray[np.float64]:
        """[run] sums of a value over the cells of each run, read strip by strip."""
        found = np.zeros(len(self))
        width, across = self.shape[-1], _lines_of_first(self.shape)
        for first, stop in _strips(self.shape):
            chosen = slice(*np.searchsorted(self.line, (first * across, stop * across)))
            if chosen.start == chosen.stop:
                continue
            values = np.asarray(cells(first, stop), np.float64).reshape(-1, width)
            up_to = np.zeros((len(values), width + 1))
            np.cumsum(values, axis=1, out=up_to[:, 1:])
            line = self.line[chosen] - first * across
            found[chosen] = up_to[line, self.stop[chosen]] - up_to[line, self.start[chosen]]
        return found

    def overlaps(self, other: Runs) -> Pairs:
        """Pairs of a value here and a value there, and how many cells have both."""
        one, two = self._meeting(other, 0, 0)
        cells = np.minimum(self.stop[one], other.stop[two]).astype(np.int64)
        cells -= np.maximum(self.start[one], other.start[two])
        code = self.value[one].astype(np.int64) * (other.count + 1) + other.value[two]
        pairs, place = np.unique(code, return_inverse=True)
        here, there = np.divmod(pairs, other.count + 1)
        return here, there, np.bincount(place, cells, len(pairs)).astype(np.int64)

    @classmethod
    def joined(cls, parts: Sequence[Runs]) -> Runs:
        """Runs of one array that do not overlap, put in order; values numbered anew from 1."""
        line, start, stop, value = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("line", "start", "stop", "value")
        )
        order = np.lexsort((start, line))
        return cls(parts[0].shape, line[order], start[order], stop[order], _in_order(value[order]))

    def moved(self, by: Integers, shape: tuple[int, ...]) -> Runs:
        """The same runs in another array, each so many cells further, in order again.

        Args:
            by: [run, axis]
        """
        where = np.unravel_index(self.line, self.shape[:-1])
        moved = tuple(axis + step for axis, step in zip(where, by.T, strict=False))
        line = np.asarray(np.ravel_multi_index(moved, shape[:-1]), np.int64)
        right = by[:, -1].astype(np.int32)
        start, stop = self.start + right, self.stop + right
        order = np.lexsort((start, line))
        return Runs(shape, line[order], start[order], stop[order], self.value[order])

    def chosen(self, which: NDArray[np.bool_] | Integers) -> Runs:
        """Some runs alone, as they are."""
        return Runs(
            self.shape, self.line[which], self.start[which], self.stop[which], self.value[which]
        )

    def boxes(self) -> Integers:
        """[value - 1, axis, 2] first and last but one index of the cells of each value."""
        where = [*np.unravel_index(self.line, self.shape[:-1])]
        ends = [(axis, axis + 1) for axis in where] + [(self.start, self.stop)]
        found = np.zeros((self.count, len(self.shape), 2), np.int64)
        found[..., 0] = self.shape
        for axis, (low, high) in enumerate(ends):
            np.minimum.at(found[:, axis, 0], self.value - 1, low)
            np.maximum.at(found[:, axis, 1], self.value - 1, high)
        return found

    def middles(self) -> NDArray[np.float64]:
        """[value - 1, axis] mean index of the cells of each value."""
        where = [*np.unravel_index(self.line, self.shape[:-1]), (self.start + self.stop - 1) / 2]
        cells = self.totals()
        return np.column_stack([self.totals(axis * self.cells) / cells for axis in where])

    def drawn(self, box: Integers | None = None) -> NDArray[np.int32]:
        """The values as an array, of a box [axis, 2] that holds all of them or of the whole."""
        low, high = (np.zeros(len(self.shape), int), self.shape) if box is None else np.array(box).T
        shape = tuple(int(b - a) for a, b in zip(low, high, strict=True))
        flat = np.zeros(int(np.prod(shape)), np.int32)
        where = np.unravel_index(self.line, self.shape[:-1])
        within = [axis - least for axis, least in zip(where, low, strict=False)]
        begin = np.ravel_multi_index((*within, self.start - low[-1]), shape) if len(self) else []
        flat[_ranges(np.asarray(begin, np.int64), self.cells)] = np.repeat(self.value, self.cells)
        return flat.reshape(shape)

    def lines(self, wanted: Integers) -> NDArray[np.int32]:
        """[line, cell] the values of some lines, by their flat numbers in order."""
        first, stop = (np.searchsorted(self.line, wanted, side) for side in ("left", "right"))
        which = _ranges(first, stop - first)
        row = np.repeat(np.arange(len(wanted)), stop - first)
        found = np.zeros((len(wanted), self.shape[-1]), np.int32)
        cells = self.cells[which]
        begin = row * self.shape[-1] + self.start[which]
        found.reshape(-1)[_ranges(begin, cells)] = np.repeat(self.value[which], cells)
        return found

    def _touching(self, corners: bool) -> tuple[Integers, Integers]:
        """Pairs of runs in neighbouring lines that touch."""
        axes = len(self.shape) - 1
        where = np.unravel_index(self.line, self.shape[:-1])
        found: list[tuple[Integers, Integers]] = []
        for step in product((-1, 0, 1), repeat=axes):
            if step <= (0,) * axes or (not corners and np.abs(step).sum() > 1):
                continue
            there = np.ones(len(self), bool)
            for axis, move, size in zip(where, step, self.shape, strict=False):
                there &= (axis + move >= 0) & (axis + move < size)
            lines = sum(
                move * int(np.prod(self.shape[axis + 1 : -1])) for axis, move in enumerate(step)
            )
            found.append(self._meeting(self, lines, int(corners), there))
        one, two = (np.concatenate(side) for side in zip(*found, strict=True))
        return one, two

    def _meeting(
        self, other: Runs, lines: int, margin: int, which: NDArray[np.bool_] | None = None
    ) -> tuple[Integers, Integers]:
        """Runs here and those of another array so many lines on whose cells stand side by side.

        Args:
            margin: cells by which they may miss each other.
            which: runs here that are looked at.
        """
        here = np.arange(len(self)) if which is None else np.flatnonzero(which)
        step = self.shape[-1] + 3
        base = (self.line[here] + lines) * step + 1
        ahead = np.searchsorted(
            other.line * step + 1 + other.stop, base + self.start[here] - margin, "right"
        )
        until = np.searchsorted(
            other.line * step + 1 + other.start, base + self.stop[here] + margin, "left"
        )
        counts = np.maximum(until - ahead, 0)
        return np.repeat(here, counts), _ranges(ahead, counts)


def _strips(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Ranges of the first axis that hold about STRIP_CELLS cells."""
    step = max(1, STRIP_CELLS // max(1, int(np.prod(shape[1:]))))
    return ((first, min(first + step, shape[0])) for first in range(0, shape[0], step))


def _lines_of_first(shape: tuple[int, ...]) -> int:
    """Lines for each index of the first axis."""
    return int(np.prod(shape[1:-1], dtype=np.int64))


def _in_lines(
    part: NDArray[np.generic], first: int
) -> tuple[Integers, NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Line, start, stop and value of the runs in a strip that begins at an index."""
    width = part.shape[-1]
    lines = part.reshape(-1, width)
    padded = np.zeros((len(lines), width + 2), part.dtype)
    padded[:, 1:-1] = lines
    flat = padded.reshape(-1)
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    begins = flat[edges + 1] != 0
    start, stop = edges[begins], edges[np.flatnonzero(begins) + 1]
    line, column = np.divmod(start, width + 2)
    offset = first * _lines_of_first(part.shape)
    return (
        line + offset,
        column.astype(np.int32),
        (column + stop - start).astype(np.int32),
        flat[start + 1].astype(np.int32),
    )


def _ranges(first: Integers, counts: Integers) -> Integers:
    """first, first + 1, ... of each, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    within: Integers = np.arange(total) + np.repeat(first - (ends - counts), counts)
    return within


def _in_order(piece: NDArray[np.integer]) -> NDArray[np.int32]:
    """Numbers from 1 in the order in which they first come."""
    _, first, place = np.unique(piece, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int32)
    rank[np.argsort(first)] = np.arange(1, len(first) + 1)
    return rank[place]
