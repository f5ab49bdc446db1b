"""The lesions of a scan's mask: how many, and the numbers of each.

Spec: ``layer`` and ``revision``; ``labels``, or None for all that are there; ``smallest_mm3``;
``edge_to_edge``, whether diameters are told prolonged to the edges of their end voxels (numbers
hold both); ``intensities``, whether the scan's values are summed up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from segviz import opening, workbench
from segviz.errors import Refused
from segviz.findings.blocks import Block, Check, Table, Text
from segviz.findings.inputs import mask_of
from segviz.grid import VolumeGrid
from segviz.measure.counts import counts
from segviz.measure.lesions import PERCENTILES, lesions
from segviz.measure.volumes import describe
from segviz.store import Store

Spec = Mapping[str, Any]
Row = dict[str, Any]

DEFINITIONS = (
    "A lesion is a piece of voxels that touch, be it at a corner (26 neighbours). Volume = voxels "
    "× |det| of the scan's position matrix. In-plane diameters lie within the axial slice in which "
    "the lesion is longest: the greatest distance between two voxels, and the longest at right "
    "angles to it through the convex outline. The 3-D diameter is the greatest distance between "
    "any two voxels (Feret)."
)
CENTRES = "Diameters run from voxel centre to voxel centre; one voxel has 0 mm."
EDGES = (
    "Diameters run from edge to edge: from centre to centre, prolonged to where the line leaves "
    "its two end voxels (+1 voxel along an axis)."
)
PLACES = (
    "Places are those of the centroid in RAS mm; slices are counted from 0, as the picture does. "
    "Left and right are the patient's, told from the scan's x = 0 (midline: within half a voxel), "
    "which is the middle of the head only where the head lies straight."
)
INTENSITIES = (
    "Intensities are the scan's own values in the lesion's voxels; sd divides by their number, "
    "percentiles are linear. Voxels without a number are left out and counted."
)


def now(
    store: Store,
    layer_id: str,
    labels: Sequence[int] | None = None,
    smallest_mm3: float = 0.0,
    *,
    edge_to_edge: bool = False,
    intensities: bool = True,
) -> dict[str, Any]:
    """The lesions of a layer as it stands."""
    return {
        "kind": "lesions",
        "layer": layer_id,
        "revision": workbench.get(store, layer_id).revision,
        "labels": None if labels is None else list(labels),
        "smallest_mm3": float(smallest_mm3),
        "edge_to_edge": edge_to_edge,
        "intensities": intensities,
    }


def find(store: Store, spec: Spec) -> dict[str, Any]:
    """Grid, visit, and of each label what ``measure.lesions`` gives.

    Raises:
        NotFound: the layer is gone (SV-CASE-060).
        Refused: a revision that never was (SV-EDIT-096), a scene (SV-NUM-012), or what
            ``measure.lesions`` refuses.
    """
    visit, mask = mask_of(store, spec["layer"], spec["revision"])
    if not isinstance(visit.grid, VolumeGrid):
        raise Refused(
            "SV-NUM-012",
            "A satellite scene has no lesions, so no ml could be given; measure its objects.",
        )
    image = opening.volume(store, visit) if spec["intensities"] else None
    present = (np.flatnonzero(counts(mask.data)[1:]) + 1).tolist()
    labels = present if spec["labels"] is None else spec["labels"]
    return {
        "grid": describe(visit.grid),
        "visit": visit.name,
        "labels": [lesions(mask, label, image, spec["smallest_mm3"]) for label in labels],
    }


def tell(spec: Spec, numbers: dict[str, Any]) -> Sequence[Block]:
    edges = bool(spec["edge_to_edge"])
    blocks: list[Block] = []
    for found in numbers["labels"]:
        blocks += _table(found, edges)
        blocks += [Check(found["name"], "warned", why) for why in found["warnings"]]
    if not blocks:
        return [Text("Nothing is marked, so there is no lesion.")]
    notes = [DEFINITIONS, EDGES if edges else CENTRES, PLACES]
    if spec["intensities"]:
        notes.append(INTENSITIES)
    return [*blocks, Text(" ".join(notes), "note")]


def _table(found: Row, edges: bool) -> Iterator[Block]:
    if found["whole"] is None:
        yield Text(f"{found['name']}: {found['why']}.")
        return
    columns = (
        "Lesion", "Volume, ml", "Longest ⌀, mm", "Perpendicular ⌀, mm", "3-D ⌀, mm", "Slice",
        "Centroid, mm", "Side",
    )  # fmt: skip
    rows = [[str(row["lesion"]), *cells(row, edges)] for row in found["lesions"]]
    rows.append(["all of it", *cells(found["whole"], edges)])
    yield Table(f"{found['name']}: {count_told(found)}", columns, rows, rest_told(found))
    if found["whole"]["intensity"] is not None:
        names = ["mean", "sd", "min", *(f"p{share}" for share in PERCENTILES), "max"]
        heads = ("Lesion", "Mean", "sd", "Lowest", "5 %", "25 %", "Median", "75 %", "95 %",
                 "Highest", "Voxels without a number")  # fmt: skip
        levels = [(str(row["lesion"]), row["intensity"]) for row in found["lesions"]]
        levels.append(("all of it", found["whole"]["intensity"]))
        yield Table(
            f"{found['name']}: intensities",
            heads,
            [[name, *(row[key] for key in names), row["missing"]] for name, row in levels],
        )


def cells(row: Row, edges: bool) -> list[Any]:
    """Of a lesion or a label: ml, diameters, slice, centroid, side."""
    return [
        row["volume_ml"],
        *(diameter(row, name, edges) for name in ("longest", "perpendicular", "diameter_3d")),
        row["slice"],
        row["centroid"],
        row["side"],
    ]


def diameter(row: Row, name: str, edges: bool) -> float:
    """A diameter in mm, from centre to centre or from edge to edge."""
    return float(row[name]["edge_mm" if edges else "mm"])


def count_told(found: Row) -> str:
    """
    >>> count_told({"count": 3, "smallest_mm3": 10.0, "smallest_voxels": 4})
    '3 lesions of at least 10 mm³ (4 voxels)'
    """
    count, size, voxels = found["count"], found["smallest_mm3"], found["smallest_voxels"]
    named = f"{count:,} lesion{'' if count == 1 else 's'}"
    least = f"{voxels:,} voxel{'' if voxels == 1 else 's'}"
    return f"{named} of at least {size:g} mm³ ({least})" if size else f"{named} of any size"


def rest_told(found: Row) -> str:
    """What is not in the table."""
    rest = {"smaller pieces": found["below"], "further lesions": found["unlisted"]}
    told = [
        f"{amount['count']:,} {name} of together {amount['volume_ml']:.3f} ml are not listed"
        for name, amount in rest.items()
        if amount["count"]
    ]
    return "; ".join(told) + "." if told else ""
