"""Give cells of a scene's mask a label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segviz.edit.delta import Delta


def relabel(
    data: NDArray[np.uint8],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    label: int,
    only: int | None = None,
) -> Delta:
    """What painting would change in ``data`` [row, column]; nothing is written.

    Args:
        label: the new label; 0 erases.
        only: paint over this label alone; over everything when None.
    """
    flat = data.reshape(-1)
    cells = np.ravel_multi_index((rows, columns), data.shape).astype(np.int64)
    if only is not None:
        cells = cells[flat[cells] == only]
    return Delta.between(flat, cells, label)
