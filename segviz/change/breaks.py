"""Breaks in a series: dates from which on its level is another one.

The series is a level that stays the same between breaks, a yearly wave where enough was seen to
tell one, and noise. Levels are the segmented least squares over all possible breaks (Bai and
Perron 2003; wave and levels are fitted in turn, as BFAST does, Verbesselt et al. 2010). How many
breaks there are is decided as by the modified BIC of Zhang and Siegmund (2007), more strictly: a
break must lower n ln(RSS) by more than 5 ln(n) and the logarithms of the lengths of its two sides.
With their 3 ln(n) one in six short series of noise alone had a break, with 5 ln(n) fewer than 3 in
100 have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused

Floats = NDArray[np.float64]

COST = 5.0
"""Of a break, in ln(n)."""

LEAST_DATES = 10
"""Fewer values than this cannot tell a break from noise."""

SEGMENT = 3
"""Least number of dates on either side of a break."""

MOST = 5
"""Breaks looked for at most."""

SMALLEST = 0.05
"""A change of level below this is no break: sensors and air alone do as much to an index."""

WAVE_YEARS, WAVE_DATES = 2.0, 24
"""Years and dates from which on a yearly wave is fitted."""

TURNS = 20
"""Wave and levels are fitted in turn at most so often."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What a series consists of.

    Attributes:
        breaks: positions of the first value after each break, in order.
        levels: mean of each stretch between breaks.
        fitted: (n,) level and wave at each date.
        seasonal: a yearly wave is part of it.
    """

    breaks: tuple[int, ...]
    levels: tuple[float, ...]
    fitted: Floats
    seasonal: bool

    @property
    def steps(self) -> list[float]:
        """By how much the level changes at each break."""
        return [float(step) for step in np.diff(self.levels)]


def breaks_in(when: Sequence[date], values: Sequence[float]) -> Fit:
    """The breaks in a series of clear observations.

    Args:
        when: days in order.
        values: of an index, finite.

    Raises:
        Refused: there are fewer than ``LEAST_DATES`` values (SV-NUM-090).
    """
    series = np.asarray(values, np.float64)
    if len(series) < LEAST_DATES:
        raise Refused(
            "SV-NUM-090",
            f"The place was seen clearly on {len(series)} dates; a break cannot be told from noise "
            f"in fewer than {LEAST_DATES}, so none is looked for. Add dates.",
        )
    years = np.array([day.toordinal() for day in when]) / 365.25
    seasonal = len(series) >= WAVE_DATES and years[-1] - years[0] >= WAVE_YEARS
    wave, starts = np.zeros_like(series), _segments(series)
    for _ in range(TURNS if seasonal else 0):
        wave = _wave(years, series - _levels(series - wave, starts))
        found = _segments(series - wave)
        if found == starts:
            break
        starts = found
    levels = _levels(series - wave, starts)
    return Fit(
        tuple(starts[1:]), tuple(float(levels[s]) for s in starts), levels + wave, bool(seasonal)
    )


def _segments(series: Floats) -> list[int]:
    """Where the segments begin, the first at 0."""
    best = _best(series)
    scores = [_score(series, starts) for starts in best]
    chosen = best[int(np.argmin(scores))]
    while len(chosen) > 1:
        levels = [part.mean() for part in np.split(series, chosen[1:])]
        steps = np.abs(np.diff(levels))
        if steps.min() >= SMALLEST:
            break
        chosen = [start for n, start in enumerate(chosen) if n != int(np.argmin(steps)) + 1]
    return chosen


def _best(series: Floats) -> list[list[int]]:
    """The least-squares beginnings of 1, 2, ... segments, by dynamic programming."""
    n = len(series)
    cost = _costs(series)
    total = np.full((MOST + 1, n + 1), np.inf)
    back = np.zeros((MOST + 1, n + 1), np.int64)
    total[0, SEGMENT:] = cost[0, SEGMENT:]
    for k in range(1, MOST + 1):
        for stop in range((k + 1) * SEGMENT, n + 1):
            starts = np.arange(k * SEGMENT, stop - SEGMENT + 1)
            sums = total[k - 1, starts] + cost[starts, stop]
            back[k, stop] = starts[np.argmin(sums)]
            total[k, stop] = sums.min()
    return [_trace(back, k, n) for k in range(MOST + 1) if np.isfinite(total[k, n])]


def _trace(back: NDArray[np.int64], k: int, stop: int) -> list[int]:
    starts = []
    for level in range(k, 0, -1):
        stop = int(back[level, stop])
        starts.append(stop)
    return [0, *starts[::-1]]


def _costs(series: Floats) -> Floats:
    """(n + 1, n + 1) sums of squares about the mean of series[start:stop]."""
    ones = np.r_[0.0, np.cumsum(series)]
    squares = np.r_[0.0, np.cumsum(series**2)]
    start, stop = np.indices((len(ones), len(ones)))
    count = np.maximum(stop - start, 1)
    cost = squares[stop] - squares[start] - (ones[stop] - ones[start]) ** 2 / count
    return np.asarray(np.maximum(cost, 0), np.float64)


def _score(series: Floats, starts: list[int]) -> float:
    """n ln(RSS) and what the breaks cost; the least wins."""
    n, breaks = len(series), len(starts) - 1
    rest = float(np.sum((series - _levels(series, starts)) ** 2))
    floor = n * np.finfo(float).eps * max(float(np.sum(series**2)), 1.0)
    lengths = np.diff([*starts, n])
    cost = COST * breaks * np.log(n) + np.log(lengths / n).sum()
    return float(n * np.log(max(rest, floor)) + cost)


def _levels(series: Floats, starts: list[int]) -> Floats:
    """(n,) the mean of the segment that each value is in."""
    parts = np.split(series, starts[1:])
    return np.concatenate([np.full(len(part), part.mean()) for part in parts])


def _wave(years: Floats, rest: Floats) -> Floats:
    """The best wave of one year and its first overtone, about 0."""
    turn = 2 * np.pi * np.outer(years, [1, 2])
    terms = np.column_stack([np.cos(turn), np.sin(turn), np.ones(len(years))])
    weights, *_ = np.linalg.lstsq(terms, rest, rcond=None)
    return np.asarray(terms[:, :-1] @ weights[:-1])
