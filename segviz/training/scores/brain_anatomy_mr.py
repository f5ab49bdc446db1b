"""The numbers on the card of brain-anatomy-mr: scans of people and the average of many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segviz.image import Volume
from segviz.inference import predict
from segviz.inference.catalog import Card
from segviz.io import open_image
from segviz.training.scores.overlap import Progress, Row, dice, means, row

Labels = NDArray[np.uint8]

FOLDER = "medical/head-t1-2mm"

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


def grouped(regions: NDArray[np.generic]) -> Labels:
    """MUSE regions as the labels of brain-anatomy-mr; regions of no group are background."""
    table = np.zeros(256, np.uint8)
    for label, numbers in MUSE_GROUPS.items():
        table[list(numbers)] = label
    return table[regions.astype(np.uint8)]


def evaluate(card: Card, data: Path, progress: Progress | None = None) -> list[Row]:
    """Dice and volume ratio by label of the scans ``t1`` against the regions ``dlmuse``."""
    paths = sorted((data / FOLDER / "t1").iterdir())
    overlaps, ratios = [], []
    for done, path in enumerate(paths, 1):
        regions = _volume(data / FOLDER / "dlmuse" / path.name.replace(".nii", "_DLMUSE.nii"))
        truth = grouped(regions.data)
        found = predict.segment_volume(_volume(path), card).mask.data
        pairs = {label.name: (found == label.value, truth == label.value) for label in card.legend}
        overlaps.append({name: dice(*pair) for name, pair in pairs.items()})
        ratios.append({name: float(f.sum() / t.sum()) for name, (f, t) in pairs.items()})
        if progress:
            progress(done, len(paths))
    scans = f"{len(paths)} whole-head T1 scans (IXI, 2 mm) against automatic MUSE regions"
    return [row(scans, "Dice", means(overlaps)), row(scans, "volume ratio", means(ratios))]


def _volume(path: Path) -> Volume:
    image = open_image([path])
    if not isinstance(image, Volume):
        raise ValueError(f"{path.name} is no volume")
    return image
