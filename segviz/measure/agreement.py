"""How far two masks of the same image agree, label by label."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import Grid, RasterGrid, VolumeGrid
from segviz.mask import Legend, Mask
from segviz.measure import surfaces
from segviz.measure.counts import counts, pair_counts
from segviz.measure.matching import match

TOLERANCE_MM = 1.0
DISTANCES = ("hd95_mm", "hd95_pooled_mm", "hd95_area_mm", "hd_mm", "assd_mm")

BOTH_EMPTY = "Neither mask has this label: full agreement, and no surface to measure from."
ONE_EMPTY = "Only one of the masks has this label, so the distance is infinite."
ONE_SIDED = (
    "Both masks know this label alone and 0 means no data, so a false alarm looks like a pixel "
    "that was never judged; give what it is not a label of its own."
)


def agreement_volume(
    mask: Mask, reference: Mask, tolerance_mm: float = TOLERANCE_MM, min_voxels: int = 1
) -> list[dict[str, Any]]:
    """How each label of either mask or legend agrees, by value.

    HD95 is the greater of both directed 95th percentiles over surface voxels (MONAI); ``pooled`` is
    the percentile of both directions together (MedPy), ``area`` that of subvoxel surfaces by area
    (DeepMind). ASSD is symmetric, NSD weighs subvoxel surfaces by area. Differences are mask minus
    reference. A number that is not defined is null, and ``why`` says why; ``infinite`` says that a
    distance is null because one mask is empty.

    Args:
        tolerance_mm: of ``nsd``; ``nsd_1mm`` is at 1 mm whatever it is.
        min_voxels: lesions smaller than this are not matched in ``lesions``.

    Raises:
        Refused: the masks lie on different grids (SV-PAIR-002), or the tolerance is not a length
            (SV-NUM-022).
    """
    require_tolerance(tolerance_mm)
    grid = _common_grid(mask, reference)
    assert isinstance(grid, VolumeGrid)
    found = np.flatnonzero(counts(mask.data) + counts(reference.data))
    return [
        {"label": label.value, "name": label.name}
        | _volume_row(mask.data == label.value, reference.data == label.value, grid, tolerance_mm)
        | {
            "lesions": match(
                mask.data == label.value,
                reference.data == label.value,
                grid.voxel_volume_ml,
                min_voxels,
            )
        }
        for label in _labels(mask, reference, found)
    ]


def require_tolerance(tolerance_mm: float) -> None:
    """Refuse what is not a finite length of zero or more (SV-NUM-022)."""
    if not math.isfinite(tolerance_mm) or tolerance_mm < 0:
        raise Refused(
            "SV-NUM-022",
            f"A tolerance of {tolerance_mm} mm is no length, so no share of a surface lies within "
            "it; give 0 mm or more, for example the disagreement of two experts.",
        )


def means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Averages over rows: Dice of all, HD95 and ASSD of those that have one, with their number."""
    apart = [row for row in rows if row["hd95_mm"] is not None]
    return {
        "rows": len(rows),
        "dice": _mean(rows, "dice"),
        "with_distance": len(apart),
        "hd95_mm": _mean(apart, "hd95_mm"),
        "assd_mm": _mean(apart, "assd_mm"),
    }


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
    one: NDArray[np.bool_], two: NDArray[np.bool_], grid: VolumeGrid, tolerance_mm: float
) -> dict[str, Any]:
    sizes = int(one.sum()), int(two.sum())
    volumes = _volumes(*sizes, grid.voxel_volume_ml)
    nothing = dict.fromkeys(DISTANCES)
    if not any(sizes):
        shares = {"nsd_1mm": None, "nsd": None, "tolerance_mm": tolerance_mm}
        return {"dice": 1.0, "iou": 1.0, **nothing, **shares, **volumes, "why": BOTH_EMPTY}
    if not all(sizes):
        shares = {"nsd_1mm": 0.0, "nsd": 0.0, "tolerance_mm": tolerance_mm, "infinite": True}
        return {"dice": 0.0, "iou": 0.0, **nothing, **shares, **volumes, "why": ONE_EMPTY}
    both = int((one & two).sum())
    steps_mm = surfaces.steps_of(grid)
    apart = surfaces.voxel_distances(one, two, steps_mm)
    patches = surfaces.Patches(one, two, steps_mm)
    return {
        "dice": 2 * both / sum(sizes),
        "iou": both / (sum(sizes) - both),
        "hd95_mm": surfaces.hausdorff95(apart),
        "hd95_pooled_mm": surfaces.hausdorff95_pooled(apart),
        "hd95_area_mm": patches.hausdorff95(),
        "hd_mm": surfaces.hausdorff(apart),
        "assd_mm": surfaces.mean_distance(apart),
        "nsd_1mm": patches.surface_dice(TOLERANCE_MM),
        "nsd": patches.surface_dice(tolerance_mm),
        "tolerance_mm": tolerance_mm,
        **volumes,
    }


def _volumes(mask: int, reference: int, voxel_ml: float) -> dict[str, float | None]:
    return {
        "volume_ml": mask * voxel_ml,
        "reference_ml": reference * voxel_ml,
        "difference_ml": (mask - reference) * voxel_ml,
        "difference_percent": 100 * (mask - reference) / reference if reference else None,
    }


def _mean(rows: list[dict[str, Any]], key: str) -> float | None:
    return sum(row[key] for row in rows) / len(rows) if rows else None


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
