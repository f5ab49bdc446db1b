"""How far two masks of the same image agree, label by label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.errors import Refused
from segviz.grid import Grid, RasterGrid, VolumeGrid
from segviz.mask import Legend, Mask
from segviz.measure import surfaces
from segviz.measure.counts import counts, pair_counts

TOLERANCE_MM = 1.0

BOTH_EMPTY = "Neither mask has this label: full agreement, and no surface to measure from."
ONE_EMPTY = "Only one of the masks has this label, so the distance is infinite."
ONE_SIDED = (
    "Both masks know this label alone and 0 means no data, so a false alarm looks like a pixel "
    "that was never judged; give what it is not a label of its own."
)


def agreement_volume(mask: Mask, reference: Mask) -> list[dict[str, Any]]:
    """Dice, IoU, HD95, ASSD and NSD at 1 mm of each label of either mask or legend, by value.

    HD95 is the greater of both directed 95th percentiles over surface voxels (MONAI), ASSD is
    symmetric, NSD weighs subvoxel surfaces by area (DeepMind). A distance that is not defined is
    null, and ``why`` says why.

    Raises:
        Refused: the masks lie on different grids (SV-PAIR-002).
    """
    grid = _common_grid(mask, reference)
    assert isinstance(grid, VolumeGrid)
    found = np.flatnonzero(counts(mask.data) + counts(reference.data))
    return [
        {"label": label.value, "name": label.name}
        | _volume_row(mask.data == label.value, reference.data == label.value, grid.spacing_mm)
        for label in _labels(mask, reference, found)
    ]


def agreement_scene(mask: Mask, reference: Mask) -> list[dict[str, Any]]:
    """IoU, F1, precision and recall of each label of either mask or legend, by value.

    Only pixels count that have a label in both masks. A share of nothing is null, and ``why`` says
    why.

    Raises:
        Refused: the masks lie on different grids (SV-PAIR-002).
    """
    _common_grid(mask, reference)
    table = pair_counts(mask.data, reference.data)
    found = np.flatnonzero(table.sum(axis=0) + table.sum(axis=1))
    common = table[1:, 1:]
    classes = np.count_nonzero(common.sum(axis=0) + common.sum(axis=1))
    unjudged = table[0, 1:].sum() + table[1:, 0].sum()
    return [
        {"label": label.value, "name": label.name}
        | (
            _undefined(ONE_SIDED)
            if classes == 1 and unjudged
            else _scene_row(common, label.value - 1)
        )
        for label in _labels(mask, reference, found)
    ]


def _volume_row(
    one: NDArray[np.bool_], two: NDArray[np.bool_], spacing_mm: surfaces.Spacing
) -> dict[str, Any]:
    sizes = int(one.sum()), int(two.sum())
    if not any(sizes):
        return {"dice": 1.0, "iou": 1.0, **_distances(None, None, None), "why": BOTH_EMPTY}
    if not all(sizes):
        return {"dice": 0.0, "iou": 0.0, **_distances(None, None, 0.0), "why": ONE_EMPTY}
    (box,) = ndimage.find_objects((one | two).astype(np.uint8))
    one, two = one[box], two[box]
    both = int((one & two).sum())
    apart = surfaces.voxel_distances(one, two, spacing_mm)
    return {
        "dice": 2 * both / sum(sizes),
        "iou": both / (sum(sizes) - both),
        **_distances(
            surfaces.hausdorff95(apart),
            surfaces.mean_distance(apart),
            surfaces.surface_dice(one, two, TOLERANCE_MM, spacing_mm),
        ),
    }


def _distances(
    hd95_mm: float | None, assd_mm: float | None, nsd_1mm: float | None
) -> dict[str, float | None]:
    return {"hd95_mm": hd95_mm, "assd_mm": assd_mm, "nsd_1mm": nsd_1mm}


def _scene_row(common: NDArray[np.int64], index: int) -> dict[str, Any]:
    both = int(common[index, index])
    mapped, true = int(common[index].sum()), int(common[:, index].sum())
    if not mapped and not true:
        return _undefined("Neither mask has this label on the pixels that both label.")
    row: dict[str, Any] = {
        "iou": both / (mapped + true - both),
        "f1": 2 * both / (mapped + true),
        "precision": both / mapped if mapped else None,
        "recall": both / true if true else None,
    }
    if not mapped or not true:
        empty = "mask" if not mapped else "reference"
        row["why"] = f"The {empty} has no pixel with this label where both have one."
    return row


def _undefined(why: str) -> dict[str, Any]:
    return {"iou": None, "f1": None, "precision": None, "recall": None, "why": why}


def _labels(mask: Mask, reference: Mask, found: NDArray[np.generic]) -> Legend:
    named = {label.value: label for label in (*reference.legend, *mask.legend)}
    legend = Legend(tuple(named.values())).covering(found)
    return Legend(tuple(sorted(legend, key=lambda label: label.value)))


def _common_grid(mask: Mask, reference: Mask) -> Grid:
    one, two = mask.grid, reference.grid
    if isinstance(one, VolumeGrid) and isinstance(two, VolumeGrid):
        same = one.same_as(two)
    else:
        same = isinstance(one, RasterGrid) and isinstance(two, RasterGrid) and one.same_as(two)
    if not same:
        raise Refused(
            "SV-PAIR-002",
            f"The mask ({one}) and the reference ({two}) lie on different grids, so cells that are "
            "not the same place would be compared; put one on the grid of the other first.",
        )
    return one
