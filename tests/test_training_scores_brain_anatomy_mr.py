"""MUSE regions as the labels of brain-anatomy-mr."""

import numpy as np

from segviz.training.scores import brain_anatomy_mr


def test_muse_regions_are_grouped():
    regions = np.array([0, 81, 207, 51, 59, 47, 35, 71, 69, 1])
    assert brain_anatomy_mr.grouped(regions).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0, 0]


def test_no_region_is_in_two_groups():
    numbers = [n for group in brain_anatomy_mr.MUSE_GROUPS.values() for n in group]
    assert len(numbers) == len(set(numbers))
