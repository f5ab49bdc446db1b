"""The numbers on the card of forest-rgb: eight chips that no choice was made on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.ensemble import HistGradientBoostingClassifier

from segviz.grid import RasterGrid, Window
from segviz.inference import predict
from segviz.inference.catalog import Card
from segviz.training import forest_rgb
from segviz.training.forest_rgb import Chip
from segviz.training.scores.overlap import Progress, Row, dice, iou


def evaluate(card: Card, data: Path, progress: Progress | None = None) -> list[Row]:
    """The network on the chips kept for testing."""
    _, test = split(data / forest_rgb.FOLDER)
    return [forest_metrics(forest_by_network(card, test), test, "8 test chips")]


@dataclass(eq=False)
class PictureScene:
    """A chip as a scene."""

    picture: NDArray[np.uint8]
    grid: RasterGrid = field(init=False)
    channels: tuple[str, ...] = ("red", "green", "blue")
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.uint8))
    when: date | None = None
    notes: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""

    def __post_init__(self) -> None:
        self.grid = RasterGrid(self.picture.shape[1:], Affine.scale(10, -10), None)

    def read(
        self,
        window: Window,
        bands: Any = None,
        shape: tuple[int, int] | None = None,
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        top, bottom, left, right = window
        values = self.picture[slice(None) if bands is None else list(bands), top:bottom, left:right]
        return values, np.ones(values.shape[1:], bool)


def forest_by_network(card: Card, chips: list[Chip]) -> list[NDArray[np.bool_]]:
    """Where the network finds forest."""
    found = []
    for chip in chips:
        labels = np.zeros(chip.forest.shape, np.uint8)
        predict.segment_scene(PictureScene(chip.picture.astype(np.uint8)), card, labels)
        found.append(labels == 1)
    return found


def forest_by_boosting(learn: list[Chip], test: list[Chip]) -> list[NDArray[np.bool_]]:
    """The baseline: gradient boosting on the colours and their mean and spread around a pixel."""
    rng = np.random.default_rng(0)
    samples, truth = [], []
    for chip in learn:
        chosen = rng.choice(chip.forest.size, 4000, replace=False)
        samples.append(_colours(chip.picture).reshape(-1, chip.forest.size).T[chosen])
        truth.append(chip.forest.ravel()[chosen])
    model = HistGradientBoostingClassifier(random_state=0)
    model.fit(np.concatenate(samples), np.concatenate(truth))
    return [
        model.predict(_colours(chip.picture).reshape(-1, chip.forest.size).T).reshape(
            chip.forest.shape
        )
        == 1
        for chip in test
    ]


def forest_metrics(found: list[NDArray[np.bool_]], test: list[Chip], data: str) -> Row:
    """Pooled and mean overlap with the chips' masks, and the area found over the area there is."""
    truths = [chip.forest == 1 for chip in test]
    pooled = np.concatenate([f.ravel() for f in found]), np.concatenate([t.ravel() for t in truths])
    return {
        "data": data,
        "measure": "forest",
        "values": {
            "pooled IoU": round(iou(*pooled), 3),
            "mean IoU of chips": round(
                float(np.mean([iou(f, t) for f, t in zip(found, truths, strict=True)])), 3
            ),
            "pooled F1": round(dice(*pooled), 3),
            "area ratio": round(float(pooled[0].sum() / pooled[1].sum()), 3),
        },
    }


def split(data: Path) -> tuple[list[Chip], list[Chip]]:
    """Chips the baseline may learn from (those held out as well) and those to test on."""
    learn, held_out, test = forest_rgb.read_chips(data)
    return learn + held_out, test


def _colours(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """[feature, row, column]: bands, their mean and spread in 5, 15 and 41 pixels, their ratios."""
    features = [*picture]
    for band in picture:
        for size in (5, 15, 41):
            mean = ndimage.uniform_filter(band, size)
            square = ndimage.uniform_filter(band**2, size)
            features += [mean, np.sqrt(np.maximum(square - mean**2, 0))]
    total = picture.sum(axis=0) + 1
    return np.stack([*features, *(picture / total)])
