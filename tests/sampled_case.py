"""A scene of 600 cells of a hectare, half forest and half not, from which samples are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from workspace import add_visit, scene_grid

from segviz import workbench
from segviz.case import Record, Visit
from segviz.findings import samples
from segviz.grid import RasterGrid
from segviz.mask import Legend, Mask
from segviz.store import Store

FOREST, OTHER = 1, 2
LEGEND = Legend.named("forest", "other")


def halves() -> NDArray[np.uint8]:
    """20 rows of 30 columns: 15 of forest, 14 of others, and the last one without a class."""
    labels = np.full((20, 30), OTHER, np.uint8)
    labels[:, :15] = FOREST
    labels[:, 29] = 0
    return labels


def mapped(store: Store, labels: NDArray[np.uint8], grid: RasterGrid | None = None) -> Visit:
    visit = add_visit(store, grid or scene_grid(), LEGEND)
    put(store, visit, labels)
    return visit


def put(store: Store, visit: Visit, labels: NDArray[np.uint8]) -> None:
    """The labels as the visit's mask, by a new revision."""
    bench = workbench.get(store, visit.id)
    mask = Mask(visit.grid, labels, LEGEND, "by hand")
    bench.replace_by(mask, title="Import", uuid=f"{visit.id}-{bench.revision}")


def layer(store: Store, visit: Visit) -> dict[str, object]:
    return {"layer": visit.id, "revision": workbench.get(store, visit.id).revision}


def drawn(store: Store, visit: Visit, points: int = 20) -> Record:
    return samples.draw(
        store, visit.case_id, layer(store, visit), {FOREST: points, OTHER: points}, 7, {}, "Dr A"
    )
