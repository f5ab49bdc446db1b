"""Light that the air adds to every pixel, judged by the darkest ground of a scene.

Dark-object subtraction: Chavez (1988), Remote Sensing of Environment 24.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DARKEST = 1
"""Per cent of the cells that are taken for dark ground, or for shadow on it."""

LEAST, MOST = -6.0, 20.0
"""8-bit steps: a scene with nothing dark in it is not taken for a hazy one without limit."""


def haze(picture: NDArray[np.number], clear: Sequence[float]) -> NDArray[np.float32]:
    """8-bit steps [band] by which dark ground is brighter than under clear air.

    Args:
        picture: [band, ...] in 8-bit steps; without cells there is no haze.
        clear: [band] the darkest hundredth under clear air.
    """
    cells = picture.reshape(len(picture), -1)
    if not cells.shape[1]:
        return np.zeros(len(picture), np.float32)
    added = np.percentile(cells, DARKEST, axis=1, method="lower") - clear
    limited: NDArray[np.float32] = np.clip(added, LEAST, MOST).astype(np.float32)
    return limited
