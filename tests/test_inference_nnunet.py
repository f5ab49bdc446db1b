"""The networks of nnU-Net's plans."""

import pytest
import torch

from segviz.inference.nnunet import PlannedUNet

PLAN = {
    "in_channels": 1,
    "out_channels": 3,
    "features": [4, 8, 8],
    "kernels": [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
    "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]],
    "counts": [1, 2, 2],
    "decoder_counts": [1, 2],
}


@pytest.fixture(params=["plain", "residual"])
def network(request):
    torch.manual_seed(0)
    return PlannedUNet(request.param, **PLAN, order=(0, 1, 2)).eval()


def test_every_voxel_gets_its_logits(network):
    with torch.inference_mode():
        assert network(torch.rand(1, 1, 4, 8, 12)).shape == (1, 3, 4, 8, 12)


def test_axes_are_turned_there_and_back(network):
    kind = "plain" if "stages.0.0.convs.0.conv.weight" in str(network.state_dict().keys()) else ""
    turned = PlannedUNet(kind or "residual", **PLAN, order=(2, 1, 0)).eval()
    turned.load_state_dict(network.state_dict(), strict=True)
    image = torch.rand(1, 1, 4, 8, 12)
    with torch.inference_mode():
        straight, back = network(image), turned(image.permute(0, 1, 4, 3, 2))
    assert torch.equal(straight, back.permute(0, 1, 4, 3, 2))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            "plain",
            ["encoder.stages.0.0.convs.0.conv.weight", "encoder.stages.2.0.convs.1.norm.bias"],
        ),
        (
            "residual",
            ["encoder.stem.convs.0.conv.weight", "encoder.stages.1.blocks.0.skip.1.conv.weight"],
        ),
    ],
)
def test_weights_are_named_as_in_published_checkpoints(kind, names):
    state = PlannedUNet(kind, **PLAN, order=(0, 1, 2)).state_dict()
    both = ["decoder.transpconvs.0.weight", "decoder.stages.1.convs.1.conv.bias"]
    assert {*names, *both, "decoder.head.weight"} <= state.keys()
    assert "encoder.stages.1.blocks.0.skip.1.conv.bias" not in state
