"""How far two masks of a visit agree: two readers, a reader and a model, two versions.

Spec: ``a`` and ``b``, each with ``layer``, ``revision`` and ``name``; ``tolerance_mm`` of the
surface Dice; ``min_voxels`` of a lesion that is matched; ``labels``, or None for all. Of a scene
the options about distances and lesions say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz import workbench
from segviz.case import Layer
from segviz.findings.blocks import Block, Check, Table, Text
from segviz.findings.inputs import mask_of
from segviz.grid import VolumeGrid
from segviz.mask import Mask
from segviz.measure import distance_map
from segviz.measure.agreement import (
    TOLERANCE_MM,
    agreement_scene,
    agreement_volume,
    means,
    require_tolerance,
)
from segviz.measure.surfaces import is_askew, steps_of
from segviz.store import Store

Spec = dict[str, Any]
Row = dict[str, Any]

HD95 = {
    "hd95_mm": "HD95 (max of directed 95th percentiles, voxel surface, mm)",
    "hd95_pooled_mm": "HD95 pooled (95th percentile of both directions together, mm)",
    "hd95_area_mm": "HD95 by area (max of directed 95th percentiles, subvoxel surface, mm)",
}
"""Conventions of HD95 as they are headed; never two in one column."""

DEFINITIONS = (
    "Dice is twice the shared voxels over the voxels of both; IoU the shared over all that either "
    "has. HD95 is the greater of the two directed 95th percentiles of the distance from surface "
    "voxel to surface (MONAI), ASSD the mean over the surface voxels of both. Surface Dice is the "
    "share of both surfaces, by area between voxels, that lies within the tolerance of the other "
    "(Nikolov 2018, DeepMind). Differences are A minus B, in % of B. All distances are in mm by "
    "the scan's own axes."
)
LESIONS = (
    "A lesion is a piece of voxels that touch, be it at a corner (26 neighbours). By any overlap a "
    "lesion of B is found where A shares a voxel with it, and one of A is false where it shares "
    "none with B. One to one, each lesion has one partner at most, chosen for the greatest sum of "
    "Dice. Lesion-wise Dice (BraTS 2023) is the mean over the lesions of B of more than 50 mm³, "
    "those that meet after three dilations by 18 neighbours as one, each against all of A that "
    "touches it so dilated; each false lesion of A counts as 0. HD95 hides small false alarms: "
    "read both."
)
SCENE = (
    "Over the pixels that both masks label. IoU is the shared area over all that either has, F1 is "
    "Dice, precision the share of A that B has too, recall the share of B that A has."
)
DETECTION = ("tp", "fn", "fp", "sensitivity", "precision", "f1")
BOTH_EMPTY = "both empty"
ONE_EMPTY = "∞ (one empty)"


def side(layer: Layer, revision: int, name: str = "") -> Spec:
    """One of the two masks, for a spec."""
    return {"layer": layer.id, "revision": revision, "name": name or layer.name}


def now(store: Store, a: Layer, b: Layer) -> Spec:
    """How two layers agree as they stand."""
    one, two = (side(layer, workbench.get(store, layer.id).revision) for layer in (a, b))
    return spec_of(one, two)


def spec_of(
    a: Spec,
    b: Spec,
    tolerance_mm: float = TOLERANCE_MM,
    min_voxels: int = 1,
    labels: Sequence[int] | None = None,
) -> Spec:
    """
    Raises:
        Refused: the tolerance is not a length (SV-NUM-022).
    """
    require_tolerance(tolerance_mm)
    return {
        "kind": "agreement",
        "a": a,
        "b": b,
        "tolerance_mm": tolerance_mm,
        "min_voxels": min_voxels,
        "labels": None if labels is None else list(labels),
    }


def find(store: Store, spec: Spec) -> dict[str, Any]:
    """Rows by label and, of a volume, means over them, lesions matched and the worst slices.

    Raises:
        NotFound: a layer is gone (SV-CASE-060).
        Refused: the masks lie on different grids (SV-PAIR-002), or a revision never was
            (SV-EDIT-096).
    """
    a, b = (
        mask_of(store, spec[which]["layer"], spec[which]["revision"])[1] for which in ("a", "b")
    )
    if not isinstance(a.grid, VolumeGrid):
        return {"world": "scene", "labels": _chosen(agreement_scene(a, b), spec)}
    rows = _chosen(agreement_volume(a, b, spec["tolerance_mm"], spec["min_voxels"]), spec)
    for row in rows:
        row["worst"] = worst(a, b, row["label"])
        row["at_border"] = any(_at_border(mask.data == row["label"]) for mask in (a, b))
        _to_canonical(row["lesions"]["groups"], a.grid)
    return {
        "world": "volume",
        "labels": rows,
        "means": means(rows),
        "askew": is_askew(a.grid),
    }


def worst(a: Mask, b: Mask, label: int) -> dict[str, Any]:
    """The axial slices in which a label differs most: by distance, and by area.

    ``at`` is a voxel in canonical order, as the viewers count; each is None where there is none.
    """
    grid = a.grid
    assert isinstance(grid, VolumeGrid)
    one, two = (grid.to_canonical(mask.data == label) for mask in (a, b))
    steps_mm = steps_of(grid.canonical)
    return {
        "distance": distance_map.farthest(one, two, steps_mm),
        "area": distance_map.most_differing(one, two, steps_mm),
    }


def tell(spec: Spec, numbers: dict[str, Any]) -> Sequence[Block]:
    a, b = spec["a"]["name"], spec["b"]["name"]
    title = f"Agreement of {a} (A) and {b} (B)"
    if numbers["world"] == "scene":
        return [_scene_table(title, numbers["labels"]), Text(SCENE, "note")]
    rows = numbers["labels"]
    tolerance = f"{spec['tolerance_mm']:g} mm"
    return [
        _volume_table(title, rows, tolerance, numbers["means"]),
        Text(DEFINITIONS, "note"),
        *_lesion_tables(rows, spec["min_voxels"]),
        Text(LESIONS, "note"),
        *_checks(rows, numbers["askew"]),
    ]


def distance(row: Row, key: str) -> float | str | None:
    """A distance as tables say it where it is not a number."""
    if row[key] is None:
        return ONE_EMPTY if row.get("infinite") else None
    return float(row[key])


def dice(row: Row) -> float | str:
    empty = row["volume_ml"] == row["reference_ml"] == 0
    return f"1 ({BOTH_EMPTY})" if empty else float(row["dice"])


def _volume_table(title: str, rows: list[Row], tolerance: str, mean: Row) -> Table:
    columns = (
        "label", "Dice", "IoU", "A (ml)", "B (ml)", "A − B (ml)", "A − B (%)", "HD95 (mm)",
        "HD (mm)", "ASSD (mm)", f"surface Dice at {tolerance}",
    )  # fmt: skip
    cells = [
        (
            row["name"],
            dice(row),
            row["iou"],
            row["volume_ml"],
            row["reference_ml"],
            row["difference_ml"],
            row["difference_percent"],
            distance(row, "hd95_mm"),
            distance(row, "hd_mm"),
            distance(row, "assd_mm"),
            row["nsd"],
        )
        for row in rows
    ]
    return Table(title, columns, cells, means_told(mean))


def means_told(mean: Row) -> str:
    """Averages in a sentence, with how many labels have no distance."""
    if not mean["rows"]:
        return ""
    said = f"Mean Dice of {mean['rows']} labels {mean['dice']:.3f}"
    left = mean["rows"] - mean["with_distance"]
    if mean["with_distance"]:
        said += f"; mean HD95 {mean['hd95_mm']:.2f} mm and ASSD {mean['assd_mm']:.2f} mm"
        said += f" of {mean['with_distance']} of them" if left else ""
    return said + (
        f"; {left} without a distance (empty in A, B or both) left out." if left else "."
    )


def _lesion_tables(rows: list[Row], min_voxels: int) -> list[Table]:
    counted = [row for row in rows if row["lesions"]["mask"] or row["lesions"]["reference"]]
    columns = (
        "label", "rule", "lesions in A", "lesions in B", "of B found", "of B missed", "of A false",
        "sensitivity", "precision", "F1",
    )  # fmt: skip
    detections = [
        (
            row["name"],
            rule,
            row["lesions"]["mask"],
            row["lesions"]["reference"],
            *(row["lesions"][key][name] for name in DETECTION),
        )
        for row in counted
        for key, rule in (("any_overlap", "any overlap"), ("one_to_one", "one to one"))
    ]
    brats = "; ".join(f"{row['name']} {row['lesions']['dice_2023']:.3f}" for row in counted)
    matched = [
        (row["name"], *group_cells(group)) for row in counted for group in row["lesions"]["groups"]
    ]
    note = f"Lesion-wise Dice (BraTS 2023): {brats or 'no lesions'}."
    note += "" if min_voxels == 1 else f" Lesions of under {min_voxels} voxels are not matched."
    return [
        Table("Lesions detected", columns, detections, note),
        Table(
            "Lesions matched",
            ("label", "in A", "in B", "what", "A (ml)", "B (ml)", "Dice"),
            matched,
            "Numbered by size, the largest is 1.",
        ),
    ]


def group_cells(group: Row) -> tuple[Any, ...]:
    """Lesions of A, of B, what became of them, ml in A and B, Dice."""
    ours, theirs = (", ".join(map(str, group[key])) for key in ("mask", "reference"))
    return ours, theirs, what(group), group["mask_ml"], group["reference_ml"], group["dice"]


def what(group: Row) -> str:
    """How the lesions of a group of A stand to those of B."""
    match len(group["mask"]), len(group["reference"]):
        case 0, _:
            return "only B"
        case _, 0:
            return "only A"
        case 1, 1:
            return "matched"
        case 1, _:
            return "one in A, several in B"
        case _, 1:
            return "several in A, one in B"
    return "several in both"


def _scene_table(title: str, rows: list[Row]) -> Table:
    cells = [
        (row["name"], *(row[key] for key in ("iou", "f1", "precision", "recall")), row.get("why"))
        for row in rows
    ]
    return Table(title, ("label", "IoU", "F1", "precision", "recall", "why not"), cells)


def _checks(rows: list[Row], askew: bool) -> list[Check]:
    grid = Check("One grid", "passed", "Both masks have the same voxels.")
    angles = (
        Check(
            "Right angles",
            "warned",
            "The scan's axes are not at right angles; distances are measured along them as they "
            "lie, which tools that multiply spacings get wrong.",
        )
        if askew
        else Check("Right angles", "passed", "The scan's axes are at right angles.")
    )
    cut = [row["name"] for row in rows if row["at_border"]]
    border = (
        Check(
            "Inside the scan",
            "warned",
            f"{', '.join(cut)} touches the border of the scan, which is taken for its surface; "
            "what lies beyond is not in the volumes.",
        )
        if cut
        else Check("Inside the scan", "passed", "No label touches the border of the scan.")
    )
    return [grid, angles, border]


def _chosen(rows: list[Row], spec: Spec) -> list[Row]:
    labels = spec["labels"]
    return [row for row in rows if labels is None or row["label"] in labels]


def _at_border(binary: NDArray[np.bool_]) -> bool:
    sides = (binary.take((0, -1), axis) for axis in range(binary.ndim))
    return any(bool(pair.any()) for pair in sides)


def _to_canonical(groups: list[Row], grid: VolumeGrid) -> None:
    """Places of lesions as the viewers count voxels."""
    for group in groups:
        flat = np.array([np.ravel_multi_index(group["at"], grid.shape)])
        place = np.unravel_index(grid.canonical_index(flat), grid.canonical.shape, order="F")
        group["at"] = [int(index[0]) for index in place]
