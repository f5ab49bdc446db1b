"""Grow from strokes of several labels: each cell goes to the stroke with the easiest way to it.

GrowCut as shortest paths (Zhu, Kolesov, Gao, Kikinis and Tannenbaum 2014, "An effective interactive
medical image segmentation method using fast GrowCut"): a step from a cell to the next costs what
the image changes. Here it costs the square of that change in the smoothed image, so that noise
costs little on a long way and an edge much, and a small toll for its length, so that flat ground is
divided half way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.edit import positions, similar
from segviz.edit.canvas import Canvas, Channel, Edit
from segviz.errors import Refused
from segviz.grid import Box

Costs = NDArray[np.int32]

MOST = 2**24
"""Cells of the largest region that is grown through."""

TOLL = 5e-4
"""Cost of a step along the shortest axis; 1 is an edge as high as the spread of the values."""

FINEST = 4096
"""Levels of cost of such an edge, where the region is small enough."""

SETTLED = 20_000
"""Growing ends when fewer than one cell in so many changes its label in a round."""

FAR = np.int32(2**30)


def seeds(
    canvas: Canvas,
    *,
    label: int,
    background: int | None = None,
    others: bool = True,
    box: ArrayLike | None = None,
    margin_mm: float = 10.0,
    margin_m: float = 200.0,
    margin_cells: float | None = None,
    channels: Sequence[Channel] = (0,),
) -> Edit:
    """Give the cells without a label that of the stroke they are joined to most easily.

    All labels in the region are seeds and keep their cells.

    Args:
        label: has to be among the seeds.
        background: the label whose cells, seeds too, have none in the end.
        others: all labels grow; else only ``label`` does, against the others.
        box: first and last place of the region, [x, y, z] or [column, row]; None for the seeds and
            a margin around them.
        margin_mm, margin_m, margin_cells: of a volume, of a scene, or of either.

    Raises:
        Refused: ``label`` has no seed in the region (SV-EDIT-075), or no other label has
            (SV-EDIT-076); the region is too large (SV-EDIT-074).
    """
    margin, steps = positions.length(canvas, mm=margin_mm, m=margin_m, cells=margin_cells)
    region = _around_seeds(canvas, margin, steps) if box is None else _given(canvas, box)
    size = [part.stop - part.start for part in region]
    if (cells := np.prod(size, dtype=float)) > MOST:
        raise Refused(
            "SV-EDIT-074",
            f"The region has {cells / 1e6:.0f} million cells, more than the {MOST / 1e6:.0f} "
            "million that are searched at once; choose a smaller one.",
        )
    before = np.ascontiguousarray(canvas.labels[region])
    _require_two(np.flatnonzero(np.bincount(before.ravel(), minlength=256)[1:]) + 1, label)
    layers = similar.layers(canvas, region, channels)
    costs = step_costs(layers, steps)
    won = nearest(before, costs, before.size // SETTLED)[0]
    known = np.all([np.isfinite(values) for values in layers], axis=0)
    after = np.where((before == 0) & known, won, before)
    if not others:
        after = np.where(after == label, after, before)
    if background is not None:
        after[after == background] = 0
    note = _note(after == label, region, canvas.labels.shape)
    return Edit([canvas.replaced(region, after)], "Grow from strokes", note)


def nearest(
    seeds: NDArray[np.uint8], steps: Sequence[Costs], settled: int = 0
) -> tuple[NDArray[np.uint8], Costs]:
    """For each cell the label of the seed with the cheapest way to it, and what that way costs.

    Ways go through faces. Cost and label travel as one number, so of two labels at equal cost the
    lower one wins. Passes along all axes, both ways, go on until nothing changes.

    Args:
        seeds: labels; 0 where the cell is to be reached.
        steps: for each axis the cost to the next cell along it, one fewer than cells. The dearest
            way straight through may not cost 2^22.
        settled: stop early, once fewer cells than that change their label in a round of passes.
    """
    state = np.where(seeds > 0, seeds.astype(np.int32), FAR)
    weights = [np.moveaxis(cost * np.int32(256), axis, 0) for axis, cost in enumerate(steps)]
    weights[-1] = np.ascontiguousarray(weights[-1])
    while True:
        before = state.copy()
        for axis, weight in enumerate(weights[:-1]):
            _pass(np.moveaxis(state, axis, 0), weight)
        apart = np.moveaxis(state, -1, 0).copy()  # neighbours in memory are slow to pass between
        _pass(apart, weights[-1])
        state[...] = np.moveaxis(apart, 0, -1)
        before ^= state
        if not before.any() or np.count_nonzero(before & 255) < settled:
            return (state & 255).astype(np.uint8), state >> 8


def _pass(line: Costs, weight: Costs) -> None:
    """Carry the cheapest ways along the first axis, there and back."""
    offer = np.empty_like(line[0])
    for n in range(1, len(line)):
        np.add(line[n - 1], weight[n - 1], out=offer)
        np.minimum(line[n], offer, out=line[n])
    for n in range(len(line) - 2, -1, -1):
        np.add(line[n + 1], weight[n], out=offer)
        np.minimum(line[n], offer, out=line[n])


def step_costs(layers: list[similar.Floats], steps: tuple[float, ...]) -> list[Costs]:
    """What the step from each cell to the next costs along each axis: whole levels, at least 1.

    A step to or from a cell without a value costs as much as the highest edge.
    """
    shape = layers[0].shape
    levels = min(FINEST, 2**22 // sum(shape) - 1)
    smooth = [similar.smoothed(values) / np.float32(similar.spread(values)) for values in layers]
    found = []
    for axis, step in enumerate(steps):
        squares = [np.diff(values, axis=axis) ** 2 for values in smooth]
        change = np.nan_to_num(np.mean(squares, axis=0), nan=1.0)
        toll = np.float32(TOLL * step / min(steps))
        cost = np.minimum(change + toll, np.float32(1)) * np.float32(levels)
        found.append(np.maximum(cost, 1).astype(np.int32))
    return found


def _around_seeds(canvas: Canvas, margin: float, steps: tuple[float, ...]) -> Box:
    marked = canvas.labels != 0
    box = []
    for axis, size in enumerate(marked.shape):
        others = tuple(a for a in range(marked.ndim) if a != axis)
        found = np.flatnonzero(marked.any(axis=others))
        more = int(margin / steps[axis])
        first, last = (int(found[0]), int(found[-1])) if len(found) else (0, 0)
        box.append(slice(max(0, first - more), min(size, last + 1 + more)))
    return tuple(box)


def _given(canvas: Canvas, corners: ArrayLike) -> Box:
    """The cells between two places, as far as the image goes."""
    found = np.floor(positions.indices(canvas, corners) + 0.5).astype(np.int64)
    low, high = found.min(axis=0), found.max(axis=0) + 1
    stops = np.array(canvas.labels.shape)
    low, high = np.clip(low, 0, stops).tolist(), np.clip(high, 0, stops).tolist()
    return tuple(slice(a, b) for a, b in zip(low, high, strict=True))


def _note(grown: NDArray[np.bool_], region: Box, shape: tuple[int, ...]) -> str:
    for axis, (part, size) in enumerate(zip(region, shape, strict=True)):
        line = np.moveaxis(grown, axis, 0)
        if (part.start > 0 and line[0].any()) or (part.stop < size and line[-1].any()):
            return (
                "It reaches the edge of the region around the strokes and would go on; "
                "draw a stroke further out, or choose a larger margin."
            )
    return ""


def _require_two(present: NDArray[np.int64], label: int) -> None:
    if label not in present:
        raise Refused(
            "SV-EDIT-075",
            "The chosen label has no stroke in this region, so there is nothing to grow; draw one.",
        )
    if len(present) < 2:
        raise Refused(
            "SV-EDIT-076",
            "Only one label is drawn in this region and it would fill all of it; draw strokes of a "
            "second label on what surrounds it.",
        )
