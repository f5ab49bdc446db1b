"""What pages and viewers are told of a mask."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.case import Operation
from segviz.edit import runs
from segviz.grid import Grid, RasterGrid, VolumeGrid
from segviz.store import Store
from segviz.workbench.ledger import Ledger
from segviz.workbench.shares import Shares, of_run

OPERATIONS_SHOWN = 50

State = dict[str, Any]


def state(store: Store, ledger: Ledger, changed: NDArray[np.int64] | None) -> State:
    """A layer as it is now, within a turn.

    Args:
        changed: sorted cells whose labels the browser may not know.

    Returns:
        ``runs`` (volumes: labels of the changed cells) or ``box`` (scenes: row start, row stop,
        column start, column stop around them); layer, revision, generation, saved, source,
        can_undo, can_redo, labels with their numbers, legend, probability, the newest operations,
        position (how many are in force), versions.
    """
    history, grid = ledger.history, ledger.visit.grid
    some = changed if changed is not None and len(changed) else None
    box = runs_ = None
    if some is not None and isinstance(grid, RasterGrid):
        box = _box(some, grid.shape[1])
    elif some is not None:
        runs_ = encoded(grid, some, ledger.flat[some])
    return {
        "layer": ledger.layer.id,
        "revision": history.revision,
        "generation": history.generation(),
        "saved": history.saved.isoformat(timespec="seconds") if history.saved else None,
        "source": history.source,
        "can_undo": history.last is not None,
        "can_redo": history.next is not None,
        "labels": ledger.tally().rows(history.legend),
        "legend": history.legend.to_json(),
        "probability": _probability(store, ledger),
        "operations": listed(history.operations(OPERATIONS_SHOWN)),
        "position": history.done,
        "versions": [
            {
                "name": version.name,
                "revision": version.revision,
                "author": version.author,
                "when": version.made.isoformat(timespec="seconds"),
            }
            for version in store.versions(ledger.layer.id)
        ],
        "box": box,
        "runs": runs_,
    }


def listed(operations: Iterable[Operation]) -> list[State]:
    return [
        vars(operation) | {"when": operation.when.isoformat(timespec="seconds")}
        for operation in operations
    ]


def encoded(grid: Grid, cells: NDArray[np.int64], labels: NDArray[np.uint8]) -> str:
    """Labels of native cells as the browser reads them."""
    order = grid.canonical_index(cells) if isinstance(grid, VolumeGrid) else cells
    return base64.b64encode(runs.encode(order, labels)).decode()


def shares(store: Store, ledger: Ledger) -> Shares | None:
    """The probabilities of the run that the mask stands on; None where it kept none."""
    base = ledger.history.base
    return of_run(store, ledger.visit, base.uuid) if base else None


def _probability(store: Store, ledger: Ledger) -> State | None:
    """What a threshold can be moved of, and where it stands."""
    found = shares(store, ledger)
    if found is None:
        return None
    chosen = ledger.history.threshold
    return {
        "run": found.run,
        "label": found.label,
        "default": found.threshold,
        "threshold": found.threshold if chosen is None else chosen,
    }


def _box(cells: NDArray[np.int64], width: int) -> list[int]:
    rows, columns = np.divmod(cells, width)
    return [int(n) for n in (rows[0], rows[-1] + 1, columns.min(), columns.max() + 1)]
