"""The one way in."""

import json
from itertools import permutations, product

import numpy as np
import pytest
import tiny_models
from fake_scenes import ArrayScene

from segviz import settings
from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import catalog, predict
from segviz.io import open_image

METHODS = ["k-means", "otsu"]


def card(name):
    return catalog.card(settings.load(), name)


def volume(data, channel=""):
    return Volume(VolumeGrid(data.shape, np.eye(4)), data, channel=channel, sha256="abc")


@pytest.mark.parametrize("name", METHODS)
def test_a_volume_gives_a_mask_and_a_report(name):
    data = np.random.default_rng(0).normal(100, 20, (8, 9, 10)).astype(np.float32)
    result = predict.segment_volume(volume(data), card(name))
    assert result.mask.data.shape == data.shape
    assert result.report["input"]["sha256"] == "abc"
    assert json.loads(json.dumps(result.report)) == result.report
    counted = {row["label"]: row["voxels"] for row in result.report["labels"]}
    for label in result.mask.legend:
        assert counted[label.value] == (result.mask.data == label.value).sum()


@pytest.mark.parametrize("name", METHODS)
def test_a_scene_gives_labels_and_a_report(name):
    image = ArrayScene(np.random.default_rng(0).integers(1, 999, (4, 30, 40)).astype(np.uint16))
    out = np.zeros((30, 40), np.uint8)
    report = predict.segment_scene(image, card(name), out)
    assert (out > 0).all()
    assert sum(row["pixels"] for row in report["labels"]) == 1200
    assert json.loads(json.dumps(report)) == report


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("value", [0, 7])
def test_a_constant_image_gives_an_empty_mask_and_a_note(name, value):
    result = predict.segment_volume(volume(np.full((4, 4, 4), value, np.int16)), card(name))
    assert not result.mask.data.any()
    assert "nothing to tell apart" in result.report["notes"][0]
    out = np.full((9, 9), 3, np.uint8)
    image = ArrayScene(np.full((2, 9, 9), value, np.uint8))
    report = predict.segment_scene(image, card(name), out)
    assert not out.any()
    assert "nothing to tell apart" in report["notes"][-1]


def test_a_constant_volume_is_no_crash_for_a_network(tmp_path):
    network = tiny_models.volume_card(tmp_path / "two-tissues")
    result = predict.segment_volume(volume(np.zeros((4, 4, 4), np.float32)), network)
    assert not result.mask.data.any()


def test_voxels_without_number_are_refused():
    data = np.zeros((4, 4, 4), np.float32)
    data[0, 0, 0] = np.nan
    with pytest.raises(Refused) as error:
        predict.segment_volume(volume(data), card("k-means"))
    assert error.value.code == "SV-RUN-002"


def test_a_model_is_not_run_on_what_it_is_not_for(tmp_path):
    network = tiny_models.volume_card(tmp_path / "two-tissues")
    with pytest.raises(Refused, match="this scan is CT") as error:
        predict.segment_volume(volume(np.zeros((4, 4, 4)), "CT"), network)
    assert error.value.code == "SV-RUN-003"
    with pytest.raises(Refused, match="medical volumes"):
        predict.segment_scene(ArrayScene(np.zeros((3, 4, 4))), network, np.zeros((4, 4), np.uint8))


def test_exchanged_weights_are_not_run(tmp_path):
    network = tiny_models.volume_card(tmp_path / "two-tissues")
    network.weights.write_bytes(network.weights.read_bytes() + b" ")
    with pytest.raises(Refused) as error:
        predict.segment_volume(volume(np.zeros((4, 4, 4))), network)
    assert error.value.code == "SV-MDL-004"


def test_only_the_window_is_written():
    image = ArrayScene(np.random.default_rng(0).integers(1, 99, (1, 40, 40)).astype(np.uint8))
    out = np.full((40, 40), 200, np.uint8)
    report = predict.segment_scene(image, card("k-means"), out, window=(5, 15, 0, 40))
    assert (out[5:15] <= 5).all()
    assert (out == 200).sum() == 30 * 40
    assert report["input"]["grid"].startswith("10 x 40")


# the same scan in other files, and scans that nobody expected


def head(shape=(18, 22, 20), seed=0):
    """A bright ellipsoid off the centre with a brighter spot, in noise: no symmetry at all."""
    x, y, z = (np.linspace(-1, 1, n) for n in shape)
    x, y, z = x[:, None, None], y[:, None] - 0.1, z + 0.05
    data = 100.0 * (x**2 + (y / 0.9) ** 2 + (z / 0.8) ** 2 < 0.7) + 80 * (x + y + z > 0.6)
    return (data + np.random.default_rng(seed).normal(0, 5, shape)).astype(np.float32)


AFFINE = np.array([[1.9, 0.05, 0, -10], [-0.05, 2.1, 0, 4], [0, 0, 2.5, 7], [0, 0, 0, 1.0]])
ORIENTATIONS = [
    (axes, flips) for axes in permutations(range(3)) for flips in product((False, True), repeat=3)
]


def turned(volume, axes, flips):
    """The same scan, its axes permuted and flipped in the file."""
    data, affine = volume.data, volume.grid.affine.copy()
    for axis, flip in enumerate(flips):
        if flip:
            data = np.flip(data, axis)
            affine[:3, 3] += affine[:3, axis] * (data.shape[axis] - 1)
            affine[:3, axis] *= -1
    order = [*axes, 3]
    return Volume(VolumeGrid(data.transpose(axes).shape, affine[:, order]), data.transpose(axes))


def turned_back(mask, axes, flips):
    mask = mask.transpose(np.argsort(axes))
    return np.flip(mask, [axis for axis, flip in enumerate(flips) if flip])


def test_all_48_orientations_of_a_file_give_the_same_mask(tmp_path):
    network = tiny_models.volume_card(tmp_path / "two-tissues")
    scan = Volume(VolumeGrid((18, 22, 20), AFFINE), head())
    expected = predict.segment_volume(scan, network).mask.data
    assert len(np.unique(expected)) > 1
    for axes, flips in ORIENTATIONS:
        found = predict.segment_volume(turned(scan, axes, flips), network).mask.data
        assert (turned_back(found, axes, flips) == expected).mean() > 0.999, (axes, flips)


def test_the_type_of_the_voxels_changes_nothing(tmp_path):
    network = tiny_models.volume_card(tmp_path / "two-tissues")
    whole = np.rint(head() + 100).astype(np.float32)
    expected = predict.segment_volume(volume(whole), network).mask.data
    for dtype in ("<f8", ">f8", ">f4", "<i2", ">i2", "<i4", ">u2"):
        found = predict.segment_volume(volume(whole.astype(dtype)), network).mask.data
        assert (found == expected).all(), dtype


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_voxel_without_number_is_said_and_no_mask_is_given(tmp_path, value):
    network = tiny_models.volume_card(tmp_path / "two-tissues")
    data = head()
    data[3, 4, 5] = value
    with pytest.raises(Refused, match="hold no number") as error:
        predict.segment_volume(volume(data), network)
    assert error.value.code == "SV-RUN-002"


def test_one_wild_voxel_does_not_empty_the_mask(tmp_path):
    network = tiny_models.volume_card(tmp_path / "two-tissues")
    data = head()
    expected = predict.segment_volume(volume(data), network).mask.data
    data[0, 0, 0] = 1e9
    found = predict.segment_volume(volume(data), network).mask.data
    assert (found == expected).mean() > 0.95


ODD = {
    "noise": np.random.default_rng(0).normal(0, 1, (16, 16, 16)),
    "one voxel": np.eye(1),
    "two voxels": np.arange(2),
    "tiny": np.arange(125).reshape(5, 5, 5),
    "one slice": np.random.default_rng(0).integers(0, 99, (40, 40, 1)),
    "one column": np.arange(50).reshape(1, 50, 1),
    "one bright voxel": np.pad(np.ones((1, 1, 1)), 8),
    "all negative": -np.random.default_rng(0).integers(1, 99, (9, 9, 9)),
    "yes and no": np.random.default_rng(0).random((9, 9, 9)) > 0.5,
    "very small values": np.random.default_rng(0).random((9, 9, 9)) * 1e-30,
    "very large values": np.random.default_rng(0).random((9, 9, 9)) * 1e29,
}


@pytest.mark.parametrize("kind", ["volume_card", "threshold_card", *METHODS])
def test_odd_volumes_get_a_mask(tmp_path, kind):
    model = card(kind) if kind in METHODS else getattr(tiny_models, kind)(tmp_path / kind)
    for (name, data), spacing_mm in product(ODD.items(), (0.01, 19.0)):
        data = data.reshape(*data.shape, *[1] * (3 - data.ndim))
        grid = VolumeGrid(data.shape, np.diag([spacing_mm, 2.0, 2.0, 1.0]))
        result = predict.segment_volume(Volume(grid, data), model)
        assert result.mask.data.shape == data.shape
        if not result.mask.data.any() and kind not in METHODS:
            said = " ".join(result.report["notes"])
            assert "None found" in said or "are equal" in said, name


def test_voxels_in_metres_are_refused(tmp_path):
    network = tiny_models.volume_card(tmp_path / "two-tissues")
    grid = VolumeGrid((18, 22, 20), np.diag([1000.0, 1000, 1000, 1]))
    with pytest.raises(Refused, match="in mm") as error:
        predict.segment_volume(Volume(grid, head()), network)
    assert error.value.code == "SV-RUN-012"


def test_values_beyond_what_is_computed_are_said(tmp_path):
    network = tiny_models.volume_card(tmp_path / "two-tissues")
    with pytest.raises(Refused, match="find nothing") as error:
        predict.segment_volume(volume(np.abs(head().astype(np.float64)) * 1e300), network)
    assert error.value.code == "SV-RUN-013"


SCENES = {
    "one pixel": np.full((4, 1, 1), 700, np.uint16),
    "tiny": np.arange(36).reshape(4, 3, 3).astype(np.uint16),
    "one row": np.arange(400).reshape(4, 1, 100).astype(np.uint16),
    "constant": np.full((4, 20, 20), 700, np.uint16),
    "zero": np.zeros((4, 20, 20), np.uint16),
    "negative": np.random.default_rng(0).integers(-3000, 3000, (4, 20, 20)).astype(np.int16),
    "fractions": np.random.default_rng(0).random((4, 20, 20)).astype(np.float32),
    "large": (np.random.default_rng(0).random((4, 20, 20)) * 1e30).astype(np.float32),
    "no numbers": np.full((4, 20, 20), np.nan, np.float32),
    "infinite": np.full((4, 20, 20), np.inf, np.float32),
    "8 bit": np.random.default_rng(0).integers(0, 255, (4, 20, 20)).astype(np.uint8),
    "signed bytes": np.random.default_rng(0).integers(-99, 99, (4, 20, 20)).astype(np.int8),
    "32 bit": np.random.default_rng(0).integers(0, 2**32, (4, 20, 20)).astype(np.uint32),
}


PICTURES = ("tiny", "zero", "signed bytes")
"""Too dark for reflectance x 10,000."""


@pytest.mark.parametrize("kind", ["scene_card", *METHODS])
def test_odd_scenes_get_labels_where_there_is_data(tmp_path, kind):
    model = card(kind) if kind in METHODS else tiny_models.scene_card(tmp_path / kind)
    for (name, values), nodata in product(SCENES.items(), (False, True)):
        image = ArrayScene(values)
        image.valid[:] = not nodata
        there = image.valid & np.isfinite(values).all(axis=0)
        out = np.full(image.grid.shape, 9, np.uint8)
        if kind not in METHODS and name in PICTURES and there.any():
            with pytest.raises(Refused, match="a picture rather than reflectance"):
                predict.segment_scene(image, model, out)
            continue
        report = predict.segment_scene(image, model, out)
        assert not out[~there].any(), name
        if kind not in METHODS:
            assert set(np.unique(out[there])) <= {1, 2}, name
            assert there.any() or "no pixel" in report["notes"][-1]


def test_a_scene_with_too_few_bands_is_refused_with_what_is_needed(tmp_path):
    image = ArrayScene(np.ones((1, 9, 9), np.uint16))
    with pytest.raises(Refused, match="needs 3 bands") as error:
        network = tiny_models.scene_card(tmp_path / "two-covers")
        predict.segment_scene(image, network, np.zeros((9, 9), np.uint8))
    assert error.value.code == "SV-RUN-003"


SHIPPED = [
    card.name
    for card in catalog.models(settings.load())
    if card.kind == "volume" and card.method == "network" and card.weights.is_file()
]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_reads_a_real_scan_in_any_orientation_and_type(real_data, name):
    path = sorted((real_data / "medical" / "head-t1-2mm" / "t1").glob("*.nii*"))[0]
    scan = open_image([path])
    scan = Volume(scan.grid, scan.data.astype(np.float32), channel="MR")
    expected = predict.segment_volume(scan, card(name)).mask.data
    axes, flips = (2, 0, 1), (True, False, True)
    other = turned(scan, axes, flips)
    other = Volume(other.grid, other.data.astype(">f8"), channel="MR")
    found = turned_back(predict.segment_volume(other, card(name)).mask.data, axes, flips)
    for label in np.unique(expected)[1:]:
        one, two = expected == label, found == label
        assert 2 * (one & two).sum() >= 0.99 * (one.sum() + two.sum())
