"""Where an image says of itself that clouds hide the ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segviz.grid import Window
from segviz.image import Scene
from segviz.mask import Mask
from segviz.measure.zones import Where

SCL = (3, 8, 9, 10)
"""Sen2Cor scene classes: shadow of a cloud, cloud of medium and high probability, thin cirrus."""

QA_PIXEL = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4
"""Bits of Landsat Collection 2: dilated cloud, cirrus, cloud, shadow of a cloud."""


def clouds_of(scene: Scene) -> Where | None:
    """Where a window is clouded, by a band called SCL or QA_PIXEL; None without one."""
    names = [name.casefold() for name in scene.channels]
    for name, clouded in (("scl", _by_class), ("qa_pixel", _by_bits)):
        if name in names:
            band = names.index(name)
            return lambda window: clouded(scene.read(window, [band])[0][0])
    return None


def clouds_in(mask: Mask) -> Where | None:
    """The same by a label of a mask that is called cloud; None where no cell has one."""
    values = [label.value for label in mask.legend if "cloud" in label.name.casefold()]
    if not any((mask.data == value).any() for value in values):
        return None

    def look(window: Window) -> NDArray[np.bool_]:
        row, row_stop, column, column_stop = window
        return np.isin(mask.data[row:row_stop, column:column_stop], values)

    return look


def _by_class(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.isin(values, SCL)


def _by_bits(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    return np.asarray((values.astype(np.int64) & QA_PIXEL) != 0, np.bool_)
