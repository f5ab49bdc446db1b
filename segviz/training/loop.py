"""The one training loop: AdamW, cosine rate, averaged weights; in bf16 where the CPU has it."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from segviz.inference.runtime import computes_bf16

Draw = Callable[[float], tuple[Tensor, Tensor]]
"""(share of the training done, 0-1) -> (images [n, c, ...], labels [n, ...])"""


def dice_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Class-weighted cross-entropy plus 1 - mean soft Dice of the classes present but background.

    Args:
        logits: [n, class, ...].
        labels: [n, ...] class numbers.
        weights: [class] of the cross-entropy.
    """
    entropy = functional.cross_entropy(logits, labels, weight=weights)
    shares = logits.softmax(1).transpose(0, 1).flatten(1)
    truth = functional.one_hot(labels.flatten(), logits.shape[1]).T.to(shares.dtype)
    both, size = (shares * truth).sum(1), truth.sum(1)
    dice = (2 * both + 1) / (shares.sum(1) + size + 1)
    present = size[1:] > 0
    missed = (1 - dice[1:])[present]
    return entropy + (missed.mean() if len(missed) else missed.sum())


def rate_at(done: float, steps: int) -> float:
    """Share of the top learning rate: linear over the first 3 %, then a cosine down to 1 %."""
    warm = max(0.03, 1 / steps)
    if done < warm:
        return (done + 1 / steps) / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (done - warm) / (1 - warm)))


def freeze_norm(network: nn.Module) -> None:
    """Let batch norm use its running statistics from now on."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def fit(
    network: nn.Module,
    draw: Draw,
    weights: Tensor,
    *,
    steps: int,
    rate: float,
    average: float,
    freeze_at: float,
    progress: Callable[[int, int, float], None] | None = None,
    checkpoint: Callable[[int, nn.Module], None] | None = None,
) -> nn.Module:
    """Train in place and return the network with averaged weights, in evaluation mode.

    Args:
        network: takes the images of ``draw`` to logits.
        draw: makes the next batch.
        weights: [class] of the cross-entropy.
        steps: number of batches.
        rate: top learning rate.
        average: share of the old average kept at each step.
        freeze_at: share of the steps after which batch norm keeps its statistics.
        progress: called with (steps done, steps, smoothed loss).
        checkpoint: called with (steps done, averaged network) after each step.
    """
    if any(values.dim() == 5 for values in network.parameters()):
        network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]  # a fifth faster on a CPU
    network.train()
    weigh = get_ema_multi_avg_fn(average)  # type: ignore[no-untyped-call]
    averaged = AveragedModel(network, multi_avg_fn=weigh, use_buffers=True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-4)
    smoothed = float("nan")
    for step in range(steps):
        done = step / steps
        if done >= freeze_at:
            freeze_norm(network)
        for group in optimizer.param_groups:
            group["lr"] = rate * rate_at(done, steps)
        images, labels = draw(done)
        with torch.autocast("cpu", torch.bfloat16, enabled=computes_bf16()):
            logits = network(images)
        loss = dice_cross_entropy(logits.float(), labels, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        averaged.update_parameters(network)
        value = loss.item()
        smoothed = value if math.isnan(smoothed) else 0.98 * smoothed + 0.02 * value
        if progress:
            progress(step + 1, steps, smoothed)
        if checkpoint:
            checkpoint(step + 1, averaged.module)
    return averaged.module.eval()


def shift_logits(network: nn.Module, shift: Tensor) -> None:
    """Add [class] to all logits by way of the last convolution's bias.

    A network that answers for blocks of pixels has a bias for each pixel of a class.
    """
    last = [m for m in network.modules() if isinstance(m, nn.modules.conv._ConvNd)][-1]
    if last.bias is None or len(last.bias) % len(shift):
        raise ValueError("the network does not end in a convolution with biases of the classes")
    with torch.no_grad():
        last.bias += shift.repeat_interleave(len(last.bias) // len(shift))
