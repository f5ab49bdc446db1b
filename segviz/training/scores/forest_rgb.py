"""The numbers on the card of forest-rgb: each chip by the member that never saw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from affine import Affine
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import nn

from segviz.grid import RasterGrid, Window
from segviz.inference import networks
from segviz.inference.catalog import Card
from segviz.inference.scenes import read_tile
from segviz.training import forest_rgb
from segviz.training.forest_rgb import MEMBERS, Chip, without_haze
from segviz.training.scores.overlap import Progress, Row, iou, row

FOREST = 1
SAMPLES = 4000
"""Pixels of each chip that boosting learns from; more change nothing."""

Found = NDArray[np.bool_]


def evaluate(card: Card, data: Path, progress: Progress | None = None) -> list[Row]:
    """Overlap and area by fold, and the overlap by chip; then boosting on the same folds.

    Boosting is given the chips as they are, and again with their haze taken off as for the network.
    """
    chips = forest_rgb.read_chips(data / forest_rgb.FOLDER)
    by_network: list[list[Found]] = []
    by_boosting: list[list[Found]] = []
    by_boosting_in_clear_air: list[list[Found]] = []
    tests = []
    for member in range(MEMBERS):
        learn, test = forest_rgb.fold(chips, member)
        network = networks.load(card, member)
        by_network.append(
            [forest_by_member(network, chip, card.metadata["scene_input"]) for chip in test]
        )
        by_boosting.append(forest_by_boosting(learn, test))
        by_boosting_in_clear_air.append(
            forest_by_boosting(*([without_haze(chip) for chip in part] for part in (learn, test)))
        )
        tests.append(test)
        if progress:
            progress(member + 1, MEMBERS)
    ours = f"{len(chips)} chips of the Amazon, each by the member that never saw it"
    theirs = (
        "gradient boosting on colours, their mean and spread in 5, 15 and 41 pixels, same folds"
    )
    return [
        *fold_rows(by_network, tests, ours),
        *fold_rows(by_boosting, tests, theirs),
        *fold_rows(by_boosting_in_clear_air, tests, f"{theirs}, haze taken off"),
        chip_row(by_network, tests, ours, "IoU of a chip"),
        chip_row(by_boosting, tests, theirs, "IoU of a chip"),
    ]


def forest_by_member(network: nn.Module, chip: Chip, settings: Mapping[str, Any]) -> Found:
    """Where one network finds forest, read with the halo that any scene is read with."""
    halo: int = settings["halo"]
    rows, columns = chip.forest.shape
    scene = PictureScene(without_haze(chip).picture)
    picture, _ = read_tile(scene, (-halo, rows + halo, -halo, columns + halo), (0, 1, 2))
    image = forest_rgb.to_input(torch.from_numpy(picture.astype(np.float32)))
    with torch.inference_mode():
        classes = network(image[None])[0].argmax(0).numpy()
    labels = np.array(settings["labels"])[classes[halo : halo + rows, halo : halo + columns]]
    return np.asarray(labels == FOREST)


def forest_by_boosting(learn: Sequence[Chip], test: Sequence[Chip]) -> list[Found]:
    """The baseline: gradient boosting on the colours and their mean and spread around a pixel."""
    rng = np.random.default_rng(0)
    samples, truth = [], []
    for chip in learn:
        chosen = rng.choice(chip.forest.size, SAMPLES, replace=False)
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


def fold_rows(
    found: Sequence[Sequence[Found]], tests: Sequence[Sequence[Chip]], data: str
) -> list[Row]:
    """IoU pooled over the chips of a fold, and area found over area there, by fold and their mean.

    Args:
        found, tests: masks and chips by fold.
    """
    overlaps, areas = {}, {}
    for number, (masks, chips) in enumerate(zip(found, tests, strict=True), 1):
        mask = np.concatenate([mask.ravel() for mask in masks])
        truth = np.concatenate([chip.forest.ravel() for chip in chips]) == 1
        overlaps[f"fold {number}"] = iou(mask, truth)
        areas[f"fold {number}"] = float(mask.sum() / truth.sum())
    return [
        row(data, measure, {**values, "mean": float(np.mean(list(values.values())))})
        for measure, values in (("forest IoU", overlaps), ("forest area found / there", areas))
    ]


def chip_row(
    found: Sequence[Sequence[Found]],
    tests: Sequence[Sequence[Chip]],
    data: str,
    measure: str,
) -> Row:
    """IoU by chip, and the mean over chips."""
    values = {
        chip.name.removeprefix("Amazon_").replace(".tiff", ""): iou(mask, chip.forest == 1)
        for masks, chips in zip(found, tests, strict=True)
        for mask, chip in zip(masks, chips, strict=True)
    }
    return row(data, measure, {**values, "mean": float(np.mean(list(values.values())))})


@dataclass(eq=False)
class PictureScene:
    """A chip as a scene."""

    picture: NDArray[np.generic]
    grid: RasterGrid = field(init=False)
    dtype: np.dtype[Any] = field(init=False)
    channels: tuple[str, ...] = ("red", "green", "blue")
    when: date | None = None
    notes: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""

    def __post_init__(self) -> None:
        self.grid = RasterGrid(self.picture.shape[1:], Affine.scale(10, -10), None)
        self.dtype = self.picture.dtype

    def read(
        self,
        window: Window,
        bands: Any = None,
        shape: tuple[int, int] | None = None,
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        top, bottom, left, right = window
        values = self.picture[slice(None) if bands is None else list(bands), top:bottom, left:right]
        return values, np.ones(values.shape[1:], bool)


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
