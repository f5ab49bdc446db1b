"""What the viewers are told. Their data stay the same while a mask is being edited."""

from __future__ import annotations

import warnings
from statistics import median
from typing import Any

import streamlit as st

from segviz import opening, workbench
from segviz.case import Case, Layer, Visit
from segviz.grid import RasterGrid, VolumeGrid, same_grid
from segviz.opening.tiling import max_zoom, metres_per_pixel
from segviz.render import bands
from segviz.store import Store
from segviz.ui import links, reader, words
from segviz.ui.layers import title as layer_title


def settled_revision(bench: workbench.Workbench) -> int:
    """The revision at which this session first met the mask's present generation.

    The viewer follows edits by itself; only a mask that was changed under it (a model's run, a
    legend, a restored version) must be told, and any other change of its data would make Streamlit
    set it up again.
    """
    generation, revision = bench.standing
    if _met().get(bench.layer.id, (-1, 0))[0] != generation:
        _met()[bench.layer.id] = generation, revision
    return _met()[bench.layer.id][1]


def changed(bench: workbench.Workbench) -> None:
    """The page itself changed a mask: the viewer is to follow."""
    _met()[bench.layer.id] = bench.standing


def _met() -> dict[str, tuple[int, int]]:
    met: dict[str, tuple[int, int]] = st.session_state.setdefault("generations", {})
    return met


def volume_data(
    store: Store, case: Case, visit: Visit, grid: VolumeGrid, layer_id: str
) -> dict[str, Any]:
    """Data of the ``volume`` component."""
    bench = workbench.get(store, layer_id)
    shown = opening.display(store, visit)
    return {
        "base": links.base(store, case),
        "visit": visit.id,
        "name": f"{case.name}, {visit.name}",
        "notice": case.notice,
        "legend": bench.legend.to_json(),
        "window": list(shown.window) if shown.window else None,
        "modality": shown.modality,
        "revision": settled_revision(bench),
        "spacing": list(grid.canonical.spacing_mm),
    }


def map_data(
    store: Store, case: Case, visit: Visit, grid: RasterGrid, layer_id: str
) -> dict[str, Any]:
    """Data of the ``map`` component: all dates on the grid of one of them, stretched alike."""
    together = [v for v in case.visits if same_grid(v.grid, grid)]
    legend = workbench.get(store, layer_id).legend
    return {
        "base": links.base(store, case),
        "visits": [map_visit(store, v, layer_id if v.id == visit.id else v.id) for v in together],
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
        "areas": areas_url(store, case, visit),
        "notice": case.notice,
        "mode": "review",
        "change": None,
    }


def areas_url(store: Store, case: Case, visit: Visit) -> str | None:
    """Where the outlines of the case's areas are; another address once they are others."""
    seqs = [str(record.seq) for record in store.records(case.id, "area")]
    return f"{links.visit(store, case, visit)}/areas?of={','.join(seqs)}" if seqs else None


def whose(store: Store, case: Case, visit: Visit, layer: Layer) -> dict[str, Any]:
    """Whose mask it is, who is reading, and the masks that can be copied from."""
    return {
        "layer": layer.id,
        "author": reader.name(),
        "sources": sources(store, case, visit, layer),
    }


def sources(store: Store, case: Case, visit: Visit, layer: Layer) -> list[dict[str, Any]]:
    """Masks on the same cells: what the last model or import said, versions, layers, dates."""
    base = workbench.get(store, layer.id).history_at().base
    said = (
        [source(store, f"{base.layer_id}@{base.revision}", base.source, layer.id)] if base else []
    )
    named = [
        source(store, f"{layer.id}@{version.revision}", f"version {version.name}", layer.id)
        for version in store.versions(layer.id)
    ]
    layers = [
        source(store, other.id, layer_title(other), other.id)
        for other in store.layers(visit.id)
        if other.id != layer.id
    ]
    dates = [
        source(store, other.id, words.visit_title(other), other.id)
        for other in case.visits
        if other.id != visit.id and same_grid(other.grid, visit.grid)
    ]
    return [*said, *named, *layers, *dates]


def source(store: Store, key: str, name: str, layer_id: str) -> dict[str, Any]:
    return {"id": key, "name": name, "legend": workbench.get(store, layer_id).legend.to_json()}


def proj4(grid: RasterGrid) -> str:
    """The CRS as the browser's proj4 reads it; enough to show where the pointer is."""
    if grid.crs is None:
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the WKT's parts that PROJ strings lack
        return grid.crs.to_proj4()


def map_visit(store: Store, visit: Visit, layer_id: str) -> dict[str, Any]:
    return {
        "id": visit.id,
        "name": visit.name,
        "when": words.shown_date(visit) or None,
        "bands": list(visit.channels),
        "revision": settled_revision(workbench.get(store, layer_id)),
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
