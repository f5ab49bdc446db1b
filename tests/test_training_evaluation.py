"""The numbers on the cards."""

import numpy as np
import pytest

from segviz.training import evaluation
from segviz.training.forest_rgb import Chip


def boxes():
    mask, truth = np.zeros((2, 10, 10), bool)
    mask[:, :4] = True
    truth[:, 2:8] = True
    return mask, truth


def test_overlaps_by_hand():
    mask, truth = boxes()
    assert evaluation.iou(mask, truth) == pytest.approx(20 / 80)
    assert evaluation.dice(mask, truth) == pytest.approx(40 / 100)
    nothing = np.zeros((2, 2), bool)
    assert evaluation.iou(nothing, nothing) == evaluation.dice(nothing, nothing) == 1


def test_muse_regions_are_grouped():
    regions = np.array([0, 81, 207, 51, 59, 47, 35, 71, 69, 1])
    assert evaluation.grouped(regions).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0, 0]


def test_no_region_is_in_two_groups():
    numbers = [n for group in evaluation.MUSE_GROUPS.values() for n in group]
    assert len(numbers) == len(set(numbers))


def test_forest_figures_by_hand():
    mask, truth = boxes()
    chip = Chip("a", np.zeros((3, 10, 10), np.float32), truth.astype(np.int64))
    row = evaluation.forest_metrics([mask, truth], [chip, chip], "test")
    assert row["values"] == {
        "pooled IoU": pytest.approx((20 + 60) / (80 + 60), abs=1e-3),
        "mean IoU of chips": pytest.approx((0.25 + 1) / 2, abs=1e-3),
        "pooled F1": pytest.approx(2 * 80 / (100 + 120), abs=1e-3),
        "area ratio": pytest.approx(100 / 120, abs=1e-3),
    }


def test_the_baseline_tells_dark_from_bright():
    forest = np.zeros((80, 80), np.int64)
    forest[:, :40] = 1
    picture = np.where(forest, 30, 90)[None].repeat(3, axis=0).astype(np.float32)
    chip = Chip("a", picture, forest)
    assert evaluation.iou(*evaluation.forest_by_boosting([chip], [chip]), forest == 1) > 0.99


def test_a_chip_is_a_scene():
    scene = evaluation.PictureScene(np.arange(48, dtype=np.uint8).reshape(3, 4, 4))
    values, valid = scene.read((1, 3, 0, 2), [2])
    assert values.tolist() == [[[36, 37], [40, 41]]]
    assert valid.all()
