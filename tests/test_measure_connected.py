"""Pieces against scipy and scikit-image, in strips of a few cells."""

import numpy as np
import pytest
from canvases import MASKS, canvas_of, turned
from scipy import ndimage
from skimage import measure

from segviz.edit.canvas import Canvas
from segviz.errors import Refused
from segviz.measure import connected
from segviz.measure.connected import Pieces, facing, of_label, touching


@pytest.fixture(autouse=True)
def _short_strips(monkeypatch):
    monkeypatch.setattr(connected, "STRIP_CELLS", 300)


@pytest.mark.parametrize("labels", MASKS)
@pytest.mark.parametrize("store", [np.asarray, turned])
def test_pieces_are_those_of_scipy(labels, store):
    on = canvas_of(store(labels))
    for label in (1, 2, 3):
        found = Pieces.find(on.labels, on.whole, of_label(label), touching(labels.ndim))
        numbers, count = ndimage.label(labels == label, touching(labels.ndim))
        assert sorted(found.cells[1:]) == sorted(np.bincount(numbers.ravel())[1:])
        for number in range(1, count + 1):
            cell = tuple(np.argwhere(numbers == number)[-1])
            assert found.cells[found.at(on.labels, cell)] == (numbers == number).sum()


@pytest.mark.parametrize("labels", MASKS)
def test_sides_of_pieces(labels):
    on = canvas_of(labels)
    found = Pieces.find(on.labels, on.whole, of_label(0), touching(labels.ndim))
    numbers = measure.label(labels, connectivity=labels.ndim)
    assert len(found) - 1 == numbers.max()
    for number in range(1, numbers.max() + 1):
        where = np.argwhere(numbers == number)
        piece = found.at(on.labels, tuple(where[0]))
        assert found.label[piece] == labels[tuple(where[0])]
        low, high = where.min(axis=0) == 0, where.max(axis=0) == np.array(labels.shape) - 1
        assert (found.sides[piece] == np.stack([low, high], axis=1)).all()


@pytest.mark.parametrize("plane", [None, 0, 1, 2])
def test_neighbours_that_share_a_face(plane):
    steps = np.argwhere(facing(3, plane)) - 1
    along = [axis for axis in range(3) if axis != plane]
    expected = [[0, 0, 0], *(side * np.eye(3, dtype=int)[a] for a in along for side in (-1, 1))]
    assert sorted(map(tuple, steps)) == sorted(map(tuple, expected))


def test_a_box_is_looked_at_by_itself():
    on = canvas_of([[1, 1, 1], [0, 0, 1], [1, 1, 1]])
    box = (slice(0, 3), slice(0, 2))
    found = Pieces.find(on.labels, box, of_label(1), touching(2), 0.5)
    assert found.cells.tolist() == [2, 2, 2]
    assert found.size[1:].tolist() == [1, 1]
    assert found.sides[1].tolist() == [[True, False], [True, True]]
    with pytest.raises(ValueError, match="outside"):
        found.at(on.labels, (3, 0))


def test_what_lies_beyond_the_faces_of_a_piece():
    on = canvas_of([[1, 1, 2], [0, 1, 2], [0, 3, 3]])
    found = Pieces.find(on.labels, on.whole, of_label(0), touching(2))
    chosen = np.arange(len(found)) == found.at(on.labels, (0, 0))
    beyond = np.concatenate([label for _, _, label in found.seams(on.labels, chosen)])
    assert sorted(beyond) == [0, 0, 2, 2, 3]


def test_a_mask_that_changes_meanwhile():
    labels = np.array([[1, 0, 1], [1, 0, 1]], np.uint8)
    on = Canvas(canvas_of(labels).grid, labels)
    found = Pieces.find(on.labels, on.whole, of_label(1), touching(2))
    parts = found.relabelled(on.labels, found.real, 2)
    labels[0, 1] = 1
    with pytest.raises(Refused, match="SV-EDIT-060"):
        list(parts)
