"""How much of each label there is: ml and diameters of scans, hectares of scenes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segviz import workbench
from segviz.case import Case
from segviz.findings import inputs
from segviz.findings.blocks import Block, Line, Plot, Table, Text
from segviz.grid import VolumeGrid
from segviz.measure.areas import measure_scene
from segviz.measure.volumes import measure_volume
from segviz.store import Store

VOLUME_NOTE = (
    "Volume = voxels × |det| of the scan's position matrix. Diameters lie within one axial slice, "
    "from voxel centre to voxel centre: the longest one, and the longest at right angles to it. "
    "Parts do not touch, not even at a corner (26 neighbours)."
)
AREA_NOTE = (
    "Area = pixels × the area of each pixel on the ellipsoid of the scene's CRS, counted at full "
    "resolution. A mapped area is what the mask shows; it has no error estimate of its own."
)
DATES_MOST = 8
"""Dates that are columns of one table."""

PIXEL_NOTE = "The scene has no CRS, so there are pixels and no hectares."


def now(store: Store, case: Case) -> dict[str, Any]:
    """Of the masks of a case as they stand: the first of each visit, and others that have work."""
    return {"kind": "amounts", "layers": layers(store, case)}


def layers(store: Store, case: Case) -> list[dict[str, Any]]:
    """Layers of the visits that are segmented, each with its revision now."""
    found = [layer for visit in case.segmented for layer in store.layers(visit.id)]
    benches = [workbench.get(store, layer.id) for layer in found]
    return [
        {"layer": bench.layer.id, "revision": bench.revision}
        for bench in benches
        if bench.revision or bench.layer.id == bench.visit.id
    ]


def find(store: Store, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Of each layer: visit, mask, fingerprint, and of each label cells, amount and diameters."""
    return {"masks": [_mask(store, at["layer"], at["revision"]) for at in spec["layers"]]}


def _mask(store: Store, layer_id: str, revision: int) -> dict[str, Any]:
    visit, mask = inputs.mask_of(store, layer_id, revision)
    bench = workbench.get(store, layer_id)
    is_volume = isinstance(visit.grid, VolumeGrid)
    measured = measure_volume(mask) if is_volume else measure_scene(mask)
    return {
        "visit": visit.name,
        "date": visit.when.isoformat() if visit.when else None,
        "mask": "" if layer_id == visit.id else bench.layer.name,
        "fingerprint": f"{bench.fingerprint_at(revision) % 2**64:016x}",
        "world": "volume" if is_volume else "scene",
        "labels": [
            {key: value for key, value in row.items() if key != "share"}
            | {"color": mask.legend[row["label"]].color}
            for row in measured["labels"]
        ],
    }


def tell(spec: Mapping[str, Any], numbers: dict[str, Any]) -> Sequence[Block]:
    masks = numbers["masks"]
    if not masks:
        return [Text("There is no mask yet.")]
    tables = volumes if masks[0]["world"] == "volume" else areas
    return tables(masks)


def volumes(masks: Sequence[dict[str, Any]]) -> list[Block]:
    """A row for each label of each scan."""
    columns = ("Visit", "Label", "Volume, ml", "Voxels", "Parts",
               "Longest ⌀, mm", "Perpendicular ⌀, mm")  # fmt: skip
    keys = ("volume_ml", "voxels", "components",
            "longest_diameter_mm", "perpendicular_diameter_mm")  # fmt: skip
    rows = [row for mask in masks for row in _rows(mask, keys)]
    return [Table("Volumes", columns, rows, VOLUME_NOTE), *over_time(masks, keys[0], "ml")]


def areas(masks: Sequence[dict[str, Any]]) -> list[Block]:
    """A row for each class of each scene; of several dates, a column for each."""
    on_earth = all(row["area_ha"] is not None for mask in masks for row in mask["labels"])
    key, unit = ("area_ha", "ha") if on_earth else ("pixels", "pixels")
    note = AREA_NOTE if on_earth else PIXEL_NOTE
    if 1 < len(masks) <= DATES_MOST:
        known = {row["label"]: row["name"] for mask in masks for row in mask["labels"]
                 if cells(row)}  # fmt: skip
        rows = [
            [name, *(_at(mask, label, key) for mask in masks)]
            for label, name in sorted(known.items())
        ]
        table = Table(f"Areas, {unit}", ("Class", *map(_title, masks)), rows, note)
    else:
        columns = ("Date", "Class", "Area, ha", "Pixels")
        keys = ("area_ha", "pixels")
        rows = [row for mask in masks for row in _rows(mask, keys)]
        table = Table("Areas", columns, rows, note)
    return [table, *over_time(masks, key, unit)]


def _rows(mask: dict[str, Any], keys: Sequence[str]) -> list[list[Any]]:
    """A row for each label that has cells."""
    title = _title(mask)
    found = [row for row in mask["labels"] if cells(row)]
    return [[title, row["name"], *(row[key] for key in keys)] for row in found] or [
        [title, "nothing marked", *[None] * len(keys)]
    ]


def _title(mask: dict[str, Any]) -> str:
    return " · ".join(part for part in (mask["visit"], mask["mask"]) if part)


def cells(row: dict[str, Any]) -> int:
    return int(row.get("voxels", row.get("pixels", 0)))


def over_time(masks: Sequence[dict[str, Any]], key: str, unit: str) -> list[Block]:
    """A line for each label through the first masks of several visits.

    The axis is time where all of them have a date.
    """
    first = [mask for mask in masks if not mask["mask"]]
    if len(first) < 2:
        return []
    dated = all(mask["date"] for mask in first)
    x = [mask["date"] if dated else mask["visit"] for mask in first]
    known = {row["label"]: row for mask in first for row in mask["labels"] if cells(row)}
    kind = {"ml": "Volume", "ha": "Area", "pixels": "Size"}[unit]
    lines = [
        Line(row["name"], row["color"], x, [_at(mask, value, key) for mask in first])
        for value, row in sorted(known.items())
    ]
    return [Plot(f"{kind} over time", "Date" if dated else "Visit", f"{kind}, {unit}", lines)]


def _at(mask: dict[str, Any], label: int, key: str) -> float | None:
    """0 where only other labels are marked, None where nothing is."""
    if not any(cells(row) for row in mask["labels"]):
        return None
    return next((row[key] for row in mask["labels"] if row["label"] == label and cells(row)), 0)
