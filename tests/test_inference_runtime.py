"""OpenVINO against torch."""

import numpy as np
import pytest
import tiny_models
import torch

from segviz.errors import Refused
from segviz.inference import networks, runtime


@pytest.mark.parametrize(
    ("definition", "shape"),
    [(tiny_models.UNET_3D, (1, 1, 32, 48, 32)), (tiny_models.UNET_2D, (1, 3, 96, 64))],
)
def test_openvino_gives_the_same_mask_as_torch(definition, shape):
    torch.manual_seed(0)
    network = networks.build(definition)
    batch = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    ours = runtime.OpenVinoRuntime(network)(batch)
    theirs = runtime.TorchRuntime(network)(batch)
    assert ours == pytest.approx(theirs, abs=1e-4)
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean() >= 0.99999


def test_another_window_shape_is_compiled_anew():
    network = runtime.OpenVinoRuntime(networks.build(tiny_models.UNET_2D))
    for edge in (16, 32, 16):
        assert network(np.zeros((1, 3, edge, edge), np.float32)).shape == (1, 2, edge, edge)


def test_the_result_is_not_overwritten_by_the_next_window():
    network = runtime.OpenVinoRuntime(networks.build(tiny_models.UNET_2D))
    first = network(np.zeros((1, 3, 16, 16), np.float32))
    kept = first.copy()
    network(np.ones((1, 3, 16, 16), np.float32))
    assert (first == kept).all()


def test_a_runtime_is_kept_for_the_same_weights(tmp_path):
    card = tiny_models.scene_card(tmp_path / "two-covers")
    assert runtime.choose(card, "cpu") is runtime.choose(card, "cpu")
    assert runtime.choose(card, "cpu").name == "openvino cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_is_refused_where_there_is_none(tmp_path):
    card = tiny_models.scene_card(tmp_path / "two-covers")
    with pytest.raises(Refused) as error:
        runtime.choose(card, "cuda")
    assert error.value.code == "SV-RUN-005"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_answer_that_is_no_number_is_refused(tmp_path, value):
    card = tiny_models.scene_card(tmp_path / "two-covers")
    logits = np.zeros((2, 4), np.float32)
    runtime.require_numbers(logits, card)
    logits[1, 2] = value
    with pytest.raises(Refused, match="thrown away") as error:
        runtime.require_numbers(logits, card)
    assert error.value.code == "SV-RUN-004"
