"""Fill between slices: from one drawn slice to the next, for one label alone.

Shapes that belong together are blended by their signed distances (Raya and Udupa 1990,
doi:10.1109/42.52980) after one is moved onto the other, as in morphological contour interpolation
(Zukić et al. 2016, Insight Journal 977): an object that moves stays one object, and one that has no
partner in the next slice tapers to a point.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from segviz.edit import positions
from segviz.edit.canvas import Canvas, Edit
from segviz.edit.delta import Delta
from segviz.errors import Refused
from segviz.grid import VolumeGrid

Shape = NDArray[np.int64]
"""(n, 2) cells of a slice."""

REACH = 3.0
"""Pieces that do not overlap belong together up to so many times the sum of their radii."""

TOUCHING = np.ones((3, 3), bool)


def between(canvas: Canvas, *, label: int, plane: int = 2, over: bool = False) -> Edit:
    """Fill the empty slices between those where a label is drawn; drawn slices stay as they are.

    Args:
        plane: the axis across the slices, 2 for axial.
        over: also paint over other labels; else only cells without one.

    Raises:
        Refused: no empty slice lies between two drawn ones (SV-EDIT-071); a scene (SV-EDIT-077).
    """
    if not isinstance(canvas.grid, VolumeGrid):
        raise Refused(
            "SV-EDIT-077",
            "A scene has no slices to fill between, so nothing was changed; draw the shape with "
            "the polygon or the brush.",
        )
    present = (canvas.labels == label).any(axis=positions.ALONG[plane])
    drawn = np.flatnonzero(present).tolist()
    gaps = [pair for pair in pairwise(drawn) if pair[1] - pair[0] > 1]
    if not gaps:
        raise Refused(
            "SV-EDIT-071",
            "There is no empty slice between two slices with this label, so nothing was filled; "
            "draw it on two slices of this plane that are some slices apart.",
        )
    parts = (_filled(canvas, label, plane, first, last, over) for first, last in gaps)
    return Edit(parts, f"Fill between slices {gaps[0][0]}-{gaps[-1][1]}")


def _filled(canvas: Canvas, label: int, plane: int, first: int, last: int, over: bool) -> Delta:
    """The slices from ``first`` to ``last``, both drawn and left out."""
    box = tuple(slice(first + 1, last) if axis == plane else slice(None) for axis in range(3))
    box = tuple(slice(*part.indices(n)) for part, n in zip(box, canvas.labels.shape, strict=True))
    ends = [np.argwhere(np.take(canvas.labels, n, axis=plane) == label) for n in (first, last)]
    spacing = [canvas.spacing[axis] for axis in positions.ALONG[plane]]
    inside = np.zeros([part.stop - part.start for part in box], bool)
    slices = np.moveaxis(inside, plane, 0)
    for number, cells in interpolated(ends[0], ends[1], last - first, spacing):
        kept = cells[((cells >= 0) & (cells < slices.shape[1:])).all(axis=1)]
        slices[number - 1, kept[:, 0], kept[:, 1]] = True
    if not over:
        inside &= canvas.labels[box] == 0
    return canvas.relabelled(box, inside, label)


def interpolated(
    one: Shape, two: Shape, steps: int, spacing: list[float]
) -> Iterator[tuple[int, Shape]]:
    """Shapes for the slices 1 to ``steps`` - 1 between two; a slice comes once for each object.

    Args:
        spacing: mm between cells along the two axes of a slice.
    """
    for begin, end in pairs(one, two, spacing):
        move = _move(begin, end, spacing)
        origin, size = _frame(begin, end - move)
        depths = [_depth(cells - origin, size, spacing) for cells in (begin, end - move)]
        for number in range(1, steps):
            share = number / steps
            blend = (1 - share) * depths[0] + share * depths[1]
            yield number, np.argwhere(blend > 0) + origin + np.rint(share * move).astype(np.int64)


def pairs(one: Shape, two: Shape, spacing: list[float]) -> list[tuple[Shape, Shape]]:
    """Parts of two slices that belong together; each cell of both is in one of them.

    Pieces that overlap belong together, then those that are near each other, one to one. A piece
    that is left tapers to the cell that lies deepest in it.
    """
    pieces_one, pieces_two = _pieces(one), _pieces(two)
    overlap = _overlapping(pieces_one, pieces_two)
    _, groups = connected_components(overlap, directed=False)
    group_one, group_two = groups[: len(pieces_one)], groups[len(pieces_one) :]
    found = [
        (_together(pieces_one, group_one == group), _together(pieces_two, group_two == group))
        for group in np.intersect1d(group_one, group_two)
    ]
    lonely_one = [p for p, g in zip(pieces_one, group_one, strict=True) if g not in group_two]
    lonely_two = [p for p, g in zip(pieces_two, group_two, strict=True) if g not in group_one]
    for i, j in _nearest(lonely_one, lonely_two, spacing, always=not found):
        found.append((lonely_one[i], lonely_two[j]))
        lonely_one[i] = lonely_two[j] = np.empty((0, 2), np.int64)
    found += [(piece, _deepest(piece, spacing)) for piece in lonely_one if len(piece)]
    found += [(_deepest(piece, spacing), piece) for piece in lonely_two if len(piece)]
    return found


def _pieces(cells: Shape) -> list[Shape]:
    """Cells that touch, at corners too."""
    origin, size = _frame(cells)
    flat = np.zeros(size, bool)
    flat[tuple((cells - origin).T)] = True
    numbered, count = ndimage.label(flat, TOUCHING)
    owner = numbered[tuple((cells - origin).T)]
    return [cells[owner == number] for number in range(1, count + 1)]


def _overlapping(one: list[Shape], two: list[Shape]) -> coo_array:
    """Which pieces share cells: a graph of the pieces of one slice, then those of the other."""
    count = len(one) + len(two)
    origin, size = _frame(*one, *two)
    owner = np.full(size, -1)
    for number, cells in enumerate(one):
        owner[tuple((cells - origin).T)] = number
    links = [
        (met, len(one) + number)
        for number, cells in enumerate(two)
        for met in np.unique(owner[tuple((cells - origin).T)]).tolist()
        if met >= 0
    ]
    rows, columns = np.array(links, np.int64).reshape(-1, 2).T
    return coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(count, count))


def _together(pieces: list[Shape], chosen: NDArray[np.bool_]) -> Shape:
    return np.concatenate([piece for piece, yes in zip(pieces, chosen, strict=True) if yes])


def _nearest(
    one: list[Shape], two: list[Shape], spacing: list[float], always: bool
) -> list[tuple[int, int]]:
    """Pieces one to one with the least way to go; not from afar, unless ``always``."""
    if not one or not two:
        return []
    centres = [np.array([piece.mean(axis=0) for piece in some]) * spacing for some in (one, two)]
    radii = [
        np.sqrt([len(piece) * np.prod(spacing) / np.pi for piece in some]) for some in (one, two)
    ]
    apart = np.linalg.norm(centres[0][:, None] - centres[1], axis=-1)
    near = apart <= REACH * (radii[0][:, None] + radii[1])
    rows, columns = optimize.linear_sum_assignment(apart)
    return [
        (i, j) for i, j in zip(rows.tolist(), columns.tolist(), strict=True) if always or near[i, j]
    ]


def _move(one: Shape, two: Shape, spacing: list[float]) -> NDArray[np.int64]:
    """The whole cells from one shape to the other that make them overlap most."""
    middle = np.rint(two.mean(axis=0) - one.mean(axis=0)).astype(np.int64)
    deepest = (_deepest(two, spacing) - _deepest(one, spacing))[0]
    moves = [np.zeros(2, np.int64), middle, deepest]
    return max(moves, key=lambda move: _shared(one, two - move))


def _shared(one: Shape, two: Shape) -> int:
    origin, size = _frame(one, two)
    flat = np.zeros(size, np.uint8)
    for cells in (one, two):
        flat[tuple((cells - origin).T)] += 1
    return int((flat == 2).sum())


def _deepest(cells: Shape, spacing: list[float]) -> Shape:
    origin, size = _frame(cells)
    depth = _depth(cells - origin, size, spacing)
    return np.array([np.unravel_index(depth.argmax(), depth.shape)]) + origin


def _frame(*shapes: Shape) -> tuple[NDArray[np.int64], tuple[int, int]]:
    """First cell and size of a box around shapes, one cell wider on each side."""
    cells = np.concatenate(shapes)
    low, high = cells.min(axis=0) - 1, cells.max(axis=0) + 2
    return low, (int(high[0] - low[0]), int(high[1] - low[1]))


def _depth(cells: Shape, size: tuple[int, int], spacing: list[float]) -> NDArray[np.float64]:
    """Distance to the nearest cell centre on the other side in mm, negative outside."""
    inside = np.zeros(size, bool)
    inside[tuple(cells.T)] = True
    into = ndimage.distance_transform_edt(inside, spacing)
    out = ndimage.distance_transform_edt(~inside, spacing)
    return np.asarray(into - out)
