"""Pieces that are several objects, told apart at their necks.

By the watershed of the distance to the outline, from the maxima of that distance that stand out by
more than a given depth (h-maxima; Soille 2003, chapters 6, 9).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from segviz.errors import Refused
from segviz.measure.runs import Runs

SPLIT_CELLS = 1 << 24
"""The largest box of a piece that is split: its distances take some 40 bytes a cell."""

SHEET_CELLS = 1 << 16
"""Cells of the pieces that are split together; more of them leave the cache and take longer."""

Floats = NDArray[np.float64]


def split(pieces: Runs, depth: float, spacing: tuple[float, ...]) -> Runs:
    """Pieces with necks as several objects, numbered anew in order.

    A piece is looked at only if it is wide enough to hold two maxima that stand out by the depth.
    Many are laid on one sheet, since a call for each would take longer than the work itself.

    Args:
        pieces: connected pieces, numbered from 1.
        depth: by which a neck is narrower than both sides, measured from the outline, as spacing.
        spacing: [axis] between neighbouring cells, mm or m.

    Raises:
        Refused: a piece too large to split (SV-NUM-111).
    """
    boxes = pieces.boxes()
    sizes = boxes[..., 1] - boxes[..., 0]
    wide = ((sizes + 1) * np.array(spacing)).min(axis=1, initial=np.inf) / 2 > depth
    _require_splittable(sizes[wide])
    order = np.argsort(pieces.value, kind="stable")
    ends = np.searchsorted(pieces.value[order], np.arange(1, pieces.count + 2))
    parts, first = [pieces.chosen(~wide[pieces.value - 1])], 0
    for batch in _batches(np.flatnonzero(wide), sizes):
        shape, tops = _sheet(sizes[batch])
        shift = np.ones((len(batch), len(shape)), np.int64)
        shift[:, 0] = tops
        shift -= boxes[batch, :, 0]
        place = np.repeat(np.arange(len(batch)), ends[batch + 1] - ends[batch])
        taken = pieces.chosen(np.concatenate([order[ends[n] : ends[n + 1]] for n in batch]))
        taken = replace(taken, value=(place + 1).astype(np.int32)).moved(shift[place], shape)
        found = Runs.of(_cut(taken.drawn(), tops, depth, spacing))
        row = np.unravel_index(found.line, shape[:-1])[0]
        found = found.moved(-shift[np.searchsorted(tops, row, "right") - 1], pieces.shape)
        parts.append(replace(found, value=found.value + np.int32(pieces.count + first)))
        first += found.count
    return Runs.joined(parts)


def _require_splittable(sizes: NDArray[np.int64]) -> None:
    if (np.prod(sizes, axis=1) > SPLIT_CELLS).any():
        raise Refused(
            "SV-NUM-111",
            f"A connected piece reaches over more than {SPLIT_CELLS:,} cells, too many to be split "
            "into objects at once; count connected pieces, or cut the piece first.",
        )


def _batches(which: NDArray[np.int64], sizes: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Pieces of like width together, as many as fit on a sheet; a larger one alone."""
    which = which[np.argsort(np.prod(sizes[which, 1:], axis=1), kind="stable")]
    first, rows, across = 0, 0, np.zeros(sizes.shape[1] - 1, np.int64)
    for n, piece in enumerate(which):
        wider = np.maximum(across, sizes[piece, 1:] + 2)
        more = rows + int(sizes[piece, 0]) + 1
        if n > first and more * int(np.prod(wider)) > SHEET_CELLS:
            yield which[first:n]
            first, more, wider = n, int(sizes[piece, 0]) + 1, sizes[piece, 1:] + 2
        rows, across = more, wider
    if len(which):
        yield which[first:]


def _sheet(sizes: NDArray[np.int64]) -> tuple[tuple[int, ...], NDArray[np.int64]]:
    """Shape of a sheet on which boxes lie one below the other, and the first row of each.

    There is a cell of nothing between two boxes and all around.
    """
    tops = 1 + np.concatenate([[0], np.cumsum(sizes[:-1, 0] + 1)])
    rows = int(tops[-1] + sizes[-1, 0]) + 1
    return (rows, *(int(size) + 2 for size in sizes[:, 1:].max(axis=0))), tops


def _cut(
    pieces: NDArray[np.int32],
    tops: NDArray[np.int64],
    depth: float,
    spacing: tuple[float, ...],
) -> NDArray[np.int32]:
    """A sheet of pieces, numbered from 1, with other numbers where one is several objects."""
    distance = ndimage.distance_transform_edt(pieces > 0, sampling=spacing)
    widest = np.maximum.reduceat(distance.max(axis=tuple(range(1, distance.ndim))), tops)
    high = np.concatenate([[False], widest > depth + min(spacing)])
    if not high.any():
        return pieces
    cut_off = reconstruction(distance - depth, distance)  # type: ignore[no-untyped-call]
    peaks = local_maxima(cut_off, connectivity=distance.ndim)  # type: ignore[no-untyped-call]
    marks, count = ndimage.label(peaks & high[pieces], np.ones((3,) * distance.ndim))
    of_mark = np.zeros(count + 1, np.int64)
    of_mark[marks] = pieces
    several = np.bincount(of_mark[1:], minlength=len(high)) > 1
    torn = several[pieces]
    down = _ranked(-distance, torn)
    parts = watershed(down, marks * torn, connectivity=distance.ndim, mask=torn)  # type: ignore[no-untyped-call]
    return np.where(torn, parts + len(tops), pieces).astype(np.int32)


def _ranked(values: Floats, where: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The order of some values, of equal ones by place.

    With equal values a watershed would depend on what else lies on the sheet.
    """
    rank = np.zeros(values.shape, np.int32)
    chosen = values[where]
    placed = np.empty(len(chosen), np.int32)
    placed[np.argsort(chosen, kind="stable")] = np.arange(len(chosen))
    rank[where] = placed
    return rank
