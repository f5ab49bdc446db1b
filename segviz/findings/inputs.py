"""What a spec names, from the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segviz import workbench
from segviz.case import Visit
from segviz.mask import Mask
from segviz.store import Store


def mask_of(store: Store, layer_id: str, revision: int) -> tuple[Visit, Mask]:
    """A layer as it was after a revision, and its visit; a byte a cell.

    Raises:
        NotFound: there is no such layer (SV-CASE-060).
        Refused: it never had that revision (SV-EDIT-096).
    """
    bench = workbench.get(store, layer_id)
    history = bench.history_at(revision)
    labels = bench.mask_at(revision)
    return bench.visit, Mask(bench.visit.grid, labels, history.legend, history.source)


def layers_of(store: Store, visits: Sequence[Visit]) -> list[dict[str, Any]]:
    """The first layer of each visit at its present revision, as specs name them."""
    return [
        {"visit": visit.id, "layer": visit.id, "revision": workbench.get(store, visit.id).revision}
        for visit in visits
    ]
