"""Forest found and forest there."""

import numpy as np
import pytest

from segviz.training.forest_rgb import Chip
from segviz.training.scores import forest_rgb
from segviz.training.scores.overlap import iou


def boxes():
    mask, truth = np.zeros((2, 10, 10), bool)
    mask[:, :4] = True
    truth[:, 2:8] = True
    return mask, truth


def test_forest_figures_by_hand():
    mask, truth = boxes()
    chip = Chip("a", np.zeros((3, 10, 10), np.float32), truth.astype(np.int64))
    row = forest_rgb.forest_metrics([mask, truth], [chip, chip], "test")
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
    assert iou(*forest_rgb.forest_by_boosting([chip], [chip]), forest == 1) > 0.99


def test_a_chip_is_a_scene():
    scene = forest_rgb.PictureScene(np.arange(48, dtype=np.uint8).reshape(3, 4, 4))
    values, valid = scene.read((1, 3, 0, 2), [2])
    assert values.tolist() == [[[36, 37], [40, 41]]]
    assert valid.all()
