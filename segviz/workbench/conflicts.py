"""Two people on one mask: what the others did since, and whether both changes can stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.edit.delta import Delta
from segviz.errors import Conflict
from segviz.store.journal import Entry


def combined(deltas: Sequence[Delta]) -> Delta:
    """Changes made one after the other as one: labels before the first and after the last."""
    if len(deltas) == 1:
        return deltas[0]
    cells = np.concatenate([np.empty(0, np.int64), *(delta.cells for delta in deltas)])
    before = np.concatenate([np.empty(0, np.uint8), *(delta.before for delta in deltas)])
    after = np.concatenate([np.empty(0, np.uint8), *(delta.after for delta in deltas)])
    found, first = np.unique(cells, return_index=True)
    last = len(cells) - 1 - np.unique(cells[::-1], return_index=True)[1]
    before, after = before[first], after[last]
    changed = before != after
    return Delta(found[changed], before[changed], after[changed])


def touched(deltas: Sequence[Delta]) -> NDArray[np.int64]:
    """Cells that any of the changes is about, sorted, those that were changed back included."""
    return np.unique(np.concatenate([np.empty(0, np.int64), *(delta.cells for delta in deltas)]))


def overlap(cells: NDArray[np.int64], others: NDArray[np.int64]) -> int:
    """How many of some sorted cells are among others, sorted too."""
    if not len(others):
        return 0
    place = np.minimum(np.searchsorted(others, cells), len(others) - 1)
    return int(np.count_nonzero(others[place] == cells))


def authors(entries: Sequence[Entry]) -> list[str]:
    """Who made them, in the order in which they came."""
    return list(dict.fromkeys(entry.author for entry in entries))


def conflict(revision: int, since: Sequence[Entry], cells: int | None) -> Conflict:
    """What to tell who drew on an older mask (SV-EDIT-030).

    Args:
        revision: of the mask now.
        since: what was done meanwhile.
        cells: how many of the drawn cells were changed by it; None where the whole mask was.
    """
    told: dict[str, Any] = {
        "revision": revision,
        "cells": cells,
        "operations": [
            {
                "title": entry.title,
                "author": entry.author,
                "when": entry.made.isoformat(timespec="seconds"),
            }
            for entry in since
        ],
    }
    who = " and ".join(authors(since)) or "Somebody"
    return Conflict(
        "SV-EDIT-030",
        f"{who} changed the mask where this edit was drawn, so it was not applied; choose whose "
        "change shall stand, or keep yours as a layer of its own.",
        told,
    )
