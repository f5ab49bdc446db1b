import numpy as np

from segviz.edit.delta import Delta
from segviz.edit.samples import Samples, gather, of_mask


def stroke(cells: list[int], label: int, before: int = 9) -> Delta:
    size = len(cells)
    return Delta(np.array(cells), np.full(size, before, np.uint8), np.full(size, label, np.uint8))


def test_a_cell_painted_twice_is_of_the_last_stroke() -> None:
    found = gather([(11, stroke([4, 5, 6], 1)), (12, stroke([6, 7], 2)), (13, stroke([5], 0))])
    assert found.cells.tolist() == [4, 5, 6, 7]
    assert found.labels.tolist() == [1, 0, 2, 2]
    assert found.strokes.tolist() == [11, 13, 12, 12]
    assert found.counts() == {0: (1, 1), 1: (1, 1), 2: (1, 2)}


def test_no_strokes_are_no_samples() -> None:
    assert len(gather([])) == 0
    assert gather([]).counts() == {}


def test_labels_without_a_meaning_are_left_out() -> None:
    found = gather([(1, stroke([1, 2], 1)), (2, stroke([3], 2)), (3, stroke([4], 0))])
    meant = found.relabelled({1: 5, 0: 0})
    assert meant.cells.tolist() == [1, 2, 4]
    assert meant.labels.tolist() == [5, 5, 0]


def test_a_large_stroke_is_thinned_and_a_small_one_is_not() -> None:
    found = gather([(1, stroke(list(range(100)), 1)), (2, stroke([200, 201], 2))])
    thinned = found.thinned(10, np.random.default_rng(0))
    assert (thinned.strokes == 1).sum() == 10
    assert (thinned.strokes == 2).sum() == 2
    assert np.isin(thinned.cells, found.cells).all()
    assert isinstance(thinned, Samples) and (np.diff(thinned.cells) > 0).all()


def test_each_piece_of_a_mask_is_a_stroke() -> None:
    mask = np.array([[1, 0, 0, 2], [0, 1, 0, 2], [0, 0, 0, 0], [1, 0, 3, 0]], np.uint8)
    found = of_mask(mask, background=3)
    assert found.cells.tolist() == [0, 3, 5, 7, 12, 14]
    assert found.labels.tolist() == [1, 2, 1, 2, 1, 0]
    assert found.counts() == {0: (1, 1), 1: (2, 3), 2: (1, 2)}
    assert found.strokes[0] == found.strokes[2] != found.strokes[4]
