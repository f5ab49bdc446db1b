"""Objects of a label through the dates of a scene: which stay, which are new, which are gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from segviz.change.following import Sighting, follow
from segviz.errors import Refused
from segviz.grid import same_grid
from segviz.measure.instances import LISTED, Objects, place_names

LEAST_SHARE = 0.1
"""Of the smaller of two objects; below it an overlap is a shift of the outline, not a link."""

STATES = ("new", "persistent", "split", "merged", "vanished")


def followed(
    found: Sequence[Objects], least_share: float = LEAST_SHARE, listed: int = LISTED
) -> dict[str, Any]:
    """Follow objects from date to date by what they cover in common.

    An object keeps its number while it lasts. Two objects of neighbouring dates are linked where
    they share at least ``least_share`` of the cells of the smaller.

    Args:
        found: of one label at each date, the oldest first.

    Returns:
        unit; ``dates``: count and total at each; ``steps``: for each pair of neighbouring dates and
        each state how many objects and their size (at the later date; of what ended, at the earlier
        one); ``objects``: of the largest, name, place where it was largest, size and state at each
        date (null where it is not); ``objects_count``: of all.

    Raises:
        Refused: dates on different grids (SV-NUM-115).
    """
    for one in found[1:]:
        if not same_grid(found[0].grid, one.grid):
            raise Refused(
                "SV-NUM-115",
                f"The dates lie on different grids ({found[0].grid}; {one.grid}), so an object "
                "would be linked with what lies elsewhere; put them on one grid first.",
            )
    overlaps = [_links(before, after, least_share) for before, after in pairwise(found)]
    sightings = follow([len(one) for one in found], overlaps)
    return {
        "unit": found[0].unit,
        "dates": [{"count": len(one), "total": float(one.size.sum())} for one in found],
        "steps": [_step(found, sightings, n) for n in range(1, len(found))],
        **_rows(found, sightings, listed),
    }


def _links(before: Objects, after: Objects, least_share: float) -> dict[tuple[int, int], float]:
    one, two, cells = before.runs.overlaps(after.runs)
    smaller = np.minimum(before.cells[one - 1], after.cells[two - 1])
    kept = cells >= least_share * smaller
    pairs = zip(one[kept].tolist(), two[kept].tolist(), strict=True)
    return dict(zip(pairs, cells[kept].tolist(), strict=True))


def _size(one: Objects, sighting: Sighting) -> float:
    return float(sum(one.size[piece - 1] for piece in sighting.pieces))


def _step(
    found: Sequence[Objects], sightings: Sequence[Sequence[Sighting]], n: int
) -> dict[str, dict[str, float]]:
    """Objects by state from one date to the next; what ended counts as it was."""
    was = {s.name: _size(found[n - 1], s) for s in sightings[n - 1] if s.pieces}
    step: dict[str, dict[str, float]] = {state: {"count": 0, "size": 0.0} for state in STATES}
    for sighting in sightings[n]:
        row = step[sighting.state]
        row["count"] += 1
        row["size"] += _size(found[n], sighting) if sighting.pieces else was[sighting.name]
    return step


def _rows(
    found: Sequence[Objects], sightings: Sequence[Sequence[Sighting]], listed: int
) -> dict[str, Any]:
    sizes: dict[str, list[float | None]] = defaultdict(lambda: [None] * len(found))
    states: dict[str, list[str | None]] = defaultdict(lambda: [None] * len(found))
    pieces: dict[str, list[tuple[int, ...]]] = defaultdict(lambda: [()] * len(found))
    for n, at in enumerate(sightings):
        for sighting in at:
            states[sighting.name][n] = sighting.state
            pieces[sighting.name][n] = sighting.pieces
            sizes[sighting.name][n] = _size(found[n], sighting) if sighting.pieces else None
    largest = {name: max(size for size in row if size) for name, row in sizes.items() if any(row)}
    order = sorted(largest, key=lambda name: (-largest[name], int(name)))[:listed]
    return {
        "objects_count": len(largest),
        "objects": [
            {"name": name, "sizes": sizes[name], "states": states[name]}
            | _place(found, sizes[name], pieces[name])
            for name in order
        ],
    }


def _place(
    found: Sequence[Objects], sizes: Sequence[float | None], pieces: Sequence[tuple[int, ...]]
) -> dict[str, Any]:
    """Where the largest piece lay when the object was largest."""
    n = max(range(len(found)), key=lambda n: sizes[n] or 0.0)
    piece = max(pieces[n], key=lambda number: found[n].size[number - 1])
    names = place_names(found[n].grid)
    place = dict(zip(names, found[n].places[piece - 1].tolist(), strict=True))
    return place | {"at": found[n].cell_of(piece)}
