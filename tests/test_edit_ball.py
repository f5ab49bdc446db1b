"""Discs and balls in mm, by the rule of the browser's ``strokeCells``."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from canvases import after, scene, volume

from segviz.edit.ball import brush
from segviz.errors import Refused


def painted(canvas, **parameters):
    return after(canvas, brush(canvas, label=1, **parameters))


@pytest.mark.parametrize(("radius", "count"), [(1, 5), (2, 13), (3, 29), (5, 81), (10, 317)])
@pytest.mark.parametrize("plane", [0, 1, 2])
def test_discs_of_one_millimetre_voxels(radius, count, plane):
    mask = painted(
        volume(np.zeros((25, 25, 25), np.uint8)),
        points=[[12, 12, 12]],
        radius_mm=radius,
        plane=plane,
    )
    assert mask.sum() == count == np.take(mask, 12, axis=plane).sum()


@pytest.mark.parametrize(("radius", "count"), [(0, 1), (1, 7), (2, 33), (10, 4169)])
def test_balls_of_one_millimetre_voxels(radius, count):
    mask = painted(
        volume(np.zeros((25, 25, 25), np.uint8)), points=[[12, 12, 12]], radius_mm=radius
    )
    assert mask.sum() == count


@pytest.mark.parametrize("plane", [None, 0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_every_centre_within_the_radius_of_the_line_and_no_other(seed, plane):
    """Voxels that are not cubes, strokes that leave the volume; each voxel looked at alone."""
    random = np.random.default_rng(seed)
    spacing = (0.5, 0.7, 3.0)
    points = random.integers(-3, 20, (4, 3)).astype(float)
    if plane is not None:
        points[:, plane] = 7
    canvas = volume(np.zeros((18, 16, 12), np.uint8), spacing)
    axes = [a for a in range(3) if a != plane]
    expected = np.zeros(canvas.labels.shape, np.uint8)
    for voxel in np.ndindex(expected.shape):
        if plane is not None and voxel[plane] != 7:
            continue
        here = np.multiply(voxel, spacing)[axes]
        for a, b in itertools.pairwise(points):
            a, b = np.multiply(a, spacing)[axes], np.multiply(b, spacing)[axes]
            share = np.clip((here - a) @ (b - a) / max((b - a) @ (b - a), 1e-30), 0, 1)
            if np.linalg.norm(here - a - share * (b - a)) <= 2.5 + 1e-6:
                expected[voxel] = 1
    assert (painted(canvas, points=points, radius_mm=2.5, plane=plane) == expected).all()


def test_points_are_put_on_the_nearest_voxel():
    canvas = volume(np.zeros((9, 9, 9), np.uint8))
    mask = painted(canvas, points=[[3.5, 4.4, 3.6]], radius_mm=0)
    assert np.argwhere(mask).tolist() == [[4, 4, 4]]


def test_the_eraser_leaves_what_is_empty_out_of_the_history():
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[4, 4, 4] = 7
    (part,) = brush(volume(labels), label=0, points=[[4, 4, 4]], radius_mm=2).parts
    assert (part.before.tolist(), part.after.tolist()) == ([7], [0])


def test_a_scene_counts_from_pixel_corners():
    mask = painted(scene(np.zeros((9, 12), np.uint8)), points=[[5.5, 3.5]], radius_cells=1)
    assert np.argwhere(mask).tolist() == [[2, 5], [3, 4], [3, 5], [3, 6], [4, 5]]


def test_no_point_paints_nothing():
    assert painted(volume(np.zeros((3, 3, 3), np.uint8)), points=[], radius_mm=2).sum() == 0


@pytest.mark.parametrize("points", [[[1, 2]], [[1, 2, float("nan")]], [["a", 1, 2]]])
def test_what_is_no_position_is_refused(points):
    with pytest.raises(Refused, match="SV-EDIT-002"):
        brush(volume(np.zeros((3, 3, 3), np.uint8)), label=1, points=points, radius_mm=1)


@pytest.mark.parametrize("radius", [-1.0, 3000.0])
def test_a_stroke_too_large_for_memory_is_refused(radius):
    canvas = scene(np.zeros((6000, 6000), np.uint8))
    with pytest.raises(Refused, match="SV-EDIT-033"):
        brush(canvas, label=1, points=[[5.5, 5.5], [5000, 5000]], radius_cells=radius)
