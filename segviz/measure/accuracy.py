"""How right a map is, and how much of each class there truly is, by points that somebody read.

Counts of points are kept by stratum, by the class that the map has and by the class that the
reader saw. Every number is a mean over the area, or a ratio of two means, of a value that depends
on these two classes alone, so one formula gives them all:

- area of class j: the mean of [reference = j], times the area;
- user's accuracy of class i: mean of [map = i and reference = i] / mean of [map = i];
- producer's accuracy of class j: mean of [map = j and reference = j] / mean of [reference = j];
- overall accuracy: the mean of [map = reference].

With strata that are the classes of the map this is Olofsson et al. 2014, Remote Sensing of
Environment 148, equations 1-11; with any strata Stehman 2014, International Journal of Remote
Sensing 35(13). The designs differ in how the variances within strata add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.errors import Refused

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Z = 1.959964
"""Standard errors on either side of an estimate that make its 95 % interval."""

NOT_MAPPED = "the map does not have this class"
NOT_SEEN = "no point was read as this class"
NOT_SAMPLED = "no point was read where the map has {}"


@dataclass(frozen=True)
class Estimate:
    """A share from 0 to 1 and its standard error; None where ``why`` says that there is none."""

    value: float | None
    se: float | None
    why: str = ""

    @property
    def margin(self) -> float | None:
        """Half the 95 % interval, Z x SE; the interval may pass 0 or 1."""
        return None if self.se is None else Z * self.se


@dataclass(frozen=True, eq=False)
class Assessment:
    """What the points say of a map; classes in the order in which they were given.

    Attributes:
        counts: (map, reference) points.
        shares: (map, reference) estimated shares of the area; None where a stratum has no point.
        areas: share of the area of each class, by the reference.
        users, producers: accuracy of each class.
        overall: share of the area where map and reference agree.
        raw_overall: share of the points where they agree, which says how the points were chosen
            as much as how right the map is; None without points.
    """

    counts: Integers
    shares: Floats | None
    areas: tuple[Estimate, ...]
    users: tuple[Estimate, ...]
    producers: tuple[Estimate, ...]
    overall: Estimate
    raw_overall: float | None


def olofsson(counts: ArrayLike, areas: ArrayLike, names: Sequence[str] = ()) -> Assessment:
    """Olofsson et al. 2014: a random sample in each class of the map.

    Args:
        counts: (classes, classes) points, rows by the map, columns by the reference.
        areas: (classes,) mapped, in any unit.
        names: of the classes, for sentences.

    Raises:
        Refused: a class has a single point, or points but no area (SV-NUM-070, SV-NUM-071).
    """
    cube = _by_class(counts)
    points, weights = cube.sum(axis=(1, 2)), _weights(areas, cube, names)
    return _Sample(cube, weights, weights**2 / np.maximum(points, 1), names).assess()


def stehman(
    counts: ArrayLike,
    pixels: ArrayLike,
    areas: ArrayLike | None = None,
    names: Sequence[str] = (),
) -> Assessment:
    """Stehman 2014: a random sample in each stratum, whatever the map says there now.

    Variances carry the finite-population correction 1 - n/N.

    Args:
        counts: (strata, classes, classes) points, by the map and by the reference.
        pixels: (strata,) from which the points were drawn.
        areas: (strata,) in any unit; the pixels where they are all of one size.
        names: of the strata, for sentences.

    Raises:
        Refused: a stratum has a single point, or points but no area (SV-NUM-070, SV-NUM-071).
    """
    cube = np.asarray(counts, np.int64)
    weights = _weights(pixels if areas is None else areas, cube, names)
    points, population = cube.sum(axis=(1, 2)), np.asarray(pixels, np.float64)
    left = 1 - points / np.maximum(population, 1)
    factors = weights**2 * left / np.maximum(points, 1)
    return _Sample(cube, weights, factors, names, by_class=False).assess()


def post_stratified(
    counts: ArrayLike,
    pixels: ArrayLike,
    areas: ArrayLike | None = None,
    names: Sequence[str] = (),
) -> Assessment:
    """A simple random or systematic sample of the whole map, sorted into its classes afterwards.

    How many points fell into a class is chance, which widens the intervals: Cochran 1977, Sampling
    Techniques, equation 5A.42, with the variances within classes of Olofsson et al. 2014.

    Args, Raises: as ``olofsson``, with the pixels of each class for 1 - n/N.
    """
    cube = _by_class(counts)
    weights = _weights(pixels if areas is None else areas, cube, names)
    points, population = int(cube.sum()), float(np.sum(pixels))
    n = max(points, 1)
    factors = (1 - n / population) * weights / n + (1 - weights) / n**2
    return _Sample(cube, weights, factors * (weights > 0), names).assess()


@dataclass(frozen=True, eq=False)
class _Sample:
    """Points of a design.

    Attributes:
        cube: (strata, map, reference) points.
        weights: (strata,) shares of the area.
        factors: (strata,) what the variance within a stratum adds to that of a mean.
        by_class: stratum i is class i of the map.
    """

    cube: Integers
    weights: Floats
    factors: Floats
    names: Sequence[str]
    by_class: bool = True

    def assess(self) -> Assessment:
        counts = self.cube.sum(axis=0)
        classes = range(len(counts))
        same = np.eye(len(counts))
        row, column, both = ([np.zeros_like(same) for _ in classes] for _ in range(3))
        for n in classes:
            row[n][n], column[n][:, n], both[n][n, n] = 1, 1, 1
        return Assessment(
            counts=counts,
            shares=self._shares(),
            areas=tuple(self.mean(column[n]) for n in classes),
            users=tuple(self.ratio(both[n], row[n], NOT_MAPPED) for n in classes),
            producers=tuple(self.ratio(both[n], column[n], NOT_SEEN) for n in classes),
            overall=self.mean(same),
            raw_overall=float(np.trace(counts) / counts.sum()) if counts.any() else None,
        )

    def mean(self, values: Floats) -> Estimate:
        """Mean over the area of a value (map, reference)."""
        why = self._unknown(values)
        if why:
            return Estimate(None, None, why)
        return Estimate(self._total(values), sqrt(self._variance(values)))

    def ratio(self, over: Floats, under: Floats, why: str) -> Estimate:
        """Ratio of two means, with the variance of its residuals."""
        unknown = self._unknown(under)
        if unknown:
            return Estimate(None, None, unknown)
        below = self._total(under)
        if not below:
            return Estimate(None, None, why)
        value = self._total(over) / below
        return Estimate(value, sqrt(self._variance(over - value * under)) / below)

    def _shares(self) -> Floats | None:
        if self._unknown(np.ones(self.cube.shape[1:])):
            return None
        return np.asarray(np.einsum("h,hij->ij", self.weights / self._points, self.cube))

    @property
    def _points(self) -> Integers:
        """Of each stratum; 1 where there is none, so that nothing is divided by 0."""
        return np.asarray(np.maximum(self.cube.sum(axis=(1, 2)), 1))

    def _unknown(self, values: Floats) -> str:
        """Why the mean of a value is not known: a stratum that it may lie in has no point."""
        empty = (self.weights > 0) & (self.cube.sum(axis=(1, 2)) == 0)
        if self.by_class:
            empty &= values.any(axis=1)
        missing = np.flatnonzero(empty)
        return NOT_SAMPLED.format(_name(self.names, missing[0])) if missing.size else ""

    def _total(self, values: Floats) -> float:
        return float(self.weights @ self._means(values))

    def _variance(self, values: Floats) -> float:
        """Of a mean: n - 1 variances within the strata, each times its factor."""
        n = self._points
        within = self._means(values**2) - self._means(values) ** 2
        return float(self.factors @ np.maximum(within * n / np.maximum(n - 1, 1), 0))

    def _means(self, values: Floats) -> Floats:
        """(strata,) mean of a value over the points of each stratum."""
        return np.asarray(np.einsum("hij,ij->h", self.cube, values) / self._points)


def _by_class(counts: ArrayLike) -> Integers:
    """(classes, classes, classes) in which the points of map class i are those of stratum i."""
    matrix = np.asarray(counts, np.int64)
    cube = np.zeros((len(matrix), *matrix.shape), np.int64)
    for n, row in enumerate(matrix):
        cube[n, n] = row
    return cube


def _weights(areas: ArrayLike, cube: Integers, names: Sequence[str]) -> Floats:
    """Shares of the area, of strata that have points enough."""
    sizes = np.asarray(areas, np.float64)
    points = cube.sum(axis=(1, 2))
    if sizes.shape != points.shape or not sizes.sum() > 0:
        raise ValueError(f"areas {sizes.shape} do not belong to points {cube.shape}")
    for n in np.flatnonzero((points > 0) & (sizes <= 0))[:1]:
        raise Refused(
            "SV-NUM-071",
            f"There are points in '{_name(names, n)}' but the map has no area of it, so they would "
            "count for nothing; give its mapped area.",
        )
    for n in np.flatnonzero(points == 1)[:1]:
        raise Refused(
            "SV-NUM-070",
            f"One point only was read where the map has '{_name(names, n)}', from which no "
            "interval can be given; read two or more there.",
        )
    return np.asarray(sizes / sizes.sum())


def _name(names: Sequence[str], n: int) -> str:
    return names[n] if n < len(names) else f"class {n + 1}"
