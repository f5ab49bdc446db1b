"""The numbers on the card of enhancing-tumour-t1c."""

import numpy as np
import pytest

from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.training.scores import enhancing_tumour_t1c as scores


def masks():
    """A lesion found in part, one missed, one drawn where none is, and crumbs on both sides."""
    mask, truth = np.zeros((2, 20, 20, 4), bool)
    truth[2:6, 2:6, 0] = True
    mask[4:8, 2:6, 0] = True
    truth[12:16, 2:6, 0] = True
    mask[12:16, 12:16, 2] = True
    truth[0, 19, 3] = mask[19, 19, 3] = True
    return mask, truth


def test_lesions_by_hand():
    mask, truth = masks()
    assert scores.overlapped(truth, mask) == (1, 2)
    assert scores.overlapped(mask, truth) == (1, 2)
    row = scores.visit_scores(mask, truth, 0.5)
    assert row == {
        "Dice": pytest.approx(2 * 8 / (33 + 33)),
        "lesions": 2,
        "lesions found": 1,
        "false lesions": 1,
        "ml": 16.5,
        "ml of the reference": 16.5,
    }


def held(patient, visit, level, size):
    truth = np.zeros((10, 10, 2), bool)
    truth[:size] = True
    found = np.where(truth, level, 60).astype(np.uint8)
    sure = dict.fromkeys(scores.PEAKS, np.where(truth, level, 0).astype(np.uint8))
    return scores.Held(patient, visit, {**sure, 0.0: found}, found, truth, 0.1)


def test_peak_and_threshold_are_those_with_the_largest_mean_dice():
    visits = [held("03", "Pre", 120, 3), held("03", "Post", 140, 5)]
    peak, threshold = scores.best_choice(visits)
    assert peak > 0 or threshold > 60 / 255
    assert threshold * 255 <= 120
    first, second, change = scores.patient_rows(visits, (peak, threshold))
    assert first["values"]["Dice"] == second["values"]["Dice"] == 1
    assert change["values"] == {"found": 4.0, "reference": 4.0, "sign is right": 1.0}


def test_a_change_the_other_way_is_of_the_wrong_sign():
    visits = [held("03", "Pre", 200, 5), held("03", "Post", 100, 6)]
    *_, change = scores.patient_rows(visits, (0.0, 0.6))
    assert change["values"]["sign is right"] == 0


def test_the_baseline_looks_inside_the_head():
    data = np.zeros((60, 60, 4), np.float32)
    data[5:-5, 5:-5] = 100
    data[30, 30], data[6, 30] = 200, 200
    volume = Volume(VolumeGrid(data.shape, np.diag([1.0, 1, 6, 1])), data)
    found = scores.brightness(volume)
    assert (found[30, 30] == 128).all()
    assert (found[6, 30] == 0).all()
