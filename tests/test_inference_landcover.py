"""Networks on scenes."""

import numpy as np
import pytest
import tiny_models
from fake_scenes import ArrayScene

from segviz.inference import predict
from segviz.inference.landcover import Rendering, choose_bands

PLAIN = Rendering(gain=0.1, offset=(1.0, 2.0, 3.0), mean=50.0, spread=30.0)


@pytest.fixture
def card(tmp_path):
    return tiny_models.scene_card(tmp_path / "two-covers")


def scene(rows=75, columns=50, dtype=np.uint16):
    values = np.random.default_rng(0).integers(1, 2000, (4, rows, columns)).astype(dtype)
    return ArrayScene(values)


def test_reflectance_becomes_an_8_bit_picture():
    values = np.array([100, 200, 300], np.uint16).reshape(3, 1, 1)
    assert PLAIN.picture(values).ravel().tolist() == [11, 22, 33]
    assert PLAIN.picture(values.astype(np.float32) / 10_000).ravel() == pytest.approx([11, 22, 33])
    assert PLAIN.picture(np.full((3, 1, 1), 60_000, np.uint16)).max() == 255


def test_an_8_bit_picture_stays_as_it_is():
    values = np.array([100, 200, 30], np.uint8).reshape(3, 1, 1)
    assert PLAIN.picture(values).ravel().tolist() == [100, 200, 30]


def test_the_choice_of_bands_is_said():
    bands, said = choose_bands(("B2", "B3", "B4"), ("red", "green", "blue"))
    assert bands == [2, 1, 0]
    assert "by their names: red from B4, green from B3, blue from B2" in said
    bands, said = choose_bands(("", "x", "y", "z"), ("red", "green", "blue"))
    assert bands == [0, 1, 2]
    assert "in file order" in said
    assert "red from band 1" in said


def test_tiles_leave_no_seam(card):
    """The same labels in small tiles as in one that holds the whole scene."""
    image = scene()
    tiled, whole = (np.zeros(image.grid.shape, np.uint8) for _ in range(2))
    predict.segment_scene(image, card, tiled)
    settings = dict(card.metadata["scene_input"], core=128)
    at_once = type(card)(**{**vars(card), "metadata": {**card.metadata, "scene_input": settings}})
    report = predict.segment_scene(image, at_once, whole)
    assert report["windows"] == 1
    assert set(np.unique(whole)) == {1, 2}
    assert (tiled == whole).all()


def test_a_window_gives_the_same_labels_as_the_whole_scene(card):
    image = scene()
    whole, part = (np.zeros(image.grid.shape, np.uint8) for _ in range(2))
    predict.segment_scene(image, card, whole)
    predict.segment_scene(image, card, part, window=(13, 49, 7, 33))
    assert (part[13:49, 7:33] == whole[13:49, 7:33]).all()
    assert (part != 0).sum() == 36 * 26


def test_no_data_stays_without_label_and_the_report_counts_the_rest(card):
    image = scene()
    image.valid[:, :10] = False
    out = np.zeros(image.grid.shape, np.uint8)
    report = predict.segment_scene(image, card, out)
    assert (out[:, :10] == 0).all()
    assert (out[:, 10:] > 0).all()
    assert sum(row["pixels"] for row in report["labels"]) == 75 * 40
    assert report["device"] == "openvino cpu"
    assert report["model"]["sha256"] == card.sha256
