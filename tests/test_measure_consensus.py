"""Majority by hand, STAPLE with SimpleITK as the oracle."""

import numpy as np
import pytest

from segviz.errors import Refused
from segviz.measure import consensus
from segviz.measure.consensus import against, majority, staple, staple_labels


def masks(*rows):
    return [np.array([[row]], np.uint8) for row in rows]


def test_more_than_half_decide():
    found = majority(masks([1, 1, 0, 2, 0], [1, 1, 0, 2, 1], [1, 0, 0, 1, 2]))
    assert found.labels.ravel().tolist() == [1, 1, 0, 2, 0]
    assert found.ties == 1  # the last: 0, 1 and 2 once each


def test_half_is_a_tie_and_no_label():
    found = majority(masks([1, 1], [1, 1], [0, 1], [0, 0]))
    assert (found.labels.ravel().tolist(), found.ties) == ([0, 1], 1)


def test_majority_equals_simpleitks_voting():
    sitk = pytest.importorskip("SimpleITK")
    readings = list(np.random.default_rng(0).integers(0, 3, (5, 6, 7, 8)).astype(np.uint8))
    images = [sitk.GetImageFromArray(reading) for reading in readings]
    voted = sitk.GetArrayFromImage(sitk.LabelVoting(images, 255))
    ours = majority(readings).labels
    votes = np.stack([(np.array(readings) == value).sum(axis=0) for value in range(3)])
    decided = votes.max(axis=0) > 2
    assert (ours[decided] == voted[decided]).all()
    assert not ours[~decided].any()


@pytest.mark.parametrize("count", [1, 2])
def test_two_are_no_consensus(count):
    readings = masks(*[[1, 0]] * count)
    for make in (lambda: majority(readings), lambda: staple(readings, 1)):
        with pytest.raises(Refused) as refused:
            make()
        assert refused.value.code == "SV-NUM-021"


def readings_of(seed, count):
    """A box as readers of falling care would draw it."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((12, 14, 10), np.uint8)
    truth[3:9, 3:10, 2:8] = 1
    return [truth ^ (rng.random(truth.shape) < 0.02 + 0.03 * n) for n in range(count)]


@pytest.mark.parametrize(("seed", "count"), [(0, 3), (1, 4), (2, 5), (3, 6), (4, 8)])
def test_staple_equals_simpleitks(seed, count):
    sitk = pytest.importorskip("SimpleITK")
    readings = [reading.astype(np.uint8) for reading in readings_of(seed, count)]
    oracle = sitk.STAPLEImageFilter()
    oracle.SetForegroundValue(1)
    images = [sitk.GetImageFromArray(reading) for reading in readings]
    expected = sitk.GetArrayFromImage(oracle.Execute(images))
    found = staple(readings, 1)
    assert found.converged
    assert found.probability == pytest.approx(expected, abs=2e-6)
    sensitivity = [rater.sensitivity for rater in found.raters]
    specificity = [rater.specificity for rater in found.raters]
    assert sensitivity == pytest.approx(list(oracle.GetSensitivity()), abs=2e-6)
    assert specificity == pytest.approx(list(oracle.GetSpecificity()), abs=2e-6)


def test_one_step_by_hand(monkeypatch):
    # three raters, four voxels; from p = q = 0.8: W = g P(D|1) / (g P(D|1) + (1 - g) P(D|0))
    monkeypatch.setattr(consensus, "START", 0.8)
    monkeypatch.setattr(consensus, "MOST_ITERATIONS", 1)
    found = staple(masks([1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]), 1)
    assert found.prior == pytest.approx(0.5)
    w = [0.8**3 / (0.8**3 + 0.2**3), 0.8, 0.2, 0.2**3 / (0.8**3 + 0.2**3)]
    assert found.raters[0].sensitivity == pytest.approx((w[0] + w[1]) / sum(w))
    assert found.raters[0].specificity == pytest.approx((2 - w[2] - w[3]) / (4 - sum(w)))
    assert found.raters[1].sensitivity == pytest.approx(w[0] / sum(w))
    assert (found.iterations, found.converged) == (1, False)


def test_readers_who_agree_are_right():
    found = staple(masks(*[[1, 1, 0, 0]] * 3), 1)
    assert found.probability.ravel() == pytest.approx([1, 1, 0, 0], abs=1e-6)
    assert found.raters[0].sensitivity == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(("value", "share"), [(2, 0.0), (1, 1.0)])
def test_a_label_of_nobody_or_everywhere_has_no_raters(value, share):
    found = staple(masks(*[[1, 1]] * 3), value)
    assert (found.prior, found.iterations, found.converged) == (share, 0, True)
    assert found.probability.ravel().tolist() == [share, share]
    assert found.raters[0].sensitivity is None


def test_of_several_labels_the_likeliest_wins():
    readings = masks([1, 1, 2, 0], [1, 1, 2, 0], [1, 2, 2, 0])
    found = {value: staple(readings, value) for value in (1, 2)}
    assert staple_labels(found).ravel().tolist() == [1, 1, 2, 0]


def test_a_rater_against_the_consensus():
    reading, truth = masks([1, 1, 0, 0, 0], [1, 0, 1, 0, 0])
    rater = against(reading, truth, 1)
    assert (rater.sensitivity, rater.specificity) == (0.5, pytest.approx(2 / 3))
    assert against(reading, truth, 7).sensitivity is None
