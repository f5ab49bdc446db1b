"""Numbers of lesions: the vectors of the reference, known bodies, other libraries."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.mask import Legend, Mask
from segviz.measure.lesions import MOST, SINGLE, intensity, lesions, said, side, smallest_voxels
from segviz.measure.volumes import measure_volume

SHEARED = np.array([[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1.0]])


def mask_of(data, affine=None):
    grid = VolumeGrid(data.shape, np.eye(4) if affine is None else np.asarray(affine, float))
    return Mask(grid, data.astype(np.uint8), Legend.named("lesion"))


def ball(shape, centre, radius_mm, spacing=(1, 1, 1)):
    place = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return (((place - centre) * spacing) ** 2).sum(axis=-1) <= radius_mm**2


def boxed(shape, *boxes):
    data = np.zeros(shape, np.uint8)
    for box in boxes:
        data[box] = 1
    return data


BALL = ball((48, 48, 48), (22, 22, 22), 10)
FLAT_BALL = ball((24, 80, 80), (12, 40, 40), 10, (3, 0.5, 0.5))
CUBE = boxed((32, 32, 32), np.s_[10:20, 10:20, 10:20])
SPUR = boxed((60, 40, 40), np.s_[10:30, 10:30, 10:30])
CORNER = boxed((32, 32, 32), np.s_[:10, :10, :10])


@pytest.mark.parametrize(
    ("data", "spacing", "volume_mm3", "feret_mm"),
    [
        (BALL, (1, 1, 1), 4169, 20.0),
        (FLAT_BALL, (3, 0.5, 0.5), 4205.25, 20.0),
        (CUBE, (1, 1, 1), 1000, 15.588457),
        (SPUR, (1, 1, 1), 8000, 32.908965),
        (CORNER, (1, 1, 1), 1000, 15.588457),
        (boxed((3, 3, 3), np.s_[1, 1, 1]), (1, 1, 1), 1, 0.0),
        (boxed((3, 3, 3), np.s_[1, 1, 1:3]), (1, 1, 2), 4, 2.0),
    ],
    ids=["A", "B", "C", "D", "E", "one voxel", "two voxels along a 2 mm axis"],
)
def test_volumes_and_ferets_of_the_reference(data, spacing, volume_mm3, feret_mm):
    whole = lesions(mask_of(data, np.diag([*spacing, 1])), 1)["whole"]
    assert whole["volume_ml"] == pytest.approx(volume_mm3 / 1000, rel=1e-12)
    assert whole["diameter_3d_mm"] == pytest.approx(feret_mm, abs=1e-6)


def test_the_ellipse_of_the_reference_from_centre_to_centre_and_from_edge_to_edge():
    x, y = np.mgrid[-20:21, -20:21]
    ellipse = ((x / 15) ** 2 + (y / 8) ** 2 <= 1)[..., None]
    row = lesions(mask_of(ellipse), 1)["lesions"][0]
    assert row["voxels"] == 367
    assert row["longest_diameter_mm"] == pytest.approx(30.0)
    assert row["perpendicular_diameter_mm"] == pytest.approx(16.0)
    assert row["longest_diameter_mm"] * row["perpendicular_diameter_mm"] == pytest.approx(480)
    assert row["longest"]["edge_mm"] == pytest.approx(31.0)
    assert row["perpendicular"]["edge_mm"] == pytest.approx(17.0)
    assert (row["longest"]["start"], row["longest"]["end"]) == ((5, 20, 0), (35, 20, 0))
    assert row["perpendicular"]["start"] == pytest.approx((20, 12, 0))
    assert row["perpendicular"]["end"] == pytest.approx((20, 28, 0))


def test_a_single_voxel_says_so():
    row = lesions(mask_of(boxed((3, 3, 3), np.s_[1, 1, 1]), np.diag([1, 2, 3, 1])), 1)["lesions"][0]
    assert row["longest_diameter_mm"] == row["diameter_3d_mm"] == 0.0
    assert row["notes"] == [SINGLE]
    edges = [row[name]["edge_mm"] for name in ("longest", "perpendicular", "diameter_3d")]
    assert edges == [2.0, 1.0, 3.0]


def test_shear_has_true_ml_and_true_lengths_and_a_warning():
    mask = mask_of(boxed((3, 3, 3), np.s_[1, 1, 1]), SHEARED)
    assert lesions(mask, 1)["whole"]["volume_ml"] == 0.002
    two = lesions(mask_of(boxed((3, 4, 3), np.s_[1, 1:3, 1]), SHEARED), 1)
    assert two["whole"]["longest_diameter_mm"] == pytest.approx(np.hypot(0.5, 1))
    assert two["whole"]["diameter_3d_mm"] == pytest.approx(np.hypot(0.5, 1))
    assert "not at right angles (one pair stands at 63.4°)" in two["warnings"][0]
    step = np.linalg.norm(
        np.subtract(*(two["whole"]["longest"][k] for k in ("start_mm", "end_mm")))
    )
    assert step == pytest.approx(np.hypot(0.5, 1))


def test_diameters_are_those_of_the_labels_table():
    random = np.random.default_rng(0)
    data = random.random((12, 11, 9)) < 0.1
    for affine in (np.diag([1, 0.7, 3, 1]), SHEARED):
        mask = mask_of(data, affine)
        whole, row = lesions(mask, 1)["whole"], measure_volume(mask)["labels"][0]
        for name in ("voxels", "volume_ml"):
            assert whole[name] == row[name]
        for name in ("longest_diameter_mm", "perpendicular_diameter_mm"):
            assert whole[name] == pytest.approx(row[name], abs=1e-9)


def test_the_edge_of_the_volume_is_warned_of_and_nothing_is_set_to_zero():
    found = lesions(mask_of(CORNER), 1)
    assert found["whole"]["touches"] == ["left", "posterior", "inferior"]
    assert found["whole"]["volume_ml"] == 1.0
    assert found["warnings"] == [
        "The label reaches the left and posterior and inferior edge of the volume: what lies "
        "beyond is not in the scan, so ml and diameters are lower bounds."
    ]
    assert lesions(mask_of(CUBE), 1)["warnings"] == []


def test_small_pieces_are_counted_not_described():
    data = boxed((20, 20, 20), np.s_[1:5, 1:5, 1:5], np.s_[8:11, 8:11, 8:11], np.s_[15, 15, 15])
    found = lesions(mask_of(data), 1, smallest_mm3=27.5)
    assert [row["voxels"] for row in found["lesions"]] == [64]
    assert found["smallest_voxels"] == 28
    assert found["below"] == {"count": 2, "voxels": 28, "volume_ml": pytest.approx(0.028)}
    assert found["whole"]["voxels"] == 92
    assert [row["voxels"] for row in lesions(mask_of(data), 1)["lesions"]] == [64, 27, 1]


@pytest.mark.parametrize(
    ("smallest_mm3", "voxel_mm3", "voxels"), [(0, 2, 1), (2, 2, 1), (2.1, 2, 2), (0.3, 0.1, 3)]
)
def test_a_smallest_size_in_voxels(smallest_mm3, voxel_mm3, voxels):
    grid = VolumeGrid((2, 2, 2), np.diag([1, 1, voxel_mm3, 1.0]))
    assert smallest_voxels(smallest_mm3, grid) == voxels


def test_more_lesions_than_are_described_are_counted():
    data = np.zeros((2, 2, 4 * MOST), np.uint8)
    data[0, 0, ::3] = 1
    found = lesions(mask_of(data), 1)
    assert len(found["lesions"]) == MOST
    assert found["unlisted"]["count"] == found["count"] - MOST > 0


def test_a_label_that_is_not_there():
    found = lesions(mask_of(np.zeros((3, 3, 3))), 1)
    assert (found["count"], found["whole"], found["lesions"]) == (0, None, [])
    assert found["why"] == "the mask has no voxel with this label"


def test_places_and_sides():
    affine = [[2, 0, 0, -10], [0, 2, 0, -7], [0, 0, 3, 1], [0, 0, 0, 1]]
    data = boxed((10, 9, 8), np.s_[2, 3, 1:3], np.s_[9, 0, 7], np.s_[5, 8, 7])
    rows = lesions(mask_of(data, affine), 1)["lesions"]
    assert [row["centroid"] for row in rows] == [
        "L 6.0 P 1.0 S 5.5", "R 0.0 A 9.0 S 22.0", "R 8.0 P 7.0 S 22.0",
    ]  # fmt: skip
    assert [row["side"] for row in rows] == ["left", "midline", "right"]
    assert rows[0]["centroid_mm"] == pytest.approx([-6.0, -1.0, 5.5])


@pytest.mark.parametrize(
    ("x_mm", "where"), [(0.5, "midline"), (-0.5, "midline"), (0.51, "right"), (-0.51, "left")]
)
def test_the_midline_is_a_voxel_wide(x_mm, where):
    assert side(x_mm, 1.0) == where


def test_a_place_is_said_with_letters():
    assert said([17.6, 35.3, 12.1]) == "R 17.6 A 35.3 S 12.1"
    assert said([-1.0, -2.0, -3.0]) == "L 1.0 P 2.0 I 3.0"


def test_intensities_are_those_of_the_voxels():
    data = boxed((4, 4, 4), np.s_[0:2, 0, 0], np.s_[3, 3, 1:4])
    mask = mask_of(data)
    image = Volume(mask.grid, np.arange(64, dtype=np.int16).reshape(4, 4, 4))
    first, second = lesions(mask, 1, image)["lesions"]
    assert first["intensity"] == {
        "voxels": 3, "missing": 0, "mean": 62.0, "sd": pytest.approx(np.sqrt(2 / 3)),
        "min": 61.0, "max": 63.0, "p5": 61.1, "p25": 61.5, "p50": 62.0, "p75": 62.5, "p95": 62.9,
    }  # fmt: skip
    assert (second["intensity"]["mean"], second["intensity"]["sd"]) == (8.0, 8.0)


def test_voxels_without_a_number_are_left_out_and_counted():
    found = intensity(np.array([1, np.nan, 3, np.inf]))
    assert (found["voxels"], found["missing"], found["mean"], found["sd"]) == (2, 2, 2.0, 1.0)
    none = intensity(np.array([np.nan]))
    assert (none["mean"], none["p50"], none["why"]) == (None, None, "no voxel holds a number")


def test_an_image_of_other_voxels_is_refused():
    mask = mask_of(CUBE)
    moved = Volume(VolumeGrid(CUBE.shape, np.diag([1, 1, 2, 1.0])), np.zeros(CUBE.shape))
    with pytest.raises(Refused, match="do not lie on the same voxels") as refused:
        lesions(mask, 1, moved)
    assert refused.value.code == "SV-NUM-010"


@pytest.mark.parametrize("size", [-1.0, float("nan"), float("inf")])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(Refused, match="number from 0 up") as refused:
        lesions(mask_of(CUBE), 1, smallest_mm3=size)
    assert refused.value.code == "SV-NUM-011"


def test_numbers_are_json_without_nan():
    mask = mask_of(FLAT_BALL)
    image = Volume(mask.grid, np.full(FLAT_BALL.shape, np.nan))
    json.dumps(lesions(mask, 1, image), allow_nan=False)


@pytest.mark.parametrize("seed", range(4))
def test_numbers_are_those_of_simpleitk(seed):
    """Voxels, ml, Feret, centroid, mean, sd, extremes of each lesion on an oblique grid."""
    random = np.random.default_rng(seed)
    data = random.random((14, 15, 13)) < 0.06
    turn, _ = np.linalg.qr(random.standard_normal((3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([0.7, 1.3, 2.9])
    affine[:3, 3] = random.uniform(-50, 50, 3)
    values = random.normal(100, 20, data.shape)
    mask = mask_of(data, affine)
    rows = lesions(mask, 1, Volume(mask.grid, values))["lesions"]
    shape, levels = itk_numbers(data, values, affine)
    assert len(rows) == shape.GetNumberOfLabels()
    ours = {tuple(np.round(row["centroid_mm"], 6)): row for row in rows}
    for number in shape.GetLabels():
        x, y, z = shape.GetCentroid(number)
        row = ours[tuple(np.round([-x, -y, z], 6))]
        assert row["voxels"] == shape.GetNumberOfPixels(number)
        assert row["volume_ml"] == pytest.approx(shape.GetPhysicalSize(number) / 1000)
        assert row["diameter_3d_mm"] == pytest.approx(shape.GetFeretDiameter(number))
        found, n = row["intensity"], row["voxels"]
        assert found["mean"] == pytest.approx(levels.GetMean(number))
        if n > 1:  # SimpleITK divides by n - 1
            assert found["sd"] == pytest.approx(
                levels.GetStandardDeviation(number) * np.sqrt((n - 1) / n)
            )
        assert found["min"] == pytest.approx(levels.GetMinimum(number))
        assert found["max"] == pytest.approx(levels.GetMaximum(number))


def itk_numbers(data, values, affine):
    to_lps = np.diag([-1, -1, 1.0])
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    images = []
    for array in (data.astype(np.uint8), values):
        image = sitk.GetImageFromArray(array.transpose(2, 1, 0))
        image.SetSpacing(spacing.tolist())
        image.SetDirection((to_lps @ affine[:3, :3] / spacing).ravel().tolist())
        image.SetOrigin((to_lps @ affine[:3, 3]).tolist())
        images.append(image)
    labels = sitk.ConnectedComponent(images[0], True)
    shape, levels = (
        sitk.LabelShapeStatisticsImageFilter(),
        sitk.LabelIntensityStatisticsImageFilter(),
    )
    shape.ComputeFeretDiameterOn()
    shape.Execute(labels)
    levels.Execute(labels, images[1])
    return shape, levels


LEANING = np.array([[0, 0, 2.5, -20], [-0.8, 0.1, 0, 9], [0.1, 0.8, 0.1, 3], [0, 0, 0, 1.0]])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (-1, 1, -1), (-1, -1, -1)])
def test_numbers_do_not_depend_on_how_a_file_stores_its_voxels(axes, flips, seed):
    random = np.random.default_rng(seed)
    data = random.random((10, 12, 9)) < 0.08
    values = random.normal(size=data.shape)
    mask = mask_of(data, LEANING)
    expected = lesions(mask, 1, Volume(mask.grid, values), 5.0)
    stored = stored_otherwise(mask, values, axes, flips)
    assert close(lesions(*stored[:1], 1, stored[1], 5.0), expected)


def stored_otherwise(mask, values, axes, flips):
    """The same voxels with their axes in another order and direction."""
    affine = mask.grid.affine[:, [*axes, 3]].copy()
    data, values = (array.transpose(axes) for array in (mask.data, values))
    for axis, flip in enumerate(flips):
        if flip < 0:
            affine[:, 3] += affine[:, axis] * (data.shape[axis] - 1)
            affine[:, axis] *= -1
    step = tuple(slice(None, None, flip) for flip in flips)
    grid = VolumeGrid(data.shape, affine)
    return replace(mask, grid=grid, data=data[step]), Volume(grid, values[step])


@pytest.mark.parametrize("seed", range(3))
def test_numbers_do_not_depend_on_a_crop(seed):
    random = np.random.default_rng(seed)
    data = np.zeros((20, 22, 18), np.uint8)
    data[4:14, 5:15, 3:12] = random.random((10, 10, 9)) < 0.1
    mask = mask_of(data, LEANING)
    affine = LEANING.copy()
    affine[:3, 3] = LEANING[:3, :3] @ (3, 4, 2) + LEANING[:3, 3]
    whole, part = lesions(mask, 1), lesions(mask_of(data[3:16, 4:17, 2:14], affine), 1)
    places = ("start", "end", "slice")  # in voxels of the crop
    assert close(without(part, places), without(whole, places))


def without(value, keys):
    if isinstance(value, dict):
        return {key: without(part, keys) for key, part in value.items() if key not in keys}
    return [without(part, keys) for part in value] if isinstance(value, list) else value


def close(one, two):
    """Equal, numbers to 1e-9."""
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(close(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(close, one, two))
    return one == (pytest.approx(two, abs=1e-9) if isinstance(one, float) else two)
