"""Tiles of a scene on its own pixel grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segviz.mask import Label, Legend
from segviz.render import picture
from segviz.render.stretch import Range, to_uint8

LOSS_GAIN = Legend(
    (
        Label(1, "stable", "#009E73"),
        Label(2, "loss", "#D55E00"),
        Label(3, "gain", "#0072B2"),
    )
)
"""Codes of ``change.map.loss_gain`` in colours that are told apart with any colour vision."""


def rgb_tile(
    values: NDArray[np.generic], valid: NDArray[np.bool_], stretch: Sequence[Range]
) -> bytes:
    """JPEG where every pixel is valid, else PNG in which the invalid ones are clear.

    Args:
        values: [3, row, column] red, green, blue or [1, row, column] grey.
        valid: [row, column].
        stretch: (low, high) of each band.
    """
    bands = [to_uint8(band, *ends) for band, ends in zip(values, stretch, strict=True)]
    if valid.all():
        return picture.jpeg(
            np.dstack(bands).squeeze(axis=2) if len(bands) == 1 else np.dstack(bands)
        )
    alpha = np.where(valid, np.uint8(255), np.uint8(0))
    return picture.png(np.dstack([*bands, alpha]))


def mask_tile(labels: NDArray[np.uint8], legend: Legend, opacity: float = 1.0) -> bytes:
    """Paletted PNG of labels [row, column]; 0 is clear."""
    return picture.paletted_png(labels, legend, opacity)


def loss_gain_tile(codes: NDArray[np.uint8], opacity: float = 1.0) -> bytes:
    """Paletted PNG of the codes 1 stable, 2 loss, 3 gain; 0 is clear."""
    return picture.paletted_png(codes, LOSS_GAIN, opacity)
