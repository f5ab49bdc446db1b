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


FLOW_COLOR = "#D55E00"
KEPT_COLOR = "#8C8C8C"

HEAT = ("#FFFFB2", "#FED976", "#FEB24C", "#FD8D3C", "#F03B20", "#BD0026", "#7A0018")
"""Yellow to red, as year-of-loss maps are drawn (ColorBrewer, YlOrRd)."""

CIVIDIS = ("#FDE737", "#D8C55E", "#B0A374", "#8A8678", "#666970", "#414D6B", "#00204D")
"""Yellow to blue, in which lightness alone tells the order (Nuñez et al. 2018)."""

RAMPS = {"heat": HEAT, "cividis": CIVIDIS}


def flow_legend(name: str) -> Legend:
    """The one label of ``change.map.flow``."""
    return Legend((Label(1, name, FLOW_COLOR),))


def loss_legend(dates: Sequence[str], ramp: str = "heat") -> Legend:
    """The codes of ``change.map.loss_dates``: still there, then lost at each date but the first.

    Args:
        dates: names of all dates.
        ramp: key of ``RAMPS``.
    """
    lost = dates[1:]
    places = np.linspace(0, len(RAMPS[ramp]) - 1, len(lost)) if len(lost) > 1 else [3.0]
    years = [
        Label(code, name, _between(RAMPS[ramp], float(place)))
        for code, (name, place) in enumerate(zip(lost, places, strict=True), 2)
    ]
    return Legend((Label(1, "still there", KEPT_COLOR), *years))


def _between(ramp: Sequence[str], place: float) -> str:
    """The colour at a place from 0 to the end of a ramp."""
    low = min(int(place), len(ramp) - 2)
    ends = [np.array([*bytes.fromhex(color[1:])]) for color in ramp[low : low + 2]]
    mixed = ends[0] + (place - low) * (ends[1] - ends[0])
    return "#" + "".join(f"{round(part):02X}" for part in mixed)


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
