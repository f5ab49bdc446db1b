"""Dynamic World's network."""

import numpy as np
import pytest
import torch
from torch import nn

from segviz.inference import networks
from segviz.inference.dynamic_world import BYTES, DynamicWorld, published_weights
from segviz.inference.landcover import Squash

REACH = 24


def small():
    torch.manual_seed(0)
    return DynamicWorld(in_channels=2, out_channels=3, width=6).eval()


def test_the_network_is_as_large_as_the_published_one():
    network = networks.build({"name": "DynamicWorld"})
    values = sum(
        value.numel() for value in network.state_dict().values() if value.is_floating_point()
    )
    assert values * 4 == BYTES
    assert sum(isinstance(module, nn.Conv2d) for module in network.modules()) == 25


@pytest.mark.parametrize("size", [(16, 24), (17, 23)])
def test_every_pixel_gets_its_logits(size):
    with torch.inference_mode():
        assert small()(torch.rand(1, 2, *size)).shape == (1, 3, *size)


def test_a_pixel_reaches_no_further_than_the_halo():
    image = torch.rand(1, 2, 96, 96, requires_grad=True)
    small()(image)[0, :, 48, 48].sum().backward()
    rows, columns = torch.nonzero(image.grad.abs().sum((0, 1)), as_tuple=True)
    for places in (rows, columns):
        assert places.min() >= 48 - REACH
        assert places.max() <= 48 + REACH
        assert places.max() - places.min() > REACH


def test_weights_are_read_in_the_order_of_the_published_file():
    numbers = np.arange(BYTES // 4, dtype="<f4")
    state = published_weights(numbers.tobytes() + b"the graph of objects")
    assert state["stem.convolution.weight"][0, :, 0, 0].tolist() == [64 * n for n in range(9)]
    assert state["stem.convolution.weight"][:3, 0, 0, 0].tolist() == [0, 1, 2]
    assert state["stem.convolution.bias"][0] == 3 * 3 * 9 * 64
    assert state["head.bias"].tolist() == numbers[-9:].tolist()
    networks.build({"name": "DynamicWorld"}).load_state_dict(state, strict=True)


def test_reflectance_is_squashed_between_0_and_1():
    squash = Squash(centre=(1.0, 2.0), width=(2.0, 2.0))
    reflectance = torch.tensor([200 * (np.e - 1), 200 * (np.e**2 - 1)]).reshape(1, 2, 1, 1)
    centres = squash.input(reflectance)
    assert centres.flatten().tolist() == pytest.approx([1 / (1 + np.e)] * 2)
    assert squash.input(torch.full((1, 2, 1, 1), -300.0)).isfinite().all()
    assert squash.input(torch.full((1, 2, 1, 1), 60_000.0)).max() < 1


def test_the_published_outputs_come_back(real_data):
    folder = real_data / "geo" / "dynamic-world-model"
    data = folder / "forward" / "variables" / "variables.data-00000-of-00001"
    network = DynamicWorld().eval()
    network.load_state_dict(published_weights(data.read_bytes()), strict=True)
    reference = np.load(folder / "dw_ref.npz", allow_pickle=False)
    with torch.inference_mode():
        logits = network(torch.from_numpy(reference["x"]).permute(0, 3, 1, 2))
    found = logits.permute(0, 2, 3, 1).numpy()
    assert np.abs(found - reference["y"]).max() < 1e-4
    assert (found.argmax(-1) == reference["y"].argmax(-1)).all()
