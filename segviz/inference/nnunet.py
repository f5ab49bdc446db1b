"""The networks of nnU-Net v2 (Isensee et al. 2021, doi 10.1038/s41592-020-01008-z), written anew.

Names of modules follow the published checkpoints, so that their weights fit. Heads of deep
supervision, which only training needs, are left out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

SLOPE = 0.01
"""Of the leaky ReLU."""

Size = Sequence[int]

Layers = Mapping[int, Callable[..., nn.Module]]
"""A kind of layer by the number of axes."""

CONVOLUTIONS: Layers = {2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED: Layers = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
NORMS: Layers = {2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
POOLS: Layers = {2: nn.AvgPool2d, 3: nn.AvgPool3d}


class ConvNorm(nn.Sequential):
    """Convolution that keeps the size but for its stride, instance norm, and leaky ReLU."""

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: Size,
        stride: Size,
        *,
        bias: bool = True,
        active: bool = True,
    ) -> None:
        axes = len(kernel)
        modules: dict[str, nn.Module] = {
            "conv": CONVOLUTIONS[axes](
                *channels, tuple(kernel), tuple(stride), tuple(k // 2 for k in kernel), bias=bias
            ),
            "norm": NORMS[axes](channels[1], affine=True),
        }
        if active:
            modules["nonlin"] = nn.LeakyReLU(SLOPE)
        super().__init__(OrderedDict(modules))


class Stacked(nn.Module):
    """Convolutions one after the other; the first one strides."""

    def __init__(self, channels: Size, kernel: Size, stride: Size, bias: bool) -> None:
        super().__init__()
        ones = (1,) * len(kernel)
        self.convs = nn.Sequential(
            *(
                ConvNorm(pair, kernel, ones if n else stride, bias=bias)
                for n, pair in enumerate(pairwise(channels))
            )
        )

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.convs(image)
        return result


class Block(nn.Module):
    """Two convolutions beside a way past them (He et al. 2019, variant D)."""

    def __init__(self, channels: tuple[int, int], kernel: Size, stride: Size, bias: bool) -> None:
        super().__init__()
        ones = (1,) * len(kernel)
        self.conv1 = ConvNorm(channels, kernel, stride, bias=bias)
        self.conv2 = ConvNorm((channels[1], channels[1]), kernel, ones, bias=bias, active=False)
        past: list[nn.Module] = []
        if any(step != 1 for step in stride):
            past.append(POOLS[len(kernel)](tuple(stride), tuple(stride)))
        if channels[0] != channels[1]:
            past.append(ConvNorm(channels, ones, ones, bias=False, active=False))
        self.skip = nn.Sequential(*past)
        self.nonlin2 = nn.LeakyReLU(SLOPE)

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.nonlin2(self.conv2(self.conv1(image)) + self.skip(image))
        return result


class Blocks(nn.Module):
    """Residual blocks one after the other; the first one strides."""

    def __init__(self, channels: Size, kernel: Size, stride: Size, bias: bool) -> None:
        super().__init__()
        ones = (1,) * len(kernel)
        self.blocks = nn.Sequential(
            *(
                Block(pair, kernel, ones if n else stride, bias)
                for n, pair in enumerate(pairwise(channels))
            )
        )

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.blocks(image)
        return result


class PlainEncoder(nn.Module):
    """Stages of plain convolutions."""

    def __init__(
        self, in_channels: int, features: Size, kernels: Sequence[Size], strides: Sequence[Size],
        counts: Size, bias: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        before = (in_channels, *features)
        self.stages = nn.Sequential(
            *(
                nn.Sequential(
                    Stacked((before[n], *[features[n]] * count), kernels[n], strides[n], bias)
                )
                for n, count in enumerate(counts)
            )
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        return _each(self.stages, image)


class ResidualEncoder(nn.Module):
    """A first convolution, then stages of residual blocks."""

    def __init__(
        self, in_channels: int, features: Size, kernels: Sequence[Size], strides: Sequence[Size],
        counts: Size, bias: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        ones = (1,) * len(kernels[0])
        self.stem = Stacked((in_channels, features[0]), kernels[0], ones, bias)
        before = (features[0], *features)
        self.stages = nn.Sequential(
            *(
                Blocks((before[n], *[features[n]] * count), kernels[n], strides[n], bias)
                for n, count in enumerate(counts)
            )
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        return _each(self.stages, self.stem(image))


class Decoder(nn.Module):
    """Back to full size, joined at each stage with what the encoder saw there."""

    def __init__(
        self, classes: int, features: Size, kernels: Sequence[Size], strides: Sequence[Size],
        counts: Size, bias: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        levels = range(len(features) - 2, -1, -1)
        axes = len(kernels[0])
        up = [tuple(strides[level + 1]) for level in levels]
        self.transpconvs = nn.ModuleList(
            TRANSPOSED[axes](features[level + 1], features[level], step, step, bias=bias)
            for level, step in zip(levels, up, strict=True)
        )
        ones = (1,) * axes
        self.stages = nn.ModuleList(
            Stacked((2 * features[level], *[features[level]] * count), kernels[level], ones, bias)
            for level, count in zip(levels, counts, strict=True)
        )
        self.head = CONVOLUTIONS[axes](features[0], classes, 1)

    def forward(self, seen: list[Tensor]) -> Tensor:
        image = seen[-1]
        skips = seen[-2::-1]
        for up, stage, skip in zip(self.transpconvs, self.stages, skips, strict=True):
            image = stage(torch.cat([up(image), skip], dim=1))
        logits: Tensor = self.head(image)
        return logits


class PlannedUNet(nn.Module):
    """A U-Net by the plans of nnU-Net.

    Args:
        encoder: ``plain`` or ``residual``.
        counts, decoder_counts: convolutions or blocks of each stage, from fine to coarse and back.
        order: axes of the image in the order in which the plans count them, e.g. ``(2, 1, 0)``.
    """

    def __init__(
        self,
        encoder: str,
        in_channels: int,
        out_channels: int,
        features: Size,
        kernels: Sequence[Size],
        strides: Sequence[Size],
        counts: Size,
        decoder_counts: Size,
        order: Size,
        bias: bool = True,
    ) -> None:
        super().__init__()
        kind = {"plain": PlainEncoder, "residual": ResidualEncoder}[encoder]
        self.encoder = kind(in_channels, features, kernels, strides, counts, bias)
        self.decoder = Decoder(out_channels, features, kernels, strides, decoder_counts, bias)
        self.there = (0, 1, *(axis + 2 for axis in order))
        self.back = tuple(self.there.index(axis) for axis in range(len(self.there)))

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.decoder(self.encoder(image.permute(self.there)))
        return logits.permute(self.back)


def _each(stages: nn.Sequential, image: Tensor) -> list[Tensor]:
    """What comes out of each stage."""
    seen = []
    for stage in stages:
        image = stage(image)
        seen.append(image)
    return seen
