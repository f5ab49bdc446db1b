"""Vectors A to E of the medical reference, with MONAI as the oracle."""

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS
from scipy import ndimage

from segviz.errors import Refused
from segviz.grid import RasterGrid, VolumeGrid
from segviz.mask import Legend, Mask
from segviz.measure import surfaces
from segviz.measure.agreement import DISTANCES, agreement_scene, agreement_volume, means

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
NAMES = "ABCDE"
KEYS = {
    "dice": (0.850804, 0.775816, 0.999500, 0.988875, 0.909091),
    "iou": (0.740346, 0.633741, 0.999001, 0.977995, 0.833333),
    "hd_mm": (2.0, 3.0, 15.588457, 20.0, 2.0),
    "hd95_mm": (2.0, 3.0, 0.0, 6.0, 2.0),
    "hd95_pooled_mm": (2.0, 3.0, 0.0, 0.0, 2.0),
    "hd95_area_mm": (2.0, 3.0, 0.0, 9.0, 2.0),
    "assd_mm": (0.997858, 1.637618, 0.015955, 0.380886, 0.320611),
    "nsd_1mm": (0.789233, 0.612614, 0.998467, 0.957803, 0.870364),
    "reference_ml": (4.169, 4.20525, 1.0, 8.0, 1.0),
}
"""Rows of the table of the medical reference (5.2) that have a key of their own."""


def volume(data, spacing=UNIT, legend=None):
    grid = VolumeGrid(data.shape, np.diag([*spacing, 1.0]))
    return Mask(grid, data.astype(np.uint8), legend or Legend.named("tumour"))


def compared(name):
    mask, reference, spacing = VECTORS[name]
    return agreement_volume(volume(mask, spacing), volume(reference, spacing))[0]


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize("key", KEYS)
def test_vectors_of_the_reference(key, name):
    digits = 2e-5 if name == "D" and key == "hd_mm" else 1e-6
    assert compared(name)[key] == pytest.approx(KEYS[key][NAMES.index(name)], abs=digits)


def apart(name):
    mask, reference, spacing = VECTORS[name]
    return surfaces.voxel_distances(mask, reference, spacing)


@pytest.mark.parametrize(
    ("name", "to_mask", "to_reference"),
    [
        ("A", 0.726, 0.726),
        ("B", 0.9556, 0.9556),
        ("C", 0, 0.0451),
        ("D", 0.001718, 0.893044),
        ("E", 0.2305, 0.395),
    ],
)
def test_directed_means_of_deepmind(name, to_mask, to_reference):
    mask, reference, spacing = VECTORS[name]
    found = surfaces.Patches(reference, mask, spacing).mean_distances()
    assert found == pytest.approx((to_mask, to_reference), abs=6e-4)


@pytest.mark.parametrize(
    ("name", "counted"),
    [*zip(NAMES, (0.576687, 0.374688, 0.998976, 0.965686, 0.870229), strict=True)],
)
def test_share_of_voxels_within_1_mm(name, counted):
    # MONAI's default surface Dice: not ours, but of the same distances
    assert (np.concatenate(apart(name)) <= 1).mean() == pytest.approx(counted, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "shares"),
    [*zip(NAMES, (0.576687, 0.208160, 0.998978, 0.966795, 0.873829), strict=True)],
)
def test_mean_share_within_the_smallest_spacing(name, shares):
    # panoptica's default
    near = [(part <= min(VECTORS[name][2])).mean() for part in apart(name)]
    assert np.mean(near) == pytest.approx(shares, abs=1e-6)


def test_one_way_numbers_depend_on_the_order():
    of_mask, of_reference = apart("D")
    assert (of_mask.mean(), of_reference.mean()) == pytest.approx((0.732759, 0.004342), abs=1e-6)
    assert [np.quantile(part, 0.95) for part in (of_mask, of_reference)] == [6.0, 0.0]


def test_a_spacing_left_out_would_say_1_mm():
    mask, reference, _ = VECTORS["B"]
    assert surfaces.hausdorff95(surfaces.voxel_distances(mask, reference, UNIT)) == 1.0


@pytest.mark.parametrize(
    ("name", "average", "feret", "radius", "area"),
    [
        ("A", 0.185204, 20.0, 9.984227, 1262.51),
        ("B", 0.405003, 20.0, 10.013081, 1263.80),
        ("C", 0.007786, 15.588457, 6.203505, 524.565),
        ("D", 0.115526, 32.908965, 12.407010, 2160.43),
        ("E", 0.125, 15.588457, 6.203505, 524.565),
    ],
)
def test_what_simpleitk_says_of_the_vectors(name, average, feret, radius, area):
    sitk = pytest.importorskip("SimpleITK")
    mask, reference, spacing = VECTORS[name]
    images = []
    for data in (mask, reference):
        image = sitk.GetImageFromArray(data.astype(np.uint8))
        image.SetSpacing(spacing[::-1])
        images.append(image)
    overlap, distance = sitk.LabelOverlapMeasuresImageFilter(), sitk.HausdorffDistanceImageFilter()
    overlap.Execute(*images)
    distance.Execute(*images)
    row = compared(name)
    assert row["dice"] == pytest.approx(overlap.GetDiceCoefficient(1), abs=1e-12)
    assert row["iou"] == pytest.approx(overlap.GetJaccardCoefficient(1), abs=1e-12)
    assert row["hd_mm"] == pytest.approx(distance.GetHausdorffDistance(), abs=1e-5)
    assert distance.GetAverageHausdorffDistance() == pytest.approx(average, abs=1e-6)
    assert row["assd_mm"] > 1.5 * average  # which is why that is never shown as ASSD
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.ComputeFeretDiameterOn()
    shape.Execute(images[1])
    assert shape.GetFeretDiameter(1) == pytest.approx(feret, abs=1e-5)
    assert shape.GetEquivalentSphericalRadius(1) == pytest.approx(radius, abs=1e-6)
    assert shape.GetPerimeter(1) == pytest.approx(area, abs=0.01)
    assert shape.GetPhysicalSize(1) / 1000 == pytest.approx(row["reference_ml"], abs=1e-9)


def blobs(seed, shape=(14, 17, 11)):
    """Two random masks with pieces, holes and cells at the border."""
    noise = ndimage.gaussian_filter(
        np.random.default_rng(seed).normal(size=(2, *shape)), (0, 2, 2, 2)
    )
    return noise[0] > 0.03, 0.7 * noise[0] + 0.5 * noise[1] > 0.03


RANDOM_SPACING = (1.3, 0.7, 2.1)


@pytest.mark.parametrize("seed", range(6))
def test_random_masks_agree_with_deepmind(seed):
    surface_distance = pytest.importorskip("surface_distance")
    one, two = blobs(seed)
    found = surface_distance.compute_surface_distances(two, one, RANDOM_SPACING)
    row = agreement_volume(volume(one, RANDOM_SPACING), volume(two, RANDOM_SPACING), 1.5)[0]
    of = surface_distance.compute_surface_dice_at_tolerance
    assert row["nsd"] == pytest.approx(of(found, 1.5), abs=1e-9)
    assert row["nsd_1mm"] == pytest.approx(of(found, 1.0), abs=1e-9)
    robust = surface_distance.compute_robust_hausdorff(found, 95)
    assert row["hd95_area_mm"] == pytest.approx(robust, abs=1e-9)
    means = surfaces.Patches(two, one, RANDOM_SPACING).mean_distances()
    expected = surface_distance.compute_average_surface_distance(found)
    assert means == pytest.approx(tuple(expected), abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_random_masks_agree_with_monai(seed):
    metrics = pytest.importorskip("monai.metrics")
    import torch

    one, two = blobs(seed)
    row = agreement_volume(volume(one, RANDOM_SPACING), volume(two, RANDOM_SPACING), 2.0)[0]
    pair = [torch.tensor(data[None, None]) for data in (one, two)]
    options = {"include_background": True, "spacing": RANDOM_SPACING}
    hausdorff, mean = metrics.compute_hausdorff_distance, metrics.compute_average_surface_distance
    assert row["hd95_mm"] == pytest.approx(hausdorff(*pair, percentile=95, **options).item(), 1e-5)
    assert row["hd_mm"] == pytest.approx(hausdorff(*pair, **options).item(), 1e-6)
    assert row["assd_mm"] == pytest.approx(mean(*pair, symmetric=True, **options).item(), 1e-6)
    near = metrics.compute_surface_dice(*pair, [2.0], use_subvoxels=True, **options).item()
    assert row["nsd"] == pytest.approx(near, abs=1e-6)
    dice = metrics.compute_dice(*pair, include_background=True).item()
    assert row["dice"] == pytest.approx(dice, abs=1e-6)


@pytest.mark.parametrize("flip", [(0,), (1, 2), (0, 1, 2)])
def test_flips_and_crops_change_nothing(flip):
    one, two = blobs(3)
    row = agreement_volume(volume(one, RANDOM_SPACING), volume(two, RANDOM_SPACING))[0]
    padded = [np.pad(np.flip(data, flip), 3) for data in (one, two)]
    other = agreement_volume(*(volume(data, RANDOM_SPACING) for data in padded))[0]
    for key in KEYS:
        assert other[key] == pytest.approx(row[key], abs=1e-12)


def test_distances_of_a_sheared_scan_are_those_between_the_places():
    steps = np.array([[2.0, 0, 0], [0.5, 1.0, 0], [0, 0.3, 3.0]])
    affine = np.eye(4)
    affine[:3, :3] = steps.T
    one, two = blobs(1, (7, 8, 6))
    grid = VolumeGrid(one.shape, affine)
    pair = [Mask(grid, data.astype(np.uint8), Legend.named("tumour")) for data in (one, two)]
    row = agreement_volume(*pair)[0]
    places = [np.argwhere(surfaces.surface(data)) @ steps for data in (one, two)]
    table = np.linalg.norm(places[0][:, None] - places[1][None], axis=-1)
    directed = table.min(axis=1), table.min(axis=0)
    assert row["assd_mm"] == pytest.approx(np.concatenate(directed).mean(), abs=1e-9)
    assert row["hd_mm"] == pytest.approx(max(part.max() for part in directed), abs=1e-9)
    assert surfaces.is_askew(grid)


def test_a_turned_scan_is_not_askew():
    c, s = np.cos(0.3), np.sin(0.3)
    turned = np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    grid = VolumeGrid((4, 4, 4), turned @ np.diag([0.9, 0.9, 6.5, 1]))
    assert surfaces.steps_of(grid) == pytest.approx((0.9, 0.9, 6.5))


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_a_tolerance_that_is_no_length_is_refused(tolerance):
    with pytest.raises(Refused) as refused:
        agreement_volume(volume(np.ones((3, 3, 3))), volume(np.ones((3, 3, 3))), tolerance)
    assert refused.value.code == "SV-NUM-022"


def test_a_wider_tolerance_takes_in_more():
    shares = [
        agreement_volume(*(volume(data) for data in VECTORS["A"][:2]), tolerance)[0]["nsd"]
        for tolerance in (0.0, 1.0, 2.0)
    ]
    assert shares[0] < shares[1] < shares[2] == 1.0


def test_volume_difference_is_mask_minus_reference():
    one, two = boxes((8, 8, 8), [(0, 3)] * 3), boxes((8, 8, 8), [(0, 2)] * 3)
    row = agreement_volume(volume(one), volume(two))[0]
    assert (row["volume_ml"], row["reference_ml"]) == pytest.approx((0.027, 0.008))
    assert (row["difference_ml"], row["difference_percent"]) == pytest.approx((0.019, 237.5))
    assert agreement_volume(volume(one), volume(two * 0))[0]["difference_percent"] is None


def test_a_mean_tells_how_many_have_a_distance():
    one, two = np.zeros((3, 3, 3)), np.zeros((3, 3, 3))
    one[0, 0, 0], two[0, 0, 0], two[2, 2, 2] = 1, 1, 7
    rows = agreement_volume(volume(one), volume(two, legend=Legend.named("a", "b")))
    assert means(rows) == {
        "rows": 3,
        "dice": pytest.approx(2 / 3),
        "with_distance": 1,
        "hd95_mm": 0.0,
        "assd_mm": 0.0,
    }


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
    assert [row[key] for key in (*DISTANCES, "nsd_1mm", "nsd")] == [None] * 7
    assert "Neither" in row["why"]
    assert "infinite" not in row


def test_one_empty_does_not_agree_at_all():
    row = agreement_volume(volume(np.zeros((4, 4, 4))), volume(np.ones((4, 4, 4))))[0]
    assert (row["dice"], row["iou"], row["nsd_1mm"]) == (0.0, 0.0, 0.0)
    assert [row[key] for key in DISTANCES] == [None] * 5
    assert row["infinite"] and "infinite" in row["why"]


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
