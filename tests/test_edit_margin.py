"""Margins against the vectors of the medical reference, scipy's and SimpleITK's distance maps."""

import numpy as np
import pytest
import SimpleITK as sitk
from affine import Affine
from canvases import after, scene, volume
from scipy.ndimage import distance_transform_edt

from segviz.edit import around
from segviz.edit.margin import margin
from segviz.errors import Refused


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch):
    monkeypatch.setattr(around, "WINDOW", {2: 11, 3: 9})


def ball_of(radius_mm, spacing, shape):
    middle = [n // 2 for n in shape]
    at = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    apart = sum(((a - m) * s) ** 2 for a, m, s in zip(at, middle, spacing, strict=True))
    return (apart <= radius_mm**2).astype(np.uint8)


@pytest.mark.parametrize(
    ("distance_mm", "voxels"),
    [(1, 5287), (2, 6721), (3, 8955), (-1, 3191), (-2, 2313), (-3, 1431)],
)
def test_a_ball_of_ten(distance_mm, voxels):
    canvas = volume(ball_of(10, (1, 1, 1), (29, 29, 29)))
    assert canvas.labels.sum() == 4169
    assert after(canvas, margin(canvas, label=1, distance_mm=distance_mm)).sum() == voxels


@pytest.mark.parametrize(
    ("distance_mm", "mm3", "slices"),
    [
        (1, 5156.25, 7),
        (2, 6317.25, 7),
        (3, 8262.75, 9),
        (-1, 3338.25, 7),
        (-2, 2534.25, 7),
        (-3, 1647.75, 5),
    ],
)
def test_a_ball_in_thick_slices(distance_mm, mm3, slices):
    spacing = (3, 0.5, 0.5)
    canvas = volume(ball_of(10, spacing, (25, 57, 57)), spacing)
    assert canvas.labels.sum() * 0.75 == 4205.25
    edit = margin(canvas, label=1, distance_mm=distance_mm)
    result = after(canvas, edit)
    assert result.sum() * 0.75 == mm3
    assert result.any(axis=(1, 2)).sum() == slices
    said = f"{abs(distance_mm)} mm is less than the 3 mm between slices"
    assert (said in edit.note) == (abs(distance_mm) < 3)


def noise(shape, seed, share=0.1):
    random = np.random.default_rng(seed)
    return np.where(random.random(shape) < share, random.integers(1, 4, shape), 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.7, 2.5), (3, 0.1, 0.9)])
@pytest.mark.parametrize("distance_mm", [0.3, 1.4, 4.2])
def test_volumes_against_scipy(seed, spacing, distance_mm):
    canvas = volume(noise((12, 20, 21), seed, 0.02), spacing)
    apart = distance_transform_edt(canvas.labels != 2, sampling=spacing)
    reached = (apart <= distance_mm + 1e-9) & (canvas.labels != 2)
    grown = after(canvas, margin(canvas, label=2, distance_mm=distance_mm))
    assert (grown == np.where(reached & (canvas.labels == 0), 2, canvas.labels)).all()
    over = after(canvas, margin(canvas, label=2, distance_mm=distance_mm, over=True))
    assert (over == np.where(reached, 2, canvas.labels)).all()

    canvas = volume(1 - (canvas.labels == 2), spacing)
    deep = distance_transform_edt(canvas.labels, sampling=spacing)
    shrunk = after(canvas, margin(canvas, label=1, distance_mm=-distance_mm))
    assert (shrunk == np.where(deep <= distance_mm + 1e-9, 0, canvas.labels)).all()


@pytest.mark.parametrize("seed", range(3))
def test_volumes_against_simpleitk(seed):
    spacing, distance_mm = (0.7, 0.9, 2.5), 3.1
    canvas = volume(noise((14, 15, 16), seed, 0.004), spacing)
    inside = sitk.GetImageFromArray((canvas.labels == 1).astype(np.uint8).transpose())
    inside.SetSpacing(spacing)
    apart = sitk.SignedMaurerDistanceMap(inside, False, False, True)
    reached = sitk.GetArrayFromImage(apart).transpose() <= distance_mm
    grown = after(canvas, margin(canvas, label=1, distance_mm=distance_mm, over=True))
    assert ((grown == 1) == reached).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("metres", [10, 30, 57])
def test_scenes_against_scipy(seed, metres):
    canvas = scene(noise((40, 57), seed, 0.02))
    apart = distance_transform_edt(canvas.labels != 2, sampling=10)
    reached = (apart <= metres) & (canvas.labels == 0)
    grown = after(canvas, margin(canvas, label=2, distance_m=metres))
    assert (grown == np.where(reached, 2, canvas.labels)).all()


def test_a_margin_in_degrees_is_as_wide_as_it_is_high_on_the_ground():
    labels = np.zeros((41, 81))
    labels[20, 40] = 1
    canvas = scene(labels, 4326, Affine(0.0001, 0, 12, 0, -0.0001, 60))
    grown = after(canvas, margin(canvas, label=1, distance_m=100))
    assert grown[20].sum() == 2 * 17 + 1
    assert grown[:, 40].sum() == 2 * 8 + 1


def test_a_margin_between_the_sides_of_oblong_pixels():
    canvas = scene(np.ones((3, 3)), 4326, Affine(0.0001, 0, 12, 0, -0.0001, 60))
    edit = margin(canvas, label=1, distance_m=8)
    assert (
        edit.note == "8 m is less than the 11.1 m between rows, so each row was changed by itself."
    )


def test_three_tenths_are_three_steps_of_a_tenth():
    canvas = volume([[[1] + [0] * 5]], np.full(3, 0.1, np.float32))
    grown = after(canvas, margin(canvas, label=1, distance_mm=0.3))
    assert grown.tolist() == [[[1, 1, 1, 1, 0, 0]]]


def test_nothing_shrinks_from_the_edge_of_the_image():
    canvas = scene([[1, 1, 1, 0], [1, 1, 1, 0]])
    shrunk = after(canvas, margin(canvas, label=1, distance_cells=-1))
    assert shrunk.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0]]


def test_a_margin_of_less_than_a_cell_says_so():
    canvas = scene([[0, 1, 0]])
    edit = margin(canvas, label=1, distance_m=9)
    assert (after(canvas, edit) == canvas.labels).all()
    assert edit.note == "9 m is less than the size of a cell, so nothing changes."


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"label": 0, "distance_m": 1}, "058"),
        ({"label": 1}, "052"),
        ({"label": 1, "distance_mm": 1}, "052"),
        ({"label": 1, "distance_m": 0}, "052"),
        ({"label": 1, "distance_m": float("inf")}, "052"),
        ({"label": 1, "distance_m": 2600}, "055"),
    ],
)
def test_what_is_no_margin(arguments, code):
    with pytest.raises(Refused, match=f"SV-EDIT-{code}"):
        margin(scene([[1, 0]]), **arguments)


def test_metres_need_a_place_on_the_earth():
    canvas = scene([[1, 0, 0, 0]], None)
    with pytest.raises(Refused, match="SV-EDIT-053"):
        margin(canvas, label=1, distance_m=30)
    grown = after(canvas, margin(canvas, label=1, distance_cells=2))
    assert grown.tolist() == [[1, 1, 1, 0]]
