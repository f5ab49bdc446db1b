"""Perceptrons on features of pixels, trained side by side: one for use and one for each fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from segviz.inference.pixel_network import HIDDEN, LIMIT, PixelNetwork, perceptron

SEED = 0
STEPS, BATCH, WARM = 300, 256, 20
RATE, DECAY = 1e-2, 1e-2
NOISE = 0.3
"""On the features, in standard deviations: keeps a few strokes from being learnt by heart."""

Progress = Callable[[int, int], None]
Cells = NDArray[np.int64]
Field = NDArray[np.float32]


def fit(
    network: PixelNetwork,
    features: Field,
    classes: Cells,
    subsets: Sequence[Cells],
    progress: Progress | None = None,
) -> list[nn.Sequential]:
    """A perceptron for each subset of the samples; all are trained side by side, which takes little
    longer than one.

    Half of the samples are drawn as if another one's ground began beside them, since people paint
    inside of things and seldom at their edges. Rare labels weigh more, by the root of how rare they
    are.

    Args:
        network: whose features they are, before they are standardised.
        features: [sample, feature].
        classes: [sample] position among the network's.
        subsets: numbers of the samples that each is trained on.
        progress: called with (steps done, steps).
    """
    torch.manual_seed(SEED)
    rows, truth = torch.from_numpy(features), torch.from_numpy(classes)
    chosen = [torch.from_numpy(subset) for subset in subsets]
    weights = torch.stack([_class_weights(truth[subset], network.classes) for subset in chosen])
    layers = _Layers(len(subsets), [rows.shape[1], *HIDDEN, network.classes])
    optimizer = torch.optim.AdamW(layers.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM) * (1 - step / STEPS)
        drawn, beside = (
            torch.stack([subset[torch.randint(len(subset), (BATCH,))] for subset in chosen])
            for _ in range(2)
        )
        away = torch.rand(drawn.shape) * max(network.sizes)
        seen = standardised(network, bordered(network, rows[drawn], rows[beside], away))
        seen += NOISE * torch.randn_like(seen)
        loss = layers.loss(seen, truth[drawn], weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if progress:
            progress(step + 1, STEPS)
    return layers.perceptrons()


def bordered(network: PixelNetwork, here: Tensor, there: Tensor, away: Tensor) -> Tensor:
    """Features [..., feature] near a straight border between two grounds.

    A square whose middle lies ``away`` cells from the border holds the share 1/2 - away / size of
    the other ground; its mean and deviation follow from those of both.

    Args:
        here, there: features deep inside of each.
        away: [...] cells between the pixel, which lies here, and the border.
    """
    parts = [here[..., : 2 * network.bands]]
    for number, size in enumerate(network.sizes):
        first = 2 * network.bands * (1 + number)
        near, far = (each[..., first : first + 2 * network.bands] for each in (here, there))
        (mean, deviation), (other, other_deviation) = near.chunk(2, -1), far.chunk(2, -1)
        share = (0.5 - away / size).clamp_min(0)[..., None]
        square = torch.lerp(deviation**2, other_deviation**2, share)
        between = share * (1 - share) * (mean - other) ** 2
        parts += [torch.lerp(mean, other, share), (square + between).sqrt()]
    parts.append(here[..., 2 * network.bands * (1 + len(network.sizes)) :])
    return torch.cat(parts, -1)


def standardised(network: PixelNetwork, rows: Tensor) -> Tensor:
    """What the perceptron is given, of rows [..., feature]."""
    return ((rows - network.mean) / network.spread).clamp(-LIMIT, LIMIT)


def classes_of(network: PixelNetwork, perceptron: nn.Sequential, features: Field) -> Cells:
    """The class of each row of features."""
    with torch.inference_mode():
        rows = standardised(network, torch.from_numpy(features))
        logits = perceptron(rows.T[None, :, :, None])
    found: Cells = logits[0, :, :, 0].argmax(0).numpy()
    return found


class _Layers(nn.Module):
    """Perceptrons of one shape side by side: weights [perceptron, from, to]."""

    def __init__(self, count: int, widths: Sequence[int]) -> None:
        super().__init__()
        pairs = list(pairwise(widths))
        self.widths = widths
        self.weights = nn.ParameterList(
            torch.randn(count, wide, narrow) * (2 / wide) ** 0.5 for wide, narrow in pairs
        )
        self.biases = nn.ParameterList(torch.zeros(count, 1, narrow) for _, narrow in pairs)

    def loss(self, rows: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
        """Weighted cross-entropy of [perceptron, row, feature], summed over the perceptrons."""
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            rows = torch.baddbmm(bias, functional.relu(rows) if layer else rows, weight)
        entropy = functional.cross_entropy(rows.flatten(0, 1), classes.flatten(), reduction="none")
        weigh = weights.gather(1, classes)
        return ((entropy.view_as(classes) * weigh).sum(1) / weigh.sum(1)).sum()

    def perceptrons(self) -> list[nn.Sequential]:
        """Each as 1x1 convolutions."""
        *hidden, classes = self.widths[1:]
        made = [perceptron(self.widths[0], hidden, classes) for _ in range(len(self.weights[0]))]
        with torch.no_grad():
            for number, network in enumerate(made):
                convolutions = [layer for layer in network if isinstance(layer, nn.Conv2d)]
                for layer, convolution in enumerate(convolutions):
                    convolution.weight[:, :, 0, 0] = self.weights[layer][number].T
                    assert convolution.bias is not None
                    convolution.bias[:] = self.biases[layer][number, 0]
        return made


def _class_weights(classes: Tensor, count: int) -> Tensor:
    share = torch.bincount(classes, minlength=count).clamp_min(1) / len(classes)
    return share.rsqrt()
