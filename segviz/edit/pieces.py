"""Tools for connected pieces of a label.

Pieces are joined by faces, edges and corners (26 neighbours in a volume, 8 in a scene); the bucket
and holes spread through faces alone (6 or 4 neighbours). Places are canonical voxels [x, y, z], or
[column, row] of pixel corners in a scene.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from segviz.edit import polygon, spans
from segviz.edit.amounts import Size, cell_at, require_label, true_sizes
from segviz.edit.canvas import Canvas, Edit
from segviz.edit.delta import Delta
from segviz.errors import Refused
from segviz.grid import Box, VolumeGrid
from segviz.measure.connected import Pieces, Weights, facing, of_label, surrounding, touching

REACHES = (64, 512)
"""Cells around a click in which its piece is looked for before the whole image is."""

WINDOW_CELLS = 1 << 20

Integers = NDArray[np.int64]
Chosen = NDArray[np.bool_]


def fill(canvas: Canvas, *, label: int, at: Sequence[float], plane: int | None = None) -> Edit:
    """Bucket: the cells of one label that hang together around a place get another.

    Args:
        label: the new one; 0 erases.
        at: the place.
        plane: axis across the slice to stay in (4 neighbours); all of a volume (6) without it.

    Raises:
        Refused: the place lies outside the image (SV-EDIT-050).
    """
    cell = cell_at(canvas, at)
    return Edit(_refill(canvas, cell, label, facing(canvas.labels.ndim), plane), "Fill")


def erase_piece(canvas: Canvas, *, at: Sequence[float], label: int = 0, into: int = 0) -> Edit:
    """The connected piece at a place loses its label.

    Args:
        at: the place.
        label: of the hand; not looked at.
        into: what its cells become.

    Raises:
        Refused: the place lies outside the image (SV-EDIT-050) or has no label (SV-EDIT-051).
    """
    return Edit(relabel_piece(canvas, label=into, at=at).parts, "Erase piece")


def relabel_piece(canvas: Canvas, *, label: int, at: Sequence[float]) -> Edit:
    """The connected piece at a place gets another label.

    Raises:
        Refused: the place lies outside the image (SV-EDIT-050) or has no label (SV-EDIT-051).
    """
    cell = cell_at(canvas, at)
    if canvas.labels[cell] == 0:
        raise Refused(
            "SV-EDIT-051",
            "There is no label where you clicked, so nothing was changed; click on a piece.",
        )
    parts = _refill(canvas, cell, label, touching(canvas.labels.ndim))
    return Edit(parts, "Relabel piece")


def largest(canvas: Canvas, *, label: int, count: int = 1, into: int = 0) -> Edit:
    """Keep the largest pieces of a label; of equal ones the first.

    Args:
        label: 0 for each label by itself.
        count: how many to keep.
        into: what the others become.
    """
    what = "Keep the largest piece" if count == 1 else f"Keep the {count} largest pieces"
    pieces = _all(canvas, label, true_sizes(canvas))
    if pieces is None:
        return Edit((), what)
    order = 1 + np.lexsort((-pieces.size[1:], pieces.label[1:]))
    label_by_rank = pieces.label[order]
    rank = np.arange(len(order)) - np.searchsorted(label_by_rank, label_by_rank)
    others = np.zeros(len(pieces), bool)
    others[order] = rank >= count
    return Edit(_relabelled(canvas, pieces, others, into), what, _counted(int(others.sum())))


def small(
    canvas: Canvas,
    *,
    label: int,
    size_ml: float | None = None,
    area_ha: float | None = None,
    size_cells: float | None = None,
    into: int | None = 0,
) -> Edit:
    """Remove pieces below a size: ml, or ha of true area (the minimum mapping unit of a map).

    Args:
        label: 0 for the pieces of every label.
        size_ml, area_ha, size_cells: one of them.
        into: what they become; None for the label with which they share most faces.

    Raises:
        Refused: no usable size (SV-EDIT-052); ha without a coordinate system (SV-EDIT-053).
    """
    size = Size.of(canvas, ml=size_ml, ha=area_ha, cells=size_cells)
    what = f"Remove pieces below {size}"
    pieces = _all(canvas, label, size.weights)
    if pieces is None:
        return Edit((), what)
    chosen = pieces.real & size.exceeds(pieces.size)
    new: NDArray[np.uint8] | int = into or 0
    if into is None:
        new, known = surrounding(canvas.labels, pieces, chosen)
        chosen &= known
    return Edit(_relabelled(canvas, pieces, chosen, new), what, _counted(int(chosen.sum())))


def split(canvas: Canvas, *, label: int, labels: Sequence[int]) -> Edit:
    """Each piece gets a label of its own; the largest keeps the old one.

    Args:
        labels: free ones, given out by falling size.

    Raises:
        Refused: no label (SV-EDIT-058), or more pieces than there are free ones (SV-EDIT-054).
    """
    require_label(label)
    pieces = _all(canvas, label, true_sizes(canvas))
    if pieces is None:
        return Edit((), "Split into pieces")
    order = 1 + np.argsort(-pieces.size[1:], kind="stable")
    if len(order) - 1 > len(labels):
        raise Refused(
            "SV-EDIT-054",
            f"The label has {len(order)} pieces and only {len(labels)} labels are free for them, "
            "so it was left whole; remove small pieces first.",
        )
    new = np.full(len(pieces), label, np.uint8)
    new[order[1:]] = labels[: len(order) - 1]
    born = {int(value): label for value in new[order[1:]]}
    parts = _relabelled(canvas, pieces, pieces.real & (new != label), new)
    return Edit(parts, "Split into pieces", _counted(len(order)), born)


def holes(
    canvas: Canvas,
    *,
    label: int,
    plane: int | None = None,
    size_ml: float | None = None,
    area_ha: float | None = None,
    size_cells: float | None = None,
    over: bool = False,
) -> Edit:
    """Fill what a label encloses: cells from which no way through faces leads to the border.

    Args:
        plane: axis across the slices to fill each by itself; the volume as a whole without it.
        size_ml, area_ha, size_cells: fill holes up to this size; all without one.
        over: fill other labels in a hole too, not its unlabelled cells alone.

    Raises:
        Refused: no label (SV-EDIT-058); an unusable size (SV-EDIT-052, SV-EDIT-053).
    """
    require_label(label)
    sizes = {"ml": size_ml, "ha": area_ha, "cells": size_cells}
    limited = any(value is not None for value in sizes.values())
    size = Size.of(canvas, **sizes) if limited else None
    what = f"Fill holes up to {size}" if size else "Fill holes"
    box = canvas.box_of(label)
    if box is None:
        return Edit((), what)
    pieces = Pieces.find(
        canvas.labels,
        box,
        lambda labels: labels != label,
        facing(canvas.labels.ndim, plane),
        size.weights if size else 1.0,
    )
    inward = [axis for axis in range(len(box)) if axis != plane]
    enclosed = ~pieces.sides[:, inward].any(axis=(1, 2)) & pieces.real
    if size:
        enclosed &= size.holds(pieces.size)
    return Edit(_relabelled(canvas, pieces, enclosed, label, None if over else 0), what)


def relabel_inside(
    canvas: Canvas,
    *,
    label: int,
    points: Sequence[Sequence[float]],
    source: int | None = None,
    plane: int = 2,
    slices: tuple[int, int] | None = None,
) -> Edit:
    """Cells with a label whose centres lie inside a polygon (even-odd) get another label.

    Args:
        label: the new one.
        points: corners, as places.
        source: change this label alone, 0 for what is unlabelled; every label without it.
        plane: of a volume: axis across the slice in which the polygon lies.
        slices: of a volume: first and last slice; that of the first point without it.

    Raises:
        Refused: a point is no position (SV-EDIT-002).
    """
    if isinstance(canvas.grid, VolumeGrid):
        inside = _inside_slices(canvas, spans.points(points, 3), plane, slices)
    else:
        inside = _inside_rows(canvas, spans.points(points)[:, ::-1] - 0.5)
    return Edit(_repaint(canvas, inside, label, source), "Relabel inside")


def _all(canvas: Canvas, label: int, weights: Weights | float) -> Pieces | None:
    """The pieces of a label, or of each for 0; None where it is nowhere."""
    box = canvas.box_of(label) if label else canvas.whole
    if box is None:
        return None
    return Pieces.find(canvas.labels, box, of_label(label), touching(len(box)), weights)


def _refill(
    canvas: Canvas,
    cell: tuple[int, ...],
    label: int,
    neighbours: NDArray[np.bool_],
    plane: int | None = None,
) -> Iterator[Delta]:
    """Give the piece that holds a cell a label; looks no further around than it has to."""
    clicked, shape = canvas.labels[cell], canvas.labels.shape
    if clicked == label:
        return
    for reach in (*REACHES, max(shape)):
        box = tuple(
            slice(c, c + 1) if axis == plane else slice(max(0, c - reach), min(n, c + reach + 1))
            for axis, (c, n) in enumerate(zip(cell, shape, strict=True))
        )
        pieces = Pieces.find(canvas.labels, box, lambda labels: labels == clicked, neighbours)
        piece = pieces.at(canvas.labels, cell)
        goes_on = [
            axis != plane and beyond
            for axis, (s, n) in enumerate(zip(box, shape, strict=True))
            for beyond in (s.start > 0, s.stop < n)
        ]
        if not (pieces.sides[piece].ravel() & goes_on).any():
            break
    yield from _relabelled(canvas, pieces, np.arange(len(pieces)) == piece, label)


def _inside_slices(
    canvas: Canvas,
    corners: NDArray[np.float64],
    plane: int,
    slices: tuple[int, int] | None,
) -> Iterator[tuple[Box, Chosen]]:
    """Slices of a volume and which of their cells lie inside a polygon."""
    shape = canvas.labels.shape
    axes = [axis for axis in range(3) if axis != plane]
    inside = np.zeros([shape[axis] for axis in axes], bool)
    inside[polygon.fill(inside.shape, corners[:, axes])] = True
    first, last = slices or (round(corners[0, plane]),) * 2
    for position in range(max(first, 0), min(last + 1, shape[plane])):
        box = [slice(0, n) for n in shape]
        box[plane] = slice(position, position + 1)
        yield tuple(box), np.expand_dims(inside, plane)


def _inside_rows(canvas: Canvas, corners: NDArray[np.float64]) -> Iterator[tuple[Box, Chosen]]:
    """Bands of rows of a scene and which of their cells lie inside a polygon."""
    rows, columns = canvas.labels.shape
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0)) + 1
    top, left = (int(v) for v in np.maximum(low, 0))
    bottom, right = (int(v) for v in np.minimum(high, (rows, columns)))
    step = max(1, WINDOW_CELLS // max(1, right - left))
    for start in range(top, bottom, step):
        inside = np.zeros((min(step, bottom - start), max(0, right - left)), bool)
        inside[polygon.fill(inside.shape, corners - (start, left))] = True
        yield (slice(start, start + len(inside)), slice(left, max(left, right))), inside


def _repaint(
    canvas: Canvas, parts: Iterator[tuple[Box, Chosen]], label: int, source: int | None
) -> Iterator[Delta]:
    for box, inside in parts:
        before = canvas.labels[box]
        yield canvas.relabelled(
            box, inside & (before > 0 if source is None else before == source), label
        )


def _relabelled(
    canvas: Canvas,
    pieces: Pieces,
    chosen: Chosen,
    label: NDArray[np.uint8] | int,
    only: int | None = None,
) -> Iterator[Delta]:
    """What giving the chosen pieces new labels would change; as ``Pieces.relabelled``."""
    for box, after in pieces.relabelled(canvas.labels, chosen, label, only):
        yield canvas.replaced(box, after)


def _counted(count: int) -> str:
    return f"{count} piece{'' if count == 1 else 's'}."
