"""The plane of symmetry of a head: the one across which it is least unlike its mirror image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Vectors = NDArray[np.float64]
Cells = NDArray[np.intp]
Unlike = Callable[[Vectors, slice], float]
"""(mirror images [n, 3] in mm, which of the places they are of) -> how unlike these they are"""

ANGLES_DEG = range(-24, 25, 8)
OFFSETS_MM = range(-24, 25, 6)
FIRST_STEPS = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 3]])
"""From the best of those: degrees, degrees, mm."""

ALL, HALF = slice(None), slice(None, None, 2)


@dataclass(frozen=True, eq=False)
class Plane:
    """Where ``normal`` . (position in mm) = ``distance``; cell 0 lies at 0 mm.

    Attributes:
        normal: unit vector [3].
        distance: mm.
    """

    normal: Vectors
    distance: float

    def mirrored(self, places: Vectors) -> Vectors:
        """Mirror images of places [n, 3] in mm."""
        over = places @ self.normal - self.distance
        mirrored: Vectors = places - 2 * over[:, None] * self.normal
        return mirrored

    def above(self, shape: tuple[int, ...], spacing_mm: tuple[float, ...]) -> NDArray[np.bool_]:
        """[x, y, z] True on the side that the normal points to."""
        x, y, z = (
            np.float32(part * spacing) * np.arange(size, dtype=np.float32)
            for part, spacing, size in zip(self.normal, spacing_mm, shape, strict=True)
        )
        beyond: NDArray[np.bool_] = x[:, None, None] + y[:, None] + z > np.float32(self.distance)
        return beyond


def best_plane(places: Vectors, unlike: Unlike, across: int = 0) -> Plane:
    """The plane with the least ``unlike``, looked for from 24 degrees and 24 mm around the middle.

    Args:
        places: [n, 3] in mm, in an order that makes every second a fair sample.
        unlike: see ``Unlike``.
        across: the axis that runs from left to right or back; the normal points along it.
    """
    center = places.mean(axis=0)

    def plane(guess: Vectors) -> Plane:
        turned = np.roll([1.0, *np.tan(np.deg2rad(guess[:2]))], across)
        normal = turned / np.linalg.norm(turned)
        return Plane(normal, float(center @ normal + guess[2]))

    def cost(guess: Vectors, part: slice = ALL) -> float:
        return unlike(plane(guess).mirrored(places[part]), part)

    guesses = map(np.array, product(ANGLES_DEG, ANGLES_DEG, OFFSETS_MM))
    rough = min(guesses, key=lambda guess: cost(guess, HALF))
    found = optimize.minimize(
        cost,
        rough,
        method="Nelder-Mead",
        options={"initial_simplex": rough + FIRST_STEPS, "maxfev": 200},
    )
    return plane(found.x)


def cells_of(
    places: Vectors, cell_mm: Vectors, shape: tuple[int, ...]
) -> tuple[tuple[Cells, ...], NDArray[np.bool_]]:
    """(indices of the cells that places [n, 3] in mm lie in, where they do; [n] whether they do)"""
    cells = np.rint(places / cell_mm).astype(np.intp)
    inside: NDArray[np.bool_] = np.logical_and.reduce((cells >= 0) & (cells < shape), axis=1)
    return tuple(cells[inside].T), inside
