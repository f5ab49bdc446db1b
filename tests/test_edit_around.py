import numpy as np
import pytest
from canvases import canvas_of, noise
from scipy import ndimage

from segviz.edit import around
from segviz.edit.amounts import Length


@pytest.mark.parametrize("shape", [(23, 17), (9, 12, 11)])
def test_windows_cover_a_box_once(shape, monkeypatch):
    monkeypatch.setattr(around, "WINDOW", {2: 5, 3: 4})
    canvas, reach = canvas_of(noise(shape, 1)), (3, 0, 1)[: len(shape)]
    box = (slice(2, 9), slice(0, 11), slice(4, 10))[: len(shape)]
    times = np.zeros(shape, int)
    for window, within, labels in around.windows(canvas, box, reach):
        times[window] += 1
        assert (labels[within] == canvas.labels[window]).all()
        for w, s, more, n, size in zip(window, within, reach, shape, labels.shape, strict=True):
            assert s.start == min(more, w.start)
            assert size - s.stop == min(more, n - w.stop)
    assert (times[box] == 1).all()
    assert times.sum() == times[box].size


def test_a_disc_of_two():
    lines = around.ball(Length(2, (1.0, 1.0), "cells"))
    assert lines == [((-2,), 0), ((-1,), 1), ((0,), 2), ((1,), 1), ((2,), 0)]


@pytest.mark.parametrize(
    ("radius", "steps"), [(1, (1, 1)), (3.2, (1, 1)), (3, (0.7, 2)), (2, (1, 1, 1)), (4, (3, 1, 2))]
)
def test_votes_and_nearness_in_a_ball(radius, steps):
    length = Length(radius, steps, "mm")
    marked = noise((16, 15, 14)[: len(steps)], 3) == 1
    grid = np.meshgrid(
        *(np.arange(-n, n + 1) * s for n, s in zip(length.reach, steps, strict=True)),
        indexing="ij",
    )
    kernel = (sum(g**2 for g in grid) <= radius**2).astype(int)
    assert kernel.sum() == sum(2 * side + 1 for _, side in around.ball(length))
    expected = ndimage.convolve(marked.astype(int), kernel, mode="constant")
    within = tuple(slice(1, n - 4) for n in marked.shape)
    found = around.votes(marked, within, around.ball(length))
    assert (found == expected[within]).all()
    assert (around.near(marked, length) == (expected > 0)).all()
