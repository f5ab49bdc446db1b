"""What the viewers are told. Their data stay the same while a mask is being edited."""

from __future__ import annotations

import warnings
from statistics import median
from typing import Any

import streamlit as st

from segviz import opening, workbench
from segviz.case import Case, Visit
from segviz.grid import RasterGrid, VolumeGrid
from segviz.opening.tiling import max_zoom, metres_per_pixel
from segviz.render import bands
from segviz.store import Store
from segviz.ui import links, words


def settled_revision(visit: Visit, state: dict[str, Any]) -> int:
    """The revision at which this session first met the mask's present generation.

    The viewer follows edits by itself; only a mask that was replaced under it (a model's run) must
    be told, and any other change of its data would make Streamlit set it up again.
    """
    met: dict[str, tuple[int, int]] = st.session_state.setdefault("generations", {})
    if met.get(visit.id, (-1, 0))[0] != state["generation"]:
        met[visit.id] = state["generation"], state["revision"]
    return met[visit.id][1]


def volume_data(store: Store, case: Case, visit: Visit, grid: VolumeGrid) -> dict[str, Any]:
    """Data of the ``volume`` component."""
    bench = workbench.get(store, visit.id)
    shown = opening.display(store, visit)
    return {
        "base": links.base(store, case),
        "visit": visit.id,
        "name": f"{case.name}, {visit.name}",
        "notice": case.notice,
        "legend": bench.legend.to_json(),
        "window": list(shown.window) if shown.window else None,
        "modality": shown.modality,
        "revision": settled_revision(visit, bench.state()),
        "spacing": list(grid.canonical.spacing_mm),
    }


def map_data(store: Store, case: Case, visit: Visit, grid: RasterGrid) -> dict[str, Any]:
    """Data of the ``map`` component: all dates on the grid of one of them, stretched alike."""
    together = [v for v in case.visits if same_grid(v, grid)]
    legend = workbench.get(store, visit.id).legend
    return {
        "base": links.base(store, case),
        "visits": [map_visit(store, v) for v in together],
        "visit": visit.id,
        "shape": list(grid.shape),
        "transform": list(grid.transform[:6]),
        "proj4": proj4(grid),
        "crs": grid.crs_name or "",
        "metres_per_pixel": metres_per_pixel(grid),
        "max_zoom": max_zoom(grid.shape),
        "bands": list(bands.natural(visit.channels)),
        "stretch": {k: list(v) for k, v in shared_stretch(store, together).items()},
        "legend": legend.to_json(),
        "notice": case.notice,
        "mode": "review",
        "change": None,
    }


def proj4(grid: RasterGrid) -> str:
    """The CRS as the browser's proj4 reads it; enough to show where the pointer is."""
    if grid.crs is None:
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the WKT's parts that PROJ strings lack
        return grid.crs.to_proj4()


def map_visit(store: Store, visit: Visit) -> dict[str, Any]:
    return {
        "id": visit.id,
        "name": visit.name,
        "when": words.shown_date(visit) or None,
        "bands": list(visit.channels),
        "revision": settled_revision(visit, workbench.get(store, visit.id).state()),
        "editable": not visit.reference,
        "sharp": opening.is_sharp(store, visit),
    }


def shared_stretch(store: Store, visits: list[Visit]) -> dict[str, tuple[float, float]]:
    """Black and white of each band, the same for all dates: the median of what suits each of them.

    One hazy date then neither washes out the others nor looks like a change.
    """
    ends: dict[str, list[tuple[float, float]]] = {}
    for visit in visits:
        for band, pair in opening.display(store, visit).stretch.items():
            ends.setdefault(band, []).append(pair)
    return {
        band: (median(low for low, _ in pairs), median(high for _, high in pairs))
        for band, pairs in ends.items()
    }


def same_grid(visit: Visit, grid: RasterGrid) -> bool:
    return isinstance(visit.grid, RasterGrid) and grid.same_as(visit.grid)
