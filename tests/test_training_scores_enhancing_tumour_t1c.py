"""The numbers on the card of enhancing-tumour-t1c."""

import os
from pathlib import Path

import numpy as np
import pytest

from segviz import settings
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import catalog
from segviz.training.scores import enhancing_tumour_t1c as scores

DATA = Path(os.environ.get("SEGVIZ_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))

needs_scans = pytest.mark.skipif(
    not (DATA / "medical" / "glioma-progression").exists(),
    reason="needs the scans of Brain-Tumor-Progression (SEGVIZ_TEST_DATA)",
)


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


@needs_scans
def test_a_patient_is_found_again_by_the_member_that_never_saw_it():
    card = catalog.card(settings.load(), "enhancing-tumour-t1c")
    said = []
    visits = scores.hold_out(card, DATA, ["08"], lambda *step: said.append(step))
    assert said == [(1, 2), (2, 2)]
    (published,) = [row["values"] for row in card.metrics if row["data"] == "patient 08, post"]
    choice = round(published["peak in %"] / 100, 4), published["threshold"]
    *_, again, change = scores.patient_rows(visits, choice)
    assert again["values"] == pytest.approx(published, abs=0.01)
    assert change["values"]["sign is right"] == 1


def test_dice_from_each_byte_is_that_of_each_mask():
    rng = np.random.default_rng(0)
    found = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    truth = found > rng.integers(0, 256, found.shape)
    curve = scores.dice_from_each_byte(found, truth)
    for byte in (1, 40, 128, 255):
        assert curve[byte] == pytest.approx(scores.dice(found >= byte, truth))
