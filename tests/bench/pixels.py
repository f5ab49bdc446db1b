"""The pixel classifier that is learnt from strokes, against a random forest of 100 trees.

``python tests/bench/pixels.py FOLDER`` compares how often both are right, on landsat5-para and
landsat7-chiapas-1999 of the folder, with the same features in folds of whole polygons.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import measure
import numpy as np
import rasterio
import torch
from affine import Affine
from rasterio.features import rasterize
from sklearn.ensemble import RandomForestClassifier

from segviz.edit.samples import Samples, of_mask
from segviz.grid import RasterGrid
from segviz.inference import predict
from segviz.inference.runtime import OpenVinoRuntime
from segviz.io import open_image
from segviz.mask import Legend
from segviz.training import learnt, strokes
from segviz.training.perceptrons import classes_of, fit

EDGE, CLASSES = 1024, 9
SEEDS = range(6)


class Scene:
    """Patches of nine covers with their own levels and textures, four bands, in memory."""

    channels = ("B2", "B3", "B4", "B8")
    dtype = np.dtype(np.uint16)
    when, notes, sha256 = None, (), ""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.truth = np.kron(
            rng.integers(1, CLASSES + 1, (EDGE // 64, EDGE // 64)), np.ones((64, 64), int)
        ).astype(np.uint8)
        levels = rng.uniform(300, 3000, (CLASSES + 1, 4))
        rough = rng.uniform(60, 400, CLASSES + 1)
        noise = rng.standard_normal((4, EDGE, EDGE)) * rough[self.truth]
        values = np.moveaxis(levels[self.truth], -1, 0) + noise
        self.values = values.clip(1, 10_000).astype(np.uint16)
        self.grid = RasterGrid((EDGE, EDGE), Affine(10, 0, 0, 0, -10, 0), None)
        self.tags: dict[str, str] = {}

    def read(self, window, bands=None, shape=None):
        top, bottom, left, right = window
        chosen = slice(None) if bands is None else list(bands)
        values = self.values[chosen, top:bottom, left:right]
        return values, np.ones(values.shape[1:], bool)

    def samples(self) -> Samples:
        """A disc in every fourth patch."""
        rows, columns = np.mgrid[:EDGE, :EDGE] % 64
        disc = (rows - 32) ** 2 + (columns - 32) ** 2 < 100
        patches = (np.mgrid[:EDGE, :EDGE] // 64).sum(0) % 4 == 0
        return of_mask(np.where(disc & patches, self.truth, 0).astype(np.uint8))


class Features(torch.nn.Module):
    """Of a network's graph, the features alone: what the forest is given."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.network.features(values.float())


def rows(rounds: int) -> list[measure.Row]:
    """One row: both go from the values of a scene to its labels, with the same features."""
    scene = Scene()
    lesson = strokes.learn([strokes.Painted(scene, scene.samples())], scene.channels)
    see = OpenVinoRuntime(Features(lesson.network))
    table = table_of(lesson, scene, see)
    forest = RandomForestClassifier(100, n_jobs=-1, random_state=0)
    forest.fit(table.features, table.classes)
    labels = np.array(lesson.labels, np.uint8)
    out, other = np.zeros((2, *scene.grid.shape), np.uint8)
    with TemporaryDirectory() as folder:
        naming = learnt.Naming("bench", scene.channels, Legend.named(*map(str, range(CLASSES))))
        card = learnt.write(lesson, scene, naming, Path(folder) / "bench")

        def ours() -> None:
            predict.segment_scene(scene, card, out)

        def theirs() -> None:
            features = see.outputs(scene.values[None])[0][0]
            found = forest.predict(features.reshape(len(features), -1).T)
            other[:] = labels[found].reshape(other.shape)

        times = measure.interleaved({"pixels: ours": ours, "pixels: forest": theirs}, rounds)
    right, forest_right = ((found == scene.truth).mean() for found in (out, other))
    checked = f"{right:.3f} of pixels right, the forest {forest_right:.3f}"
    title = "pixel classifier, 100 trees, 1024 x 1024 x 4"
    ours_took, theirs_took = times.values()
    return [measure.versus(title, ours_took, theirs_took, 1 / 15, checked, as_factor=True)]


def table_of(lesson: strokes.Learnt, scene: Scene, see: OpenVinoRuntime) -> strokes.Table:
    """The samples as the forest learns them."""
    features = see.outputs(scene.values[None])[0][0]
    samples = scene.samples().thinned(strokes.PER_STROKE, np.random.default_rng(0))
    chosen = features.reshape(len(features), -1).T[samples.cells]
    classes = np.searchsorted(lesson.labels, samples.labels)
    return strokes.Table(chosen, classes, samples.strokes, lesson.labels)


def accuracy(name: str, scene: object, samples: Samples) -> None:
    """Mean over seeds of the share labelled right, in folds of whole polygons."""
    source = strokes.pieces(scene, scene.channels)[0]
    definition = strokes.define(source.bands, scene.channels, scene)
    network, table = strokes.tabulate([(source, samples)], definition)
    shares = []
    for seed in SEEDS:
        folds = strokes.deal(table, np.random.default_rng(seed))
        held_back = [np.flatnonzero(folds == fold) for fold in range(strokes.FOLDS)]
        rest = [np.setdiff1d(np.arange(len(folds)), fold) for fold in held_back]
        ours, theirs = np.full(len(folds), -1), np.full(len(folds), -1)
        nets = fit(network, table.features, table.classes, rest)
        for judge, fold, learn_from in zip(nets, held_back, rest, strict=True):
            ours[fold] = classes_of(network, judge, table.features[fold])
            forest = RandomForestClassifier(100, random_state=seed)
            forest.fit(table.features[learn_from], table.classes[learn_from])
            theirs[fold] = forest.predict(table.features[fold])
        judged = folds >= 0
        shares.append([(found == table.classes)[judged].mean() for found in (ours, theirs)])
        print(
            f"{name} seed {seed}: ours {shares[-1][0]:.4f}, forest {shares[-1][1]:.4f}", flush=True
        )
    mean, spread = np.mean(shares, axis=0), np.std(shares, axis=0)
    print(
        f"{name}: {len(table.classes)} cells, {len(np.unique(table.strokes))} polygons; "
        f"ours {mean[0]:.4f} +- {spread[0]:.4f}, forest {mean[1]:.4f} +- {spread[1]:.4f}"
    )


def para(folder: Path) -> tuple[object, Samples]:
    path = folder / "landsat5-para" / "lsat.tif"
    with rasterio.open(path) as file:
        shape, transform = file.shape, file.transform
    corners: dict[tuple[str, ...], list[tuple[float, float]]] = {}
    with path.with_name("trainingPolygons_lsat.csv").open() as file:
        for *key, x, y in csv.reader(file):
            corners.setdefault(tuple(key), []).append((float(x), float(y)))
    names = sorted({key[1] for key in corners})
    labels, owners = np.zeros(shape, np.uint8), np.zeros(shape, np.int64)
    for number, (key, points) in enumerate(corners.items(), 1):
        shapes = [({"type": "Polygon", "coordinates": [points]}, 1)]
        inside = rasterize(shapes, shape, transform=transform) > 0
        labels[inside], owners[inside] = names.index(key[1]) + 1, number
    cells = np.flatnonzero(labels)
    return open_image([path]), Samples(cells, labels.ravel()[cells], owners.ravel()[cells])


def chiapas(folder: Path) -> tuple[object, Samples]:
    folder = folder / "landsat7-chiapas-1999"
    with rasterio.open(folder / "training_data.gtif") as file:
        labels = file.read(1)
    return open_image([folder / "LE70220491999322EDC01_stack.gtif"]), of_mask(labels)


def main() -> None:
    for make in (para, chiapas):
        accuracy(make.__name__, *make(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
