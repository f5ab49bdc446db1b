"""Where a label was lost and gained, where one became another, and when it was lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEITHER, STABLE, LOSS, GAIN = range(4)
KEPT = 1
"""In a map of losses: the label is still there; n + 1 is lost at date n, counted from 0."""

Labels = NDArray[np.uint8]


def loss_gain(before: Labels, after: Labels, label: int, nodata: int | None = 0) -> Labels:
    """Codes of any shape: 0 neither, 1 stable, 2 loss, 3 gain of a label.

    Args:
        before, after: labels of the same cells at two dates.
        nodata: cells with it at either date are 0 too; None in volumes, where 0 is background.
    """
    had, has = before == label, after == label
    codes = np.where(had, np.where(has, STABLE, LOSS), np.where(has, GAIN, NEITHER))
    if nodata is not None:
        codes[(before == nodata) | (after == nodata)] = NEITHER
    return codes.astype(np.uint8)


def flow(before: Labels, after: Labels, source: int, target: int) -> Labels:
    """1 where one label became another, else 0; of any shape."""
    return np.asarray((before == source) & (after == target), np.uint8)


def loss_dates(dates: Sequence[Labels], label: int) -> Labels:
    """When each cell of a label was first lost, of any shape.

    A cell is lost at the first date that shows another label where the last date with data showed
    this one. What comes back later stays lost: it is a gross loss, as in Hansen's ``lossyear``.

    Args:
        dates: labels of the same cells, in order of date; 0 is no data, and is passed over.

    Returns:
        0 where the label never was, 1 where it is still there, n + 1 where it was lost at the date
        with the number n, counted from 0.
    """
    codes = np.zeros(dates[0].shape, np.uint8)
    for number, labels in enumerate(dates):
        codes[(codes == 0) & (labels == label)] = KEPT
        codes[(codes == KEPT) & (labels != label) & (labels > 0)] = number + 1
    return codes
