"""Which lesions of one mask are which of another: detection, splits and merges.

A lesion is a 26-connected piece. Lesions are numbered by size, the largest is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from segviz.grid import box_of
from segviz.measure.pieces import by_size, pieces

Binary = NDArray[np.bool_]
Pieces = NDArray[np.int32]
Counts = NDArray[np.int64]

DILATION = ndimage.generate_binary_structure(3, 2)
"""18 neighbours, by which the BraTS 2023 rule merges lesions that lie close."""

NONE_THERE = "Neither mask has a lesion, so there is nothing to detect."
NO_REFERENCE = "The reference has no lesion, so there is no sensitivity."
NO_MASK = "The mask has no lesion, so there is no precision."


def match(mask: Binary, reference: Binary, voxel_ml: float, min_voxels: int = 1) -> dict[str, Any]:
    """Lesions of both masks that share a voxel, and how many were detected.

    Returns:
        ``groups``, by size, of lesions that hang together by overlap: their numbers in ``mask`` and
        ``reference`` (two in one of them are a split or a merge), ``mask_ml``, ``reference_ml``,
        ``dice`` of the group, and ``at``, a voxel [i, j, k] within it. ``any_overlap``: a
        reference's lesion is found where any lesion of the mask shares a voxel with it, and one of
        the mask is true where any of the reference does. ``one_to_one``: each lesion has at most
        one partner, chosen so that the Dice of all pairs together is greatest (panoptica's
        maximal bipartite matching). Both with counts, sensitivity, precision and F1; null with a
        ``why`` where there is none. ``dice_2023``: see ``lesionwise_dice_2023``; of all lesions.
    """
    box = box_of(mask | reference)
    start = np.array([part.start for part in box])
    (a, size_a), (b, size_b) = (by_size(each[box], min_voxels)[:2] for each in (mask, reference))
    i, j, shared = _overlaps(a, b, len(size_b))
    boxes_a, boxes_b = (ndimage.find_objects(each) if each.size else [] for each in (a, b))
    grouped = _groups(i, j, len(size_a), len(size_b))
    dice = 2 * shared / (size_a[i] + size_b[j])
    groups = []
    for ours, theirs in grouped:
        in_group = np.isin(i, ours)
        total = size_a[ours].sum() + size_b[theirs].sum()
        largest = (a, boxes_a, ours[0]) if len(ours) else (b, boxes_b, theirs[0])
        groups.append(
            {
                "mask": (ours + 1).tolist(),
                "reference": (theirs + 1).tolist(),
                "mask_ml": float(size_a[ours].sum() * voxel_ml),
                "reference_ml": float(size_b[theirs].sum() * voxel_ml),
                "dice": float(2 * shared[in_group].sum() / total),
                "at": (start + _middle(*largest)).tolist(),
            }
        )
    groups.sort(key=lambda group: -max(group["mask_ml"], group["reference_ml"]))
    pairs = sum(_pairs(i, j, dice, ours, theirs) for ours, theirs in grouped)
    n_a, n_b = len(size_a), len(size_b)
    return {
        "min_voxels": min_voxels,
        "mask": n_a,
        "reference": n_b,
        "groups": groups,
        "any_overlap": detection(len(np.unique(j)), n_b, len(np.unique(i)), n_a),
        "one_to_one": detection(pairs, n_b, pairs, n_a),
        "dice_2023": lesionwise_dice_2023(mask[box], reference[box], 1000 * voxel_ml),
    }


def detection(found: int, of_reference: int, true: int, of_mask: int) -> dict[str, Any]:
    """Counts and shares: found lesions of the reference, true lesions of the mask.

    F1 is the harmonic mean of sensitivity and precision, 0 where one of them is 0.
    """
    sensitivity = found / of_reference if of_reference else None
    precision = true / of_mask if of_mask else None
    row: dict[str, Any] = {
        "tp": found,
        "fn": of_reference - found,
        "true": true,
        "fp": of_mask - true,
        "sensitivity": sensitivity,
        "precision": precision,
    }
    if sensitivity is None and precision is None:
        return row | {"f1": None, "why": NONE_THERE}
    if sensitivity is None or precision is None:
        return row | {"f1": 0.0, "why": NO_REFERENCE if sensitivity is None else NO_MASK}
    both = sensitivity + precision
    return row | {"f1": 2 * sensitivity * precision / both if both else 0.0}


def lesionwise_dice_2023(
    mask: Binary,
    reference: Binary,
    voxel_mm3: float,
    dilations: int = 3,
    smallest_mm3: float = 50.0,
) -> float:
    """Mean Dice of lesions as BraTS 2023 reckons it; 1 where neither mask has any.

    Lesions of the reference that meet after ``dilations`` by 18 neighbours are one. What of the
    mask touches a dilated lesion is its match; what touches none scores 0, whatever its size.
    Lesions of the reference of at most ``smallest_mm3`` are not scored.

    Args:
        dilations: 3 for gliomas; 1 for meningioma and metastases.
    """
    margin = dilations + 1
    box = box_of(mask | reference)
    mask, reference = (np.pad(each[box], margin) for each in (mask, reference))
    of_mask, sizes, _ = by_size(mask)
    merged = merged_lesions(reference, dilations)
    touched: set[int] = set()
    scores = []
    for number, found in enumerate(ndimage.find_objects(merged), 1):
        near = tuple(slice(part.start - margin, part.stop + margin) for part in found)
        lesion = merged[near] == number
        matches = np.unique(of_mask[near][_dilated(lesion, dilations)])
        matches = matches[matches > 0]
        touched |= set(matches.tolist())
        size = np.count_nonzero(lesion)
        if size * voxel_mm3 > smallest_mm3:
            both = np.count_nonzero(np.isin(of_mask[near], matches) & lesion)
            scores.append(2 * both / (size + sizes[matches - 1].sum()))
    scores += [0.0] * (len(sizes) - len(touched))
    return float(np.mean(scores)) if scores else 1.0


def merged_lesions(reference: Binary, dilations: int) -> Pieces:
    """Number of the lesion of each voxel, those that meet after the dilations as one."""
    found = pieces(_dilated(reference, dilations)).labels
    return np.where(reference, found, 0).astype(np.int32)


def _dilated(binary: Binary, times: int) -> Binary:
    if not times:
        return binary
    dilated: Binary = ndimage.binary_dilation(binary, DILATION, iterations=times)
    return dilated


def _overlaps(a: Pieces, b: Pieces, count_b: int) -> tuple[Counts, Counts, Counts]:
    """Indices from 0 of each pair of lesions that overlap, and the voxels that they share."""
    both = (a > 0) & (b > 0)
    codes, shared = np.unique(
        (a[both].astype(np.int64) - 1) * count_b + b[both] - 1, return_counts=True
    )
    return codes // max(1, count_b), codes % max(1, count_b), shared


def _groups(i: Counts, j: Counts, n_a: int, n_b: int) -> list[tuple[Counts, Counts]]:
    """Lesions of both that hang together by overlap, as sorted indices."""
    if not n_a + n_b:
        return []
    links = coo_array((np.ones(len(i)), (i, j + n_a)), shape=(n_a + n_b, n_a + n_b))
    count, group = connected_components(links, directed=False)
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    return [(each[each < n_a], each[each >= n_a] - n_a) for each in members[:count]]


def _pairs(i: Counts, j: Counts, dice: NDArray[np.float64], ours: Counts, theirs: Counts) -> int:
    """Pairs of a group when each lesion has one partner at most."""
    if not len(ours) or not len(theirs):
        return 0
    table = np.zeros((len(ours), len(theirs)))
    inside = np.isin(i, ours)
    table[np.searchsorted(ours, i[inside]), np.searchsorted(theirs, j[inside])] = dice[inside]
    chosen = linear_sum_assignment(table, maximize=True)
    return int(np.count_nonzero(table[chosen]))


def _middle(pieces: Pieces, boxes: Sequence[tuple[slice, ...]], index: int) -> Counts:
    """The voxel of a piece nearest to its centre."""
    box = boxes[index]
    inside = np.argwhere(pieces[box] == index + 1)
    away = ((inside - inside.mean(axis=0)) ** 2).sum(axis=1)
    middle: Counts = inside[away.argmin()] + [part.start for part in box]
    return middle
