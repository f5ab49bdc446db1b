"""Head scans made from label maps: Billot et al., SynthSeg, Medical Image Analysis 86 (2023).

A window is sampled straight from a 1 mm label map through one coordinate field, and every tissue
gets a random brightness, so a network sees the anatomy under ever new contrasts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.inference.resample import along_axes, axis_weights

Field = NDArray[np.float32]
Shape = tuple[int, int, int]

SUB_POINTS_MM = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], np.float32) * 0.5
"""Where a 2 mm voxel looks at the tissues under it, so that its brightness is a mixture of them."""


@dataclass(frozen=True, eq=False)
class Head:
    """One label map: [x, y, z] in RAS+ order at 1 mm, one empty cell around it.

    ``tissues`` holds positions in the list of tissues; ``brain_center`` is in cells.
    """

    tissues: NDArray[np.uint8]
    brain_center: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Contrast:
    """Mean and spread of the brightness of each tissue."""

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]


def smooth_field(rng: np.random.Generator, shape: Shape, points: int, spread: float) -> Field:
    """Random values on ``points`` control points an axis, linearly interpolated to ``shape``."""
    control = rng.normal(0, spread, (points, points, points)).astype(np.float32)
    return along_axes(control, [axis_weights(points, np.linspace(0, points - 1, n)) for n in shape])


def random_affine(rng: np.random.Generator) -> NDArray[np.float32]:
    """Rotation up to 20 degrees an axis, scale 0.85-1.15, shear 0.1, mirrored half of the time."""
    matrix = np.diag(rng.uniform(0.85, 1.15, 3))
    matrix[np.triu_indices(3, 1)] = rng.uniform(-0.1, 0.1, 3)
    for axis, angle in enumerate(np.deg2rad(rng.uniform(-20, 20, 3))):
        turn = np.eye(3)
        a, b = [other for other in range(3) if other != axis]
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    if rng.random() < 0.5:
        matrix[:, 0] *= -1
    return matrix.astype(np.float32)


def window_points(
    rng: np.random.Generator, shape: Shape, spacing_mm: float, matrix: NDArray[np.float32]
) -> Field:
    """Positions [3, a, b, c] in mm around the window's centre, turned, scaled and bent."""
    axes = [
        (np.arange(n, dtype=np.float32) - np.float32((n - 1) / 2)) * np.float32(spacing_mm)
        for n in shape
    ]
    a, b, c = np.meshgrid(*axes, indexing="ij", sparse=True)
    bend, points = rng.uniform(0, 5), int(rng.integers(3, 7))
    return np.stack(
        [
            matrix[axis, 0] * a
            + matrix[axis, 1] * b
            + matrix[axis, 2] * c
            + smooth_field(rng, shape, points, bend)
            for axis in range(3)
        ]
    )


def look_up(tissues: NDArray[np.uint8], points: Field) -> NDArray[np.uint8]:
    """The tissue nearest to each point (in cells); the empty rim outside of the map."""
    flat = np.zeros(points.shape[1:], np.int32)
    for size, position in zip(tissues.shape, points, strict=True):
        flat *= size
        flat += np.clip(position + np.float32(0.5), 0, size - 1).astype(np.int32)
    return tissues.ravel()[flat]


def thick_slices(rng: np.random.Generator, image: Field) -> Field:
    """Average over slices 1.3 to 3.5 times as thick along one axis and interpolate back."""
    axis, factor = int(rng.integers(3)), float(rng.uniform(1.3, 3.5))
    size = image.shape[axis]
    coarse = np.arange(0, size, factor)
    down = axis_weights(size, coarse, factor)
    up = axis_weights(len(coarse), np.arange(size) / factor)
    return np.moveaxis(np.tensordot(up @ down, image, axes=(1, axis)), 0, axis)


def acquire(rng: np.random.Generator, image: Field) -> Field:
    """What a scanner does: blur, thick slices, uneven coil, gamma, noise, unknown scale."""
    if rng.random() < 0.6:
        image = ndimage.gaussian_filter(image, rng.uniform(0.2, 0.8), truncate=2.5)
    if rng.random() < 0.3:
        image = thick_slices(rng, image)
    image = image * np.exp(smooth_field(rng, image.shape, 4, rng.uniform(0, 0.3)))
    low, high = np.percentile(image[::2, ::2, ::2], (1, 99))
    image = np.clip((image - low) / max(high - low, 1e-3), 0, 2)
    image = image ** np.float32(np.exp(rng.normal(0, 0.2)))
    noise = rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(0, 0.05))
    return ((image + noise) * np.float32(rng.uniform(0.65, 1.15))).astype(np.float32)


def draw_image(
    rng: np.random.Generator,
    head: Head,
    center: NDArray[np.float32],
    contrast: Contrast,
    outside: NDArray[np.bool_],
    shape: Shape,
    spacing_mm: float,
) -> tuple[Field, NDArray[np.uint8]]:
    """One synthetic window and the tissues in it, both [a, b, c].

    Args:
        head: label map to sample.
        center: cell of the map that the window is centred on.
        contrast: brightness of each tissue.
        outside: which tissues lie outside the brain; these get a patchy brightness of their own.
        shape: cells of the window.
        spacing_mm: cell size of the window.
    """
    matrix = random_affine(rng)
    points = window_points(rng, shape, spacing_mm, matrix) + center[:, None, None, None]
    middle = look_up(head.tissues, points)
    image = np.zeros(shape, np.float32)
    for offset in SUB_POINTS_MM * np.float32(spacing_mm / 2) @ matrix.T:
        image += contrast.mean[look_up(head.tissues, points + offset[:, None, None, None])]
    image /= len(SUB_POINTS_MM)
    image += contrast.spread[middle] * rng.standard_normal(shape, np.float32)
    if rng.random() < 0.6:
        patches = smooth_field(rng, shape, int(rng.integers(8, 20)), rng.uniform(0, 60))
        image += patches * (outside & (contrast.mean > 0))[middle]
    return acquire(rng, np.maximum(image, 0)), middle
