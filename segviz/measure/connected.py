"""Connected pieces of a mask of any size.

A mask is looked at in strips that share a plane of cells: pieces are found within each strip, and
two that hold the same cell of a shared plane are one. Only a strip at a time is held as numbers,
which are found again where they are needed; so the mask must stand still in between.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from skimage import measure

from segviz.errors import Refused
from segviz.grid import Box, Value

STRIP_CELLS = 1 << 21

Look = Callable[[NDArray[np.uint8]], NDArray[np.bool_] | NDArray[np.uint8]]
"""From labels to what shall hang together: marked cells, or cells of equal value other than 0."""

Weights = Callable[[Box], NDArray[np.float64]]
"""Size of each cell of a box."""


def of_label(label: int) -> Look:
    """The cells of a label; those of each label by itself for 0."""
    return (lambda labels: labels == label) if label else (lambda labels: labels)


def touching(ndim: int) -> NDArray[np.bool_]:
    """Neighbours that share a face, an edge or a corner: 26 in a volume, 8 in a plane."""
    return np.ones((3,) * ndim, bool)


def facing(ndim: int, plane: int | None = None) -> NDArray[np.bool_]:
    """Neighbours that share a face: 6 in a volume, 4 in a plane; none across axis ``plane``."""
    faces = ndimage.generate_binary_structure(ndim, 1)
    if plane is not None:
        across = np.arange(3).reshape([-1 if axis == plane else 1 for axis in range(ndim)])
        faces = faces & (across == 1)
    return np.asarray(faces, bool)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Connected cells of a box. Piece 0 stands for the cells that belong to none.

    Attributes:
        box: where they were looked for.
        label: uint8 [piece], the value that hangs together; 1 where cells were marked.
        cells: int64 [piece], how many each has.
        size: float64 [piece], the sum of its cells' weights.
        sides: bool [piece, axis, 2], whether it has cells at the low and the high side of the box.
    """

    box: Box
    label: NDArray[np.uint8]
    cells: NDArray[np.int64]
    size: NDArray[np.float64]
    sides: NDArray[np.bool_]
    _strips: tuple[_Strip, ...]
    _look: Look
    _neighbours: NDArray[np.bool_]

    @classmethod
    def find(
        cls,
        labels: NDArray[np.uint8],
        box: Box,
        look: Look,
        neighbours: NDArray[np.bool_],
        weights: Weights | float = 1.0,
    ) -> Pieces:
        """The pieces in a box, numbered from 1 in the order in which strips come upon them.

        Args:
            neighbours: (3, ...) around a cell; all of them where ``look`` gives several values.
            weights: of the cells, or of each.
        """
        strips: list[_Strip] = []
        counted: list[_Counted] = []
        joined: list[NDArray[np.int64]] = []
        above, first = None, 0
        for strip in _strips(labels, box):
            part = np.ascontiguousarray(labels[strip.box])
            seen = look(part)
            numbers, count = _number(seen, neighbours)
            if above is not None:
                joined.append(_same_cells(above, np.take(numbers, 0, strip.axis), first, count))
            counted.append(_count(strip, box, numbers, count, seen, weights))
            numbered = np.arange(first, first + count + 1)
            strips.append(replace(strip, pieces=numbered, checksum=zlib.crc32(part.data)))
            last = np.take(numbers, -1, strip.axis)
            above = np.where(last > 0, last + first, 0)
            first += count
        return cls._join(box, strips, counted, joined, look, neighbours)

    @classmethod
    def _join(
        cls,
        box: Box,
        strips: list[_Strip],
        counted: list[_Counted],
        joined: list[NDArray[np.int64]],
        look: Look,
        neighbours: NDArray[np.bool_],
    ) -> Pieces:
        total = sum(len(part.cells) - 1 for part in counted) + 1
        one, two = np.concatenate([np.empty((2, 0), np.int64), *joined], axis=1)
        links = coo_matrix((np.ones(len(one), bool), (one, two)), shape=(total, total))
        count, joint = connected_components(links, directed=False)
        piece = joint.astype(np.int64)
        label, cells = np.zeros(count, np.uint8), np.zeros(count, np.int64)
        size, sides = np.zeros(count), np.zeros((count, len(box), 2), bool)
        numbered = []
        for strip, part in zip(strips, counted, strict=True):
            pieces = np.append(0, piece[strip.pieces[1:]])
            label[pieces[1:]] = part.label[1:]
            np.add.at(cells, pieces, part.cells)
            np.add.at(size, pieces, part.size)
            np.logical_or.at(sides, pieces[1:], part.sides[1:])
            numbered.append(replace(strip, pieces=pieces))
        return cls(box, label, cells, size, sides, tuple(numbered), look, neighbours)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def real(self) -> NDArray[np.bool_]:
        """[piece], all but piece 0."""
        return np.arange(len(self)) > 0

    def at(self, labels: NDArray[np.uint8], cell: tuple[int, ...]) -> int:
        """The piece that holds a cell of the box."""
        for strip in self._strips:
            within = tuple(c - s.start for c, s in zip(cell, strip.own, strict=True))
            if 0 <= within[strip.axis] < strip.own[strip.axis].stop - strip.own[strip.axis].start:
                numbers, _ = self._numbers(labels, strip)
                return int(strip.pieces[strip.inner(numbers)[within]])
        raise ValueError(f"cell {cell} lies outside {self.box}")

    def seams(
        self, labels: NDArray[np.uint8], chosen: NDArray[np.bool_]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]]:
        """For each face of a chosen piece: the piece, the one beyond, and the label beyond."""
        for strip in self._strips:
            if not chosen[strip.pieces[1:]].any():
                continue
            numbers, part = self._numbers(labels, strip)
            for axis in range(numbers.ndim):
                along = (slice(None),) * axis
                inner = numbers if axis == strip.axis else strip.inner(numbers)
                near = part if axis == strip.axis else strip.inner(part)
                low, high = (*along, slice(None, -1)), (*along, slice(1, None))
                differ = inner[low] != inner[high]
                ends = [(inner[side][differ], near[side][differ]) for side in (low, high)]
                for (here, _), (beyond, label) in (ends, ends[::-1]):
                    at = chosen[strip.pieces][here]
                    yield strip.pieces[here[at]], strip.pieces[beyond[at]], label[at]

    def relabelled(
        self,
        labels: NDArray[np.uint8],
        chosen: NDArray[np.bool_],
        label: NDArray[np.uint8] | int,
        only: int | None = None,
    ) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
        """Boxes and the labels in them once the chosen pieces have new ones.

        Args:
            chosen: [piece].
            label: the new one for all, or [piece].
            only: change cells that have this label alone.
        """
        new = np.broadcast_to(np.asarray(label, np.uint8), len(self))
        for strip in self._strips:
            if not chosen[strip.pieces[1:]].any():
                continue
            numbers, part = self._numbers(labels, strip)
            numbers, after = strip.inner(numbers), strip.inner(part)
            inside = chosen[strip.pieces][numbers]
            if only is not None:
                inside &= after == only
            after[inside] = new[strip.pieces[numbers[inside]]]
            yield strip.own, after

    def _numbers(
        self, labels: NDArray[np.uint8], strip: _Strip
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Of the cells of a strip, and a copy of their labels.

        Raises:
            Refused: these are not the labels that were looked at (SV-EDIT-060).
        """
        part = np.array(labels[strip.box], order="C")
        if zlib.crc32(part.data) != strip.checksum:
            raise Refused(
                "SV-EDIT-060",
                "The mask was changed while its pieces were looked for, so nothing was done to "
                "them; do it again.",
            )
        return _number(self._look(part), self._neighbours)[0], part


def surrounding(
    labels: NDArray[np.uint8],
    pieces: Pieces,
    chosen: NDArray[np.bool_],
    prefer_labels: bool = False,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """For each chosen piece the label with most faces around it, and whether there is one.

    Faces towards other chosen pieces count once those have their label, and only where a piece
    touches nothing else; of equal ones the lowest label is taken.

    Args:
        prefer_labels: take 0 only for pieces that touch nothing else.
    """
    piece, beyond, label, faces = _seams(labels, pieces, chosen)
    new, known = np.zeros(len(pieces), np.uint8), ~chosen
    while (usable := ~known[piece] & known[beyond]).any():
        around = np.where(chosen[beyond], new[beyond], label)[usable].astype(np.int64)
        pairs, which = np.unique(piece[usable] * 256 + around, return_inverse=True)
        votes = np.bincount(which, faces[usable])
        is_last = prefer_labels & (pairs % 256 == 0)
        order = np.lexsort((pairs, -votes, is_last, pairs // 256))
        winners = pairs[order[np.unique(pairs[order] // 256, return_index=True)[1]]]
        new[winners // 256], known[winners // 256] = winners % 256, True
    return new, known & chosen


def _seams(
    labels: NDArray[np.uint8], pieces: Pieces, chosen: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Piece, the piece and the label beyond, and the number of faces between them."""
    keys, counts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for piece, beyond, label in pieces.seams(labels, chosen):
        beyond = np.where(chosen[beyond], beyond, 0)
        key, count = np.unique((piece * len(pieces) + beyond) * 256 + label, return_counts=True)
        keys.append(key)
        counts.append(count)
    key, which = np.unique(np.concatenate(keys), return_inverse=True)
    faces = np.bincount(which, np.concatenate(counts), len(key)).astype(np.int64)
    piece, beyond = np.divmod(key // 256, len(pieces))
    return piece, beyond, key % 256, faces


@dataclass(frozen=True, eq=False)
class _Strip:
    """Planes of a box across an axis, the last of the strip before included.

    Attributes:
        box: all of them.
        own: without the shared one.
        pieces: the piece of each number given within the strip.
        checksum: of its labels.
    """

    axis: int
    box: Box
    own: Box
    pieces: NDArray[np.int64]
    checksum: int = 0

    def inner(self, array: NDArray[Value]) -> NDArray[Value]:
        """What lies on the strip's own planes, of an array on all of them."""
        shared = self.own[self.axis].start - self.box[self.axis].start
        return array[(slice(None),) * self.axis + (slice(shared, None),)]


@dataclass(frozen=True, eq=False)
class _Counted:
    """As in ``Pieces``, by number within a strip."""

    label: NDArray[np.uint8]
    cells: NDArray[np.int64]
    size: NDArray[np.float64]
    sides: NDArray[np.bool_]


def _strips(labels: NDArray[np.uint8], box: Box) -> Iterator[_Strip]:
    """Across the axis whose planes lie together in memory."""
    axis = int(np.argmax(np.abs(labels.strides)))
    planes = box[axis]
    across = [s.stop - s.start for a, s in enumerate(box) if a != axis]
    step = max(1, STRIP_CELLS // max(1, int(np.prod(across))))
    for start in range(planes.start, planes.stop, step):
        stop = min(start + step, planes.stop)
        whole, own = (
            (*box[:axis], slice(begin, stop), *box[axis + 1 :])
            for begin in (max(start - 1, planes.start), start)
        )
        yield _Strip(axis, whole, own, np.empty(0, np.int64))


def _number(
    seen: NDArray[np.bool_] | NDArray[np.uint8], neighbours: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], int]:
    """The number of each cell's piece, from 1, and how many there are."""
    if seen.dtype == bool:
        numbers, count = ndimage.label(seen, neighbours)
    else:
        numbers, count = measure.label(seen, connectivity=seen.ndim, return_num=True)  # type: ignore[no-untyped-call]
    return numbers.astype(np.int32, copy=False), int(count)


def _same_cells(
    above: NDArray[np.int64], here: NDArray[np.int32], first: int, count: int
) -> NDArray[np.int64]:
    """(2, n): which numbers of two strips hold the same cells of the plane that they share."""
    held = (above > 0) & (here > 0)
    pairs = np.unique(above[held].astype(np.int64) * (count + 1) + here[held])
    one, two = np.divmod(pairs, count + 1)
    return np.stack([one, two + first])


def _count(
    strip: _Strip,
    box: Box,
    numbers: NDArray[np.int32],
    count: int,
    seen: NDArray[np.bool_] | NDArray[np.uint8],
    weights: Weights | float,
) -> _Counted:
    label = np.ones(count + 1, np.uint8)
    if seen.dtype != bool:
        label[numbers.reshape(-1)] = seen.reshape(-1)
    own = strip.inner(numbers)
    cells = np.bincount(own.ravel(), minlength=count + 1)
    if callable(weights):
        sums = np.bincount(own.ravel(), weights(strip.own).ravel(), minlength=count + 1)
    else:
        sums = np.multiply(cells, weights)
    sides = np.zeros((count + 1, len(box), 2), bool)
    for axis, (part, whole) in enumerate(zip(strip.own, box, strict=True)):
        if part.start == whole.start:
            sides[np.unique(np.take(own, 0, axis)), axis, 0] = True
        if part.stop == whole.stop:
            sides[np.unique(np.take(own, -1, axis)), axis, 1] = True
    return _Counted(label, cells, sums.astype(np.float64), sides)
