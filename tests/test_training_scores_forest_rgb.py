"""Forest found and forest there."""

import numpy as np
import pytest
import torch

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
    chip = Chip("Amazon_7.tiff_3", np.zeros((3, 10, 10), np.float32), truth.astype(np.int64))
    overlap, area = forest_rgb.fold_rows([[mask, truth], [truth]], [[chip, chip], [chip]], "test")
    pooled = pytest.approx((20 + 60) / (80 + 60), abs=1e-3)
    assert overlap["values"] == {"fold 1": pooled, "fold 2": 1, "mean": pytest.approx(0.786)}
    assert area["values"]["fold 1"] == pytest.approx(100 / 120, abs=1e-3)
    by_chip = forest_rgb.chip_row([[mask]], [[chip]], "test", "IoU of a chip")
    assert by_chip["values"] == {"7_3": 0.25, "mean": 0.25}


def test_a_member_is_shown_a_chip_with_the_halo_of_a_scene():
    """The network sees the mirrored border and answers for the chip alone."""
    seen = []

    def network(image):
        seen.append(image.shape)
        return torch.cat([image[:, :1], -image[:, :1]], 1)

    picture = np.zeros((3, 10, 12), np.float32)
    picture[:, :, 6:] = 200
    chip = Chip("a", picture, np.zeros((10, 12), np.int64))
    found = forest_rgb.forest_by_member(network, chip, {"halo": 4, "labels": [2, 1]})
    assert seen == [(1, 3, 18, 20)]
    assert found[:, :6].all()
    assert not found[:, 6:].any()


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
