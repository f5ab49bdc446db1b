"""Smoothing against scipy's median and a count of votes cell by cell."""

import numpy as np
import pytest
from canvases import after, scene, volume
from scipy.ndimage import gaussian_filter, median_filter

from segviz.edit import around
from segviz.edit.smooth import smooth
from segviz.errors import Refused


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch):
    monkeypatch.setattr(around, "WINDOW", {2: 11, 3: 9})


def blobs(shape, seed, labels=4):
    random = np.random.default_rng(seed)
    field = gaussian_filter(random.normal(size=shape), 2)
    mask = np.digitize(field / field.std(), np.linspace(-1, 1, labels - 1))
    return np.where(random.random(shape) < 0.1, random.integers(0, labels, shape), mask)


def elected(labels, radius, spacing):
    """The label with most votes in each ball, by looking at every pair of cells."""
    cells = np.indices(labels.shape).reshape(labels.ndim, -1).T
    flat = labels.ravel().astype(int)
    result = flat.copy()
    for n, cell in enumerate(cells):
        apart = (((cells - cell) * spacing) ** 2).sum(axis=1)
        votes = np.bincount(flat[apart <= radius**2 * (1 + 1e-9)])
        if votes[flat[n]] < votes.max():
            result[n] = np.argmax(votes)
    return result.reshape(labels.shape)


def test_a_cube_of_ten_loses_its_edges():
    labels = np.zeros((16, 16, 16))
    labels[3:13, 3:13, 3:13] = 1
    labels[0, 0, 0] = 1
    canvas = volume(labels)
    assert after(canvas, smooth(canvas, label=1, radius_mm=1.8)).sum() == 896


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("spacing", "radius_mm"), [((1, 1, 1), 1), ((1, 1, 1), 2.3), ((0.7, 2, 1), 2.1)]
)
def test_volumes_by_counting_votes(seed, spacing, radius_mm):
    canvas = volume(blobs((10, 12, 13), seed), spacing)
    result = after(canvas, smooth(canvas, label=0, radius_mm=radius_mm))
    assert (result == elected(canvas.labels, radius_mm, spacing)).all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("radius_m", [10, 15, 32])
def test_scenes_by_counting_votes(seed, radius_m):
    canvas = scene(blobs((23, 31), seed))
    result = after(canvas, smooth(canvas, label=0, radius_m=radius_m))
    assert (result == elected(canvas.labels, radius_m, (10, 10))).all()


@pytest.mark.parametrize("seed", range(3))
def test_of_two_labels_it_is_the_median(seed):
    canvas = scene(blobs((40, 50), seed, labels=2))
    disc = np.hypot(*np.mgrid[-3:4, -3:4]) <= 3
    inner = (slice(3, -3), slice(3, -3))
    result = after(canvas, smooth(canvas, label=1, radius_cells=3))
    assert (result[inner] == median_filter(canvas.labels, footprint=disc)[inner]).all()


def test_labels_that_fill_a_picture_leave_no_gap():
    canvas = scene(blobs((40, 50), 7) + 1)
    result = after(canvas, smooth(canvas, label=0, radius_cells=4))
    assert (result > 0).all()
    assert (result != canvas.labels).any()


def test_one_label_leaves_the_border_between_others():
    canvas = scene(blobs((30, 30), 3))
    every = after(canvas, smooth(canvas, label=0, radius_cells=2))
    one = after(canvas, smooth(canvas, label=2, radius_cells=2))
    changed = (canvas.labels == 2) | (every == 2)
    assert (one == np.where(changed, every, canvas.labels)).all()
    assert (one != every).any()


def test_equal_votes_keep_the_label():
    canvas = scene([[1, 2, 1, 2]])
    assert after(canvas, smooth(canvas, label=0, radius_cells=1)).tolist() == [[1, 1, 2, 2]]
    canvas = scene([[1, 2]])
    assert after(canvas, smooth(canvas, label=0, radius_cells=1)).tolist() == [[1, 2]]


def test_a_radius_below_the_slice_distance_says_so():
    canvas = volume(blobs((10, 12, 5), 1), (1, 1, 5))
    edit = smooth(canvas, label=0, radius_mm=2)
    assert edit.what == "Smooth within 2 mm"
    assert edit.note == (
        "2 mm is less than the 5 mm between slices, so each slice was changed by itself."
    )
    flat = [elected(canvas.labels[:, :, z], 2, (1, 1)) for z in range(5)]
    assert (after(canvas, edit) == np.stack(flat, axis=2)).all()


@pytest.mark.parametrize(
    ("canvas", "arguments", "code"),
    [
        (scene([[1]]), {"radius_mm": 2}, "052"),
        (scene([[1]]), {"radius_m": -2}, "052"),
        (scene([[1]], None), {"radius_m": 20}, "053"),
        (volume([[[1]]]), {"radius_mm": 40}, "055"),
    ],
)
def test_what_is_no_radius(canvas, arguments, code):
    with pytest.raises(Refused, match=f"SV-EDIT-{code}"):
        smooth(canvas, label=1, **arguments)
