"""How a grid is laid out in windows."""

from itertools import pairwise

import numpy as np
import pytest

from segviz.inference.windows import (
    balanced,
    balanced_boxes,
    full_boxes,
    gaussian,
    tiles,
)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (10, (16, [0])),
        (96, (96, [0])),
        (100, (64, [0, 36])),
        (200, (96, [0, 52, 104])),
    ],
)
def test_windows_are_balanced(size, expected):
    assert balanced(size, most=96, multiple=16, overlap=24) == expected


@pytest.mark.parametrize("size", range(90, 400, 7))
def test_windows_cover_everything_with_the_overlap(size):
    length, starts = balanced(size, most=96, multiple=16, overlap=24)
    assert length <= 96
    assert starts[0] == 0
    assert starts[-1] + length >= size
    for first, second in pairwise(starts):
        assert first + length - second >= 24


def test_boxes_have_one_shape():
    window, boxes = balanced_boxes((20, 50, 100), (32, 32, 32), 16, 8)
    assert len(boxes) == 1 * 2 * 4
    assert {tuple(s.stop - s.start for s in box) for box in boxes} == {window}


def test_gaussian_is_symmetric_and_never_zero():
    weights = gaussian((9, 5))
    assert weights[4, 2] == 1
    assert weights == pytest.approx(weights[::-1, ::-1])
    assert weights.min() > 0


@pytest.mark.parametrize("window", [(0, 100, 0, 70), (3, 61, 17, 70), (5, 6, 5, 6)])
def test_tiles_cover_a_window_once_and_lie_on_one_lattice(window):
    seen = np.zeros((100, 70), int)
    for tile in tiles(window, core=32, halo=8, multiple=4):
        seen[tile.core[0] : tile.core[1], tile.core[2] : tile.core[3]] += 1
        assert tile.outer[0] % 4 == tile.outer[2] % 4 == 0
        assert tile.core[0] - tile.outer[0] >= 8
        assert tile.outer[1] - tile.core[1] >= 8
    inside = np.zeros_like(seen)
    inside[window[0] : window[1], window[2] : window[3]] = 1
    assert (seen == inside).all()


def test_tiles_of_a_window_have_one_shape():
    shapes = {
        (tile.outer[1] - tile.outer[0], tile.outer[3] - tile.outer[2])
        for tile in tiles((0, 1000, 0, 333), core=256, halo=16, multiple=8)
    }
    assert len(shapes) == 1


def test_full_windows_keep_their_size_and_overlap():
    window, boxes = full_boxes((10, 30), (16, 16), (8, 8))
    assert window == (16, 16)
    assert [box[0] for box in boxes] == [slice(0, 16)] * 3
    assert [box[1] for box in boxes] == [slice(0, 16), slice(7, 23), slice(14, 30)]
