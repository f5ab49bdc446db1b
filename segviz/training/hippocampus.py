"""hippocampus-t1: anterior and posterior hippocampus in T1-weighted MR.

Data: 200 crops at 1 mm of the Medical Segmentation Decathlon, each around one hippocampus, with
labels by hand: 1 anterior, 2 posterior (Simpson et al. 2019, CC BY-SA 4.0). All of them look like
left ones, the anterior part nearer to the middle of the head; right ones must have been mirrored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from segviz.image import Volume
from segviz.inference.regions import scale, with_places
from segviz.io import open_image
from segviz.training.loop import Draw
from segviz.training.synthesis import smooth_field

NETWORK: Mapping[str, Any] = {
    "name": "HeadedUNet",
    "kwargs": {
        "out_channels": 3,
        "features": 16,
        "spatial_dims": 3,
        "in_channels": 4,
        "channels": [16, 32, 64, 96],
        "strides": [1, 2, 2],
        "num_res_units": 0,
        "act": "RELU",
        "norm": ["BATCH", {"momentum": 0.05}],
    },
}
MEMBERS, BATCH = 5, 2
FOLDER = "medical/hippocampus"
STEPS, SEED, RATE, AVERAGE, FREEZE_AT = 2500, 1, 4e-3, 0.99, 0.5
CLASS_WEIGHTS: tuple[float, ...] = (1.0, 1.0, 1.0)

BOX = (40, 56, 40)
"""Cells of 1 mm: right-left, back-front, bottom-top. The largest crop is 43 x 59 x 47 mm."""

BLACK = -1.75
"""About what air is after ``regions.scale``."""

CUT = 3
"""Voxels that a draw may lose at each face. All crops end about as far from the hippocampus; a
network that saw their faces would look for those instead of the hippocampus."""


@dataclass(frozen=True, eq=False)
class Crop:
    """image: [x, y, z] as ``regions.scale`` gives it. labels: 0, 1 anterior, 2 posterior."""

    number: int
    image: NDArray[np.float32]
    labels: NDArray[np.uint8]

    @property
    def person(self) -> int:
        """The files 2n - 1 and 2n are the two sides of one person.

        No header says so, but the step between grey values, which differs from scan to scan, is the
        same in both files of every such pair and in hardly any two others.
        """
        return (self.number + 1) // 2


def numbers(data: Path) -> list[int]:
    """The numbers of the crops there are, sorted."""
    return sorted(int(path.name.split("_")[1].split(".")[0]) for path in _images(data).iterdir())


def fold_of(data: Path) -> dict[int, int]:
    """Number of a crop -> the fold it is tested in; both sides of a person are in one fold."""
    persons = sorted({(number + 1) // 2 for number in numbers(data)})
    fold = {person: position % MEMBERS for position, person in enumerate(persons)}
    return {number: fold[(number + 1) // 2] for number in numbers(data)}


def read_crop(data: Path, number: int) -> Crop:
    """One crop with its labels."""
    image, labels = (
        _volume(folder / f"hippocampus_{number:03d}.nii.gz")
        for folder in (_images(data), data / "labels")
    )
    return Crop(
        number,
        scale(image.grid.to_canonical(image.data).astype(np.float32)),
        labels.grid.to_canonical(labels.data).astype(np.uint8),
    )


def drawer(data: Path, rng: np.random.Generator, member: int) -> Draw:
    """Draws from all crops but those that the member is tested on."""
    crops = [read_crop(data, number) for number, fold in fold_of(data).items() if fold != member]
    return lambda done: draw_batch(rng, crops)


def finish(network: nn.Module, data: Path, member: int) -> None:
    """Nothing is chosen after the training."""


def draw_batch(rng: np.random.Generator, crops: list[Crop]) -> tuple[Tensor, Tensor]:
    """Images [n, 4, x, y, z] as ``regions.with_places`` gives them and classes [n, x, y, z]."""
    drawn = [draw(rng, crops[rng.integers(len(crops))]) for _ in range(BATCH)]
    return torch.stack([image for image, _ in drawn]), torch.stack([labels for _, labels in drawn])


def draw(rng: np.random.Generator, crop: Crop) -> tuple[Tensor, Tensor]:
    """A crop as another scanner would show another person: image [4, x, y, z], classes [x, y, z].

    Cut at its faces, turned, scaled and moved; then another light.
    """
    part = tuple(
        slice(int(rng.integers(CUT + 1)), size - int(rng.integers(CUT + 1)))
        for size in crop.labels.shape
    )
    image, labels = crop.image[part], crop.labels[part]
    channels = torch.from_numpy(np.stack([image, labels == 1, labels == 2]).astype(np.float32))
    points = torch.from_numpy(sample_points(rng, labels.shape))[None]
    outside = rng.choice(["border", "zeros"])
    seen = functional.grid_sample(
        channels[:1][None], points, padding_mode=outside, align_corners=True
    )[0]
    parts = functional.grid_sample(channels[1:][None], points, align_corners=True)[0]
    shares = torch.cat([1 - parts.sum(0, keepdim=True), parts])
    light = change_light(rng, seen)[0].numpy()
    return torch.from_numpy(with_places(light)), shares.argmax(0)


def sample_points(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Where a ``BOX`` looks into a crop: [x, y, z, 3] in torch's order, -1 to 1 end to end."""
    matrix = np.diag(rng.uniform(0.94, 1.07, 3))
    for axis, angle in enumerate(np.deg2rad(rng.normal(0, 4, 3))):
        turn = np.eye(3)
        a, b = [other for other in range(3) if other != axis]
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    axes = [np.arange(n, dtype=np.float32) - np.float32((n - 1) / 2) for n in BOX]
    a, b, c = np.meshgrid(*axes, indexing="ij", sparse=True)
    shift = rng.normal(0, 2, 3)
    points = [
        matrix[axis, 0] * a + matrix[axis, 1] * b + matrix[axis, 2] * c + shift[axis]
        for axis in range(3)
    ]
    steps = [position / ((n - 1) / 2) for position, n in zip(points, shape, strict=True)]
    return np.stack(steps[::-1], axis=-1).astype(np.float32)


def change_light(rng: np.random.Generator, image: Tensor) -> Tensor:
    """Another scanner: uneven coil, contrast, blur, noise, and a scale that is a little off."""
    light = (image - BLACK).clamp_min(0) / -BLACK
    light = light ** float(np.exp(rng.normal(0, 0.1)))
    coil = smooth_field(rng, BOX, 3, rng.uniform(0, 0.08))
    image = (light * torch.from_numpy(np.exp(coil)) - 1) * -BLACK
    if rng.random() < 0.1:
        image = functional.avg_pool3d(image[None], 3, 1, 1, count_include_pad=False)[0]
    noise = torch.from_numpy(rng.standard_normal(BOX, np.float32)) * rng.uniform(0, 0.08)
    return (image + noise) * rng.uniform(0.85, 1.18) + rng.uniform(-0.15, 0.15)


def _images(data: Path) -> Path:
    return data / "images"


def _volume(path: Path) -> Volume:
    image = open_image([path])
    if not isinstance(image, Volume):
        raise ValueError(f"{path.name} is no volume")
    return image
