"""Vectors A to E of the medical reference, with MONAI as the oracle."""

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from segviz.errors import Refused
from segviz.grid import RasterGrid, VolumeGrid
from segviz.mask import Legend, Mask
from segviz.measure.agreement import agreement_scene, agreement_volume

UNIT = (1.0, 1.0, 1.0)
THICK = (3.0, 0.5, 0.5)


def ball(shape, centre, spacing=UNIT):
    place = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return (((place - centre) * spacing) ** 2).sum(axis=-1) <= 10**2


def boxes(shape, *parts):
    volume = np.zeros(shape, bool)
    for part in parts:
        volume[tuple(slice(start, stop) for start, stop in part)] = True
    return volume


CUBE = [(10, 20)] * 3
SPUR = [(30, 50), (18, 21), (18, 21)]
VECTORS = {
    "A": (ball((48,) * 3, (22, 22, 24)), ball((48,) * 3, (22, 22, 22)), UNIT),
    "B": (ball((24, 80, 80), (13, 40, 40), THICK), ball((24, 80, 80), (12, 40, 40), THICK), THICK),
    "C": (boxes((32,) * 3, CUBE, [(28, 29)] * 3), boxes((32,) * 3, CUBE), UNIT),
    "D": (boxes((60, 40, 40), [(10, 30)] * 3, SPUR), boxes((60, 40, 40), [(10, 30)] * 3), UNIT),
    "E": (boxes((32,) * 3, [(0, 10), (0, 10), (0, 12)]), boxes((32,) * 3, [(0, 10)] * 3), UNIT),
}
EXPECTED = {
    "A": (0.850804, 0.740346, 2.0, 0.997858, 0.789233),
    "B": (0.775816, 0.633741, 3.0, 1.637618, 0.612614),
    "C": (0.999500, 0.999001, 0.0, 0.015955, 0.998467),
    "D": (0.988875, 0.977995, 6.0, 0.380886, 0.957803),
    "E": (0.909091, 0.833333, 2.0, 0.320611, 0.870364),
}


def volume(data, spacing=UNIT, legend=None):
    grid = VolumeGrid(data.shape, np.diag([*spacing, 1.0]))
    return Mask(grid, data.astype(np.uint8), legend or Legend.named("tumour"))


def compared(name):
    mask, reference, spacing = VECTORS[name]
    return agreement_volume(volume(mask, spacing), volume(reference, spacing))[0]


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_of_the_reference(name):
    row = compared(name)
    found = [row[key] for key in ("dice", "iou", "hd95_mm", "assd_mm", "nsd_1mm")]
    assert found == pytest.approx(EXPECTED[name], abs=1e-6)


@pytest.mark.parametrize("name", VECTORS)
def test_monai_agrees(name):
    metrics = pytest.importorskip("monai.metrics")
    import torch

    mask, reference, spacing = VECTORS[name]
    one, two = (torch.tensor(data[None, None]) for data in (mask, reference))
    options = {"include_background": True, "spacing": spacing}
    row = compared(name)
    assert row["hd95_mm"] == pytest.approx(
        metrics.compute_hausdorff_distance(one, two, percentile=95, **options).item(), abs=1e-6
    )
    assert row["assd_mm"] == pytest.approx(
        metrics.compute_average_surface_distance(one, two, symmetric=True, **options).item(),
        abs=1e-6,
    )
    assert row["nsd_1mm"] == pytest.approx(
        metrics.compute_surface_dice(one, two, [1.0], use_subvoxels=True, **options).item(),
        abs=1e-6,
    )


def test_both_empty_agree_fully():
    nothing = volume(np.zeros((4, 4, 4)))
    row = agreement_volume(nothing, nothing)[0]
    assert (row["dice"], row["iou"]) == (1.0, 1.0)
    assert (row["hd95_mm"], row["assd_mm"], row["nsd_1mm"]) == (None, None, None)
    assert "Neither" in row["why"]


def test_one_empty_does_not_agree_at_all():
    row = agreement_volume(volume(np.zeros((4, 4, 4))), volume(np.ones((4, 4, 4))))[0]
    assert (row["dice"], row["iou"], row["nsd_1mm"]) == (0.0, 0.0, 0.0)
    assert (row["hd95_mm"], row["assd_mm"]) == (None, None)
    assert "infinite" in row["why"]


def test_a_row_for_each_label_of_either():
    one, two = np.zeros((3, 3, 3)), np.zeros((3, 3, 3))
    one[0, 0, 0], two[0, 0, 0], two[2, 2, 2] = 1, 1, 7
    rows = agreement_volume(volume(one), volume(two, legend=Legend.named("a", "b")))
    assert [(row["label"], row["name"], row["dice"]) for row in rows] == [
        (1, "tumour", 1.0),
        (2, "b", 1.0),
        (7, "label 7", 0.0),
    ]


def test_a_mirrored_grid_of_equal_shape_is_refused():
    data = np.ones((3, 3, 3))
    with pytest.raises(Refused, match="SV-PAIR-002"):
        agreement_volume(volume(data), volume(data, (-1.0, 1.0, 1.0)))


def scene(labels, column=0.0):
    labels = np.array(labels, np.uint8)
    grid = RasterGrid(labels.shape, Affine(10, 0, column, 0, -10, 0), CRS(32633))
    return Mask(grid, labels, Legend.named("forest", "other"))


def test_scene_by_hand():
    # forest: 2 right, 1 called forest that is not, 1 missed; the last pixels have no label
    rows = agreement_scene(scene([[1, 1, 1, 2, 2, 0, 1]]), scene([[1, 1, 2, 1, 2, 1, 0]]))
    assert rows[0] == {
        "label": 1,
        "name": "forest",
        "iou": 2 / 4,
        "f1": 4 / 6,
        "precision": 2 / 3,
        "recall": 2 / 3,
    }
    assert rows[1]["iou"] == 1 / 3


def test_scene_agrees_with_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    one, two = np.random.default_rng(0).integers(1, 3, (2, 30, 40))
    rows = agreement_scene(scene(one), scene(two))
    options = {"labels": [1, 2], "average": None}
    for key, score in (
        ("iou", sklearn.jaccard_score),
        ("f1", sklearn.f1_score),
        ("precision", sklearn.precision_score),
        ("recall", sklearn.recall_score),
    ):
        expected = score(two.ravel(), one.ravel(), **options)
        assert [row[key] for row in rows] == pytest.approx(expected.tolist())


def test_a_label_that_one_map_lacks():
    forest, other = agreement_scene(scene([[1, 1]]), scene([[1, 2]]))
    assert forest["recall"] == 1.0
    assert (other["iou"], other["f1"], other["precision"], other["recall"]) == (0.0, 0.0, None, 0.0)
    assert "mask has no pixel" in other["why"]


def test_a_label_that_both_lack():
    other = agreement_scene(scene([[1, 1]]), scene([[1, 1]]))[1]
    assert (other["iou"], other["recall"]) == (None, None)
    assert "Neither" in other["why"]


def test_one_label_and_no_data_cannot_be_judged():
    forest = agreement_scene(scene([[1, 1, 0]]), scene([[1, 0, 0]]))[0]
    assert forest["iou"] is None
    assert "0 means no data" in forest["why"]


def test_one_label_everywhere_can():
    assert agreement_scene(scene([[1, 1]]), scene([[1, 1]]))[0]["iou"] == 1.0


def test_shifted_scenes_are_refused():
    with pytest.raises(Refused, match="SV-PAIR-002"):
        agreement_scene(scene([[1]]), scene([[1]], column=10))
