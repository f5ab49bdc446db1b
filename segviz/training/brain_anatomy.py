"""brain-anatomy-mr: seven groups of brain structures, learnt from label maps alone.

Data: the 20 whole-head label maps and brightness priors of SynthSeg (Apache-2.0). No scan is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from segviz.image import Volume
from segviz.io import open_image
from segviz.training.loop import Draw, shift_logits
from segviz.training.synthesis import Contrast, Head, draw_image

GROUPS: dict[str, tuple[int, ...]] = {
    "cerebral white matter": (2, 41, 25, 57),
    "cerebral cortex": (3, 42),
    "ventricles": (4, 5, 14, 15, 43, 44, 72, 136, 137, 163, 164),
    "deep grey matter": (10, 11, 12, 13, 26, 28, 49, 50, 51, 52, 58, 60),
    "hippocampus and amygdala": (17, 18, 53, 54),
    "brainstem": (16,),
    "cerebellum": (7, 8, 46, 47),
}
"""FreeSurfer codes of each class; everything else, CSF around the brain too, is background."""

CLASS_WEIGHTS: tuple[float, ...] = (0.5, 0.8, 0.9, 1.4, 1.4, 2.0, 1.5, 1.2)
SHAPE, SPACING_MM = (64, 80, 64), 2.0
HELD_OUT = ("training_seg_19.nii.gz", "training_seg_20.nii.gz")
MEMBERS = 1
FOLDER = "medical/head-label-maps"
STEPS, SEED, RATE, AVERAGE, FREEZE_AT = 5200, 1, 1.5e-3, 0.998, 0.4
T1_ALONE, OTHER_CONTRASTS = 0.2, 0.5
"""Share of the training with T1 weighting alone, then share of windows of other contrasts: with all
contrasts from the first step on the small structures are not found at all."""
FLUID = (24, 14, 15, 72, 4, 5, 43, 44, 136, 137, 163, 164)

NETWORK: Mapping[str, Any] = {
    "name": "UNet",
    "kwargs": {
        "spatial_dims": 3,
        "in_channels": 1,
        "out_channels": 1 + len(GROUPS),
        "channels": [24, 48, 96, 128, 160],
        "strides": [2, 2, 2, 2],
        "num_res_units": 1,
        "act": "RELU",
        "norm": ["BATCH", {"momentum": 0.01}],
    },
}


class Tissues:
    """The tissues that the label maps tell apart, and what T1 weighting makes of them."""

    def __init__(self, data: Path) -> None:
        priors = data / "labels_classes_priors"
        self.codes = _numbers(priors / "generation_labels.npy").astype(np.int64)
        self.kinds = _numbers(priors / "generation_classes_contrast_specific.npy").astype(np.int64)
        self.mean = _numbers(priors / "prior_means_t1.npy")
        self.spread = _numbers(priors / "prior_stds_t1.npy")
        self.group = np.zeros(len(self.codes), np.uint8)
        for number, codes in enumerate(GROUPS.values(), 1):
            self.group[np.isin(self.codes, codes)] = number
        self.outside = (self.codes >= 500) | (self.codes == 0)
        self.is_outside = self._kinds_of(self.outside)
        self.is_fluid = self._kinds_of(np.isin(self.codes, FLUID))

    def _kinds_of(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which kinds of tissue hold only chosen codes."""
        kinds = np.arange(self.mean.shape[1])
        return np.isin(kinds, self.kinds[chosen]) & ~np.isin(kinds, self.kinds[~chosen])

    def positions(self, codes: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Positions in ``self.codes`` of FreeSurfer codes; unknown ones count as background."""
        table = np.zeros(1024, np.uint8)
        table[self.codes] = np.arange(len(self.codes))
        return table[codes.astype(np.int16)]

    def contrast(self, rng: np.random.Generator, others: float) -> Contrast:
        """T1-like brightness, or with the given probability that of another contrast."""
        mean = rng.normal(self.mean[0], 1.3 * self.mean[1])
        spread = rng.normal(self.spread[0], self.spread[1]) * rng.uniform(0.2, 0.9)
        if rng.random() < others:
            mean = self._other_means(rng, mean)
        mean, spread = np.maximum(mean, 0), np.clip(np.abs(spread), 1, 40)
        return Contrast(mean[self.kinds].astype(np.float32), spread[self.kinds].astype(np.float32))

    def _other_means(
        self, rng: np.random.Generator, t1: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Means by kind: T2-like, FLAIR-like or any at all; T1's outside the brain, rescaled."""
        which = rng.random()
        if which < 0.4:
            means: NDArray[np.float64] = rng.uniform(5, 240, len(t1))
            means[0] = t1[0]
            return means
        slope, fluid = ((0.6, 1.1), (150, 250)) if which < 0.75 else ((0.25, 0.7), (5, 60))
        means = 180 - rng.uniform(*slope) * t1
        means[self.is_fluid] = rng.uniform(*fluid) + rng.normal(0, 8, self.is_fluid.sum())
        means[self.is_outside] = t1[self.is_outside] * rng.uniform(0.4, 1.2)
        return means

    def stripped(self, rng: np.random.Generator, contrast: Contrast) -> Contrast:
        """The same head with all that is outside the brain black; half of the time its CSF too."""
        gone = self.outside | (self.codes == 85)
        if rng.random() < 0.5:
            gone = gone | (self.codes == 24)
        return Contrast(np.where(gone, 0, contrast.mean), np.where(gone, 0, contrast.spread))


def _numbers(path: Path) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = np.load(path, allow_pickle=False).astype(np.float64)
    return numbers


def read_head(path: Path, tissues: Tissues) -> Head:
    """Read one label map, cut to the head, one empty cell around it."""
    volume = open_image([path])
    if not isinstance(volume, Volume):
        raise ValueError(f"{path.name} is no label map")
    positions = tissues.positions(volume.grid.to_canonical(volume.data))
    filled = [np.flatnonzero(positions.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    positions = np.pad(positions[tuple(slice(f[0], f[-1] + 1) for f in filled)], 1)
    brain = np.argwhere(tissues.group[positions[::4, ::4, ::4]] > 0) * 4
    return Head(positions, ((brain.min(0) + brain.max(0)) / 2).astype(np.float32))


def read_heads(data: Path, held_out: bool = False) -> list[Head]:
    """The label maps to learn from, or those kept for choosing."""
    tissues = Tissues(data)
    paths = sorted((data / "training_label_maps").iterdir())
    return [read_head(p, tissues) for p in paths if (p.name in HELD_OUT) == held_out]


def drawer(data: Path, rng: np.random.Generator, member: int) -> Draw:
    """Draws windows from all label maps but those held out."""
    tissues, heads = Tissues(data), read_heads(data)
    return lambda done: draw_window(rng, heads, tissues, done)


def finish(network: nn.Module, data: Path, member: int) -> None:
    """Take the loss's class weights out again: they make rare classes too large."""
    shift_logits(network, -torch.log(torch.tensor(CLASS_WEIGHTS)))


def window_center(rng: np.random.Generator, head: Head) -> NDArray[np.float32]:
    """Around the brain in two windows of three, anywhere in head and neck in the third."""
    if rng.random() < 0.35:
        return (rng.uniform(0.1, 0.9, 3) * head.tissues.shape).astype(np.float32)
    return (head.brain_center + rng.normal(0, 14, 3)).astype(np.float32)


def draw_window(
    rng: np.random.Generator,
    heads: list[Head],
    tissues: Tissues,
    done: float,
    shape: tuple[int, int, int] = SHAPE,
) -> tuple[Tensor, Tensor]:
    """One batch: image [1, 1, a, b, c] and classes [1, a, b, c].

    T1 weighting alone at first, then half of the windows are of other contrasts.
    """
    head = heads[rng.integers(len(heads))]
    contrast = tissues.contrast(rng, OTHER_CONTRASTS if done > T1_ALONE else 0.0)
    if rng.random() < 0.3:
        contrast = tissues.stripped(rng, contrast)
    center = window_center(rng, head)
    image, positions = draw_image(rng, head, center, contrast, tissues.outside, shape, SPACING_MM)
    labels = tissues.group[positions].astype(np.int64)
    return torch.from_numpy(image)[None, None], torch.from_numpy(labels)[None]
