"""forest-rgb: forest or not, from red, green and blue at about 10 m.

Data: 30 chips of the Brazilian Amazon, 512 x 512, seen by Sentinel-2 as 8-bit pictures, with masks
(Zenodo 3233081). Mask value 1 is forest, 2 is not. Five members, one for each fold of six chips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from segviz.inference.haze import haze
from segviz.inference.landcover import Rendering
from segviz.training.loop import Draw, shift_logits

RENDERING = Rendering(
    gain=0.075, offset=(9.4, 14.0, 33.0), mean=50.0, spread=30.0, clear=(23.0, 42.0, 49.0)
)
"""0.075: from bright soil. Offsets: with them forest in surface reflectance is as dark as in the
chips; as reflectance they are 0.013, 0.019 and 0.044, about what the air adds in these bands.
Clear: about the median of the chips."""

NETWORK: Mapping[str, Any] = {
    "name": "NeighbourhoodUNet",
    "kwargs": {
        "in_channels": 3,
        "out_channels": 2,
        "channels": [24, 32, 48],
        "pixel": 48,
        "windows": [3, 7, 21],
        "zero": -RENDERING.mean / RENDERING.spread,
    },
}
CROP, BATCH = 128, 4
FOLDER = "geo/amazon-forest-chips"
MEMBERS, STEPS, SEED, RATE, AVERAGE, FREEZE_AT = 5, 2500, 1, 4e-3, 0.995, 0.4
CLASS_WEIGHTS: tuple[float, ...] = (1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Chip:
    """picture: 8-bit steps [3, row, column]. forest: 1 where there is forest, else 0."""

    name: str
    picture: NDArray[np.float32]
    forest: NDArray[np.int64]


def read_chip(path: Path) -> Chip:
    """A chip and the mask beside it; one mask is three columns too wide."""
    picture = np.asarray(Image.open(path))
    mask = np.asarray(Image.open(path.parent.parent / "masks" / f"{path.stem}.png"))
    rows, columns = picture.shape[:2]
    return Chip(
        path.stem,
        np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32),
        (mask[:rows, :columns] == 1).astype(np.int64),
    )


def read_chips(data: Path) -> list[Chip]:
    """All chips, sorted by name."""
    return [read_chip(path) for path in sorted((data / "training" / "images").iterdir())]


def without_haze(chip: Chip) -> Chip:
    """As the chip would look under clear air."""
    added = haze(chip.picture, RENDERING.clear)
    return replace(chip, picture=chip.picture - added[:, None, None])


def fold(chips: Sequence[Chip], member: int) -> tuple[list[Chip], list[Chip]]:
    """Chips that a member learns from and those that it is tested on: every fifth of the sorted."""
    learn = [chip for n, chip in enumerate(chips) if n % MEMBERS != member]
    return learn, list(chips[member::MEMBERS])


def drawer(data: Path, rng: np.random.Generator, member: int) -> Draw:
    """Draws crops from the chips to learn from."""
    learn = [without_haze(chip) for chip in fold(read_chips(data), member)[0]]
    return lambda done: draw_batch(rng, learn)


def finish(network: nn.Module, data: Path, member: int) -> None:
    """Move the border between the classes until the chips learnt from get the area they have."""
    learn = [without_haze(chip) for chip in fold(read_chips(data), member)[0]]
    with torch.inference_mode():
        logits = [network(to_input(torch.from_numpy(chip.picture)[None])) for chip in learn]
    more = torch.cat([(each[:, 1] - each[:, 0]).flatten() for each in logits]).numpy()
    share = np.mean([chip.forest.mean() for chip in learn])
    shift_logits(network, torch.tensor([0.0, -float(np.quantile(more, 1 - share))]))


def to_input(picture: Tensor) -> Tensor:
    """8-bit steps as the network takes them."""
    return (picture - RENDERING.mean) / RENDERING.spread


def draw_crop(rng: np.random.Generator, chip: Chip) -> tuple[Tensor, Tensor]:
    """A square of 3/4 to 5/4 of ``CROP`` pixels scaled to it, turned and mirrored."""
    size = int(rng.integers(CROP * 3 // 4, CROP * 5 // 4 + 1))
    row, column = (int(rng.integers(n - size + 1)) for n in chip.forest.shape)
    part = np.s_[..., row : row + size, column : column + size]
    turns, mirrored = int(rng.integers(4)), rng.random() < 0.5

    def place(values: NDArray[np.float32], mode: str) -> Tensor:
        values = np.rot90(values[part], turns, (-2, -1))
        values = values[..., ::-1] if mirrored else values
        tensor = torch.from_numpy(np.ascontiguousarray(values))[None]
        return functional.interpolate(tensor, (CROP, CROP), mode=mode)[0]

    forest = place(chip.forest[None].astype(np.float32), "nearest")[0].long()
    return place(chip.picture, "bilinear"), forest


def change_light(rng: np.random.Generator, picture: Tensor) -> Tensor:
    """Another day: gain for all bands and each, haze left over, contrast, noise. 8-bit steps.

    Little of each: how dark the ground is tells forest from pasture and regrowth.
    """
    gain = rng.uniform(0.92, 1.1) * rng.uniform(0.97, 1.03, (3, 1, 1))
    picture = picture * torch.from_numpy(gain.astype(np.float32))
    mean = picture.mean((1, 2), keepdim=True)
    picture = mean + (picture - mean) * rng.uniform(0.94, 1.06)
    left = rng.uniform(-2.5, 2.5) + rng.uniform(-1.5, 1.5, (3, 1, 1))
    noise = torch.from_numpy(rng.standard_normal(picture.shape, np.float32))
    return picture + torch.from_numpy(left.astype(np.float32)) + noise * rng.uniform(0, 0.8)


def draw_batch(rng: np.random.Generator, chips: list[Chip]) -> tuple[Tensor, Tensor]:
    """Images [n, 3, r, c] as the network takes them and classes [n, r, c] (1 forest)."""
    pictures, forests = [], []
    for _ in range(BATCH):
        picture, forest = draw_crop(rng, chips[rng.integers(len(chips))])
        pictures.append(change_light(rng, picture))
        forests.append(forest)
    return to_input(torch.stack(pictures)), torch.stack(forests)
