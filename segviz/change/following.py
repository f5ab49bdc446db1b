"""The same piece keeps its name from visit to visit: lesions in volumes, objects in scenes.

Pieces of a visit are numbered from 1, as in an image of pieces; 0 is what belongs to none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

State = Literal["first", "new", "persistent", "split", "merged", "vanished"]

Overlaps = Mapping[tuple[int, int], float]
"""(piece before, piece after) -> cells, mm3 or m2 that both have; pairs without overlap are not
in it."""

Named = Mapping[tuple[int, int], str]
"""(visit, piece) -> the name that a person gave."""


@dataclass(frozen=True)
class Sighting:
    """One lesion or object at one visit.

    Attributes:
        state: ``first`` at the first visit; ``new``: nothing was there at the visit before;
            ``persistent``; ``split``: one of several parts of what was one; ``merged``: made of
            several, or (without pieces) gone into another; ``vanished``: without pieces for the
            first time.
        pieces: numbers of its pieces at this visit; several where people joined them.
        of: the names that it came from where it split or merged, or into which it went.
    """

    name: str
    state: State
    pieces: tuple[int, ...]
    of: tuple[str, ...] = ()


def follow(
    counts: Sequence[int],
    overlaps: Sequence[Overlaps],
    named: Named | None = None,
    prefix: str = "",
) -> list[list[Sighting]]:
    """Names and states of the pieces of every visit, in order of date.

    Of the pieces that overlap one of the visit before, the pair with the largest overlap keeps the
    name, then the next pair; what is left gets the next free name. Only neighbouring visits are
    compared, so that what vanished and comes again is new unless a person says otherwise.

    Args:
        counts: number of pieces at each visit.
        overlaps: for each pair of neighbouring visits.
        named: what people decided. A named piece is that lesion and no other: it is not a part of
            what it overlaps besides, unless that would have gone into nothing else.
        prefix: names are the prefix and 1, 2, ..., without those that people gave by then.

    Returns:
        For each visit the sightings of what is there, and of what ended since the one before.
    """
    given = dict(named or {})
    taken: set[str] = set()
    free = (name for n in count(1) if (name := f"{prefix}{n}") not in taken)
    found: list[list[Sighting]] = []
    for visit, pieces in enumerate(counts):
        groups = _groups(visit, pieces, given)
        taken.update(name for name, _ in groups)
        if not found:
            found.append([Sighting(name or next(free), "first", group) for name, group in groups])
            continue
        before = [sighting for sighting in found[-1] if sighting.pieces]
        found.append(_step(before, groups, overlaps[visit - 1], free))
    return found


def overlaps_of(before: NDArray[Any], after: NDArray[Any]) -> dict[tuple[int, int], int]:
    """Cells that each pair of pieces has in common.

    >>> overlaps_of(np.array([1, 1, 2, 0]), np.array([1, 2, 2, 2]))
    {(1, 1): 1, (1, 2): 1, (2, 2): 1}
    """
    both = (before > 0) & (after > 0)
    pairs, cells = np.unique(np.stack([before[both], after[both]]), axis=1, return_counts=True)
    return {(int(a), int(b)): int(n) for (a, b), n in zip(pairs.T, cells, strict=True)}


Group = tuple[str, tuple[int, ...]]
"""A name, empty where nobody gave one, and the pieces that have it."""


def _groups(visit: int, pieces: int, given: Named) -> list[Group]:
    """Pieces to which people gave one name are one."""
    groups: dict[str | int, list[int]] = {}
    for piece in range(1, pieces + 1):
        groups.setdefault(given.get((visit, piece), piece), []).append(piece)
    return [(key if isinstance(key, str) else "", tuple(group)) for key, group in groups.items()]


def _step(
    before: Sequence[Sighting], groups: Sequence[Group], overlaps: Overlaps, free: Iterable[str]
) -> list[Sighting]:
    """From one visit to the next."""
    shared = _decided(_shared(before, groups, overlaps), [s.name for s in before], groups)
    names = _names(shared, groups)
    fresh = iter(free)
    titles = {n: names[n] if n in names else next(fresh) for n in range(len(groups))}
    parents: dict[int, list[str]] = {n: [] for n in range(len(groups))}
    children: dict[str, list[int]] = {sighting.name: [] for sighting in before}
    for name, n in sorted(shared, key=lambda pair: -shared[pair]):
        parents[n].append(name)
        children[name].append(n)
    seen = [
        Sighting(titles[n], _state(parents[n], children), pieces, _origin(parents[n], children))
        for n, (_, pieces) in enumerate(groups)
    ]
    kept = {sighting.name for sighting in seen}
    ended = [
        Sighting(name, "merged", (), (titles[into[0]],)) if into else Sighting(name, "vanished", ())
        for name, into in children.items()
        if name not in kept
    ]
    order = {sighting.name: n for n, sighting in enumerate(before)}
    return sorted([*seen, *ended], key=lambda sighting: order.get(sighting.name, len(order)))


Shared = dict[tuple[str, int], float]
"""(name before, number of the group after) -> what both have."""


def _shared(before: Sequence[Sighting], groups: Sequence[Group], overlaps: Overlaps) -> Shared:
    name_of = {piece: sighting.name for sighting in before for piece in sighting.pieces}
    group_of = {piece: n for n, (_, pieces) in enumerate(groups) for piece in pieces}
    shared: Shared = {}
    for (one, two), amount in overlaps.items():
        if amount > 0 and one in name_of and two in group_of:
            key = name_of[one], group_of[two]
            shared[key] = shared.get(key, 0.0) + amount
    return shared


def _decided(shared: Shared, before: Sequence[str], groups: Sequence[Group]) -> Shared:
    """The overlaps that still count once people said what a group is."""
    given = {n: name for n, (name, _) in enumerate(groups) if name}
    elsewhere = {name for name, n in shared if n not in given or given[n] == name}
    kept = {
        (name, n): amount
        for (name, n), amount in shared.items()
        if n not in given or given[n] == name or (given[n] in before and name not in elsewhere)
    }
    linked = {(name, n): kept.get((name, n), 0.0) for n, name in given.items() if name in before}
    return {**kept, **linked}


def _names(shared: Shared, groups: Sequence[Group]) -> dict[int, str]:
    """Which group keeps or was given which name."""
    names = {n: name for n, (name, _) in enumerate(groups) if name}
    used = set(names.values())
    for name, n in sorted(shared, key=lambda pair: (-shared[pair], pair[1])):
        if n not in names and name not in used:
            names[n] = name
            used.add(name)
    return names


def _state(parents: Sequence[str], children: Mapping[str, Sequence[int]]) -> State:
    if not parents:
        return "new"
    if len(parents) > 1:
        return "merged"
    return "split" if len(children[parents[0]]) > 1 else "persistent"


def _origin(parents: Sequence[str], children: Mapping[str, Sequence[int]]) -> tuple[str, ...]:
    return () if _state(parents, children) in ("new", "persistent") else tuple(parents)
