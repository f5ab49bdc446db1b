"""The one way in."""

import json

import numpy as np
import pytest
import tiny_models
from fake_scenes import ArrayScene

from segviz import settings
from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import catalog, predict

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
