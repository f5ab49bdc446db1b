"""Panoptic quality: vectors of the references, and torchmetrics on random maps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from affine import Affine
from canvases import blobs
from pyproj import CRS
from scipy import ndimage
from torchmetrics.functional.detection import panoptic_quality

from segviz.errors import Refused
from segviz.grid import RasterGrid, VolumeGrid
from segviz.mask import Label, Legend, Mask
from segviz.measure import panoptic as pq
from segviz.measure.counts import pair_counts
from segviz.measure.panoptic import panoptic
from segviz.measure.runs import Runs

THINGS = Legend((Label(1, "field", "#E69F00", thing=True), Label(2, "forest", "#56B4E9")))
TRANSFORM = Affine(10, 0, 500_000, 0, -10, 9_000_000)

# category, instance of torchmetrics' example; its categories 0, 1 (things), 6, 7 (stuff)
PREDS = [
    [[6, 0], [0, 0], [6, 0], [6, 0]],
    [[0, 0], [0, 0], [6, 0], [0, 1]],
    [[0, 0], [0, 0], [6, 0], [0, 1]],
    [[0, 0], [7, 0], [6, 0], [1, 0]],
    [[0, 0], [7, 0], [7, 0], [7, 0]],
]
TARGET = [
    [[6, 0], [0, 1], [6, 0], [0, 1]],
    [[0, 1], [0, 1], [6, 0], [0, 1]],
    [[0, 1], [0, 1], [6, 0], [1, 0]],
    [[0, 1], [7, 0], [1, 0], [1, 0]],
    [[0, 1], [7, 0], [7, 0], [7, 0]],
]


def of_ids(preds, target, things: set[int], stuff: set[int], *, void: bool) -> list[dict]:
    """Classes of (category, instance) maps; category 0 is void or background."""
    one, two = np.array(preds), np.array(target)
    labels = [array[..., 0].astype(np.uint8) for array in (one, two)]
    found = {
        thing: tuple(
            Runs.of(np.where(a[..., 0] == thing, a[..., 1] + 1, 0).astype(np.int32))
            for a in (one, two)
        )
        for thing in things
    }
    legend = Legend(tuple(Label(value, str(value), "#000000") for value in sorted(things | stuff)))
    return pq.of_classes(*labels, found, legend, pair_counts(*labels), void=void)


def scene(data: np.ndarray, legend: Legend = THINGS) -> Mask:
    grid = RasterGrid(data.shape, TRANSFORM, CRS.from_epsg(32718))
    return Mask(grid, data.astype(np.uint8), legend)


def test_the_example_of_torchmetrics() -> None:
    shift = np.array([2, 0])  # its category 0 is not ours
    rows = of_ids(PREDS + shift, TARGET + shift, {2, 3}, {8, 9}, void=True)
    found = [[row[name] for name in ("pq", "sq", "rq")] for row in rows]
    assert np.round(found, 4).tolist() == [
        [0.5185, 0.7778, 0.6667],
        [0.0, 0.0, 0.0],
        [0.6667, 0.6667, 1.0],
        [1.0, 1.0, 1.0],
    ]
    mean = pq.mean(rows)
    assert [round(mean[name], 4) for name in ("pq", "sq", "rq")] == [0.5463, 0.6111, 0.6667]
    assert mean["classes"] == 4


def test_one_matched_at_eight_tenths_and_one_overlapped_at_four() -> None:
    """Reference vector: TP 1, FP 1, FN 1, PQ .4, SQ .8, RQ .5."""
    reference, mask = np.zeros((2, 7, 20))
    reference[1, 0:10], mask[1, 0:8] = 1, 1  # 8 of 10
    reference[4, 0:7], mask[4, 3:10] = 1, 1  # 4 of 10
    found = panoptic(scene(mask), scene(reference))
    row = found["classes"][0]
    assert {name: row[name] for name in ("tp", "fp", "fn")} == {"tp": 1, "fp": 1, "fn": 1}
    assert [row["pq"], row["sq"], row["rq"]] == pytest.approx([0.4, 0.8, 0.5], abs=1e-15)


def test_a_class_that_neither_has_is_null_and_left_out_of_the_mean() -> None:
    data = np.zeros((6, 6))
    data[1:3, 1:3] = 1
    found = panoptic(scene(data), scene(data))
    field, forest = found["classes"]
    assert (field["pq"], forest["pq"], forest["sq"], forest["rq"]) == (1.0, None, None, None)
    assert forest["why"] == pq.ABSENT
    assert found["mean"] == {"pq": 1.0, "sq": 1.0, "rq": 1.0, "classes": 1}
    empty = panoptic(scene(np.zeros((6, 6))), scene(np.zeros((6, 6))))
    assert empty["mean"]["pq"] is None
    assert empty["mean"]["classes"] == 0


def test_an_iou_of_one_half_is_no_match() -> None:
    reference, mask = np.zeros((2, 3, 6))
    reference[1, :2], mask[1, :4] = 1, 1
    row = panoptic(scene(mask), scene(reference))["classes"][0]
    assert (row["tp"], row["fp"], row["fn"], row["pq"], row["sq"]) == (0, 1, 1, 0.0, 0.0)


@pytest.mark.parametrize(
    ("forest", "alarms"), [(False, 1), (True, 0)], ids=["0 is background", "0 is no data"]
)
def test_a_field_where_the_reference_holds_0(forest: bool, alarms: int) -> None:
    """Without another class 0 says "no field"; beside other classes it says that nobody looked."""
    mask, reference = np.zeros((2, 6, 6))
    mask[1:3, 1:3] = 1
    if forest:
        mask[5], reference[5] = 2, 2
    found = panoptic(scene(mask), scene(reference))
    assert found["void"] is forest
    assert found["classes"][0]["fp"] == alarms


def test_in_a_scan_0_is_background() -> None:
    data = np.zeros((4, 4, 4), np.uint8)
    data[1, 1, 1], data[3] = 1, 2
    grid = VolumeGrid(data.shape, np.eye(4))
    nothing = Mask(grid, np.where(data == 2, data, 0).astype(np.uint8), THINGS)
    found = panoptic(Mask(grid, data, THINGS), nothing)
    assert found["void"] is False
    assert (found["classes"][0]["fp"], found["classes"][1]["pq"]) == (1, 1.0)


def test_small_objects_are_left_out_of_both() -> None:
    reference = np.zeros((9, 30))
    reference[1:5, 1:5] = 1
    mask = reference.copy()
    mask[7, 20] = 1
    assert panoptic(scene(mask), scene(reference))["classes"][0]["fp"] == 1
    assert panoptic(scene(mask), scene(reference), smallest=0.02)["classes"][0]["fp"] == 0


def test_other_grids_are_refused() -> None:
    one = scene(np.zeros((4, 4)))
    moved = RasterGrid((4, 4), TRANSFORM @ Affine.translation(1, 0), one.grid.crs)
    with pytest.raises(Refused) as refused:
        panoptic(one, replace(one, grid=moved))
    assert refused.value.code == "SV-NUM-114"


@pytest.mark.parametrize("void", [True, False])
@pytest.mark.parametrize("shape", [(40, 50), (12, 13, 14)])
@pytest.mark.parametrize("seed", range(6))
def test_random_maps_as_torchmetrics(
    shape: tuple[int, ...], seed: int, void: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels 1 and 2 are things by connected pieces, 3 is stuff; torchmetrics adds up float32."""
    monkeypatch.setattr("segviz.measure.runs.STRIP_CELLS", 300)
    random = np.random.default_rng(seed)
    target = blobs(shape, seed)
    flips = ndimage.gaussian_filter(random.normal(size=shape), 0.8)
    flips = flips > np.quantile(flips, 0.85)
    preds = np.where(flips, random.integers(0, 4, shape), target).astype(np.uint8)
    maps = [np.stack([labels, _ids(labels)], axis=-1) for labels in (preds, target)]
    rows = of_ids(*(m - [0, 1] * (m[..., :1] > 0) for m in maps), {1, 2}, {3}, void=void)
    found = [[row[name] for name in ("pq", "sq", "rq")] for row in rows]
    expected = panoptic_quality(
        *(torch.tensor(m[None]) for m in maps),
        things={1, 2},
        stuffs={3} if void else {0, 3},
        allow_unknown_preds_category=True,
        return_sq_and_rq=True,
        return_per_class=True,
    )[[0, 1, -1]]
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-6)


def _ids(labels: np.ndarray) -> np.ndarray:
    """The number of each cell's piece within its label."""
    ids = np.zeros(labels.shape, int)
    for label in (1, 2, 3):
        numbers, _ = ndimage.label(labels == label, np.ones((3,) * labels.ndim))
        ids += numbers
    return ids
