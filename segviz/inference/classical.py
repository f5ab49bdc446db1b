"""Masks computed from the image itself: k-means and Otsu's threshold, fitted on a random sample.

MacQueen (1967), Proc. 5th Berkeley Symposium; Otsu (1979), IEEE Trans. SMC 9(1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_multiotsu
from sklearn.cluster import MiniBatchKMeans

from segviz.image import Scene, Volume
from segviz.inference.catalog import Card
from segviz.inference.run import Run
from segviz.mask import Legend
from segviz.render.bands import find_bands

Samples = NDArray[np.float32]
"""[cell, feature]"""

Rule = Callable[[Samples], NDArray[np.uint8]]
"""Samples to groups 0, 1, 2 ..., darkest first."""

SAMPLE_CELLS = 100_000
GRID_WINDOWS, SAMPLE_WINDOW = 8, 128
SEED = 0


@dataclass(frozen=True, eq=False)
class Fitted:
    """What gives each cell its label.

    Attributes:
        bands: 0-based, those it looks at.
        features: cell values [band, ...] to samples.
        rule: samples to groups.
        labels: [group] the label of each group.
        legend: what the labels are called.
    """

    bands: tuple[int, ...]
    features: Callable[[NDArray[np.generic]], Samples]
    rule: Rule
    labels: NDArray[np.uint8]
    legend: Legend

    def classify(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Labels [...] of cell values [band, ...]."""
        return self.labels[self.rule(self.features(values))].reshape(values.shape[1:])


def fit_scene(scene: Scene, card: Card, run: Run) -> Fitted | None:
    """Fit on a thin grid of windows; None where all valid cells are equal or there are none."""
    if card.method == "otsu":
        return _fit_otsu_scene(scene, run)
    bands = tuple(range(len(scene.channels)))
    groups = run.whole_number("k", 5, 2, 12)
    rule = k_means(_per_cell(sample_scene(scene, bands)), groups)
    labels = np.arange(1, groups + 1, dtype=np.uint8)
    return rule and Fitted(bands, _per_cell, rule, labels, brightness_legend(groups))


def fit_volume(volume: Volume, card: Card, run: Run) -> Fitted | None:
    """Fit on a sample of voxels, with the darkest group as background; None where all are equal."""
    samples = sample_volume(volume)
    if card.method == "otsu":
        groups = run.whole_number("classes", 2, 2, 4)
        rule = otsu(samples, groups)
        labels = falling(groups)
        labels[0] = 0
        legend = Legend(threshold_legend(groups).labels[:-1])
        return rule and Fitted((0,), _per_cell, rule, labels, legend)
    groups = run.whole_number("k", 5, 2, 12)
    rule = k_means(samples, groups + 1)
    labels = np.arange(groups + 1, dtype=np.uint8)
    return rule and Fitted((0,), _per_cell, rule, labels, brightness_legend(groups))


def k_means(samples: Samples, groups: int) -> Rule | None:
    """Nearest of ``groups`` centres of the standardised samples, in order of brightness."""
    spread = samples.std(axis=0, dtype=np.float64) if len(samples) else np.zeros(1)
    if not (spread > 0).any():
        return None
    scale = np.where(spread > 0, spread, 1).astype(np.float32)
    distinct = len(np.unique(samples, axis=0))
    fitted = MiniBatchKMeans(
        min(groups, distinct), batch_size=4096, n_init=3, random_state=SEED
    ).fit(samples / scale)
    centers = fitted.cluster_centers_.astype(np.float32)
    centers = centers[np.argsort((centers * scale).mean(axis=1), kind="stable")]
    weights = centers / scale
    half_square = (centers**2).sum(axis=1, keepdims=True) / 2

    def nearest(cells: Samples) -> NDArray[np.uint8]:
        likeness = weights @ cells.T - half_square
        best = np.zeros(len(cells), dtype=np.uint8)
        for group in range(1, len(likeness)):
            best[likeness[group] > likeness[0]] = group
            np.maximum(likeness[0], likeness[group], out=likeness[0])
        return best

    return nearest


def otsu(samples: Samples, groups: int) -> Rule | None:
    """Between thresholds that part the samples' histogram into ``groups``."""
    values = samples[:, 0]
    groups = min(groups, len(np.unique(values)))
    if groups < 2:
        return None
    thresholds = threshold_multiotsu(values, groups).astype(np.float32)  # type: ignore[no-untyped-call]

    def between(cells: Samples) -> NDArray[np.uint8]:
        return np.digitize(cells[:, 0], thresholds, right=True).astype(np.uint8)

    return between


def sample_scene(scene: Scene, bands: tuple[int, ...]) -> NDArray[np.generic]:
    """Valid cells [band, 1, cell] from windows on a regular grid: few, however large the scene."""
    parts = []
    rng = np.random.default_rng(SEED)
    rows, columns = (_starts(size) for size in scene.grid.shape)
    most = SAMPLE_CELLS // (len(rows) * len(columns)) + 1
    for row in rows:
        for column in columns:
            stop_row = min(row + SAMPLE_WINDOW, scene.grid.shape[0])
            stop_column = min(column + SAMPLE_WINDOW, scene.grid.shape[1])
            values, valid = scene.read((row, stop_row, column, stop_column), bands)
            cells = values[:, valid & np.isfinite(values).all(axis=0)]
            chosen = rng.permutation(cells.shape[1])[:most]
            parts.append(cells[:, chosen])
    return np.concatenate(parts, axis=1)[:, None, :]


def sample_volume(volume: Volume) -> Samples:
    """A random sample of voxels as [voxel, 1]."""
    rng = np.random.default_rng(SEED)
    flat = volume.data.reshape(-1)
    chosen = np.sort(rng.integers(flat.size, size=min(SAMPLE_CELLS, flat.size)))
    return flat[chosen].astype(np.float32)[:, None]


def brightness_legend(groups: int) -> Legend:
    """1 is the darkest."""
    names = [f"brightness {n}" for n in range(1, groups + 1)]
    names[0], names[-1] = f"{names[0]} (darkest)", f"{names[-1]} (brightest)"
    return Legend.named(*names)


def threshold_legend(groups: int) -> Legend:
    """1 is the brightest."""
    if groups == 2:
        return Legend.named("above the threshold", "below the threshold")
    names = [f"level {n}" for n in range(1, groups + 1)]
    names[0], names[-1] = f"{names[0]} (highest)", f"{names[-1]} (lowest)"
    return Legend.named(*names)


def falling(groups: int) -> NDArray[np.uint8]:
    """Labels of groups in order of brightness: the brightest is 1."""
    return np.arange(groups, 0, -1, dtype=np.uint8)


def _fit_otsu_scene(scene: Scene, run: Run) -> Fitted | None:
    """NDVI where red and near infrared are known by name, else the first band."""
    groups = run.whole_number("classes", 2, 2, 4)
    found = find_bands(scene.channels, ("red", "near infrared"))
    if found:
        run.notes.append(
            "Thresholded the vegetation index (NDVI) of the red and near-infrared bands."
        )
    else:
        run.notes.append(f"Thresholded the first band ({(*scene.channels, '')[0]}).")
    bands, features = (tuple(found), _ndvi) if found else ((0,), _per_cell)
    rule = otsu(features(sample_scene(scene, bands)), groups)
    return rule and Fitted(bands, features, rule, falling(groups), threshold_legend(groups))


def _per_cell(values: NDArray[np.generic]) -> Samples:
    """[band, ...] to [cell, band]."""
    return np.ascontiguousarray(values.reshape(len(values), -1).T, dtype=np.float32)


def _ndvi(values: NDArray[np.generic]) -> Samples:
    """(NIR - red) / (NIR + red) of [red and NIR, ...]; 0 where both are 0. Rouse et al. (1974)."""
    red, nir = values.reshape(2, -1).astype(np.float32)
    total = nir + red
    index: Samples = np.divide(nir - red, total, out=np.zeros_like(total), where=total != 0)
    return index[:, None]


def _starts(size: int) -> list[int]:
    """Up to ``GRID_WINDOWS`` window starts, evenly spread, without overlap."""
    count = max(1, min(GRID_WINDOWS, size // SAMPLE_WINDOW))
    last = max(size - SAMPLE_WINDOW, 0)
    return sorted({round(last * n / max(count - 1, 1)) for n in range(count)})
