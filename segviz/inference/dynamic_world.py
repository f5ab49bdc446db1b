"""The network of Dynamic World (Brown et al. 2022, doi 10.1038/s41597-022-01307-4), in PyTorch.

Nine Sentinel-2 bands to nine classes of land cover. Written from the published TensorFlow graph;
the weights are Google's, Apache-2.0.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-3
"""Of the batch norms, as published."""

BYTES = 924_836
"""Of the weights, with which the published checkpoint's data file begins."""

LAYERS = (
    "stem.convolution",
    "stem.norm",
    "down.0.body.0.across.convolution",
    "down.0.body.0.across.norm",
    "down.0.body.0.within.convolution",
    "down.0.body.0.within.norm",
    "down.0.body.1.across.convolution",
    "down.0.body.1.across.norm",
    "down.0.body.1.within.convolution",
    "down.0.body.1.within.norm",
    "down.0.body.2.across.convolution",
    "down.0.body.2.across.norm",
    "down.0.body.2.within.convolution",
    "down.0.shortcut.convolution",
    "down.0.body.2.within.norm",
    "down.0.shortcut.norm",
    "down.1.body.0.across.convolution",
    "down.1.body.0.across.norm",
    "down.1.body.0.within.convolution",
    "down.1.body.0.within.norm",
    "down.1.body.1.across.convolution",
    "down.1.body.1.across.norm",
    "down.1.body.1.within.convolution",
    "down.1.body.1.within.norm",
    "down.1.body.2.across.convolution",
    "down.1.body.2.across.norm",
    "side.across.convolution",
    "side.across.norm",
    "down.1.body.2.within.convolution",
    "down.1.shortcut.convolution",
    "down.1.body.2.within.norm",
    "down.1.shortcut.norm",
    "side.within.convolution",
    "side.within.norm",
    "up.body.0.across.convolution",
    "up.body.0.across.norm",
    "up.body.0.within.convolution",
    "up.body.0.within.norm",
    "up.body.1.across.convolution",
    "up.body.1.across.norm",
    "up.body.1.within.convolution",
    "up.body.1.within.norm",
    "up.body.2.across.convolution",
    "up.body.2.across.norm",
    "up.body.2.within.convolution",
    "up.shortcut.convolution",
    "up.body.2.within.norm",
    "up.shortcut.norm",
    "head",
)
"""In the order of the published checkpoint, which is that of the layers' depth."""

CONVOLUTION, NORM = ("weight", "bias"), ("weight", "bias", "running_mean", "running_var")


class DynamicWorld(nn.Module):
    """Logits [n, class, row, column] of bands [n, band, row, column] squashed to 0..1.

    All of it is local: a pixel depends on no other one more than 24 rows or columns away, so tiles
    that start on even rows and columns and overlap by that give the labels of the whole scene.
    """

    def __init__(self, in_channels: int = 9, out_channels: int = 9, width: int = 48) -> None:
        super().__init__()
        stem, wide = width * 4 // 3, width * 3
        self.stem = convolution(in_channels, stem, 3)
        self.down = nn.Sequential(Residual(stem, width * 2), Residual(width * 2, wide))
        self.side = Separable(stem, width)
        self.up = Residual(wide + width, wide)
        self.head = nn.Conv2d(wide, out_channels, 1)

    def forward(self, bands: Tensor) -> Tensor:
        full = self.stem(bands)
        size = full.shape[2:]
        half = functional.interpolate(
            full, (size[0] // 2, size[1] // 2), mode="bilinear", antialias=True
        )
        merged = self.up(torch.cat([self.down(half), self.side(half)], dim=1))
        features = functional.interpolate(merged, (size[0], size[1]), mode="bilinear")
        logits: Tensor = self.head(functional.normalize(features, dim=1))
        return logits


class Residual(nn.Module):
    """Three separable convolutions beside one of a single pixel."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        channels = (in_channels, *[out_channels] * 3)
        self.body = nn.Sequential(
            *(Separable(first, second) for first, second in pairwise(channels))
        )
        self.shortcut = convolution(in_channels, out_channels, 1)

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.body(image) + self.shortcut(image)
        return result


class Separable(nn.Sequential):
    """A convolution across channels, then one of 3 x 3 pixels within each channel."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            OrderedDict(
                across=convolution(in_channels, out_channels, 1),
                within=convolution(out_channels, out_channels, 3, groups=out_channels),
            )
        )


def convolution(in_channels: int, out_channels: int, size: int, groups: int = 1) -> nn.Sequential:
    """Convolution, batch norm and Mish; the edge is padded with zeros."""
    return nn.Sequential(
        OrderedDict(
            convolution=nn.Conv2d(in_channels, out_channels, size, padding="same", groups=groups),
            norm=nn.BatchNorm2d(out_channels, EPSILON),
            act=nn.Mish(),
        )
    )


def published_weights(content: bytes) -> dict[str, Tensor]:
    """A state dict from the published checkpoint's data file.

    Its tensors lie one after the other, without gaps; which one is which was read from the graph.
    The caller has checked that the file is the published one.
    """
    numbers = torch.frombuffer(bytearray(content[:BYTES]), dtype=torch.float32)
    network = DynamicWorld()
    state = network.state_dict()
    position = 0
    for layer in LAYERS:
        for name in NORM if layer.endswith("norm") else CONVOLUTION:
            value = state[f"{layer}.{name}"]
            part = numbers[position : position + value.numel()]
            position += value.numel()
            if value.ndim == 4:
                part = _kernel(part, value.shape)
            state[f"{layer}.{name}"] = part.reshape(value.shape).clone()
    return state


def _kernel(part: Tensor, shape: torch.Size) -> Tensor:
    """From TensorFlow's order (rows, columns, in, out) or, within channels, (..., out, 1)."""
    out, inside, rows, columns = shape
    if inside == 1:
        return part.reshape(rows, columns, out, 1).permute(2, 3, 0, 1)
    return part.reshape(rows, columns, inside, out).permute(3, 2, 0, 1)
