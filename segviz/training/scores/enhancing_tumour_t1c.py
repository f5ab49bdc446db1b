"""The numbers on the card of enhancing-tumour-t1c: six patients, each by the network without it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.image import Volume
from segviz.inference import networks, slices
from segviz.inference.catalog import Card
from segviz.inference.probability import least_byte
from segviz.inference.run import Run
from segviz.inference.runtime import OpenVinoRuntime
from segviz.training.enhancing_tumour import FOLDER, PATIENTS, VISITS, read_scan
from segviz.training.scores.overlap import Progress, Row, dice, row

Bits = NDArray[np.bool_]

LESION = 10
"""Voxels from which a piece counts as a lesion: the reference holds crumbs."""

TOUCHING = np.ones((3, 3, 3), bool)
THRESHOLDS = (*(round(0.05 * n, 2) for n in range(4, 19)), 0.925, 0.95, 0.97)
PEAKS = (0.0, 0.9, 0.97, 0.99, 0.995, 0.998, 0.999, 0.9995)
PIECE = 0.3
"""Of ``sure_pieces``: seen to work on a network that had learnt from four other patients."""

MEDIAN = 64
"""Byte of the baseline for the median of the head."""

BRIGHTNESS = tuple(round(1 + 0.05 * n, 2) for n in range(1, 17))
"""Thresholds that the baseline may choose from, as multiples of the median of the head."""


@dataclass(frozen=True, eq=False)
class Held:
    """One visit as the network saw it that never saw its patient.

    Attributes:
        found: probability as bytes, native [i, j, k], by the peak that pieces must reach.
        bright: the baseline's bytes: brightness inside the head.
        truth: the reference mask.
        voxel_ml: volume of a voxel.
    """

    patient: str
    visit: str
    found: Mapping[float, NDArray[np.uint8]]
    bright: NDArray[np.uint8]
    truth: Bits
    voxel_ml: float

    @cached_property
    def dice_by_least(self) -> dict[float, NDArray[np.float64]]:
        """Dice of the voxels from each byte on, [256], by peak."""
        return {peak: dice_from_each_byte(found, self.truth) for peak, found in self.found.items()}


def dice_from_each_byte(found: NDArray[np.uint8], truth: Bits) -> NDArray[np.float64]:
    """Dice of ``found >= byte`` with the truth for every byte, from two histograms."""
    sizes, shared = (np.bincount(each, minlength=256) for each in (found.ravel(), found[truth]))
    above, both = (np.cumsum(counts[::-1])[::-1] for counts in (sizes, shared))
    result: NDArray[np.float64] = 2 * both / np.maximum(above + truth.sum(), 1)
    return result


def evaluate(card: Card, data: Path, progress: Progress | None = None) -> list[Row]:
    """Each patient by the member that never saw it, at the threshold that suits the others best."""
    held = hold_out(card, data, PATIENTS, progress)
    rows = []
    for patient in PATIENTS:
        others = [each for each in held if each.patient != patient]
        own = [each for each in held if each.patient == patient]
        rows += patient_rows(own, best_choice(others))
    peak, threshold = best_choice(held)
    chosen = {"threshold": threshold, "peak in %": 100 * peak}
    rows.append(row("all 6 patients", "chosen on these predictions, of one member", chosen))
    return [summary(rows), *rows, baseline(held)]


def hold_out(
    card: Card, data: Path, patients: Sequence[str], progress: Progress | None = None
) -> list[Held]:
    """Probabilities of both visits of patients by the members that never saw them."""
    held = []
    for patient in patients:
        member = networks.load(card, member=PATIENTS.index(patient))
        network = OpenVinoRuntime(member)
        for visit in VISITS:
            volume, truth = read_scan(data / FOLDER, patient, visit)
            seen = slices.look(network, volume, card, Run())
            found = {peak: seen.native({"piece": PIECE, "peak": peak}) for peak in PEAKS}
            bright = brightness(volume)
            ml = volume.grid.voxel_volume_ml
            held.append(Held(patient, visit, found, bright, truth > 0, ml))
            if progress:
                progress(len(held), len(patients) * len(VISITS))
    return held


def best_choice(held: Sequence[Held]) -> tuple[float, float]:
    """Peak and threshold with the largest mean Dice over visits."""
    scores = {
        (peak, threshold): float(
            np.mean([each.dice_by_least[peak][least_byte(threshold)] for each in held])
        )
        for peak in PEAKS
        for threshold in THRESHOLDS
    }
    return max(scores, key=lambda choice: scores[choice])


def patient_rows(held: Sequence[Held], choice: tuple[float, float]) -> list[Row]:
    """One row a visit and one for the change between them, at a peak and a threshold."""
    peak, threshold = choice
    masks = [each.found[peak] >= least_byte(threshold) for each in held]
    rows = [
        row(
            f"patient {each.patient}, {each.visit.lower()}",
            "by the member that never saw the patient",
            {
                "threshold": threshold,
                "peak in %": 100 * peak,
                **visit_scores(mask, each.truth, each.voxel_ml),
            },
        )
        for mask, each in zip(masks, held, strict=True)
    ]
    found, there = (
        (int(after.sum()) - int(before.sum())) * held[0].voxel_ml
        for before, after in (masks, [each.truth for each in held])
    )
    values = {"found": found, "reference": there, "sign is right": float(found * there > 0)}
    return [*rows, row(f"patient {held[0].patient}, change", "ml between the visits", values)]


def visit_scores(mask: Bits, truth: Bits, voxel_ml: float) -> dict[str, float]:
    """Dice, lesions and volumes of one scan."""
    hit, there = overlapped(truth, mask)
    right, drawn = overlapped(mask, truth)
    return {
        "Dice": dice(mask, truth),
        "lesions": there,
        "lesions found": hit,
        "false lesions": drawn - right,
        "ml": float(mask.sum() * voxel_ml),
        "ml of the reference": float(truth.sum() * voxel_ml),
    }


def overlapped(mask: Bits, other: Bits) -> tuple[int, int]:
    """How many lesions of a mask hold a voxel of the other, and how many there are."""
    pieces, count = ndimage.label(mask, TOUCHING)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    shared = np.bincount(pieces[other], minlength=count + 1)
    large = np.flatnonzero(sizes[1:] >= LESION) + 1
    return int((shared[large] > 0).sum()), len(large)


def summary(rows: Sequence[Row]) -> Row:
    """Over the twelve scans and six changes."""
    scans = [each["values"] for each in rows if "Dice" in each["values"]]
    changes = [each["values"] for each in rows if "sign is right" in each["values"]]
    off = [abs(scan["ml"] - scan["ml of the reference"]) for scan in scans]
    return row(
        f"{len(scans)} scans of {len(changes)} patients",
        "each by the member that never saw the patient, threshold chosen by the other patients",
        {
            "mean Dice": np.mean([scan["Dice"] for scan in scans]),
            "least Dice": np.min([scan["Dice"] for scan in scans]),
            "lesions found": sum(scan["lesions found"] for scan in scans)
            / sum(scan["lesions"] for scan in scans),
            "false lesions a scan": np.mean([scan["false lesions"] for scan in scans]),
            "mean volume error in ml": np.mean(off),
            "changes of the right sign": sum(change["sign is right"] for change in changes),
        },
    )


def brightness(volume: Volume) -> NDArray[np.uint8]:
    """64 x the multiple of the head's median, 15 mm and more inside the head; 0 elsewhere."""
    grid = volume.grid
    values = slices.by_median(volume.data.astype(np.float32))
    axis = int(np.argmax(grid.spacing_mm))
    head = np.moveaxis(values > 0.3, axis, 0)
    filled = np.stack([ndimage.binary_fill_holes(plane) for plane in head])
    mm = np.delete(grid.spacing_mm, axis)
    deep = np.stack([ndimage.distance_transform_edt(plane, mm) > 15 for plane in filled])
    inside = np.moveaxis(deep, 0, axis)
    scaled: NDArray[np.uint8] = (np.clip(values * MEDIAN, 0, 255) * inside).astype(np.uint8)
    return scaled


def baseline(held: Sequence[Held]) -> Row:
    """Everything brighter than a multiple of the head's median, that of the other patients."""
    curves = {
        (each.patient, each.visit): dice_from_each_byte(each.bright, each.truth) for each in held
    }
    scores = {
        t: {scan: float(curve[math.ceil(t * MEDIAN)]) for scan, curve in curves.items()}
        for t in BRIGHTNESS
    }
    own = []
    for patient in {each.patient for each in held}:
        others = [
            np.mean([score for (name, _), score in scores[t].items() if name != patient])
            for t in BRIGHTNESS
        ]
        chosen = scores[BRIGHTNESS[int(np.argmax(others))]]
        own += [score for (name, _), score in chosen.items() if name == patient]
    return row("the same scans by a brightness threshold, 15 mm inside the head", "baseline",
               {"mean Dice": float(np.mean(own))})  # fmt: skip
