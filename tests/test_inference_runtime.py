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


def test_instance_norm_of_a_large_window_is_as_exact_as_that_of_torch():
    """Values far from zero: one long 32-bit sum over 64 x 64 x 64 cells would lose digits."""
    network = torch.nn.Sequential(torch.nn.InstanceNorm3d(1), torch.nn.Conv3d(1, 2, 1))
    noise = np.random.default_rng(0).normal(5, 1, (1, 1, 64, 64, 64)).astype(np.float32)
    with torch.inference_mode():
        exact = network.double()(torch.from_numpy(noise).double()).numpy()
    assert runtime.OpenVinoRuntime(network.float())(noise) == pytest.approx(exact, abs=2e-5)


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


def test_a_network_is_kept_on_disk_and_not_made_again(tmp_path):
    made = []

    def make():
        made.append(networks.build(tiny_models.UNET_2D))
        return made[-1]

    batch = np.random.default_rng(0).normal(size=(1, 3, 32, 32)).astype(np.float32)
    first = runtime.OpenVinoRuntime(make, tmp_path / "cache" / "network")(batch)
    again = runtime.OpenVinoRuntime(make, tmp_path / "cache" / "network")(batch)
    assert len(made) == 1
    assert (first == again).all()


def test_a_damaged_kept_network_is_made_anew(tmp_path):
    kept = tmp_path / "network"
    network = networks.build(tiny_models.UNET_2D)
    batch = np.ones((1, 3, 16, 16), np.float32)
    first = runtime.OpenVinoRuntime(network, kept)(batch)
    (kept / "model.xml").write_text("<damaged")
    assert (runtime.OpenVinoRuntime(network, kept)(batch) == first).all()
    assert (kept / "model.xml").read_text().startswith("<?xml")


def test_few_kept_networks_stay_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "KEPT_NETWORKS", 2)
    network = networks.build(tiny_models.UNET_2D)
    for name in "abc":
        runtime.OpenVinoRuntime(network, tmp_path / name)(np.ones((1, 3, 16, 16), np.float32))
    assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / "c").exists()


def test_few_window_shapes_stay_compiled(monkeypatch):
    monkeypatch.setattr(runtime, "KEPT_SHAPES", 2)
    network = runtime.OpenVinoRuntime(networks.build(tiny_models.UNET_2D))
    for edge in (16, 32, 48):
        network(np.zeros((1, 3, edge, edge), np.float32))
    assert len(network._compiled) == 2


def test_bf16_is_taken_where_the_cpu_has_it_and_the_classes_stay(monkeypatch):
    monkeypatch.setattr(runtime, "computes_bf16", lambda: True)
    batch = np.random.default_rng(0).normal(size=(1, 3, 32, 32)).astype(np.float32)
    network = networks.build(tiny_models.UNET_2D)
    for agrees, name in ((True, "openvino cpu bf16"), (False, "openvino cpu")):
        monkeypatch.setattr(runtime, "agree", lambda *_, agrees=agrees: agrees)
        ours = runtime.OpenVinoRuntime(network, precision="auto")
        ours(batch)
        assert ours.name == name
    exact = runtime.OpenVinoRuntime(network, precision="f32")
    exact(batch)
    assert exact.name == "openvino cpu"


def test_two_answers_agree_when_no_class_differs_by_more_than_a_thousandth():
    one = np.zeros((1, 2, 100, 100), np.float32)
    one[:, 1, :50] = 1
    assert runtime.agree(one, one + np.float32(0.25))
    two = one.copy()
    two[0, 1, 50, :30] = 1
    assert not runtime.agree(one, two)
    assert runtime.agree(one.argmax(1).astype(np.uint8), one.argmax(1).astype(np.uint8))


def test_torch_gives_all_that_the_network_answers():
    class Pair(torch.nn.Module):
        def forward(self, image):
            return image * 2, image.mean()

    doubled, mean = runtime.TorchRuntime(Pair()).outputs(np.ones((1, 1, 2, 2), np.float32))
    assert (doubled == 2).all()
    assert mean == 1


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
