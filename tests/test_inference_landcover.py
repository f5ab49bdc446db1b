"""Networks on scenes."""

import numpy as np
import pytest
import tiny_models
import torch
from fake_scenes import ArrayScene
from tiny_models import UNET_2D

from segviz.errors import Refused
from segviz.inference import networks, predict
from segviz.inference.landcover import (
    Rendering,
    choose_bands,
    label_scene_with_network,
)
from segviz.inference.run import Run
from segviz.inference.scenes import read_tile

PLAIN = Rendering(gain=0.1, offset=(1.0, 2.0, 3.0), mean=50.0, spread=30.0)


@pytest.fixture
def card(tmp_path):
    return tiny_models.scene_card(tmp_path / "two-covers")


def scene(rows=75, columns=50, dtype=np.uint16):
    values = np.random.default_rng(0).integers(1, 2000, (4, rows, columns)).astype(dtype)
    return ArrayScene(values)


def test_reflectance_becomes_an_8_bit_picture():
    values = torch.tensor([100, 200, 300]).reshape(3, 1, 1)
    assert PLAIN.picture(values, reflectance=True).ravel().tolist() == [11, 22, 33]
    assert PLAIN.picture(torch.full((3, 1, 1), 60_000), reflectance=True).max() == 255
    assert PLAIN.picture(torch.full((3, 1, 1), -60_000), reflectance=True).max() == 0


def test_an_8_bit_picture_stays_as_it_is():
    values = torch.tensor([100, 200, 30]).reshape(3, 1, 1)
    assert PLAIN.picture(values, reflectance=False).ravel().tolist() == [100, 200, 30]


def test_the_type_of_the_values_changes_nothing(card):
    image = scene()
    as_stored = np.zeros(image.grid.shape, np.uint8)
    predict.segment_scene(image, card, as_stored)
    for dtype in (np.int16, np.int32, np.float32, np.float64, ">u2", ">f8"):
        other = np.zeros_like(as_stored)
        predict.segment_scene(ArrayScene(image.values.astype(dtype)), card, other)
        assert (as_stored == other).all(), dtype


def test_fractions_give_the_labels_of_whole_numbers(card):
    image = scene()
    whole, fractions = (np.zeros(image.grid.shape, np.uint8) for _ in range(2))
    predict.segment_scene(image, card, whole)
    predict.segment_scene(ArrayScene(image.values / np.float32(10_000)), card, fractions)
    assert (whole == fractions).mean() > 0.999


def test_one_graph_equals_rendering_network_and_largest_class_one_after_the_other(card):
    image = scene(40, 24)
    out = np.zeros(image.grid.shape, np.uint8)
    settings = dict(card.metadata["scene_input"], core=64, halo=8)
    whole = type(card)(**{**vars(card), "metadata": {**card.metadata, "scene_input": settings}})
    predict.segment_scene(image, whole, out)
    values, _ = read_tile(image, (-8, 48, -8, 32), [2, 1, 0])
    rendering = Rendering(**settings["rendering"])
    picture = rendering.picture(torch.from_numpy(values), reflectance=True)
    with torch.inference_mode():
        logits = networks.load(card)(rendering.input(picture)[None])
    labels = np.array(settings["labels"])[logits[0].argmax(0).numpy()]
    assert (labels[8:48, 8:32] == out).mean() > 0.999


def test_a_network_that_gives_no_number_is_refused(card, monkeypatch):
    def broken(*_):
        network = networks.build(card.metadata["network_def"])
        torch.nn.init.constant_(network.head[1].bias, torch.inf)
        return network.eval()

    monkeypatch.setattr(networks, "load", broken)
    changed = {**card.metadata, "sha256": card.sha256, "network_def": {**UNET_2D, "broken": True}}
    with pytest.raises(Refused, match="thrown away") as error:
        label_scene_with_network(
            scene(), type(card)(**{**vars(card), "metadata": changed}),
            np.zeros((75, 50), np.uint8), Run(), None,
        )  # fmt: skip
    assert error.value.code == "SV-RUN-004"


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


def test_haze_changes_no_mask_where_the_card_says_what_clear_air_is(tmp_path):
    """The same ground under clear air and under haze, as reflectance and as an 8-bit picture."""
    card = tiny_models.scene_card(tmp_path / "clear")
    rendering = card.metadata["scene_input"]["rendering"]
    rendering["clear"] = [20.0, 25.0, 30.0]
    ground = np.random.default_rng(0).integers(40, 200, (3, 64, 48)).astype(np.uint8)
    ground[:, :8] = np.array(rendering["clear"])[:, None, None]
    added = np.array([4, 9, 14], np.uint8)[:, None, None]
    offset = np.array(rendering["offset"])[:, None, None]

    def found(values):
        out, run = np.zeros(values.shape[1:], np.uint8), Run()
        scene = ArrayScene(values, channels=("red", "green", "blue"))
        label_scene_with_network(scene, card, out, run, None)
        return out, run.notes[-1]

    clear, said = found(ground)
    assert "+0, " in said
    hazy, said = found(ground + added)
    assert "+4, " in said
    assert "+9, " in said
    np.testing.assert_array_equal(hazy, clear)
    stored = ((ground + added - offset) / rendering["gain"]).astype(np.float32)
    again, said = found(stored)
    assert "+4, " in said
    assert (again == clear).mean() > 0.99


def test_what_baseline_4_added_is_taken_off_before_the_picture_is_made(tmp_path):
    card = tiny_models.scene_card(tmp_path / "two-covers")
    values = np.random.default_rng(0).integers(100, 3000, (3, 64, 48)).astype(np.uint16)

    def found(values, **options):
        out, run = np.zeros(values.shape[1:], np.uint8), Run(options=options)
        label_scene_with_network(ArrayScene(values), card, out, run, None)
        return out, " ".join(run.notes)

    plain, said = found(values)
    assert "no offset was taken off" in said
    shifted, said = found(values + np.uint16(1000))
    assert "1000 of every value were taken off" in said
    np.testing.assert_array_equal(shifted, plain)
