"""forest-sentinel2: forest or not, from blue, green, red and near infrared reflectance at 10 m.

Data: the wheel nrt 0.2.1 with 1 km2 of the Carpathians seen by Sentinel-2, and the Copernicus tree
cover of 2018 there: 50 % and more is forest. Two members: one learns from the west, one from the
east, and each is tested on the other half; a strip between them is left out. Only days of 2018 and
the summer before are learnt from, since forest was cut in other years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from segviz.inference.landcover import Squash
from segviz.io import nrt
from segviz.training.loop import Draw, shift_logits

SQUASH = Squash(centre=(0.8, 0.8, 0.8, 2.3), width=(2.5, 2.5, 2.5, 2.5))
"""Most contrast at 0.05 of reflectance in the visible bands and 0.3 in the near infrared, between
forest and what else there is."""

NETWORK: Mapping[str, Any] = {
    "name": "NeighbourhoodUNet",
    "kwargs": {
        "in_channels": 4,
        "out_channels": 2,
        "channels": [16],
        "pixel": 32,
        "windows": [3, 7],
        "zero": 0.0,
    },
}
CROP, BATCH = 32, 8
FOLDER = "geo/nrt"
MEMBERS, STEPS, SEED, RATE, AVERAGE, FREEZE_AT = 2, 1000, 1, 4e-3, 0.995, 0.4
CLASS_WEIGHTS: tuple[float, ...] = (1.0, 1.0)

FOREST_PERCENT = 50
HALVES: tuple[slice, slice] = (slice(0, 48), slice(52, 100))
"""Columns of the west and the east; 40 m between them belong to neither."""

HALF_NAMES = ("west", "east")
LEARNT_YEARS, LEARNT_MONTHS = (2017, 2018), (5, 6, 7, 8, 9)
CLEAR_SHARE = 0.98


@dataclass(frozen=True, eq=False)
class Ground:
    """One picture of the place.

    Attributes:
        reflectance: x 10,000 [band, row, column] as float32.
        forest: [row, column] 1 where trees covered half of the ground in 2018, else 0.
    """

    reflectance: NDArray[np.float32]
    forest: NDArray[np.int64]

    def half(self, number: int) -> Ground:
        """The west (0) or the east (1)."""
        part = HALVES[number]
        return Ground(self.reflectance[..., part], self.forest[:, part])


def read_forest(wheel: Path, cube: nrt.Cube) -> NDArray[np.int64]:
    """Forest of 2018 on the cube's grid, [row, column]."""
    return (nrt.tree_cover_on(cube.grid, wheel) >= FOREST_PERCENT).astype(np.int64)


def read_summer(wheel: Path, cube: nrt.Cube, year: int) -> Ground:
    """The median of a summer."""
    return Ground(cube.summer(year).astype(np.float32), read_forest(wheel, cube))


def read_days(wheel: Path, cube: nrt.Cube) -> list[Ground]:
    """The clear days that are learnt from, and the medians of their summers."""
    forest = read_forest(wheel, cube)
    days = [
        Ground(cube.reflectance(number).astype(np.float32), forest)
        for number, day in enumerate(cube.dates)
        if day.year in LEARNT_YEARS
        and day.month in LEARNT_MONTHS
        and cube.clear(number).mean() >= CLEAR_SHARE
    ]
    return days + [read_summer(wheel, cube, year) for year in LEARNT_YEARS]


def drawer(data: Path, rng: np.random.Generator, member: int) -> Draw:
    """Draws crops from the days of one half: member 0 learns from the west."""
    wheel = data / nrt.WHEEL
    days = [day.half(member) for day in read_days(wheel, nrt.read_cube(wheel))]
    return lambda done: draw_batch(rng, days)


def finish(network: nn.Module, data: Path, member: int) -> None:
    """Move the border until the half learnt from gets the forest it has in summer 2018."""
    wheel = data / nrt.WHEEL
    cube = nrt.read_cube(wheel)
    learn = read_summer(wheel, cube, nrt.MAPPED.year).half(member)
    with torch.inference_mode():
        logits = network(to_input(torch.from_numpy(learn.reflectance))[None])[0]
    more = (logits[1] - logits[0]).numpy()
    border = float(np.quantile(more, 1 - learn.forest.mean()))
    shift_logits(network, torch.tensor([0.0, -border]))


def to_input(reflectance: Tensor) -> Tensor:
    """Reflectance x 10,000 as the network takes it."""
    return SQUASH.input(reflectance)


def change_light(rng: np.random.Generator, reflectance: Tensor) -> Tensor:
    """Another day and air: gain for all bands and each, haze that is thicker in blue, noise.

    Little of each, as in forest-rgb: how dark the ground is tells forest from meadow.
    """
    gain = rng.uniform(0.92, 1.1) * rng.uniform(0.97, 1.03, (4, 1, 1))
    haze = rng.uniform(-25, 50) * np.array([1.0, 0.7, 0.5, 0.3])[:, None, None]
    noise = rng.standard_normal(reflectance.shape, np.float32) * rng.uniform(0, 40)
    changed = reflectance * torch.from_numpy(gain.astype(np.float32))
    return changed + torch.from_numpy(haze.astype(np.float32)) + torch.from_numpy(noise)


def draw_crop(rng: np.random.Generator, ground: Ground) -> tuple[Tensor, Tensor]:
    """A square of ``CROP`` pixels, turned and mirrored."""
    row, column = (int(rng.integers(n - CROP + 1)) for n in ground.forest.shape)
    part = np.s_[..., row : row + CROP, column : column + CROP]
    turns, mirrored = int(rng.integers(4)), rng.random() < 0.5

    def place(values: NDArray[Any]) -> Tensor:
        values = np.rot90(values[part], turns, (-2, -1))
        values = values[..., ::-1] if mirrored else values
        return torch.from_numpy(np.ascontiguousarray(values))

    return place(ground.reflectance), place(ground.forest)


def draw_batch(rng: np.random.Generator, days: Sequence[Ground]) -> tuple[Tensor, Tensor]:
    """Images [n, 4, r, c] as the network takes them and classes [n, r, c] (1 forest)."""
    images, forests = [], []
    for _ in range(BATCH):
        reflectance, forest = draw_crop(rng, days[int(rng.integers(len(days)))])
        images.append(change_light(rng, reflectance))
        forests.append(forest)
    return to_input(torch.stack(images)), torch.stack(forests)
