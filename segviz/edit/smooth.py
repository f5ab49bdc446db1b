"""Smooth the borders between labels, all at once, so that they leave no gaps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segviz.edit.amounts import Length
from segviz.edit.around import Line, ball, votes, windows
from segviz.edit.canvas import Canvas, Edit
from segviz.edit.delta import Delta
from segviz.errors import Refused
from segviz.grid import Box

MOST_CELLS = 1 << 15
"""In a ball, so that twice their number fits 16 bits."""


def smooth(
    canvas: Canvas,
    *,
    label: int,
    radius_mm: float | None = None,
    radius_m: float | None = None,
    radius_cells: float | None = None,
) -> Edit:
    """Each cell takes the label that most cells within a radius have: the median, for one label.

    What has no label votes too. A cell keeps its label where that has as many votes as any;
    between others the lower one wins. Cells beyond the edge of the image have no vote.

    Args:
        label: change cells that have this label or get it; 0 for all.
        radius_mm, radius_m, radius_cells: one of them.

    Raises:
        Refused: no usable radius (SV-EDIT-052, SV-EDIT-055); metres without a coordinate system
            (SV-EDIT-053).
    """
    length = Length.of(canvas, mm=radius_mm, m=radius_m, cells=radius_cells)
    lines = ball(length)
    if sum(2 * side + 1 for _, side in lines) >= MOST_CELLS:
        raise Refused(
            "SV-EDIT-055",
            f"Within {length} lie too many cells to look at around each, so nothing was changed; "
            "choose a smaller radius.",
        )
    return Edit(_smooth(canvas, label, length, lines), f"Smooth within {length}", length.note)


def _smooth(canvas: Canvas, label: int, length: Length, lines: list[Line]) -> Iterator[Delta]:
    box = canvas.box_of(label, length.reach) if label else canvas.whole
    for window, within, labels in windows(canvas, box, length.reach) if box else ():
        if labels.min() == labels.max() or (label and not (labels == label).any()):
            continue
        own, winner = labels[within], _winner(labels, within, lines)
        if label:
            winner = np.where((own == label) | (winner == label), winner, own)
        yield canvas.replaced(window, winner)


def _winner(labels: NDArray[np.uint8], within: Box, lines: list[Line]) -> NDArray[np.uint8]:
    """The label with most votes around each cell of a window."""
    own = labels[within]
    winner, most = np.zeros_like(own), np.zeros(own.shape, np.uint16)
    for label in np.flatnonzero(np.bincount(labels.ravel())):
        score = 2 * votes(labels == label, within, lines) + (own == label)
        better = score > most
        winner[better], most[better] = label, score[better]
    return winner
