"""Connected pieces of a volume: voxels that touch at a face, an edge or a corner (26 neighbours).

Rows of voxels are kept as bits, 64 to a word, and four neighbouring rows make a *beam*. All voxels
of a beam at one place touch all those at the next, so an unbroken stretch of a beam belongs to one
piece, and pieces are stretches that touch (the blocks of Grana et al. 2010, doi
10.1109/TIP.2010.2044963, drawn out along a row). Where beams touch is found for 64 places at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Bits = NDArray[np.uint64]
"""[beam row, beam column, word]; the last bit of a row is never set, so that rows stay apart."""

Places = tuple[NDArray[np.int64], Bits]
"""Word, of all, and bit in it."""

ONE, LAST = np.uint64(1), np.uint64(63)
ALL = ~np.uint64(0)
HERE, BEFORE, AFTER = slice(None), slice(None, -1), slice(1, None)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Connected pieces of a volume, numbered from 1.

    Attributes:
        count: how many there are.
    """

    count: int
    _binary: NDArray[np.bool_]
    _axes: tuple[int, ...]
    _starts: Bits
    _piece: NDArray[np.int32]

    @cached_property
    def labels(self) -> NDArray[np.unsignedinteger]:
        """The number of each voxel's piece, 0 outside, in the smallest type that holds all."""
        smallest = np.min_scalar_type(self.count)
        bits = np.unpackbits(self._starts.view(np.uint8), bitorder="little")
        starts = np.flatnonzero(bits.view(bool))
        numbers = np.append(0, self._piece + 1).astype(smallest)
        lengths = np.diff(starts, prepend=0, append=64 * self._starts.size)
        beams = np.repeat(numbers, lengths).reshape(*self._starts.shape[:2], -1)
        labels = np.empty(self._binary.shape, smallest)
        _, down, along = labels.shape
        for i, plane in enumerate(self._binary):
            rows = np.repeat(beams[i // 2, :, :along], 2, axis=0)[:down]
            np.multiply(rows, plane, out=labels[i])
        return labels.transpose(np.argsort(self._axes))


def pieces(binary: NDArray[np.bool_]) -> Pieces:
    """The pieces of a binary volume; the same partition as ``scipy.ndimage.label`` with 26."""
    axes = tuple(np.argsort(np.abs(binary.strides))[::-1].tolist())
    rows = binary.transpose(axes)
    beams = _Beams.of(rows)
    one, two = beams.touching()
    links = coo_matrix((np.ones(len(one), bool), (one, two)), shape=(beams.count, beams.count))
    count, piece = connected_components(links, directed=False)
    return Pieces(int(count), rows, axes, beams.starts, piece)


def by_size(
    binary: NDArray[np.bool_], least: int = 1
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Pieces from the largest on; of equal ones that which comes first.

    Args:
        least: voxels below which a piece is left out.

    Returns:
        The number of each voxel's piece from 1, 0 outside; the voxels of each; the voxels of each
        piece that was left out.
    """
    labels = pieces(binary).labels
    flat = labels.ravel()
    voxels = np.bincount(flat, minlength=1)
    voxels[0] = 0
    marked = np.flatnonzero(flat)[::-1]
    first = np.zeros(len(voxels), np.int64)
    first[flat[marked]] = marked
    order = np.lexsort((first, -voxels))
    order = order[voxels[order] > 0]
    large = voxels[order] >= least
    number = np.zeros(len(voxels), np.int32)
    number[order[large]] = np.arange(1, np.count_nonzero(large) + 1)
    return number[labels], voxels[order[large]], voxels[order[~large]]


class _Beams:
    """Stretches of the beams of a volume, numbered along its rows.

    Attributes:
        whole: where a beam has any voxel.
        starts: first place of each stretch.
        count: of stretches.
    """

    def __init__(self, rows: Bits) -> None:
        """
        Args:
            rows: [2 x beam row, 2 x beam column, word].
        """
        self.corners = {
            (i, j): np.ascontiguousarray(rows[i::2, j::2]) for i in (0, 1) for j in (0, 1)
        }
        corner = self.corners
        self.rows = [corner[0, 0] | corner[0, 1], corner[1, 0] | corner[1, 1]]
        self.columns = [corner[0, 0] | corner[1, 0], corner[0, 1] | corner[1, 1]]
        self.whole = self.rows[0] | self.rows[1]
        self.starts = self.whole & ~_later(self.whole)
        in_words = np.bitwise_count(self.starts).ravel()
        self.before = np.cumsum(in_words, dtype=np.int32) - in_words
        self.count = int(in_words.sum())

    @classmethod
    def of(cls, binary: NDArray[np.bool_]) -> _Beams:
        across, down, along = binary.shape
        packed = np.packbits(binary, axis=-1, bitorder="little")
        rows = np.zeros((across + across % 2, down + down % 2, 8 * (along // 64 + 1)), np.uint8)
        rows[:across, :down, : packed.shape[-1]] = packed
        return cls(rows.view(np.uint64))

    def stretch(self, places: Places) -> NDArray[np.int32]:
        """Number of the stretch at each place."""
        word, bit = places
        begun = self.starts.ravel()[word] & (ALL >> (LAST - bit))
        number: NDArray[np.int32] = self.before[word] + np.bitwise_count(begun) - np.int32(1)
        return number

    def touching(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Pairs of stretches of neighbouring beams, enough to join all that touch."""
        found = list(self._touching())
        one, two = (np.concatenate([pair[n] for pair in found]) for n in (0, 1))
        return one, two

    def _touching(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        seams = [
            _Seam(self, (BEFORE, HERE), self.rows[1], (AFTER, HERE), self.rows[0]),
            _Seam(self, (HERE, BEFORE), self.columns[1], (HERE, AFTER), self.columns[0]),
            _Seam(self, (BEFORE, BEFORE), self.corners[1, 1], (AFTER, AFTER), self.corners[0, 0]),
            _Seam(self, (BEFORE, AFTER), self.corners[1, 0], (AFTER, BEFORE), self.corners[0, 1]),
        ]
        rows, columns, falling, rising = seams
        # Beams around a common edge are joined in a ring: what closes it joins nothing more.
        upper = columns.met[:-1] & rows.met[:, 1:]
        lower = rows.met[:, :-1] & columns.met[1:]
        falling.first &= ~(upper | lower)
        rising.first &= ~(
            (columns.met[:-1] & rows.met[:, :-1]) | (rows.met[:, 1:] & columns.met[1:])
        )
        columns.first[1:] &= ~(upper & rows.met[:, :-1])
        for seam in seams:
            yield from seam.pairs()


class _Seam:
    """Beams and their neighbours on one side, and where voxels of both touch.

    Attributes:
        met: places at which both beams have voxels, and those of one touch the other's.
        first: of these the first of each stretch that both have in common (or of its words).
    """

    def __init__(
        self,
        beams: _Beams,
        here: tuple[slice, slice],
        side: Bits,
        there: tuple[slice, slice],
        other: Bits,
    ) -> None:
        self.beams, self.here, self.there = beams, here, there
        self.side, self.other = side[here], other[there]
        self.others = _later(other)[there], _sooner(other)[there]
        wide = (side | _later(side) | _sooner(side))[here]
        both = beams.whole[here] & beams.whole[there]
        self.met = both & (
            (self.side & (self.other | self.others[0] | self.others[1])) | (wide & self.other)
        )
        self.first = self.met & ~(both + self.met)

    def pairs(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """Stretches that touch: side by side, or from the end of one to the start of another."""
        whole, here, there = self.beams.whole, self.here, self.there
        alone = self.side & ~whole[there]
        yield self._pair(self.first, 0)
        yield self._pair(alone & self.others[1] & ~_sooner(whole)[here], 1)
        yield self._pair(alone & self.others[0] & ~_later(whole)[here], -1)

    def _pair(self, places: Bits, step: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        word, bit = _places(places)
        width, words = places.shape[1] * places.shape[2], self.beams.whole.shape[2]
        line = self.beams.whole.shape[1] * words
        word = word + (word // width) * (line - width) if width else word
        one, two = (
            word + (slices[0].start or 0) * line + (slices[1].start or 0) * words
            for slices in (self.here, self.there)
        )
        place = two * 64 + bit.astype(np.int64) + step
        beyond = place >> 6, (place & 63).astype(np.uint64)
        return self.beams.stretch((one, bit)), self.beams.stretch(beyond)


def _later(bits: Bits) -> Bits:
    """Each bit one place on."""
    moved = bits << ONE
    moved.ravel()[1:] |= bits.ravel()[:-1] >> LAST
    return moved


def _sooner(bits: Bits) -> Bits:
    """Each bit one place back; a row's first lands in the unused last bit of the row before."""
    moved = bits >> ONE
    moved.ravel()[:-1] |= bits.ravel()[1:] << LAST
    return moved


def _places(bits: Bits) -> Places:
    """Where bits are set, in no order; few of each word."""
    flat = bits.ravel()
    word = np.flatnonzero(flat)
    left = flat[word]
    words, places = [word[:0]], [left[:0]]
    while len(left):
        lowest = left & (~left + ONE)
        words.append(word)
        places.append(np.bitwise_count(lowest - ONE).astype(np.uint64))
        left = left ^ lowest
        more = left != 0
        word, left = word[more], left[more]
    return np.concatenate(words), np.concatenate(places)
