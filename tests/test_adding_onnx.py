"""ONNX files with a card."""

import json

import numpy as np
import pytest
import tiny_models
import tiny_onnx
from fake_scenes import ArrayScene

from segviz import adding, settings
from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import catalog, predict

BRIGHT = ([[0.0], [1.0]], [0.0, -0.5])
"""Background 0, label 1 the value minus a half."""

CARD = {
    **tiny_models.COMMON,
    "name": "Bright",
    "kind": "volume",
    "channels": [],
    "legend": tiny_models.legend("bright"),
    "volume_input": {
        "spacing_mm": None,
        "window": [8, 8, 8],
        "overlap": [4, 4, 4],
        "full_windows": True,
        "mirrored": False,
        "largest_component": False,
        "intensity": [],
        "crop": False,
    },
}
SCENE_CARD = {
    **tiny_models.COMMON,
    "name": "Redder",
    "kind": "scene",
    "channels": ["red", "green"],
    "legend": tiny_models.legend("green", "red"),
    "scene_input": {
        "rendering": {"gain": 0.1, "offset": [0, 0], "mean": 0.0, "spread": 1.0},
        "labels": [1, 2],
        "core": 16,
        "halo": 0,
        "multiple": 1,
    },
}


@pytest.fixture
def write(tmp_path):
    def write(content, card=CARD):
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        (folder / "metadata.json").write_text(json.dumps(card))
        (folder / "Bright.onnx").write_bytes(content)
        return str(folder / "Bright.onnx")

    return write


def test_a_file_with_its_card_becomes_a_model(write):
    card = adding.add(settings.load(), write(tiny_onnx.convolution(*BRIGHT)))
    assert card.name == "bright"
    assert {path.name for path in card.folder.iterdir()} == {"metadata.json", "model.onnx"}
    values = np.random.default_rng(0).random((9, 10, 11)).astype(np.float32)
    scan = Volume(VolumeGrid(values.shape, np.eye(4)), values)
    result = predict.segment_volume(scan, card)
    assert (result.mask.data == (values > 0.5)).all()


def test_the_hash_of_the_file_is_kept(write):
    card = adding.add(settings.load(), write(tiny_onnx.convolution(*BRIGHT)))
    card.weights.write_bytes(card.weights.read_bytes() + b"\0")
    with pytest.raises(Refused) as error:
        catalog.verify(card)
    assert error.value.code == "SV-MDL-004"


def test_scenes_are_labelled_by_one_too(write):
    content = tiny_onnx.convolution([[0.0, 1.0], [1.0, 0.0]], [0.0, 0.0])
    card = adding.add(settings.load(), write(content, SCENE_CARD))
    values = np.random.default_rng(0).integers(0, 200, (2, 20, 24)).astype(np.uint8)
    out = np.zeros((20, 24), np.uint8)
    predict.segment_scene(ArrayScene(values, channels=("red", "green")), card, out)
    assert (out == np.where(values[0] > values[1], 2, 1)).all()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (tiny_onnx.convolution(*BRIGHT, location="../../etc/passwd"), "SV-MDL-032"),
        (tiny_onnx.convolution(*BRIGHT, operator="Frobnicate"), "SV-MDL-033"),
        (b"no model at all", "SV-MDL-033"),
        (tiny_onnx.convolution([[0.0], [1.0], [2.0]], [0.0, 0.0, 0.0]), "SV-MDL-030"),
        (tiny_onnx.convolution([[0.0], [np.nan]], [0.0, 0.0]), "SV-RUN-004"),
    ],
    ids=["other files", "unknown step", "damaged", "other classes", "no numbers"],
)
def test_what_cannot_be_trusted_or_run_is_refused(write, content, code):
    with pytest.raises(Refused) as error:
        adding.add(settings.load(), write(content))
    assert error.value.code == code


def test_a_file_without_a_card_is_refused(write, tmp_path):
    path = write(tiny_onnx.convolution(*BRIGHT))
    (tmp_path / "made" / "metadata.json").unlink()
    with pytest.raises(Refused, match=r"metadata\.json") as error:
        adding.add(settings.load(), path)
    assert error.value.code == "SV-MDL-028"
