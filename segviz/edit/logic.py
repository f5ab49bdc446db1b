"""Union, intersection and difference of labels, within a mask or with another mask, and copies.

The other mask (another version, date, reader or model) lies on the same cells in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from segviz.edit.amounts import require_label
from segviz.edit.around import windows
from segviz.edit.canvas import Canvas, Edit
from segviz.edit.delta import Delta
from segviz.errors import Refused

Labels = NDArray[np.uint8]


def union(
    canvas: Canvas,
    *,
    label: int,
    other_label: int,
    other: Labels | None = None,
    over: bool = False,
) -> Edit:
    """A label gets the cells of another one too.

    Args:
        other_label: of the other mask; of this one without ``other``, which it leaves empty.
        other: the other mask.
        over: take cells of further labels too, not unlabelled cells alone.

    Raises:
        Refused: no label (SV-EDIT-058), or the other mask has other cells (SV-EDIT-056).
    """
    require_label(label)
    require_label(other_label)

    def joined(mine: Labels, theirs: Labels) -> Labels:
        free = (mine == 0) | (other is None) | over
        return np.where((theirs == other_label) & free, np.uint8(label), mine)

    return Edit(_combine(canvas, other, joined), "Unite labels")


def intersect(canvas: Canvas, *, label: int, other_label: int, other: Labels | None = None) -> Edit:
    """A label keeps only cells that have a label in another mask.

    Raises:
        Refused: no label (SV-EDIT-058), no other mask (SV-EDIT-057), or one with other cells
            (SV-EDIT-056).
    """
    _require_two(label, other_label, other)

    def shared(mine: Labels, theirs: Labels) -> Labels:
        return np.where((mine == label) & (theirs != other_label), np.uint8(0), mine)

    return Edit(_combine(canvas, other, shared), "Intersect labels")


def subtract(canvas: Canvas, *, label: int, other_label: int, other: Labels | None = None) -> Edit:
    """A label loses the cells that have a label in another mask.

    Raises:
        Refused: no label (SV-EDIT-058), no other mask (SV-EDIT-057), or one with other cells
            (SV-EDIT-056).
    """
    _require_two(label, other_label, other)

    def rest(mine: Labels, theirs: Labels) -> Labels:
        return np.where((mine == label) & (theirs == other_label), np.uint8(0), mine)

    return Edit(_combine(canvas, other, rest), "Subtract labels")


def copy(
    canvas: Canvas,
    *,
    label: int,
    other: Labels,
    other_label: int | None = None,
    over: bool = False,
) -> Edit:
    """A label becomes what one of another mask is; all labels become what they are there for 0.

    Args:
        other: the other mask.
        other_label: of the other mask; the same value as here without it.
        over: take cells of further labels too, not unlabelled cells alone.

    Raises:
        Refused: the other mask has other cells (SV-EDIT-056).
    """
    if label == 0:
        return Edit(_combine(canvas, other, lambda mine, theirs: theirs), "Copy all labels")
    source = label if other_label is None else other_label

    def copied(mine: Labels, theirs: Labels) -> Labels:
        left = np.where(mine == label, np.uint8(0), mine)
        free = (left == 0) | over
        return np.where((theirs == source) & free, np.uint8(label), left)

    return Edit(_combine(canvas, other, copied), "Copy label")


def _combine(
    canvas: Canvas, other: Labels | None, new: Callable[[Labels, Labels], Labels]
) -> Iterator[Delta]:
    """Window by window, what a mask becomes through its labels and those of the other."""
    theirs = canvas.labels if other is None else other
    if theirs.shape != canvas.labels.shape:
        raise Refused(
            "SV-EDIT-056",
            f"The other mask has {_size(theirs)} cells and this one {_size(canvas.labels)}, so "
            "they cannot be combined; choose a mask of the same image.",
        )
    return (
        canvas.replaced(window, new(mine, np.asarray(theirs[window])))
        for window, _, mine in windows(canvas, canvas.whole, (0,) * canvas.labels.ndim)
    )


def _require_two(label: int, other_label: int, other: Labels | None) -> None:
    require_label(label)
    require_label(other_label)
    if other is None:
        raise Refused(
            "SV-EDIT-057",
            "No cell has two labels of one mask, so there is nothing to intersect or subtract and "
            "nothing was changed; choose another mask.",
        )


def _size(labels: Labels) -> str:
    return " x ".join(map(str, labels.shape))
