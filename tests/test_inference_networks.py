"""Networks from our own list, weights as plain numbers."""

import json
import struct

import numpy as np
import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file

from segviz.errors import Refused
from segviz.inference import networks


@pytest.fixture
def card(tmp_path):
    return tiny_models.volume_card(tmp_path / "two-tissues")


def refusal(card):
    with pytest.raises(Refused) as error:
        networks.load(card)
    return error.value.code


def test_a_card_gives_its_network(card):
    network = networks.load(card)
    assert not network.training
    assert network(torch.zeros(1, 1, 8, 8, 8)).shape == (1, 3, 8, 8, 8)


@pytest.mark.parametrize("name", ["os.system", "monai.networks.nets.UNet", "DynUNet", None])
def test_only_networks_of_our_list_are_built(name):
    with pytest.raises(Refused, match="not among UNet") as error:
        networks.build({"name": name, "kwargs": {}})
    assert error.value.code == "SV-MDL-005"


def test_numbers_that_make_no_network_are_refused():
    with pytest.raises(Refused):
        networks.build({"name": "UNet", "kwargs": {"spatial_dims": 3, "depth": 9}})


def test_weights_of_another_network_are_refused(card):
    save_file({"other.weight": torch.zeros(3)}, card.weights)
    assert refusal(card) == "SV-MDL-007"


def test_weights_that_are_no_numbers_are_refused(card):
    weights = load_file(card.weights)
    next(value for value in weights.values() if value.is_floating_point()).view(-1)[0] = torch.nan
    save_file(weights, card.weights)
    assert refusal(card) == "SV-MDL-008"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a pickle in a zip",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 99 * 2**20) + b" " * 100,
        struct.pack("<Q", 60)
        + json.dumps({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 9]}}).encode(),
    ],
    ids=["empty", "zip", "huge header", "long header", "past the end"],
)
def test_damaged_weights_are_refused(card, content):
    card.weights.write_bytes(content)
    assert refusal(card) == "SV-MDL-006"


def test_weights_survive_a_round_trip(card, tmp_path):
    network = networks.load(card)
    networks.write_weights(network, tmp_path / "again.safetensors")
    again = networks.read_weights(tmp_path / "again.safetensors")
    assert all(np.array_equal(again[name], value) for name, value in network.state_dict().items())
