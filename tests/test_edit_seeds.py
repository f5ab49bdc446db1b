"""Grow from strokes: costs equal to those of Dijkstra's algorithm, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from canvases import after, scene, volume
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from segviz.edit import seeds as module
from segviz.edit.seeds import nearest, seeds, step_costs
from segviz.errors import Refused


def dijkstra_costs(marks, steps):
    """Label and cost of the cheapest way to each cell, by scipy; the lower label at equal cost."""
    number = np.arange(marks.size).reshape(marks.shape)
    begin, end, cost = [], [], []
    for axis, step in enumerate(steps):
        line = np.moveaxis(number, axis, 0)
        begin.append(np.moveaxis(line[:-1], 0, axis).ravel())
        end.append(np.moveaxis(line[1:], 0, axis).ravel())
        cost.append(step.ravel())
    places = (np.concatenate(begin), np.concatenate(end))
    graph = coo_array((np.concatenate(cost).astype(float), places), shape=(marks.size,) * 2)
    labels = np.unique(marks[marks > 0])
    ways = [
        dijkstra(graph.tocsr(), False, np.flatnonzero(marks == label), min_only=True)
        for label in labels
    ]
    shortest = np.min(ways, axis=0).reshape(marks.shape)
    return labels[np.argmin(ways, axis=0)].reshape(marks.shape), shortest


@pytest.mark.parametrize("shape", [(40, 31), (14, 11, 12), (1, 30), (9, 1, 7)])
@pytest.mark.parametrize("seed", range(4))
def test_costs_and_labels_are_those_of_dijkstra(seed, shape):
    random = np.random.default_rng(seed)
    values = random.normal(size=(2, *shape)).astype(np.float32)
    marks = np.where(random.random(shape) > 0.96, random.integers(1, 5, shape), 0).astype(np.uint8)
    marks.flat[:2] = 1, 2
    steps = step_costs(list(values), (0.5, 0.7, 3.0)[: len(shape)])
    labels, costs = nearest(marks, steps)
    expected, shortest = dijkstra_costs(marks, steps)
    assert (costs == shortest).all()
    assert (labels == expected).all()


def test_a_maze_is_followed_to_its_end():
    """A way that turns back 20 times; passes go on until it is found."""
    walls = np.zeros((41, 30), np.float32)
    walls[1::4, :-1] = walls[3::4, 1:] = 1
    marks = np.zeros(walls.shape, np.uint8)
    marks[0, 0] = 5
    steps = [np.maximum((np.diff(walls, axis=a) != 0) * 4000, 1).astype(np.int32) for a in (0, 1)]
    costs = nearest(marks, steps)[1]
    assert (costs == dijkstra_costs(marks, steps)[1]).all()


def test_flat_ground_is_divided_half_way_in_mm():
    labels = np.zeros((41, 3, 5), np.uint8)
    labels[0, :, :], labels[40, :, :] = 1, 2
    labels[20, 1, 2] = 0
    canvas = volume(labels, (0.5, 1.0, 4.0), np.full(labels.shape, 7.0))
    mask = after(canvas, seeds(canvas, label=1))
    assert (mask[:21] == 1).all() and (mask[21:] == 2).all()


@pytest.mark.parametrize(("noise", "least"), [(0, 0.97), (5, 0.97), (15, 0.97), (30, 0.94)])
def test_a_ball_from_two_short_strokes(noise, least):
    """Dice with the true ball; its brightness is 100 above what surrounds it."""
    distance = np.linalg.norm((np.indices((48, 48, 48)).T - 23.5), axis=-1).T
    truth = distance <= 14
    values = ndimage.gaussian_filter(100.0 * truth, 1)
    values += np.random.default_rng(0).normal(0, noise, truth.shape)
    labels = np.zeros(truth.shape, np.uint8)
    labels[22:26, 22:26, 24], labels[3:45, 3, 24] = 1, 2
    labels[24, 44, 3:45], labels[3, 24, 3:45] = 2, 2
    canvas = volume(labels, values=values)
    mask = after(canvas, seeds(canvas, label=1, background=2, margin_mm=50))
    assert set(np.unique(mask)) == {0, 1}
    found = mask == 1
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > least


def field(width=30, others=0):
    """A map of two fields side by side, with a stroke on each, and what another label covers."""
    values = np.zeros((20, width))
    values[:, width // 2 :] = 50
    labels = np.zeros(values.shape, np.uint8)
    labels[8:12, 3], labels[8:12, width - 4] = 1, 2
    labels[2:4, 2:25] = others
    return scene(labels, values=values), values > 0


def test_an_edge_is_where_two_fields_meet():
    canvas, right = field()
    assert (after(canvas, seeds(canvas, label=1)) == 1 + right).all()


def test_strokes_and_other_labels_keep_their_cells():
    canvas = field(others=7)[0]
    mask = after(canvas, seeds(canvas, label=1))
    marked = canvas.labels > 0
    assert (mask[marked] == canvas.labels[marked]).all() and (mask > 0).all()


def test_one_label_grows_against_the_others():
    canvas, right = field()
    mask = after(canvas, seeds(canvas, label=1, others=False))
    assert ((mask == 1) == ~right).all()
    assert ((mask == 2) == (canvas.labels == 2)).all()


def test_strokes_on_the_background_are_gone_in_the_end():
    canvas, right = field()
    assert (after(canvas, seeds(canvas, label=1, background=2)) == ~right).all()


def test_the_region_is_the_strokes_and_a_margin():
    canvas, _ = field()
    mask = after(canvas, seeds(canvas, label=1, margin_m=20))
    assert (mask == after(canvas, seeds(canvas, label=1, margin_cells=2))).all()
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 13, 1, 28)


def test_it_says_when_it_would_go_on():
    canvas, _ = field()
    assert "reaches the edge" in seeds(canvas, label=1, margin_m=20).note
    assert seeds(canvas, label=1, margin_m=1000).note == ""


def test_a_region_may_be_given_by_two_places():
    canvas, _ = field()
    mask = after(canvas, seeds(canvas, label=1, box=[[0.5, 8.5], [99.0, 11.5]]))
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 11, 0, 29)


def test_cells_without_a_value_stay_as_they_are():
    canvas, right = field()
    values = np.where(right, 50.0, 0.0)
    values[:, 20:22] = np.nan
    canvas = scene(canvas.labels, values=values)
    mask = after(canvas, seeds(canvas, label=1))
    assert (mask[:, 20:22] == 0).all()
    assert (mask[:, :15] == 1).all() and (mask[:, 22:] == 2).all()


def test_a_great_region_ends_early_and_hardly_differs(monkeypatch):
    random = np.random.default_rng(3)
    values = random.normal(size=(60, 60, 40))
    labels = np.zeros(values.shape, np.uint8)
    labels[5:55, 5, 20], labels[5:55, 55, 20] = 1, 2
    canvas = volume(labels, values=values)
    quick = after(canvas, seeds(canvas, label=1, margin_mm=100))
    monkeypatch.setattr(module, "SETTLED", 10**9)
    exact = after(canvas, seeds(canvas, label=1, margin_mm=100))
    assert (quick != exact).mean() < 1e-3


def test_a_label_without_a_stroke_is_refused():
    canvas, _ = field()
    with pytest.raises(Refused, match="SV-EDIT-075"):
        seeds(canvas, label=3)
    with pytest.raises(Refused, match="SV-EDIT-075"):
        seeds(scene(np.zeros((5, 5), np.uint8), values=np.zeros((5, 5))), label=1)


def test_strokes_of_one_label_are_refused():
    canvas, _ = field()
    with pytest.raises(Refused, match="SV-EDIT-076"):
        seeds(canvas, label=1, margin_m=0, box=[[0, 0], [10, 20]])


def test_a_region_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST", 100)
    canvas, _ = field()
    with pytest.raises(Refused, match="SV-EDIT-074"):
        seeds(canvas, label=1)
