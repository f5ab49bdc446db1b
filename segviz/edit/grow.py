"""Grow from a click: the connected cells that look like the place that was clicked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.edit import positions, similar
from segviz.edit.amounts import Length, cell_at
from segviz.edit.around import near
from segviz.edit.canvas import Canvas, Channel, Edit
from segviz.errors import Refused
from segviz.grid import Box

Bools = NDArray[np.bool_]

MOST = 2**24
"""Cells of the largest region that is looked at."""

CORNER, EDGE = 0.75, 2.0
"""Cells by which more is grown back than was worn off: to fill corners, or up to within an edge."""


def grow(
    canvas: Canvas,
    *,
    label: int,
    at: Sequence[float],
    share: float = 0.1,
    tolerance: float | None = None,
    channels: Sequence[Channel] = (0,),
    radius_mm: float = 30.0,
    radius_m: float = 1000.0,
    radius_cells: float | None = None,
    denoise: bool = True,
    neck_cells: float = 1.0,
    edge: float | None = None,
    over: bool = False,
) -> Edit:
    """Give a label to the cells around a click that are joined by faces and have similar values.

    Similar is what differs from the mean around the click by no more than a tolerance; over several
    channels it is the root of the mean square that counts. A leak is stopped in two
    ways: through a neck that is too narrow, and at an edge of the image.

    Args:
        at: [x, y, z] of a volume or [column, row] of a scene.
        share: the tolerance, as a share of the spread of values in the region (each channel's own).
        tolerance: the tolerance in units of the image instead.
        radius_mm, radius_m, radius_cells: of the region around the click, of a volume, of a scene,
            or of either.
        denoise: also take cells whose value, averaged with the neighbours', is similar.
        neck_cells: width up to which a bridge is not crossed, 0 for none; cells count as wide as
            along the shortest axis.
        edge: cells whose value changes to a similar neighbour's by more than this share of the
            spread, in the smoothed image, are not crossed.
        over: also take cells of other labels.

    Raises:
        Refused: the click is outside the image (SV-EDIT-050) or where it has no value
            (SV-EDIT-072), or on another label (SV-EDIT-073); the region is too large (SV-EDIT-074).
    """
    cell = cell_at(canvas, at)
    radius, steps = positions.length(canvas, mm=radius_mm, m=radius_m, cells=radius_cells)
    box = _around(cell, radius, steps, canvas.labels.shape)
    seed = tuple(n - part.start for n, part in zip(cell, box, strict=True))
    labels = canvas.labels[box]
    free = np.ones(labels.shape, bool) if over else (labels == 0) | (labels == label)
    if not free[seed]:
        raise Refused(
            "SV-EDIT-073",
            "The click lies on another label, so nothing was grown; click on cells without a "
            "label, or choose to paint over others.",
        )
    layers = similar.layers(canvas, box, channels)
    like = free & _similar(layers, seed, share, tolerance, denoise)
    like[seed] = True
    away = _distance(box, cell, steps)
    crossed = like if edge is None else like & ~edges(layers, like, edge)
    grown = _reached(like, crossed, away, radius, neck_cells * min(steps), steps)
    edit = canvas.relabelled(box, grown, label)
    return Edit([edit], "Grow from a click", _note(grown, away > radius))


def _around(
    cell: tuple[int, ...], radius: float, steps: tuple[float, ...], shape: tuple[int, ...]
) -> Box:
    """The box of a ball and one cell more, as far as the image goes."""
    reach = [int(radius / step) + 1 for step in steps]
    box = tuple(
        slice(max(0, n - r), min(size, n + r + 1))
        for n, r, size in zip(cell, reach, shape, strict=True)
    )
    cells = int(np.prod([float(part.stop - part.start) for part in box]))
    if cells > MOST:
        raise Refused(
            "SV-EDIT-074",
            f"The region around the click has {cells / 1e6:.0f} million cells, more than the "
            f"{MOST / 1e6:.0f} million that are searched at once; choose a smaller radius.",
        )
    return box


def _similar(
    layers: list[similar.Floats],
    seed: tuple[int, ...],
    share: float,
    tolerance: float | None,
    denoise: bool,
) -> Bools:
    """Which cells are like the place of the click.

    The place is the mean of those around the clicked cell that are like it: in a thin structure the
    others do not belong to it.
    """
    if not all(np.isfinite(values[seed]) for values in layers):
        raise Refused(
            "SV-EDIT-072",
            "The image has no value where you clicked, so there is nothing to compare with; "
            "click where it has one.",
        )
    limit = share if tolerance is None else tolerance
    scales = [similar.spread(v) if tolerance is None else 1.0 for v in layers]
    around = tuple(slice(max(0, n - 1), n + 2) for n in seed)
    alike = _apart([v[around] for v in layers], [v[seed] for v in layers], scales) <= limit
    means = [values[around][alike].mean() for values in layers]
    found = _apart(layers, means, scales) <= limit
    if denoise:
        found |= _apart([similar.smoothed(v) for v in layers], means, scales) <= limit
    return np.asarray(found)


def _apart(
    layers: list[similar.Floats], place: list[np.float32], scales: list[float]
) -> similar.Floats:
    squares = np.zeros(layers[0].shape, np.float32)
    for values, value, scale in zip(layers, place, scales, strict=True):
        squares += ((values - value) / np.float32(scale)) ** 2
    return np.asarray(np.sqrt(squares / np.float32(len(layers))))


def _distance(box: Box, cell: tuple[int, ...], steps: tuple[float, ...]) -> similar.Floats:
    """From a cell to those of a box, in the unit of ``steps``."""
    sides = [
        ((np.arange(part.start, part.stop) - n) * step) ** 2
        for part, n, step in zip(box, cell, steps, strict=True)
    ]
    squares = np.zeros([len(side) for side in sides], np.float32)
    for axis, side in enumerate(sides):
        squares += np.expand_dims(
            side.astype(np.float32), [a for a in range(len(sides)) if a != axis]
        )
    return np.sqrt(squares)


def edges(layers: list[similar.Floats], like: Bools, edge: float) -> Bools:
    """Cells on either side of a face across which the image changes by more than that.

    It is smoothed among the cells of ``like`` alone, so that what is thin and bright is no edge.
    """
    smooth = [
        similar.smoothed(np.where(like, v, np.float32(np.nan))) / np.float32(similar.spread(v))
        for v in layers
    ]
    found = np.zeros(layers[0].shape, bool)
    for axis in range(found.ndim):
        squares = [np.diff(values, axis=axis) ** 2 for values in smooth]
        steep = np.asarray(np.mean(squares, axis=0) > np.float32(edge**2))
        np.moveaxis(found, axis, 0)[:-1] |= np.moveaxis(steep, axis, 0)
        np.moveaxis(found, axis, 0)[1:] |= np.moveaxis(steep, axis, 0)
    return found


def _reached(
    like: Bools,
    crossed: Bools,
    away: similar.Floats,
    radius: float,
    neck: float,
    steps: tuple[float, ...],
) -> Bools:
    """Cells of ``like`` that are joined to the click by more than a neck.

    What can be crossed is worn off until necks are gone, the part of the click is kept and grown
    back. A click where nothing is left stands in a thin place: there no neck is cut.

    Args:
        crossed: cells of ``like`` through which it grows.
        away: distance of each cell from the click; none beyond ``radius`` is reached.
    """
    worn = (neck + min(steps)) / 2
    back = worn + (CORNER if crossed is like else EDGE) * min(steps)
    core = crossed & (away <= radius) & ~near(~crossed, Length(worn, steps, ""))
    start = np.where(core, away, np.inf).argmin()
    if not core.flat[start] or away.flat[start] > back:
        return _joined(like & (away <= radius), int(away.argmin()))
    return _joined(
        like & (away <= radius) & near(_joined(core, int(start)), Length(back, steps, "")),
        int(start),
    )


def _joined(cells: Bools, flat: int) -> Bools:
    """Those that are joined by faces to one of them."""
    pieces = ndimage.label(cells)[0]
    return np.asarray(pieces == pieces.flat[flat])


def _note(grown: Bools, beyond: Bools) -> str:
    if (ndimage.binary_dilation(grown) & beyond).any():
        return (
            "It reaches the edge of the region around the click and would go on; "
            "choose a smaller tolerance, or a larger radius."
        )
    return ""
