"""A pixel classifier from strokes: seconds of training, judged on strokes that were held back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from segviz.edit.samples import Samples
from segviz.errors import Refused
from segviz.image import Image, Volume
from segviz.inference.pixel_network import HIDDEN, SIZES, PixelNetwork, halo
from segviz.inference.pixels import Pieces, pieces
from segviz.render.bands import find_bands
from segviz.training.perceptrons import Cells, Field, Progress, classes_of, fit

PER_STROKE = 300
"""Most cells of a stroke that are learnt: neighbours say the same again."""

PIECE = 64
"""Edge in cells of the pieces of an image in which samples are looked up."""

FOLDS, LEAST_STROKES = 5, 2
SEED = 0

INDICES: tuple[tuple[str, str], ...] = (
    ("near infrared", "red"),
    ("green", "near infrared"),
    ("green", "short-wave infrared 1"),
    ("near infrared", "short-wave infrared 1"),
    ("near infrared", "short-wave infrared 2"),
)
"""NDVI (Rouse et al. 1974), NDWI (McFeeters 1996), MNDWI (Xu 2006), NDMI (Gao 1996), NBR (Key and
Benson 2006)."""


@dataclass(frozen=True, eq=False)
class Painted:
    """An image and what was painted on it; label 0 is background, of volumes alone."""

    image: Image
    samples: Samples


@dataclass(frozen=True, eq=False)
class Table:
    """Samples as rows.

    Attributes:
        features: [cell, feature] before they are standardised.
        classes: [cell] position in ``labels``.
        strokes: [cell] unique over all images.
        labels: label of each class.
    """

    features: Field
    classes: Cells
    strokes: Cells
    labels: tuple[int, ...]

    def strokes_of(self, number: int) -> Cells:
        """The strokes of a class."""
        return np.unique(self.strokes[self.classes == number])


@dataclass(frozen=True)
class Accuracy:
    """How cells of strokes were labelled that were held back from training, fold by fold.

    Attributes:
        overall: share labelled right; None where no label has two strokes.
        by_label: the same by label; None for one with a single stroke, which was never held back.
        strokes: how many there are, by label.
        cells: how many there are, by label.
    """

    overall: float | None
    by_label: dict[int, float | None]
    strokes: dict[int, int]
    cells: dict[int, int]


@dataclass(frozen=True, eq=False)
class Learnt:
    """A network, the label of each of its classes, and how good it was found to be."""

    network: PixelNetwork
    definition: dict[str, object]
    labels: tuple[int, ...]
    accuracy: Accuracy


def learn(
    painted: Sequence[Painted], channels: Sequence[str], progress: Progress | None = None
) -> Learnt:
    """Train on all strokes, and on all but a fifth of them five times over to be judged.

    Args:
        channels: names of the bands of the first image, which those of the others are matched to.
        progress: called with (steps done, steps).

    Raises:
        Refused: fewer than two labels were painted where there are data (SV-RUN-020).
    """
    rng = np.random.default_rng(SEED)
    _require_two({int(label) for one in painted for label in np.unique(one.samples.labels)})
    found = [
        (pieces(one.image, channels)[0], one.samples.thinned(PER_STROKE, rng)) for one in painted
    ]
    definition = define(found[0][0].bands, channels, painted[0].image)
    network, table = tabulate(found, definition)
    folds = deal(table, rng)
    held_back = [np.flatnonzero(folds == fold) for fold in np.unique(folds[folds >= 0])]
    everything = np.arange(len(folds))
    subsets = [everything, *(np.setdiff1d(everything, fold) for fold in held_back)]
    final, *judged = fit(network, table.features, table.classes, subsets, progress)
    network.perceptron.load_state_dict(final.state_dict())
    predicted = np.full(len(folds), -1)
    for judge, fold in zip(judged, held_back, strict=True):
        predicted[fold] = classes_of(network, judge, table.features[fold])
    kept = {**definition, "classes": len(table.labels)}
    return Learnt(network.eval(), kept, table.labels, accuracy(table, predicted))


def define(bands: int, channels: Sequence[str], image: Image) -> dict[str, object]:
    """``network_def`` for an image, but for the number of classes."""
    pairs = [] if isinstance(image, Volume) else indices(channels)
    return {
        "bands": bands,
        "indices": pairs,
        "sizes": list(SIZES),
        "hidden": list(HIDDEN),
        "gaps": not isinstance(image, Volume),
    }


def indices(channels: Sequence[str]) -> list[list[int]]:
    """Pairs of bands of the indices whose bands are known by name."""
    found = [find_bands(channels, pair) for pair in INDICES]
    return [pair for pair in found if pair is not None]


def tabulate(
    found: Sequence[tuple[Pieces, Samples]], definition: dict[str, object]
) -> tuple[PixelNetwork, Table]:
    """The untrained network, which now knows the spread of its features, and the samples."""
    parts = [part for source, samples in found for part in _parts(source, samples)]
    labels = tuple(sorted({int(label) for part in parts for label in part.labels}))
    _require_two(set(labels))
    network = PixelNetwork(**definition, classes=len(labels))  # type: ignore[arg-type]
    values = torch.from_numpy(np.concatenate([p.values[:, p.valid] for p in parts], axis=1))
    _standardise(network.center, network.scale, values)
    with torch.inference_mode():
        features = torch.cat([part.features(network) for part in parts], 1)
        _standardise(network.mean, network.spread, features)
    classes = np.searchsorted(labels, np.concatenate([p.labels for p in parts]))
    strokes = np.concatenate([p.strokes for p in parts])
    return network, Table(features.T.contiguous().numpy(), classes, strokes, labels)


def deal(table: Table, rng: np.random.Generator) -> Cells:
    """The fold [cell] in which a cell is held back; -1 for the only stroke of a label.

    Whole strokes are dealt, label by label, so that each fold holds back about as many of each.
    """
    folds = np.full(len(table.classes), -1)
    dealt = 0
    for number in range(len(table.labels)):
        strokes = table.strokes_of(number)
        if len(strokes) < LEAST_STROKES:
            continue
        for stroke in rng.permutation(strokes):
            folds[table.strokes == stroke] = dealt % FOLDS
            dealt += 1
    return folds


def accuracy(table: Table, predicted: Cells) -> Accuracy:
    """What the folds say; ``predicted`` is -1 where a cell was never held back."""
    right, judged = predicted == table.classes, predicted >= 0
    by_label, strokes, cells = {}, {}, {}
    for number, label in enumerate(table.labels):
        own = table.classes == number
        strokes[label], cells[label] = len(table.strokes_of(number)), int(own.sum())
        by_label[label] = float(right[own & judged].mean()) if (own & judged).any() else None
    overall = float(right[judged].mean()) if judged.any() else None
    return Accuracy(overall, by_label, strokes, cells)


@dataclass(frozen=True, eq=False)
class _Part:
    """A piece of an image with the samples in it.

    Attributes:
        values: [band, row, column] with as many cells around as features look at.
        valid: [row, column] where there are data.
        rows, columns: of the samples in ``values``.
    """

    values: Field
    valid: NDArray[np.bool_]
    rows: Cells
    columns: Cells
    labels: NDArray[np.uint8]
    strokes: Cells

    def features(self, network: PixelNetwork) -> Tensor:
        """[feature, sample]"""
        found = network.features(torch.from_numpy(self.values)[None])[0]
        return found[:, self.rows, self.columns]


def _parts(source: Pieces, samples: Samples) -> Iterator[_Part]:
    """The samples of an image piece by piece, without those where there are no data."""
    planes, rows, columns = source.positions(samples.cells)
    around = halo(SIZES)
    keys = np.stack([planes, rows // PIECE, columns // PIECE], axis=1)
    for key in np.unique(keys, axis=0):
        here = np.flatnonzero((keys == key).all(axis=1))
        top, left = key[1] * PIECE - around, key[2] * PIECE - around
        edge = PIECE + 2 * around
        values, valid = source.read(int(key[0]), (top, top + edge, left, left + edge))
        here = here[valid[rows[here] - top, columns[here] - left]]
        chosen = samples.where(here)
        yield _Part(
            np.ascontiguousarray(values, np.float32),
            valid,
            rows[here] - top,
            columns[here] - left,
            chosen.labels,
            chosen.strokes,
        )


def _standardise(center: Tensor, spread: Tensor, values: Tensor) -> None:
    """Set buffers to the mean and the deviation of [channel, value]; 1 where all are equal."""
    deviation = values.std(1, correction=0)
    center.copy_(values.mean(1))
    spread.copy_(torch.where(deviation > 0, deviation, 1.0))


def _require_two(labels: set[int]) -> None:
    if len(labels) < 2:
        raise Refused(
            "SV-RUN-020",
            "Samples of one label alone tell nothing apart; paint a few strokes of at least two "
            "labels where the image has data, then learn again.",
        )
