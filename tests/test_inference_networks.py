"""Networks from our own list, weights as plain numbers."""

import json
import struct

import numpy as np
import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file
from scipy import ndimage

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


def test_an_ensemble_answers_with_the_mean_of_its_members():
    torch.manual_seed(1)
    ensemble = networks.Ensemble(2, tiny_models.UNET_2D).eval()
    image = torch.randn(1, 3, 8, 8)
    with torch.inference_mode():
        shares = [member(image).softmax(1) for member in ensemble.members]
        together = ensemble(image).softmax(1)
    assert not torch.allclose(shares[0], shares[1])
    assert torch.allclose(together, (shares[0] + shares[1]) / 2, atol=1e-6)


def test_members_are_joined_and_found_again(tmp_path):
    torch.manual_seed(1)
    alone = [networks.build(tiny_models.UNET_2D).eval() for _ in range(3)]
    paths = [tmp_path / f"{n}.safetensors" for n in range(3)]
    for network, path in zip(alone, paths, strict=True):
        networks.write_weights(network, path)
    definition = {"name": "Ensemble", "kwargs": {"members": 3, "network": tiny_models.UNET_2D}}
    card = tiny_models.write(
        tmp_path / "three",
        name="Three",
        kind="scene",
        channels=["red", "green", "blue"],
        legend=tiny_models.legend("forest"),
        network_def=definition,
    )
    networks.write_weights(networks.join(tiny_models.UNET_2D, paths), card.weights)
    image = torch.randn(1, 3, 8, 8)
    with torch.inference_mode():
        assert torch.equal(networks.load(card, member=2)(image), alone[2](image))


def test_notes_travel_with_the_weights(tmp_path):
    network = networks.build(tiny_models.UNET_2D)
    networks.write_weights(network, tmp_path / "a.safetensors", {"steps": "7"})
    networks.write_weights(network, tmp_path / "b.safetensors")
    assert networks.read_notes(tmp_path / "a.safetensors") == {"steps": "7"}
    assert networks.read_notes(tmp_path / "b.safetensors") == {}


NEIGHBOURHOOD = {
    "name": "NeighbourhoodUNet",
    "kwargs": {
        "in_channels": 3,
        "out_channels": 2,
        "channels": [4, 4, 4],
        "pixel": 8,
        "windows": [3, 7],
        "zero": -2.0,
    },
}


def test_a_neighbourhood_is_what_scipy_finds_in_it():
    """Inside, the window's mean and spread; a block's four pixels; each band's share of light."""
    image = np.random.default_rng(0).normal(0, 1, (3, 40, 60)).astype(np.float32)
    seen = networks.build(NEIGHBOURHOOD).neighbourhood(torch.from_numpy(image)[None])[0].numpy()
    blocks, squares = (v.reshape(3, 20, 2, 30, 2).mean((2, 4)) for v in (image, image**2))
    inside = np.s_[:, 3:-3, 3:-3]
    assert (seen[:4] == [image[0, i::2, j::2] for i in (0, 1) for j in (0, 1)]).all()
    light = np.maximum(blocks + 2, 0)
    shares = networks.SHARE_SCALE * light / (light.sum(0) + networks.SOME_LIGHT)
    assert np.allclose(seen[12:15], shares, atol=1e-5)
    for start, edge in ((15, 3), (21, 7)):
        mean, square = (
            ndimage.uniform_filter(values, (0, edge, edge)) for values in (blocks, squares)
        )
        spread = networks.SPREAD_SCALE * np.sqrt(square - mean**2)
        assert np.allclose(seen[start : start + 3][inside], mean[inside], atol=1e-5)
        assert np.allclose(seen[start + 3 : start + 6][inside], spread[inside], atol=1e-4)


def test_light_of_nothing_and_even_ground_are_numbers():
    network = networks.build(NEIGHBOURHOOD).eval()
    assert torch.isfinite(network(torch.full((1, 3, 16, 16), -2.0))).all()


def test_a_tile_with_its_halo_gets_the_answer_of_the_whole():
    torch.manual_seed(0)
    network = networks.build(NEIGHBOURHOOD).eval()
    image = torch.randn(1, 3, 160, 192)
    with torch.inference_mode():
        whole, tile = network(image), network(image[..., 16:128, 32:144])
    inside, there = np.s_[..., 40:72, 40:72], np.s_[..., 56:88, 72:104]
    assert torch.allclose(tile[inside], whole[there], atol=1e-5)


def test_an_untrained_network_for_a_rare_class_says_background():
    definition = {
        "name": "HeadedUNet",
        "kwargs": {
            "out_channels": 2,
            "features": 4,
            "background": 4.0,
            "spatial_dims": 2,
            "in_channels": 1,
            "channels": [4, 8],
            "strides": [2],
            "norm": "BATCH",
        },
    }
    network = networks.build(definition).eval()
    with torch.no_grad():
        network.head[1].weight.zero_()
        shares = network(torch.rand(1, 1, 8, 8)).softmax(1)
    assert (shares[:, 1] < 0.05).all()
