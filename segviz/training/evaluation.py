"""The numbers on the cards of the shipped networks, measured through the same door as any run.

Overlaps are those of Dice (1945) and Jaccard (1912); an area or volume ratio above 1 is too much.
"""

from __future__ import annotations

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
from segviz.image import Volume
from segviz.inference import predict
from segviz.inference.catalog import Card
from segviz.io import open_image
from segviz.training import forest_rgb
from segviz.training.forest_rgb import Chip

Labels = NDArray[np.uint8]
Row = dict[str, Any]

MUSE_GROUPS: dict[int, tuple[int, ...]] = {
    1: tuple(range(81, 96)),
    2: tuple(range(100, 208)),
    3: (4, 11, 49, 50, 51, 52),
    4: (23, 30, 36, 37, 55, 56, 57, 58, 59, 60, 61, 62),
    5: (31, 32, 47, 48),
    6: (35,),
    7: (38, 39, 40, 41, 71, 72, 73),
}
"""Label of brain-anatomy-mr -> region numbers of MUSE (Doshi et al. 2016)."""


def dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """1 where both are empty."""
    both, size = int((mask & truth).sum()), int(mask.sum()) + int(truth.sum())
    return 2 * both / size if size else 1.0


def iou(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """1 where both are empty."""
    union = int((mask | truth).sum())
    return int((mask & truth).sum()) / union if union else 1.0


def grouped(regions: NDArray[np.generic]) -> Labels:
    """MUSE regions as the labels of brain-anatomy-mr; regions of no group are background."""
    table = np.zeros(256, np.uint8)
    for label, numbers in MUSE_GROUPS.items():
        table[list(numbers)] = label
    return table[regions.astype(np.uint8)]


def brain_by_scan(card: Card, data: Path) -> list[Row]:
    """Dice and volume ratio by label of the scans ``data/t1`` against regions ``data/dlmuse``."""
    rows = []
    for path in sorted((data / "t1").iterdir()):
        scan = _volume(path)
        regions = _volume(data / "dlmuse" / path.name.replace(".nii", "_DLMUSE.nii"))
        found = predict.segment_volume(scan, card).mask.data
        truth = grouped(regions.data)
        rows.append(
            {
                "scan": path.name.split("-T1")[0],
                "dice": {
                    label.name: dice(found == label.value, truth == label.value)
                    for label in card.legend
                },
                "volume ratio": {
                    label.name: float((found == label.value).sum() / (truth == label.value).sum())
                    for label in card.legend
                },
            }
        )
    return rows


def brain_metrics(rows: list[Row], data: str) -> list[Row]:
    """Means over the scans, by label, for the card."""
    return [
        {
            "data": data,
            "measure": title,
            "values": {
                name: round(float(np.mean([row[key][name] for row in rows])), 3)
                for name in rows[0][key]
            },
        }
        for key, title in (("dice", "Dice"), ("volume ratio", "volume ratio"))
    ]


@dataclass(eq=False)
class PictureScene:
    """A chip as a scene."""

    picture: NDArray[np.uint8]
    grid: RasterGrid = field(init=False)
    channels: tuple[str, ...] = ("red", "green", "blue")
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.uint8))
    when: date | None = None
    notes: tuple[str, ...] = ()
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


def _volume(path: Path) -> Volume:
    image = open_image([path])
    if not isinstance(image, Volume):
        raise ValueError(f"{path.name} is no volume")
    return image
