"""The numbers on the card of hippocampus-t1: every crop by the member that never saw it, and heads.

A member is measured on the crops of its fold; neither they nor the other side of one of their
persons were among those it learnt from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segviz.image import Volume
from segviz.inference import networks, predict, regions
from segviz.inference.catalog import Card
from segviz.inference.run import Run
from segviz.inference.runtime import Runtime, TorchRuntime
from segviz.io import open_image
from segviz.training import hippocampus
from segviz.training.scores import brain_anatomy_mr
from segviz.training.scores.overlap import Progress, Row, dice, means, row

Labels = NDArray[np.uint8]

MUSE_HIPPOCAMPUS = (47, 48)
"""Region numbers of MUSE, right and left; 31 and 32 are the amygdala."""


def evaluate(card: Card, data: Path, progress: Progress | None = None) -> list[Row]:
    """Dice and volume ratio by label of all crops, Dice by fold, and whole heads."""
    folds = hippocampus.fold_of(data / hippocampus.FOLDER)
    heads = sorted((data / brain_anatomy_mr.FOLDER / "t1").iterdir())
    by_fold: dict[int, list[dict[str, float]]] = {n: [] for n in range(hippocampus.MEMBERS)}
    ratios = []
    done = 0
    for fold in by_fold:
        network = TorchRuntime(networks.load(card, fold))
        for number in (number for number, place in folds.items() if place == fold):
            found, truth = crop(card, network, data / hippocampus.FOLDER, number)
            by_fold[fold].append(overlaps(card, found, truth))
            ratios.append(ratio(card, found, truth))
            done += 1
            if progress:
                progress(done, len(folds) + len(heads))
    every = [each for found in by_fold.values() for each in found]
    said = f"{len(folds)} crops, each by the member that saw neither it nor its other side"
    rows = [row(said, "Dice", means(every)), row(said, "volume ratio", means(ratios))]
    rows += [
        row(f"fold {fold}, {len(found)} crops", "Dice", means(found))
        for fold, found in by_fold.items()
    ]
    scores = []
    for path in heads:
        scores.append(head(card, path))
        done += 1
        if progress:
            progress(done, len(folds) + len(heads))
    said = f"{len(heads)} whole-head T1 scans (IXI, 2 mm) against automatic MUSE regions"
    return [*rows, *(row(said, name, means([s[name] for s in scores])) for name in scores[0])]


def crop(card: Card, network: Runtime, data: Path, number: int) -> tuple[Labels, Labels]:
    """Labels of a crop as the network finds them, and as they were drawn by hand."""
    name = f"hippocampus_{number:03d}.nii.gz"
    image, truth = _volume(data / "images" / name), _volume(data / "labels" / name)
    places = regions.crop_places(image.grid.canonical, regions.Region.of(card))
    found = regions.label_places(image, places, network, card, Run())
    return found, truth.data.astype(np.uint8)


def overlaps(card: Card, found: Labels, truth: Labels) -> dict[str, float]:
    """Dice by label, and of both labels as one."""
    parts = {label.name: dice(found == label.value, truth == label.value) for label in card.legend}
    return {**parts, "both as one": dice(found > 0, truth > 0)}


def ratio(card: Card, found: Labels, truth: Labels) -> dict[str, float]:
    """Volume found over volume there, by label."""
    return {
        label.name: float((found == label.value).sum() / (truth == label.value).sum())
        for label in card.legend
    }


def head(card: Card, path: Path) -> dict[str, dict[str, float]]:
    """Measure -> values of the hippocampus of a whole head against the regions of MUSE."""
    scan = _volume(path)
    regions_path = path.parent.parent / "dlmuse" / path.name.replace(".nii", "_DLMUSE.nii")
    found = predict.segment_volume(scan, card).mask.data > 0
    truth = np.isin(_volume(regions_path).data, MUSE_HIPPOCAMPUS)
    return {
        "Dice": {"both as one": dice(found, truth)},
        "volume ratio": {"both as one": float(found.sum() / truth.sum())},
    }


def _volume(path: Path) -> Volume:
    image = open_image([path])
    if not isinstance(image, Volume):
        raise ValueError(f"{path.name} is no volume")
    return image
