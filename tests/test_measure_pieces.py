"""Connected pieces of volumes, against scipy and connected-components-3d."""

import cc3d
import numpy as np
import pytest
from scipy import ndimage

from segviz.measure.pieces import pieces

TOUCHING = np.ones((3, 3, 3))


def same_partition(binary, labels, expected):
    """Each number of one has one number of the other, and none lies outside."""
    assert ((labels > 0) == binary).all()
    pairs = np.unique(np.stack([labels[binary], expected[binary]]), axis=1)
    return pairs.shape[1] == len(np.unique(pairs[0])) == len(np.unique(pairs[1]))


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.3, 0.9])
@pytest.mark.parametrize("shape", [(9, 8, 140), (1, 1, 70), (7, 1, 64), (12, 13, 5), (2, 3, 63)])
@pytest.mark.parametrize("seed", range(4))
def test_any_mask_has_the_pieces_that_scipy_finds(shape, share, seed):
    random = np.random.default_rng(seed)
    binary = random.random(shape) < share
    found = pieces(binary)
    labels, count = ndimage.label(binary, TOUCHING)
    assert found.count == count
    assert same_partition(binary, found.labels, labels)


@pytest.mark.parametrize("share", [0.02, 0.06, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_any_mask_has_the_pieces_that_cc3d_finds(share, seed):
    binary = np.random.default_rng(seed).random((23, 18, 131)) < share
    labels = cc3d.connected_components(binary, connectivity=26)
    assert same_partition(binary, pieces(binary).labels, labels)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_views_of_a_mask_have_its_pieces(axes):
    binary = np.random.default_rng(1).random((20, 17, 90)) < 0.04
    view = binary.transpose(axes)[::-1, :, ::-1]
    found = pieces(view)
    labels, count = ndimage.label(view, TOUCHING)
    assert found.count == count
    assert same_partition(view, found.labels, labels)


@pytest.mark.parametrize("shift", [s for s in np.ndindex(3, 3, 3) if s != (1, 1, 1)])
@pytest.mark.parametrize("at", [(3, 3, 3), (4, 4, 63), (3, 4, 64)])
def test_each_of_26_neighbours_touches(shift, at):
    binary = np.zeros((9, 9, 130), bool)
    binary[at] = binary[tuple(np.array(at) + shift - 1)] = True
    assert pieces(binary).count == 1
    further = np.zeros_like(binary)
    further[at] = further[tuple(np.array(at) + 2 * (np.array(shift) - 1))] = True
    assert pieces(further).count == 2


def test_rows_that_end_and_begin_at_the_border_stay_apart():
    binary = np.zeros((1, 4, 64), bool)
    binary[0, 0, -1] = binary[0, 2, 0] = binary[0, 3, -1] = True
    assert pieces(binary).count == 3


def test_nothing_has_no_piece_and_all_have_one():
    assert pieces(np.zeros((3, 4, 5), bool)).count == 0
    assert not pieces(np.zeros((3, 4, 5), bool)).labels.any()
    assert pieces(np.ones((3, 4, 5), bool)).count == 1


def test_numbers_take_as_little_room_as_they_can():
    corners = np.zeros((2, 2, 1200), bool)
    corners[0, 0, ::4] = True
    found = pieces(corners)
    assert (found.count, found.labels.dtype, found.labels.max()) == (300, np.uint16, 300)
