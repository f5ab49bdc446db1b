"""How far two dates lie apart, in fractions of a pixel, and how much change that alone would fake.

The shift is measured in windows at full resolution, never on overviews, by phase correlation
(Guizar-Sicairos et al. 2008, as scikit-image has it) of the edges in them; the median of the
windows is kept, so that what truly changed in one of them does not count. NDVI differences keep
within 10 % of their true value only below 0.2 pixels (Townshend et al. 1992; Dai and Khorram 1998).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from segviz.grid import Window

PASSES = 0.2
"""Pixels below which a shift does not matter."""

FAILS = 1.0
"""Pixels from which on it does more than most years change."""

SIZE = 128
"""Edge of a window in pixels."""

ACROSS = 4
"""Windows are spread over a scene in so many rows and columns."""

FINEST = 50
"""Shifts are found to 1 / 50 of a pixel."""

LEAST_VALID = 0.9
"""Share of a window that both dates must have seen."""

FURTHEST = 0.125
"""Of a window's edge: a larger shift is taken for a failed match."""

LEAST_MATCH = 0.5
"""Correlation of the edges, once moved, below which they are not the same edges."""

SMOOTH = 1.0
"""Pixels of smoothing before edges are taken, so that noise is none."""

STRONG = 0.9
"""Quantile at which edges are cut: a new clearing must not outweigh all that stayed."""

Values = NDArray[np.generic]
Seen = NDArray[np.bool_]


@dataclass(frozen=True)
class Shift:
    """By how many pixels the second date lies below and right of the first.

    Attributes:
        rows, columns: medians over the windows.
        spread: median distance of the windows from that, in pixels.
        windows: how many of them were compared.
    """

    rows: float
    columns: float
    spread: float
    windows: int

    @property
    def pixels(self) -> float:
        return float(np.hypot(self.rows, self.columns))


def sample_windows(
    shape: tuple[int, int], size: int = SIZE, across: int = ACROSS
) -> tuple[Window, ...]:
    """At most ``across`` x ``across`` windows spread evenly over a raster, none overlapping."""
    rows, columns = (_spread(length, size, across) for length in shape)
    return tuple((*row, *column) for row, column in product(rows, columns))


def estimate(pairs: Iterable[tuple[Values, Values, Seen]]) -> Shift | None:
    """The shift between two dates by pairs of their windows, in one band or in several.

    Args:
        pairs: one band [row, column] of either date, and where both saw the ground.

    Returns:
        None where no window could be compared: too little was seen, or nothing matched.
    """
    measured = [shift for pair in pairs if (shift := shift_of(*pair)) is not None]
    if not measured:
        return None
    middle = np.median(measured, axis=0)
    spread = float(np.median(np.hypot(*(np.array(measured) - middle).T)))
    return Shift(float(middle[0]), float(middle[1]), spread, len(measured))


def shift_of(one: Values, two: Values, seen: Seen) -> tuple[float, float] | None:
    """(rows, columns) that ``two`` lies below and right of ``one``; None where nothing matches."""
    if seen.mean() < LEAST_VALID:
        return None
    first, second = (_edges(values, seen) for values in (one, two))
    if not first.any() or not second.any():
        return None
    moved, _, _ = phase_cross_correlation(  # type: ignore[no-untyped-call]
        first, second, upsample_factor=FINEST, normalization=None
    )
    if max(abs(moved) / np.array(one.shape)) > FURTHEST:
        return None
    back = ndimage.shift(second, moved, order=1)
    if np.corrcoef(first.ravel(), back.ravel())[0, 1] < LEAST_MATCH:
        return None
    return -float(moved[0]), -float(moved[1])


def false_change(
    windows: Iterable[NDArray[np.uint8]], label: int, shift: Shift | tuple[float, float]
) -> float | None:
    """Share of a label's cells that a shift alone would show as lost; as many would seem gained.

    The mask is laid on itself, moved. Between whole pixels the loss is taken as linear.

    Args:
        windows: labels [row, column] of one date; 0 where nothing is known.
        shift: rows and columns.

    Returns:
        None where the label is not there.
    """
    rows, columns = (shift.rows, shift.columns) if isinstance(shift, Shift) else shift
    turn = -1 if rows * columns < 0 else 1
    lost = had = 0.0
    for labels in windows:
        for (row, down), (column, right) in product(_between(abs(rows)), _between(abs(columns))):
            gone, there = _lost(labels[:, ::turn], label, row, column)
            lost += down * right * gone
            had += down * right * there
    return lost / had if had else None


def _lost(labels: NDArray[np.uint8], label: int, row: int, column: int) -> tuple[int, int]:
    """Cells of a label that have another one so far above and left of them, and all of them."""
    here = labels[row:, column:]
    there = labels[: here.shape[0], : here.shape[1]]
    had = (here == label) & (there > 0)
    return int(np.count_nonzero(had & (there != label))), int(np.count_nonzero(had))


def _between(pixels: float) -> list[tuple[int, float]]:
    """The whole pixels below and above, with their weights."""
    low = int(pixels)
    return [(low, low + 1 - pixels), (low + 1, pixels - low)] if pixels > low else [(low, 1.0)]


def _edges(values: Values, seen: Seen) -> NDArray[np.float64]:
    """Strength of the edges, fading to nothing at the window's border."""
    measured = values.astype(np.float64)
    filled = np.where(seen, measured, np.median(measured[seen]))
    strength = ndimage.gaussian_gradient_magnitude(filled, SMOOTH)
    strength = np.minimum(strength, np.quantile(strength, STRONG))
    strength -= strength.mean()
    rows, columns = (np.hanning(length) for length in strength.shape)
    return np.asarray(strength * rows[:, None] * columns)


def _spread(length: int, size: int, across: int) -> list[tuple[int, int]]:
    """Beginnings and ends of at most ``across`` windows along an axis."""
    if length <= size:
        return [(0, length)]
    count = min(across, length // size)
    starts = [int(length * (n + 0.5) / count - size / 2) for n in range(count)]
    return [(start, start + size) for start in starts]
