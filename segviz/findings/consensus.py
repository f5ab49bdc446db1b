"""What three or more masks of a volume say together, and how each of them stands to that.

Spec: ``masks``, each with ``layer``, ``revision`` and ``name``; ``method``, ``majority`` or
``staple``. A consensus that was kept as a layer is a record of the kind ``consensus`` under the id
of that layer, whose body is the spec.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from segviz import workbench
from segviz.case import Layer
from segviz.errors import Refused
from segviz.findings.agreement import side
from segviz.findings.blocks import Block, Table, Text
from segviz.findings.inputs import mask_of
from segviz.grid import VolumeGrid, same_grid
from segviz.mask import Legend, Mask
from segviz.measure import consensus
from segviz.measure.consensus import Labels, Rater
from segviz.measure.counts import counts
from segviz.store import Store

Spec = dict[str, Any]
Vote = tuple[Labels, dict[str, Any], dict[int, dict[str, Any]], dict[int, list[Rater]]]
"""The mask, facts about all of it, facts by label, raters by label."""

METHODS = {"majority": "Majority", "staple": "STAPLE"}
DEFINITIONS = {
    "majority": (
        "A voxel has the label that more than half of the masks gave it; where none has more than "
        "half it has none. Sensitivity is the share of the consensus that a mask has, specificity "
        "the share of all other voxels of the scan that it leaves free."
    ),
    "staple": (
        "STAPLE (Warfield 2004) estimates the truth and each mask's sensitivity and specificity "
        "together, label by label, over all voxels of the scan; the prior is the label's mean "
        "share, and a voxel belongs to it from a probability of 0.5. Specificity is near 1 "
        "wherever the scan is much larger than what is marked."
    ),
}


def now(store: Store, layers: Sequence[Layer], method: str) -> Spec:
    """A consensus of layers as they stand.

    Raises:
        Refused: there are fewer than three (SV-NUM-021).
    """
    consensus.require_raters(len(layers))
    masks = [side(layer, workbench.get(store, layer.id).revision) for layer in layers]
    return {"kind": "consensus", "masks": masks, "method": method}


def find(store: Store, spec: Spec) -> dict[str, Any]:
    """Rows by label with ml and how each mask stands to the consensus.

    Raises:
        Refused: as ``made``.
    """
    return made(store, spec)[1]


def made(store: Store, spec: Spec) -> tuple[Mask, dict[str, Any]]:
    """The consensus itself and its numbers.

    Raises:
        Refused: fewer than three masks (SV-NUM-021), or masks that are no volumes of one grid
            (SV-NUM-023).
    """
    masks = [mask_of(store, said["layer"], said["revision"])[1] for said in spec["masks"]]
    grid = _one_volume(masks)
    arrays = [mask.data for mask in masks]
    legend = _legend(masks)
    values = [
        label.value for label in legend if any((data == label.value).any() for data in arrays)
    ]
    labels, numbers, facts, raters = VOTES[spec["method"]](arrays, values)
    rows = [
        {
            "label": value,
            "name": legend[value].name,
            "volume_ml": _ml(labels, value, grid),
            **facts[value],
            "raters": [
                {"name": said["name"], "volume_ml": _ml(data, value, grid), **asdict(rater)}
                for said, data, rater in zip(spec["masks"], arrays, raters[value], strict=True)
            ],
        }
        for value in values
    ]
    names = ", ".join(said["name"] for said in spec["masks"])
    made_from = f"{METHODS[spec['method']]} of {names}"
    found = {"method": spec["method"], **numbers, "labels": rows}
    return Mask(grid, labels, legend, made_from), found


def tell(spec: Spec, numbers: dict[str, Any]) -> Sequence[Block]:
    rows = [
        (row["name"], row["volume_ml"], *rater.values())
        for row in numbers["labels"]
        for rater in row["raters"]
    ]
    columns = ("label", "consensus (ml)", "mask", "its ml", "sensitivity", "specificity")
    return [
        Table(f"{METHODS[spec['method']]} of {len(spec['masks'])} masks", columns, rows),
        Text(_told(numbers), "note"),
        Text(DEFINITIONS[spec["method"]], "note"),
    ]


def _by_majority(arrays: Sequence[Labels], values: Sequence[int]) -> Vote:
    agreed = consensus.majority(arrays)
    raters = {
        value: [consensus.against(data, agreed.labels, value) for data in arrays]
        for value in values
    }
    return agreed.labels, {"ties": agreed.ties}, {value: {} for value in values}, raters


def _by_staple(arrays: Sequence[Labels], values: Sequence[int]) -> Vote:
    found = {value: consensus.staple(arrays, value) for value in values}
    labels = consensus.staple_labels(found) if found else np.zeros_like(arrays[0])
    facts = {
        value: {
            "prior": estimate.prior,
            "iterations": estimate.iterations,
            "converged": estimate.converged,
        }
        for value, estimate in found.items()
    }
    return labels, {}, facts, {value: estimate.raters for value, estimate in found.items()}


VOTES = {"majority": _by_majority, "staple": _by_staple}


def _ml(labels: Labels, value: int, grid: VolumeGrid) -> float:
    return int(np.count_nonzero(labels == value)) * grid.voxel_volume_ml


def _legend(masks: Sequence[Mask]) -> Legend:
    """What the labels mean in the first mask that names them, by value."""
    present = np.flatnonzero(sum(counts(mask.data) for mask in masks))
    named = {label.value: label for mask in reversed(masks) for label in mask.legend}
    legend = Legend(tuple(named.values())).covering(present)
    return Legend(tuple(sorted(legend, key=lambda label: label.value)))


def _told(numbers: dict[str, Any]) -> str:
    if numbers["method"] == "majority":
        return f"Voxels without a majority, left without a label: {numbers['ties']:,}."
    rows = numbers["labels"]
    steps = ", ".join(f"{row['name']} {row['iterations']}" for row in rows)
    moving = [row["name"] for row in rows if not row["converged"]]
    late = f" Still moving after the last step: {', '.join(moving)}." if moving else ""
    return f"Iterations: {steps or 'none'}.{late}"


def _one_volume(masks: Sequence[Mask]) -> VolumeGrid:
    grid = masks[0].grid
    if not isinstance(grid, VolumeGrid) or not all(same_grid(grid, mask.grid) for mask in masks):
        raise Refused(
            "SV-NUM-023",
            "A consensus is made of masks of one scan, voxel by voxel, and these are not; the vote "
            "would be of different places. Choose layers of one visit of a volume.",
        )
    return grid
