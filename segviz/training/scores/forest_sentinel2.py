"""The numbers on the card of forest-sentinel2: each half of the ground by the member of the other.

The truth is the tree cover of 2018. Forest was cut before and after that summer, so in other years
part of the disagreement is change.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import nn

from segviz.inference import networks
from segviz.inference.catalog import Card
from segviz.io import nrt
from segviz.training import forest_sentinel2
from segviz.training.forest_sentinel2 import HALF_NAMES, MEMBERS, Ground
from segviz.training.scores.overlap import Progress, Row, iou, row

YEARS = (2016, 2017, 2018, 2019, 2020)
AROUND = 5
"""Pixels over which boosting sees mean and spread."""

Found = NDArray[np.bool_]


def evaluate(card: Card, data: Path, progress: Progress | None = None) -> list[Row]:
    """Overlap and area by half and summer; then two simple rules learnt on the same halves."""
    wheel = data / forest_sentinel2.FOLDER / nrt.WHEEL
    cube = nrt.read_cube(wheel)
    summers = {year: forest_sentinel2.read_summer(wheel, cube, year) for year in YEARS}
    days = forest_sentinel2.read_days(wheel, cube)
    rows = []
    for member in range(MEMBERS):
        tested = 1 - member
        network = networks.load(card, member)
        boosting = fit_boosting([day.half(member) for day in days])
        border = ndvi_border(summers[nrt.MAPPED.year].half(member))
        place = f"{HALF_NAMES[tested]} half, learnt from the {HALF_NAMES[member]}"
        for year, summer in summers.items():
            ground = summer.half(tested)
            found = {
                "network": by_network(network, ground),
                "gradient boosting": by_boosting(boosting, ground),
                "NDVI border": ndvi(ground) > border,
            }
            for name, mask in found.items():
                rows.append(half_row(mask, ground, f"summer {year}, {place}: {name}"))
        if progress:
            progress(member + 1, MEMBERS)
    return rows


def by_network(network: nn.Module, ground: Ground) -> Found:
    """Where a network finds forest."""
    image = forest_sentinel2.to_input(torch.from_numpy(ground.reflectance))
    with torch.inference_mode():
        classes = network(image[None])[0].argmax(0).numpy()
    return np.asarray(classes == 1)


def ndvi(ground: Ground) -> NDArray[np.float32]:
    """Rouse et al. (1974), [row, column]."""
    _, _, red, infrared = ground.reflectance
    return np.asarray((infrared - red) / np.maximum(infrared + red, 1))


def ndvi_border(ground: Ground) -> float:
    """The NDVI above which most of the forest and least else lies, in steps of a hundredth."""
    index, forest = ndvi(ground), ground.forest == 1
    borders = [hundredth / 100 for hundredth in range(100)]
    return max(borders, key=lambda border: iou(index > border, forest))


def fit_boosting(grounds: Sequence[Ground]) -> HistGradientBoostingClassifier:
    """Gradient boosting on the bands, NDVI and their mean and spread around a pixel."""
    model = HistGradientBoostingClassifier(random_state=0)
    features = np.concatenate([_features(ground) for ground in grounds])
    return model.fit(features, np.concatenate([ground.forest.ravel() for ground in grounds]))


def by_boosting(model: HistGradientBoostingClassifier, ground: Ground) -> Found:
    """Where boosting finds forest."""
    classes = model.predict(_features(ground))
    return np.asarray(classes.reshape(ground.forest.shape) == 1)


def half_row(found: Found, ground: Ground, data: str) -> Row:
    """Overlap of forest and of what is not, and by how many per cent the area is too large."""
    forest = ground.forest == 1
    values = {
        "forest IoU": iou(found, forest),
        "not forest IoU": iou(~found, ~forest),
        "area bias %": 100 * (float(found.sum() / forest.sum()) - 1),
    }
    return row(data, "forest", values)


def _features(ground: Ground) -> NDArray[np.float32]:
    """[pixel, feature]."""
    layers = [*ground.reflectance, 1000 * ndvi(ground)]
    features = list(layers)
    for layer in layers:
        mean = ndimage.uniform_filter(layer, AROUND)
        square = ndimage.uniform_filter(layer**2, AROUND)
        features += [mean, np.sqrt(np.maximum(square - mean**2, 0))]
    return np.stack(features).reshape(len(features), -1).T
