"""A pixel classifier as a network: what is measured around each pixel, and a perceptron on it.

As one graph it runs in the same tiles, with the same halo and runtime, as any other network.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZES = (5, 15)
"""Edges in cells of the squares whose mean and deviation are features."""

HIDDEN = (32, 16)

LIMIT = 5.0
"""Standardised features end here: a value never seen before counts as extreme, not as infinite."""

TINY = 1e-6


class PixelNetwork(nn.Module):
    """Logits [n, class, row, column] of raw values [n, band, row, column].

    Features of a pixel: each band, its gradient, and its mean and deviation in squares around it;
    normalised differences of pairs of bands. Buffers hold what standardises bands and features.

    Args:
        bands: of the input.
        classes: of the output.
        indices: pairs (a, b) of 0-based bands whose (a - b) / (|a| + |b|) is a feature.
        sizes: odd edges of the squares, in cells.
        hidden: widths of the perceptron's layers.
        gaps: True where a cell with 0 in all bands has no data; squares then leave it out.
    """

    def __init__(
        self,
        bands: int,
        classes: int,
        indices: Sequence[Sequence[int]] = (),
        sizes: Sequence[int] = SIZES,
        hidden: Sequence[int] = HIDDEN,
        gaps: bool = False,
    ) -> None:
        super().__init__()
        self.bands, self.classes = bands, classes
        self.sizes, self.gaps = tuple(sizes), gaps
        self.first = [int(pair[0]) for pair in indices]
        self.second = [int(pair[1]) for pair in indices]
        if any(not 0 <= band < bands for band in self.first + self.second):
            raise ValueError("an index names a band that is not there")
        self.center: Tensor
        self.scale: Tensor
        self.mean: Tensor
        self.spread: Tensor
        count = feature_count(bands, len(self.first), len(self.sizes))
        self.register_buffer("center", torch.zeros(bands))
        self.register_buffer("scale", torch.ones(bands))
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))
        self.perceptron = perceptron(count, hidden, classes)

    def features(self, image: Tensor) -> Tensor:
        """[n, feature, row, column]; those within half the largest square of the edge are wrong."""
        bands = (image - column(self.center)) / column(self.scale)
        weight = (image.abs().amax(1, keepdim=True) > 0).to(image.dtype) if self.gaps else None
        if weight is not None:
            bands = bands * weight
        found = [bands, gradient(bands)]
        summed = torch.cat([bands, bands * bands], 1)
        for size in self.sizes:
            around = square_mean(summed, size)
            if weight is not None:
                around = around / square_mean(weight, size).clamp_min(TINY)
            mean, square = around.chunk(2, 1)
            found += [mean, (square - mean * mean).clamp_min(0).sqrt()]
        if self.first:
            one, other = image[:, self.first], image[:, self.second]
            found.append((one - other) / (one.abs() + other.abs() + TINY))
        return torch.cat(found, 1)

    def standardised(self, features: Tensor) -> Tensor:
        """What the perceptron is given."""
        scaled = (features - column(self.mean)) / column(self.spread)
        return scaled.clamp(-LIMIT, LIMIT)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.perceptron(self.standardised(self.features(image)))
        return logits


def perceptron(features: int, hidden: Sequence[int], classes: int) -> nn.Sequential:
    """1x1 convolutions with rectifiers between them."""
    widths = [features, *hidden, classes]
    layers: list[nn.Module] = []
    for wide, narrow in pairwise(widths):
        layers += [nn.Conv2d(wide, narrow, 1), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def feature_count(bands: int, indices: int, sizes: int) -> int:
    return bands * (2 + 2 * sizes) + indices


def halo(sizes: Sequence[int]) -> int:
    """Cells around a pixel that its features look at."""
    return max([3, *sizes]) // 2


def column(values: Tensor) -> Tensor:
    """[channel] beside [n, channel, row, column]."""
    return values[None, :, None, None]


def square_mean(image: Tensor, size: int) -> Tensor:
    """Mean in squares of cells, along one axis after the other; cells outside count as 0.

    As convolutions of single channels: OpenVINO pools at half their speed.
    """
    bands, half = image.shape[1], size // 2
    across = torch.full((bands, 1, 1, size), 1 / size, device=image.device)
    rows = functional.conv2d(image, across, padding=(0, half), groups=bands)
    return functional.conv2d(rows, across.transpose(2, 3), padding=(half, 0), groups=bands)


def gradient(image: Tensor) -> Tensor:
    """Length of the central difference by row and column; cells outside count as 0."""
    bands = image.shape[1]
    across = torch.tensor([[0.0, 0, 0], [-0.5, 0, 0.5], [0, 0, 0]], device=image.device)
    right, down = (
        functional.conv2d(image, kernel.expand(bands, 1, 3, 3), padding=1, groups=bands)
        for kernel in (across, across.T)
    )
    return (down * down + right * right).sqrt()
