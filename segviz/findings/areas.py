"""Hectares of the labels of a scene within areas of interest, and by a definition of forest.

An area is a record of the kind ``area``: its polygon as GeoJSON in longitude and latitude, the
name of the file it came from and that file's sha256.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from segviz import opening
from segviz.case import Record, Visit
from segviz.errors import Refused
from segviz.findings.blocks import Block, Table, Text
from segviz.findings.inputs import mask_of
from segviz.grid import RasterGrid
from segviz.io.polygons import from_cells, read_shape, to_geojson
from segviz.mask import Mask
from segviz.measure import areas, clouds, forest
from segviz.measure.zones import RULES, Area, measure_areas, require_scene
from segviz.store import Store

KIND = "area"

OF_AREA = (
    "polygon_ha", "inside_ha", "valid_ha", "nodata_ha", "nodata_share", "cloud_ha", "cloud_share",
    "unlabelled_ha",
)  # fmt: skip
OF_LABEL = ("label", "name", "pixels", "area_ha", "share")

Spec = dict[str, Any]


def now(store: Store, visit: Visit, layer_id: str, revision: int, preset: str | None) -> Spec:
    """The spec of a layer at a revision, within the areas that its case has today."""
    return {
        "kind": "areas",
        "layer": layer_id,
        "revision": revision,
        "areas": [record.seq for record in store.records(visit.case_id, KIND)],
        "preset": preset,
    }


def keep(store: Store, case_id: str, area: Area, source: Mapping[str, Any], author: str) -> Record:
    """Keep an area on disk; ``source`` has the ``file`` that it came from and its ``sha256``."""
    body = {"geometry": to_geojson(area), **source}
    return store.add_record(case_id, KIND, area.name, body, author)


def keep_drawn(
    store: Store, case_id: str, grid: RasterGrid, corners: Sequence[Sequence[float]], author: str
) -> Record:
    """Keep a polygon drawn on the map, given by its corners [column, row], as the next "Area n".

    Raises:
        Refused: it encloses nothing, or the scene does not say where it lies (``from_cells``).
    """
    taken = {record.name for record in store.records(case_id, KIND)}
    name = next(name for n in count(1) if (name := f"Area {n}") not in taken)
    drawn = from_cells(name, corners, grid)
    return keep(store, case_id, drawn, {"file": None, "sha256": None}, author)


def find(store: Store, spec: Spec) -> dict[str, Any]:
    """Hectares of each area and label; with a preset also what its smallest area leaves.

    Raises:
        Refused: the layer is no scene's (SV-NUM-063), or by what reads and measures it.
    """
    visit, mask = mask_of(store, spec["layer"], spec["revision"])
    grid = require_scene(mask)
    shapes = [area_of(store.record(visit.case_id, seq)) for seq in spec["areas"]]
    scene = opening.scene(store, visit)
    clouded = clouds.clouds_of(scene) or clouds.clouds_in(mask)

    def measured(of: Mask) -> list[dict[str, Any]]:
        return measure_areas(of, shapes, lambda window: scene.read(window, [0])[1], clouded)

    rows = measured(mask)
    found = {
        "grid": areas.describe(grid),
        "ellipsoid": ellipsoid_of(grid),
        "rule": "coverage",
        "areas": rows,
        "preset": None,
    }
    if spec.get("preset"):
        defined = forest.by_definition(mask, spec["preset"])
        found["preset"] = defined.numbers
        if defined.mask is not None:
            label = defined.numbers["label"]
            for row, left in zip(rows, measured(defined.mask), strict=True):
                row["after_mmu_ha"] = labelled(left, label)["area_ha"]
    return found


def area_of(record: Record) -> Area:
    """The polygon of a record.

    Raises:
        Refused: it was taken back, or holds none (SV-NUM-064).
    """
    if record.kind != KIND or not isinstance(record.body, dict):
        raise Refused(
            "SV-NUM-064",
            f"The record {record.seq} is no area, so nothing can be measured in it; choose one of "
            "the case's areas.",
        )
    return read_shape(record.name, record.body["geometry"])


def labelled(row: dict[str, Any], label: int) -> dict[str, Any]:
    """The numbers of one label of an area."""
    empty = {"label": label, "area_ha": None if "why" in row else 0.0}
    return next((one for one in row["labels"] if one["label"] == label), empty)


def ellipsoid_of(grid: RasterGrid) -> str:
    return "" if grid.crs is None or grid.crs.ellipsoid is None else grid.crs.ellipsoid.name


def tell(spec: Spec, numbers: dict[str, Any]) -> list[Block]:
    """A table of areas by labels, the definition of forest, and how all of it was computed."""
    blocks: list[Block] = []
    if numbers["areas"]:
        blocks += [table(numbers), Text(how(numbers), "note")]
    if numbers["preset"]:
        blocks += definition(numbers["preset"])
    return blocks


def table(numbers: dict[str, Any]) -> Table:
    rows = numbers["areas"]
    names = [label["name"] for label in rows[0]["labels"]] if rows else []
    preset = numbers["preset"]
    has_mmu = bool(preset and preset["sieved"])
    after = [f"Forest from {preset['mmu_ha']:g} ha, ha"] if has_mmu else []
    return Table(
        "Areas",
        ["Area", "Polygon, ha", "With data, ha", "No data, %", "Clouds, %"]
        + [f"{name}, ha" for name in names]
        + after,
        [
            [
                row["name"],
                row["polygon_ha"],
                row["valid_ha"],
                percent(row["nodata_share"]),
                percent(row["cloud_share"]),
                *(label["area_ha"] for label in row["labels"]),
                *([row["after_mmu_ha"]] if has_mmu else []),
            ]
            for row in rows
        ],
    )


def csv_rows(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """A line for each area and label, of an area without labels one."""
    about = {
        "crs": numbers["grid"]["crs"],
        "ellipsoid": numbers["ellipsoid"],
        "rule": numbers["rule"],
        "use": "research only, not for diagnosis",
    }
    rows = []
    for row in numbers["areas"]:
        own = {"area": row["name"]} | {name: row[name] for name in OF_AREA}
        for label in row["labels"] or [{}]:
            rows.append(own | {name: label.get(name) for name in OF_LABEL} | about)
    return rows


def percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def how(numbers: dict[str, Any]) -> str:
    """In what and by which rule hectares were counted."""
    crs = numbers["grid"]["crs"]
    return (
        f"Counted at full resolution in the scene's own grid ({crs}), each cell by its true area "
        f"on the ellipsoid {numbers['ellipsoid']}. Rule: coverage fraction, that is, "
        f"{RULES['coverage']}. Edges are straight in longitude and latitude and get points on the "
        "way to the scene's grid. Cells in which the image has no data leave the areas and shares "
        "of labels; their share of the area within the scene is beside them."
    )


def definition(found: dict[str, Any]) -> list[Block]:
    preset, sieved = forest.preset(found["key"]), found["sieved"]
    rows = [
        ["Forest", preset.forest],
        ["Loss", preset.loss],
        *([["Cut-off", preset.cut_off.isoformat()]] if preset.cut_off else []),
        ["Source", preset.source],
    ]
    blocks: list[Block] = [Table(f"Forest as in {preset.name}", ["", ""], rows)]
    if sieved:
        before, after = sieved["before_ha"], sieved["after_ha"]
        blocks.append(
            Table(
                "Forest before and after the smallest area",
                ["Smallest area, ha", "Cells that make it", "Before, ha", "After, ha",
                 "Patches", "Taken out", "Neighbours"],
                [[sieved["area_ha"], sieved["cells"], before, after, sieved["patches"],
                  sieved["removed"], sieved["connectivity"]]],
            )
        )  # fmt: skip
    else:
        blocks.append(Text(found["why"], "note"))
    return [*blocks, Text(" ".join(preset.notes), "note")]
