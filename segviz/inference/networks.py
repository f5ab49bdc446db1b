"""Networks are built from our own list by name; weights are plain numbers, never a program."""

from __future__ import annotations

import codecs
import itertools
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.networks.nets.basic_unet import BasicUNet
from monai.networks.nets.segresnet import SegResNet
from monai.networks.nets.unet import UNet
from numpy._core.multiarray import scalar
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from segviz.errors import Refused
from segviz.inference.catalog import Card
from segviz.inference.dynamic_world import DynamicWorld
from segviz.inference.nnunet import PlannedUNet
from segviz.inference.pixel_network import PixelNetwork

HEADER_BYTES = 4 * 2**20
"""Most that the header of a weights file may take; ours take some kB."""


HARMLESS: list[Any] = [
    (scalar, "numpy.core.multiarray.scalar"),
    scalar,
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f4", "f8", "i4", "i8", "?")),
    codecs.encode,
]
"""What numbers of numpy in a checkpoint are made of, beside the tensors of torch."""

SHARE_SCALE, SPREAD_SCALE = 6.0, 4.0
"""Bring shares and spreads to about the size of the other channels."""

SOME_LIGHT = 1e-3
"""Keeps the shares of a pixel without light from being 0 / 0."""

TINY_SHARE = 1e-7
"""Below single precision's last digit of 1; its logarithm is still a number."""


class HeadedUNet(nn.Module):
    """MONAI's UNet that ends in more channels than classes, and a 1x1 convolution to the classes.

    The UNet's own last block normalises its output channels; with one or two of them it cannot say
    "nothing here".

    ``background`` is what class 0 is ahead by, as a logit, before anything is learnt. Of a rare
    class, it keeps "no feature at all" from coming to mean that class, whose logit would then be
    the bias alone and never be sure.
    """

    def __init__(
        self, out_channels: int, features: int, background: float = 0.0, **unet: Any
    ) -> None:
        super().__init__()
        self.body = UNet(out_channels=features, **unet)
        convolution = nn.Conv2d if unet["spatial_dims"] == 2 else nn.Conv3d
        last = convolution(features, out_channels, 1)
        with torch.no_grad():
            last.bias[0] += background  # type: ignore[index]
        self.head = nn.Sequential(nn.ReLU(), last)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(image))
        return logits


class NeighbourhoodUNet(nn.Module):
    """A U-Net on blocks of 2 x 2 pixels that also sees the mean and spread around each block.

    Texture over hundreds of metres, which a small network is slow to learn, is given by fixed
    filters: for each band its mean and standard deviation in ``windows``, and its share of all
    bands. They and what the U-Net saw around go through 1x1 convolutions to the four pixels of the
    block, so edges are sharp at the cost of half the resolution.

    Args:
        in_channels, out_channels: bands and classes.
        channels: of the U-Net, from fine to coarse; each level halves the resolution.
        pixel: channels of the 1x1 convolutions.
        windows: edges of the windows in blocks, odd.
        zero: the value that stands for no light, e.g. -mean/spread of the input.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int],
        pixel: int,
        windows: Sequence[int],
        zero: float,
    ) -> None:
        super().__init__()
        self.windows, self.zero = tuple(windows), zero
        seen = in_channels * (4 + 1 + 2 * len(windows))
        pairs = list(itertools.pairwise(channels))
        self.first = _block(seen, channels[0])
        self.down = nn.ModuleList(_block(fine, coarse) for fine, coarse in pairs)
        self.back = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in reversed(pairs))
        self.up = nn.ModuleList(_block(fine, fine) for fine, _ in reversed(pairs[1:]))
        self.pixel = nn.Sequential(
            nn.Conv2d(seen + channels[0], pixel, 1),
            nn.ReLU(),
            nn.Conv2d(pixel, pixel, 1),
            nn.ReLU(),
            nn.Conv2d(pixel, 4 * out_channels, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """[n, band, row, column] to logits [n, class, row, column]; rows and columns are even."""
        seen = self.neighbourhood(image)
        context, skipped = self.first(seen), []
        for down in self.down:
            skipped.append(context)
            context = down(functional.max_pool2d(context, 2))
        for back, up in itertools.zip_longest(self.back, self.up):
            context = skipped.pop() + _doubled(back(context))
            context = up(context) if up else context
        return functional.pixel_shuffle(self.pixel(torch.cat([seen, context], 1)), 2)

    def neighbourhood(self, image: Tensor) -> Tensor:
        """[n, channel, row/2, column/2]: pixels of a block, shares, mean and spread by window."""
        with torch.no_grad():
            block = functional.avg_pool2d(torch.cat([image, image * image], 1), 2)
            light = (block[:, : image.shape[1]] - self.zero).clamp_min(0)
            shares = light / (light.sum(1, keepdim=True) + SOME_LIGHT)
            around = [_mean_and_spread(block, edge) for edge in self.windows]
            pixels = functional.pixel_unshuffle(image, 2)
            return torch.cat([pixels, SHARE_SCALE * shares, *around], 1)


def _block(entering: int, leaving: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(entering, leaving, 3, padding=1, bias=False),
        nn.BatchNorm2d(leaving, momentum=0.02),
        nn.ReLU(),
    )


def _doubled(image: Tensor) -> Tensor:
    return functional.interpolate(image, scale_factor=2.0, mode="bilinear")


def _mean_and_spread(block: Tensor, edge: int) -> Tensor:
    """Of values and their squares [n, 2 band, ...]; at the border, of what of the window is there.

    The squares of whole pixels are averaged, so the spread is that of pixels, not of blocks.
    """
    for kernel in ((1, edge), (edge, 1)):
        padding = (kernel[0] // 2, kernel[1] // 2)
        block = functional.avg_pool2d(block, kernel, 1, padding, count_include_pad=False)
    mean, square = block.chunk(2, 1)
    return torch.cat([mean, SPREAD_SCALE * (square - mean * mean).clamp_min(0).sqrt()], 1)


class Ensemble(nn.Module):
    """Networks of one kind that answer together, as the folds of a cross-validation can.

    Gives the logarithm of the mean of their class shares, so a softmax of it is that mean.
    """

    def __init__(self, members: int, network: Mapping[str, Any]) -> None:
        super().__init__()
        self.members = nn.ModuleList(build(network) for _ in range(members))

    def forward(self, image: Tensor) -> Tensor:
        shares = torch.stack([member(image).softmax(1) for member in self.members]).mean(0)
        return shares.clamp_min(TINY_SHARE).log()


ARCHITECTURES: Mapping[str, Callable[..., nn.Module]] = {
    "UNet": UNet,
    "BasicUNet": BasicUNet,
    "HeadedUNet": HeadedUNet,
    "SegResNet": SegResNet,
    "PlannedUNet": PlannedUNet,
    "DynamicWorld": DynamicWorld,
    "NeighbourhoodUNet": NeighbourhoodUNet,
    "Ensemble": Ensemble,
    "PixelNetwork": PixelNetwork,
}


def build(definition: Mapping[str, Any]) -> nn.Module:
    """An untrained network from a card's ``network_def`` (``name`` and ``kwargs``).

    Raises:
        Refused: the name is not on our list, or the numbers make no network (SV-MDL-005).
    """
    name = str(definition.get("name"))
    if name not in ARCHITECTURES:
        raise Refused(
            "SV-MDL-005",
            f"The model names a network '{name}' that is not among {', '.join(ARCHITECTURES)}; "
            "program text of others is not run.",
        )
    try:
        return ARCHITECTURES[name](**definition.get("kwargs", {}))
    except (TypeError, ValueError) as error:
        raise Refused(
            "SV-MDL-005", "The model's card describes no network that can be built; correct it."
        ) from error


def load(card: Card, member: int | None = None) -> nn.Module:
    """The card's network with its weights, ready to run; of an ensemble, one member if asked for.

    Raises:
        Refused: the weights are damaged (SV-MDL-006), of another network (SV-MDL-007) or hold
            values that are not numbers (SV-MDL-008).
    """
    network = build(card.metadata["network_def"])
    weights = read_weights(card.weights)
    expected = network.state_dict()
    shapes = {name: tuple(value.shape) for name, value in weights.items()}
    if shapes != {name: tuple(value.shape) for name, value in expected.items()}:
        raise Refused(
            "SV-MDL-007",
            f"The weights of '{card.name}' belong to another network than its card describes, so "
            "nothing was run; put the pair back together.",
        )
    if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
        raise Refused(
            "SV-MDL-008",
            f"The weights of '{card.name}' hold values that are not numbers; every mask would be "
            "empty. Put the original file back.",
        )
    network.load_state_dict(weights, strict=True)
    if member is not None and isinstance(network, Ensemble):
        network = network.members[member]
    return network.eval()


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, after a look at the size of its header."""
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    try:
        if header > HEADER_BYTES:
            raise SafetensorError("header too large")
        return load_file(path)
    except SafetensorError as error:
        raise Refused(
            "SV-MDL-006", "The weights file is damaged, so nothing was run; fetch it again."
        ) from error


def read_checkpoint(path: Path) -> Any:
    """What a file of torch holds, if that is tensors, numbers and text and nothing that runs.

    Raises:
        Refused: it holds something else, or is damaged (SV-MDL-031).
    """
    try:
        with torch.serialization.safe_globals(HARMLESS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise Refused(
            "SV-MDL-031",
            f"{path.name} is damaged, or holds more than tensors and numbers: such a file is a "
            "program, and programs of others are not run. Save the plain state dict and add that.",
        ) from error


def plain_state(state: Any, file_name: str) -> dict[str, Tensor]:
    """A state dict of tensors, without the prefixes of wrappers around the network.

    Raises:
        Refused: it is something else (SV-MDL-031).
    """
    if (
        not isinstance(state, Mapping)
        or not state
        or not all(isinstance(value, Tensor) for value in state.values())
    ):
        raise Refused(
            "SV-MDL-031",
            f"{file_name} holds no state dict, that is tensors by name, and a whole network is a "
            "program that is not run. Save its state_dict() and add that.",
        )
    return {
        str(name).removeprefix("module.").removeprefix("_orig_mod."): value
        for name, value in state.items()
    }


def write_weights(network: nn.Module, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Save a network's weights and statistics as safetensors, with notes in the file's header."""
    write_state(network.state_dict(), path, notes)


def write_state(
    state: Mapping[str, Tensor], path: Path, notes: Mapping[str, str] | None = None
) -> None:
    """Save the tensors of a state dict as safetensors."""
    save_file({name: value.contiguous() for name, value in state.items()}, path, dict(notes or {}))
    path.chmod(0o644)


def read_notes(path: Path) -> dict[str, str]:
    """What ``write_weights`` noted; empty where nothing was."""
    with safe_open(path, "pt") as file:
        return dict(file.metadata() or {})


def join(definition: Mapping[str, Any], members: Sequence[Path]) -> Ensemble:
    """An ensemble of networks of one definition from their weights files."""
    ensemble = Ensemble(len(members), definition)
    for network, path in zip(ensemble.members, members, strict=True):
        network.load_state_dict(read_weights(path), strict=True)
    return ensemble.eval()
