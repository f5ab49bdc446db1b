"""Runs of cells, held against arrays."""

from __future__ import annotations

import numpy as np
import pytest
from canvases import MASKS
from scipy import ndimage

from segviz.errors import Refused
from segviz.measure import runs
from segviz.measure.runs import Runs

HOLE = np.array([[0, 1, 1, 0, 1], [1, 0, 0, 1, 0], [1, 1, 0, 0, 0]], np.uint8)


def test_runs_of_a_small_mask() -> None:
    found = Runs.of(HOLE, 1)
    assert found.line.tolist() == [0, 0, 1, 1, 2]
    assert found.start.tolist() == [1, 4, 0, 3, 0]
    assert found.stop.tolist() == [3, 5, 1, 4, 2]
    assert found.pieces().value.tolist() == [1, 1, 1, 1, 1]
    assert found.pieces(corners=False).value.tolist() == [1, 2, 3, 4, 3]


def test_an_empty_mask_has_no_runs() -> None:
    found = Runs.of(np.zeros((4, 5), np.uint8), 1).pieces()
    assert (len(found), found.count, found.totals().tolist()) == (0, 0, [])
    assert not found.drawn().any()


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("corners", [True, False])
def test_pieces_are_those_of_scipy_in_its_order(
    mask: np.ndarray, corners: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "STRIP_CELLS", 100)
    structure = ndimage.generate_binary_structure(mask.ndim, mask.ndim if corners else 1)
    numbers, count = ndimage.label(mask == 1, structure)
    found = Runs.of(mask, 1).pieces(corners)
    assert found.count == count
    np.testing.assert_array_equal(found.drawn(), numbers)
    np.testing.assert_array_equal(found.totals(), np.bincount(numbers.ravel())[1:])
    centres = ndimage.center_of_mass(mask == 1, numbers, np.arange(1, count + 1))
    np.testing.assert_allclose(found.middles(), centres)
    boxes = [[(s.start, s.stop) for s in box] for box in ndimage.find_objects(numbers)]
    np.testing.assert_array_equal(found.boxes(), boxes)
    for number in (1, count):
        alone = found.chosen(found.value == number)
        cut = tuple(slice(*ends) for ends in boxes[number - 1])
        expected = np.where(numbers[cut] == number, number, 0)
        np.testing.assert_array_equal(alone.drawn(found.boxes()[number - 1]), expected)


@pytest.mark.parametrize("mask", MASKS)
def test_sums_and_overlaps_are_those_of_arrays(
    mask: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "STRIP_CELLS", 100)
    weights = np.random.default_rng(1).random(mask.shape)
    found = Runs.of(mask)
    sums = found.totals(found.sums(lambda first, stop: weights[first:stop]))
    np.testing.assert_allclose(sums, np.bincount(mask.ravel(), weights.ravel())[1:], rtol=1e-12)
    other = np.ascontiguousarray(mask[::-1])
    expected = {
        (a, b): int(np.sum((mask == a) & (other == b))) for a in (1, 2, 3) for b in (1, 2, 3)
    }
    here, there, cells = found.overlaps(Runs.of(other))
    got = dict(zip(zip(here.tolist(), there.tolist(), strict=True), cells.tolist(), strict=True))
    assert got == {pair: count for pair, count in expected.items() if count}


def test_some_lines_of_a_map() -> None:
    found = Runs.of(HOLE, 1).pieces(corners=False).lines(np.array([0, 2]))
    assert found.tolist() == [[0, 1, 1, 0, 2], [3, 3, 0, 0, 0]]


def test_a_mask_that_is_torn_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST", 4)
    with pytest.raises(Refused) as refused:
        Runs.of(HOLE, 1)
    assert refused.value.code == "SV-NUM-110"
