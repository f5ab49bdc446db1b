"""Left and right of a brain, told apart by its own plane of symmetry.

The plane is the one across which a labelled brain is most like its mirror image; which half is left
follows from the affine.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.inference.symmetry import Plane, Vectors, best_plane, cells_of

Labels = NDArray[np.uint8]

CELL_MM = 3.0
POINTS = 600
"""Of each label, so that small deep structures say as much as the large cortex."""

SEED = 0


def tell_apart(
    labels: Labels, spacing_mm: tuple[float, float, float], right: Mapping[int, int]
) -> Labels:
    """Labels with those of the right half renamed.

    Args:
        labels: [x, y, z] in RAS+ order; 0 is background.
        right: label -> what it is called on the right; others stay.
    """
    if not labels.any():
        return labels
    plane = symmetry_plane(labels, spacing_mm)
    table = np.arange(256, dtype=np.uint8)
    table[list(right)] = list(right.values())
    return np.where(plane.above(labels.shape, spacing_mm), table[labels], labels)


def symmetry_plane(labels: Labels, spacing_mm: tuple[float, float, float]) -> Plane:
    """The plane across which the labels agree best; its normal points to larger x."""
    steps = tuple(max(1, round(CELL_MM / spacing)) for spacing in spacing_mm)
    coarse = labels[tuple(slice(None, None, step) for step in steps)]
    if not coarse.any():
        steps, coarse = (1, 1, 1), labels
    cell_mm = np.multiply(spacing_mm, steps)
    values = np.flatnonzero(np.bincount(coarse.ravel()))
    values = values[values > 0]
    shares = np.stack(
        [ndimage.gaussian_filter((coarse == v).astype(np.float32), 0.7) for v in values]
    )
    points, kinds = _sample(coarse, values)

    def unlike(mirrored: Vectors, part: slice) -> float:
        """1 - mean share of a point's own label at its mirror image."""
        cells, inside = cells_of(mirrored, cell_mm, coarse.shape)
        return 1 - float(shares[kinds[part][inside], *cells].sum()) / len(mirrored)

    return best_plane(points * cell_mm, unlike)


def _sample(coarse: Labels, values: NDArray[np.intp]) -> tuple[Vectors, NDArray[np.intp]]:
    """Cells [point, axis] of each label, and which of the labels it is."""
    rng = np.random.default_rng(SEED)
    chosen = [np.argwhere(coarse == value) for value in values]
    chosen = [rng.permutation(cells)[:POINTS] for cells in chosen]
    kinds = np.repeat(np.arange(len(values)), [len(cells) for cells in chosen])
    return np.concatenate(chosen).astype(float), kinds
