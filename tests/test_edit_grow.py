"""Grow from a click: what is similar and joined, without leaking through what is narrow.

Without necks and edges it equals ITK's ConnectedThreshold and skimage's flood, cell by cell.
"""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from canvases import after, scene, volume
from scipy import ndimage
from skimage.segmentation import flood

from segviz.edit.grow import MOST, grow
from segviz.errors import Refused

PLAIN = {"neck_cells": 0, "denoise": False}


def grown(canvas, **parameters):
    edit = grow(canvas, label=1, **parameters)
    return after(canvas, edit) == 1


def ball(shape, centre, radius):
    cells = np.indices(shape).T - np.array(centre)
    distance = np.linalg.norm(cells, axis=-1).T
    return distance <= radius


def blank(values):
    return np.zeros(values.shape, np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_without_necks_it_is_itk_connected_threshold(seed):
    random = np.random.default_rng(seed)
    values = ndimage.gaussian_filter(random.normal(size=(20, 24, 18)), 1.5).astype(np.float32)
    place = (9, 12, 10)
    canvas = volume(blank(values), (0.5, 0.7, 3.0), values)
    around = values[8:11, 11:14, 9:12]
    mean = around[abs(around - values[place]) <= 0.15].mean()
    threshold = sitk.ConnectedThresholdImageFilter()
    threshold.SetSeedList([place])
    threshold.SetLower(float(mean) - 0.15)
    threshold.SetUpper(float(mean) + 0.15)
    expected = sitk.GetArrayFromImage(threshold.Execute(sitk.GetImageFromArray(values.T))).T == 1
    found = grown(canvas, at=place, tolerance=0.15, **PLAIN, radius_mm=1000)
    assert (found == expected).all() and found.sum() > 50


@pytest.mark.parametrize("seed", range(5))
def test_on_a_map_it_is_flood_filling(seed):
    random = np.random.default_rng(seed)
    values = np.round(ndimage.gaussian_filter(random.normal(size=(60, 50)), 3) * 100)
    values[29:32, 24:27] = values[30, 25]
    found = grown(
        scene(blank(values), values=values), at=[25.5, 30.5], tolerance=6, **PLAIN, radius_m=5000
    )
    expected = flood(values, (30, 25), tolerance=6, connectivity=1)
    assert (found == expected).all()


def two_balls():
    """Two balls of radius 8, joined by a bridge of one voxel."""
    shape = (50, 25, 25)
    both = ball(shape, (12, 12, 12), 8) | ball(shape, (37, 12, 12), 8)
    both[20:30, 12, 12] = True
    return np.where(both, 100.0, 0.0), ball(shape, (12, 12, 12), 8)


def test_a_bridge_of_one_voxel_is_not_crossed():
    values, first = two_balls()
    canvas = volume(blank(values), values=values)
    leaking = grown(canvas, at=[12, 12, 12], neck_cells=0, radius_mm=100)
    assert leaking.sum() > 2 * first.sum()
    found = grown(canvas, at=[12, 12, 12], radius_mm=100)
    assert (found & first).sum() >= first.sum() - 6 and (found & ~first).sum() <= 2
    assert not found[30:].any()


@pytest.mark.parametrize(("width", "neck", "leaks"), [(1, 1, False), (3, 1, True), (3, 3, False)])
def test_a_hole_in_a_wall_up_to_the_width_of_a_neck(width, neck, leaks):
    """A ball in a shell of two voxels; outside of it looks like inside."""
    shape = (41, 41, 41)
    values = np.where(ball(shape, (20, 20, 20), 13) & ~ball(shape, (20, 20, 20), 11), 200.0, 50.0)
    half = width // 2
    values[30:35, 20 - half : 21 + half, 20 - half : 21 + half] = 50.0
    found = grown(
        volume(blank(values), values=values), at=[20, 20, 20], neck_cells=neck, radius_mm=100
    )
    inside = ball(shape, (20, 20, 20), 11)
    assert found[2, 2, 2] == leaks
    assert (found & inside).sum() >= 0.99 * inside.sum()
    if not leaks:
        assert (found & ~inside).sum() <= 3 * width**2


def test_an_edge_that_is_within_the_tolerance_is_not_crossed():
    """Two halves 30 apart; each varies by as much from end to end, so no tolerance tells them."""
    values = np.broadcast_to(np.linspace(0, 30, 40)[None], (40, 40)).copy()
    values[20:] += 30
    canvas = scene(blank(values), values=values)
    options = {"at": [20.5, 8.5], "tolerance": 60, "radius_cells": 500}
    assert grown(canvas, **options).all()
    found = grown(canvas, **options, edge=0.1)
    assert found[:19].all() and not found[22:].any()


def test_a_thin_place_is_grown_without_cutting_necks():
    values = np.zeros((30, 30))
    values[10, 3:25] = 100
    canvas = scene(blank(values), values=values)
    assert grown(canvas, at=[12.5, 10.5], share=0.5, radius_m=5000).sum() == 22


@pytest.mark.parametrize("share", [0.15, 0.3])
def test_noise_leaves_no_holes(share):
    """Noise of a third of the tolerance and more, in a ball 100 above what surrounds it."""
    truth = ball((40, 40, 40), (20, 20, 20), 12)
    values = 100 * truth + np.random.default_rng(0).normal(0, 10, truth.shape)
    canvas = volume(blank(values), values=values)
    found = grown(canvas, at=[20, 20, 20], share=share, radius_mm=100)
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > (
        0.95 if share < 0.2 else 0.999
    )


def test_a_thin_branch_of_a_body_is_no_edge():
    values = np.zeros((40, 40))
    values[5:20, 5:20] = values[10:14, 20:38] = 100
    canvas = scene(blank(values), values=values)
    found = grown(canvas, at=[10.5, 10.5], radius_cells=100, edge=0.1)
    assert (found == (values > 0)).all()


def test_several_bands_count_together():
    """Root of the mean square over bands: 3 and 4 in two bands are 3.54."""
    bands = np.zeros((2, 9, 9))
    bands[0, 5:], bands[1, 5:] = 3, 4
    canvas = scene(blank(bands[0]), values=bands)
    options = {"at": [4.5, 1.5], "channels": [0, 1], "radius_m": 5000, **PLAIN}
    assert grown(canvas, **options, tolerance=3.53).sum() == 45
    assert grown(canvas, **options, tolerance=3.54).sum() == 81


def test_the_share_is_of_the_spread_of_each_band():
    bands = np.zeros((2, 10, 10))
    bands[0, 5:], bands[1, 5:] = 1, 1000
    canvas = scene(blank(bands[0]), values=bands)
    options = {"at": [4.5, 1.5], "channels": [0, 1], "radius_m": 5000, **PLAIN}
    assert grown(canvas, **options, share=0.99).sum() == 50
    assert grown(canvas, **options, share=1.01).sum() == 100


def test_it_stays_within_the_radius_and_says_that_it_would_go_on():
    values = np.full((21, 21, 11), 7.0)
    canvas = volume(blank(values), (1, 1, 2), values)
    edit = grow(canvas, label=1, at=[10, 10, 5], radius_mm=5)
    steps = (np.indices(values.shape).T - (10, 10, 5)).T * np.array([1, 1, 2])[:, None, None, None]
    assert ((after(canvas, edit) == 1) == (np.linalg.norm(steps, axis=0) <= 5)).all()
    assert "reaches the edge" in edit.note
    assert grow(canvas, label=1, at=[10, 10, 5], radius_mm=100).note == ""


def test_other_labels_are_walls_unless_painted_over():
    values = np.full((9, 9), 5.0)
    labels = blank(values)
    labels[4] = 2
    labels[1, 1] = 1
    canvas = scene(labels, values=values)
    options = {"at": [1.5, 1.5], "neck_cells": 0, "radius_m": 5000}
    assert grown(canvas, **options).sum() == 36
    assert grown(canvas, **options, over=True).sum() == 81


def test_cells_without_a_value_are_never_taken():
    values = np.full((9, 9), 5.0)
    values[6] = np.nan
    found = grown(scene(blank(values), values=values), at=[1.5, 1.5], edge=0.5, radius_m=5000)
    assert found.sum() == 54 and not found[6:].any()


@pytest.mark.parametrize(
    ("at", "code"), [([9.5, 1.5], "050"), ([-0.1, 1], "050"), ([4.5, 4.5], "072"), ([1, 7], "073")]
)
def test_a_click_that_tells_nothing_is_refused(at, code):
    values = np.full((9, 9), 5.0)
    values[4, 4] = np.nan
    labels = blank(values)
    labels[7] = 2
    with pytest.raises(Refused, match=f"SV-EDIT-{code}"):
        grow(scene(labels, values=values), label=1, at=at)


def test_a_region_that_is_too_large_is_refused():
    side = int(MOST**0.5) + 2
    labels = np.broadcast_to(np.uint8(0), (side, side))
    with pytest.raises(Refused, match="SV-EDIT-074"):
        grow(scene(labels, values=labels), label=1, at=[side / 2, side / 2], radius_m=1e6)
