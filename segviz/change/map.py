"""Where a label was lost and where it was gained."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEITHER, STABLE, LOSS, GAIN = range(4)


def loss_gain(
    before: NDArray[np.uint8], after: NDArray[np.uint8], label: int, nodata: int | None = 0
) -> NDArray[np.uint8]:
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
