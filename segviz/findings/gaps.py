"""How much of a scene shows no ground: cells without data, and clouds where they are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from segviz import opening
from segviz.errors import Refused
from segviz.findings.blocks import Block, Table, Text
from segviz.grid import RasterGrid
from segviz.image import windows
from segviz.measure.areas import AreaTally
from segviz.measure.clouds import clouds_of
from segviz.measure.zones import NO_CLOUDS
from segviz.store import Store

WINDOW = 1024
SEEN, NODATA, CLOUD = 1, 2, 3

Spec = Mapping[str, Any]


def now(visit_id: str, case_id: str) -> dict[str, Any]:
    return {"kind": "gaps", "case": case_id, "visit": visit_id}


def find(store: Store, spec: Spec) -> dict[str, Any]:
    """Shares of the cells, and hectares where the scene lies on the Earth.

    Raises:
        Refused: the visit is a scan (SV-NUM-066).
    """
    visit = next(v for v in store.case(spec["case"]).visits if v.id == spec["visit"])
    if not isinstance(visit.grid, RasterGrid):
        raise Refused(
            "SV-NUM-066",
            "A scan has no clouds and no cells without data to count; choose a scene.",
        )
    scene = opening.scene(store, visit)
    clouds, tally = clouds_of(scene), AreaTally(visit.grid)
    for window in windows(visit.grid.shape, WINDOW):
        valid = scene.read(window, [0])[1]
        codes = np.where(valid, np.uint8(SEEN), np.uint8(NODATA))
        if clouds is not None:
            codes[clouds(window) & valid] = CLOUD
        tally.add(window, codes)
    cells, hectares = tally.pixels(), tally.area_ha()
    sizes = hectares or cells
    total = sum(sizes.values())
    cloud = sizes.get(CLOUD, 0) / total if clouds is not None else None
    return {
        "nodata_share": sizes.get(NODATA, 0) / total,
        "nodata_ha": None if hectares is None else hectares.get(NODATA, 0.0),
        "cloud_share": cloud,
        **({} if clouds is not None else {"cloud_why": NO_CLOUDS}),
    }


def tell(spec: Spec, numbers: dict[str, Any]) -> list[Block]:
    """Both shares, and why one is missing."""
    shares = [numbers["nodata_share"], numbers["cloud_share"]]
    row = [None if share is None else 100 * share for share in shares]
    table = Table("What the scene does not show", ["No data, %", "Clouds, %"], [row])
    return [table, Text(numbers["cloud_why"], "note")] if "cloud_why" in numbers else [table]
