"""A stratified random sample of pixels: how many, how shared out, and which.

Good practice after Olofsson et al. 2014, Remote Sensing of Environment 148, section 5.1: as many
points as the wanted standard error needs (Cochran 1977, equation 5.25), shared out by area, but
so that each rare class has 50 to 100 of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.errors import Refused
from segviz.grid import Window

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Read = Callable[[Window], NDArray[np.uint8]]
"""Strata [row, column] of a window; 0 belongs to none."""

LEAST = 2
"""Points in a stratum: fewer have no variance."""

RARE = (100, 75, 50)
"""Points that a rare class is given at least."""

STRIP_CELLS = 1 << 20
"""Cells looked at together."""


def sample_size(weights: ArrayLike, users: ArrayLike, standard_error: float) -> int:
    """Points that give the overall accuracy a standard error: (sum W S / SE)^2, rounded up.

    They give it where they are shared out as ``neyman`` does, and nearly so by area.

    Args:
        weights: (strata,) sizes in any unit.
        users: (strata,) expected user's accuracies U; S = sqrt(U (1 - U)).
        standard_error: wanted, of the overall accuracy, e.g. 0.01.

    Raises:
        Refused: an accuracy is not from 0 to 1, or the error not above 0 (SV-NUM-073).
    """
    if not 0 < standard_error < 1:
        raise Refused(
            "SV-NUM-073",
            f"A standard error of {standard_error:g} leaves the number of points open; "
            "choose one above 0 and below 1, e.g. 0.01.",
        )
    mean = float(_shares(weights) @ spread(users))
    return max(1, ceil(round((mean / standard_error) ** 2, 6)))


def spread(users: ArrayLike) -> Floats:
    """Standard deviation S = sqrt(U (1 - U)) within strata of expected user's accuracy U.

    Raises:
        Refused: an accuracy is not from 0 to 1 (SV-NUM-073).
    """
    accuracy = np.asarray(users, np.float64)
    if not ((accuracy >= 0) & (accuracy <= 1)).all():
        raise Refused(
            "SV-NUM-073",
            "An expected accuracy lies outside of 0 to 1, so no number of points follows from it; "
            "give a share such as 0.75.",
        )
    return np.asarray(np.sqrt(accuracy * (1 - accuracy)))


def expected_error(weights: ArrayLike, users: ArrayLike, points: ArrayLike) -> float:
    """Standard error of the overall accuracy that an allocation leads one to expect."""
    each = np.maximum(np.asarray(points, np.float64), 1)
    return float(np.sqrt(np.sum((_shares(weights) * spread(users)) ** 2 / each)))


def equal(points: int, weights: ArrayLike) -> Integers:
    """(strata,) points, as many in each."""
    return _shared_out(points, np.ones(np.shape(weights)))


def proportional(points: int, weights: ArrayLike) -> Integers:
    """(strata,) points by area."""
    return _shared_out(points, _shares(weights))


def neyman(points: int, weights: ArrayLike, users: ArrayLike) -> Integers:
    """(strata,) points by area x S: the least standard error of the overall accuracy."""
    shares = _shares(weights)
    return _shared_out(points, shares * spread(users) if spread(users).any() else shares)


def at_least(points: int, weights: ArrayLike, least: int) -> Integers:
    """(strata,) ``least`` points in each rare class, the others by area from what is left.

    A class is rare where its share by area is below ``least``. Where all are, the sum is larger
    than ``points``.
    """
    shares = _shares(weights)
    given = proportional(points, shares)
    rare = np.zeros(len(shares), np.bool_)
    while (given[~rare] < least).any():
        rare |= given < least
        given = np.full(len(shares), least, np.int64)
        given[~rare] = _shared_out(points - least * int(rare.sum()), shares[~rare])
    return given


def require_drawable(
    points: Sequence[int], pixels: Sequence[int], names: Sequence[str] = ()
) -> None:
    """Refuse an allocation that cannot be drawn or gives no interval.

    Raises:
        Refused: a stratum has fewer than 2 points, or more points than pixels (SV-NUM-072).
    """
    for n, (wanted, there) in enumerate(zip(points, pixels, strict=True)):
        name = names[n] if n < len(names) else f"stratum {n + 1}"
        if wanted > there:
            raise Refused(
                "SV-NUM-072",
                f"'{name}' has {there:,} pixels and {wanted:,} points were to be drawn from it, "
                "each once; draw fewer, or give its pixels another class.",
            )
        if wanted < LEAST:
            raise Refused(
                "SV-NUM-072",
                f"'{name}' would have {wanted} points, from which no interval can be given; "
                f"draw {LEAST} or more in each class.",
            )


@dataclass(frozen=True, eq=False)
class Points:
    """Pixels in the order in which they are to be read, which tells nothing of their stratum."""

    rows: Integers
    columns: Integers
    strata: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.rows)


def draw(read: Read, shape: tuple[int, int], allocation: Mapping[int, int], seed: int) -> Points:
    """Pixels drawn uniformly at random within each stratum, none twice.

    The cells of a stratum are numbered row by row; numbers are drawn, and the cells with these
    numbers looked up. The windows are read twice, those without a drawn cell once.

    Args:
        read: strata of full rows of the raster.
        allocation: stratum -> points.
        seed: the same seed draws the same points from the same strata.

    Raises:
        Refused: a stratum has fewer cells than points (SV-NUM-072).
    """
    random = np.random.default_rng(seed)
    strips = list(_strips(shape))
    counts = np.stack([np.bincount(read(strip).ravel(), minlength=256) for strip in strips])
    parts = []
    for stratum, wanted in sorted(allocation.items()):
        cells = int(counts[:, stratum].sum())
        if wanted > cells:
            require_drawable([wanted], [cells], [f"stratum {stratum}"])
        numbers = np.sort(random.choice(cells, wanted, replace=False))
        found = _cells(read, strips, counts[:, stratum], stratum, numbers, shape[1])
        parts.append((found, np.full(wanted, stratum, np.uint8)))
    order = random.permutation(sum(len(found) for found, _ in parts))
    cells_drawn = np.concatenate([found for found, _ in parts])[order]
    rows, columns = np.divmod(cells_drawn, shape[1])
    return Points(rows, columns, np.concatenate([strata for _, strata in parts])[order])


def _cells(
    read: Read,
    strips: Sequence[Window],
    counts: Integers,
    stratum: int,
    numbers: Integers,
    width: int,
) -> Integers:
    """Flat indices of the cells of a stratum with these ascending numbers."""
    ends = np.cumsum(counts)
    strip_of = np.searchsorted(ends, numbers, side="right")
    found = np.empty(len(numbers), np.int64)
    for n in np.unique(strip_of):
        inside = np.flatnonzero(read(strips[n]).ravel() == stratum)
        here = strip_of == n
        found[here] = inside[numbers[here] - (ends[n] - counts[n])] + strips[n][0] * width
    return found


def _strips(shape: tuple[int, int]) -> Iterator[Window]:
    """Full rows, so that the numbers of cells do not depend on how many are read together."""
    rows, columns = shape
    step = max(1, STRIP_CELLS // max(1, columns))
    for start in range(0, rows, step):
        yield start, min(start + step, rows), 0, columns


def _shares(weights: ArrayLike) -> Floats:
    sizes = np.asarray(weights, np.float64)
    return np.asarray(sizes / sizes.sum())


def _shared_out(points: int, weights: Floats) -> Integers:
    """Whole numbers in proportion whose sum is ``points``; the largest remainders go up."""
    exact = max(0, points) * _shares(weights)
    given = np.floor(exact).astype(np.int64)
    left = max(0, points) - int(given.sum())
    given[np.argsort(given - exact, kind="stable")[:left]] += 1
    return given
