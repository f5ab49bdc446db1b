"""Grow or shrink a label by a distance."""

from __future__ import annotations

from collections.abc import Iterator

from segviz.edit.amounts import Length, require_label
from segviz.edit.around import near, windows
from segviz.edit.canvas import Canvas, Edit
from segviz.edit.delta import Delta


def margin(
    canvas: Canvas,
    *,
    label: int,
    distance_mm: float | None = None,
    distance_m: float | None = None,
    distance_cells: float | None = None,
    over: bool = False,
) -> Edit:
    """Grow a label by a distance, or shrink it by one below 0.

    Distances are Euclidean, from cell centre to cell centre. What grows takes cells up to the
    distance from the label; what shrinks loses cells up to the distance from the nearest cell
    outside. Beyond the edge of the image there is no cell, so nothing shrinks from there.

    Args:
        distance_mm, distance_m, distance_cells: one of them.
        over: grow over other labels too, not over unlabelled cells alone.

    Raises:
        Refused: no label (SV-EDIT-058); no usable distance (SV-EDIT-052, SV-EDIT-055); metres
            without a coordinate system (SV-EDIT-053).
    """
    require_label(label)
    given = {"mm": distance_mm, "m": distance_m, "cells": distance_cells}
    length = Length.of(canvas, **{k: v if v is None else abs(v) for k, v in given.items()})
    if any(v is not None and v < 0 for v in given.values()):
        return Edit(_shrink(canvas, label, length), f"Shrink by {length}", length.note)
    return Edit(_grow(canvas, label, length, over), f"Grow by {length}", length.note)


def _grow(canvas: Canvas, label: int, length: Length, over: bool) -> Iterator[Delta]:
    box = canvas.box_of(label, length.reach)
    for window, within, labels in windows(canvas, box, length.reach) if box else ():
        own, marked = labels[within], labels == label
        free = own != label if over else own == 0
        if marked.any() and free.any():
            yield canvas.relabelled(window, free & near(marked, length)[within], label)


def _shrink(canvas: Canvas, label: int, length: Length) -> Iterator[Delta]:
    box = canvas.box_of(label)
    for window, within, labels in windows(canvas, box, length.reach) if box else ():
        own, outside = labels[within] == label, labels != label
        if own.any() and outside.any():
            yield canvas.relabelled(window, own & near(outside, length)[within], 0)
