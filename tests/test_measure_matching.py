"""Lesions matched, by hand and by the vectors of the medical reference."""

from itertools import permutations

import numpy as np
import pytest

from segviz.measure.matching import (
    NO_REFERENCE,
    NONE_THERE,
    detection,
    lesionwise_dice_2023,
    match,
    merged_lesions,
)
from segviz.measure.pieces import by_size


def boxes(*parts, shape=(24, 12, 12)):
    volume = np.zeros(shape, bool)
    for start, size in parts:
        volume[tuple(slice(at, at + size) for at in start)] = True
    return volume


def test_lesions_are_numbered_by_size_and_meet_at_corners():
    found, sizes, _ = by_size(boxes(((0, 0, 0), 1), ((4, 0, 0), 2), ((6, 2, 2), 1)))
    assert sizes.tolist() == [9, 1]
    assert (found[0, 0, 0], found[4, 0, 0], found[6, 2, 2]) == (2, 1, 1)
    assert by_size(boxes(((0, 0, 0), 1), ((4, 0, 0), 2)), 2)[1].tolist() == [8]


def test_a_match_by_hand():
    # A: one lesion over two of B, a false alarm; B: a third lesion that A lacks
    mask = boxes(((0, 0, 0), 3), ((3, 0, 0), 3), ((10, 0, 0), 1))
    reference = boxes(((0, 0, 0), 2), ((4, 0, 0), 2), ((20, 9, 9), 3))
    found = match(mask, reference, voxel_ml=0.001)
    assert (found["mask"], found["reference"]) == (2, 3)
    rows = [(g["mask"], g["reference"], g["mask_ml"], g["reference_ml"]) for g in found["groups"]]
    assert rows == [
        ([1], [2, 3], pytest.approx(0.054), pytest.approx(0.016)),
        ([], [1], 0.0, pytest.approx(0.027)),
        ([2], [], pytest.approx(0.001), 0.0),
    ]
    assert [g["dice"] for g in found["groups"]] == [pytest.approx(32 / 70), 0.0, 0.0]
    assert found["groups"][1]["at"] == [21, 10, 10]
    shares = ("tp", "fn", "true", "fp", "sensitivity", "precision", "f1")
    assert [found["any_overlap"][key] for key in shares] == pytest.approx(
        [2, 1, 1, 1, 2 / 3, 1 / 2, 4 / 7]
    )
    assert [found["one_to_one"][key] for key in shares] == pytest.approx(
        [1, 2, 1, 1, 1 / 3, 1 / 2, 2 / 5]
    )


def test_partners_are_chosen_for_the_greatest_dice_of_all():
    # A1 overlaps B1 and B2, A2 overlaps B1 alone: taking A1-B1 first would leave A2 without one
    mask, reference = np.zeros((2, 1, 1, 40), bool)
    mask[..., 0:10] = mask[..., 12:20] = True
    reference[..., 0:3] = reference[..., 4:16] = True
    assert match(mask, reference, 1.0)["one_to_one"]["tp"] == 2


@pytest.mark.parametrize("seed", range(12))
def test_partners_equal_a_search_of_all(seed):
    mask, reference = np.random.default_rng(seed).random((2, 1, 1, 24)) < 0.55
    (a, size_a, _), (b, size_b, _) = by_size(mask), by_size(reference)
    dice = np.array(
        [
            [2 * ((a == i + 1) & (b == j + 1)).sum() / (m + n) for j, n in enumerate(size_b)]
            for i, m in enumerate(size_a)
        ]
    )
    dice = dice.T if len(size_a) > len(size_b) else dice
    rows = np.arange(len(dice))
    best = max(permutations(range(dice.shape[1]), len(dice)), key=lambda to: dice[rows, to].sum())
    pairs = np.count_nonzero(dice[rows, best])
    assert match(mask, reference, 1.0)["one_to_one"]["tp"] == pairs


def test_nothing_to_detect_is_said():
    empty = boxes()
    one = boxes(((0, 0, 0), 2))
    assert match(empty, empty, 1.0)["any_overlap"] == {
        "tp": 0,
        "fn": 0,
        "true": 0,
        "fp": 0,
        "sensitivity": None,
        "precision": None,
        "f1": None,
        "why": NONE_THERE,
    }
    false_alarm = match(one, empty, 1.0)["any_overlap"]
    assert (false_alarm["sensitivity"], false_alarm["f1"]) == (None, 0.0)
    assert false_alarm["why"] == NO_REFERENCE
    assert detection(0, 1, 0, 1)["f1"] == 0.0


def test_the_rule_of_2023():
    reference = boxes(((0, 0, 0), 4), ((16, 0, 0), 3))
    mask = boxes(((0, 0, 0), 4), ((20, 10, 10), 1))
    assert lesionwise_dice_2023(mask, reference, 1.0) == 0.5
    plain = 2 * (mask & reference).sum() / (mask.sum() + reference.sum())
    assert plain == pytest.approx(0.820513, abs=1e-6)
    assert match(mask, reference, 0.001)["dice_2023"] == 0.5
    empty = boxes()
    assert lesionwise_dice_2023(empty, empty, 1.0) == 1.0
    assert lesionwise_dice_2023(empty, reference, 1.0) == 0.0


@pytest.mark.parametrize(
    ("dilations", "gap", "count"), [(3, 6, 1), (3, 7, 2), (1, 1, 1), (1, 2, 1), (1, 3, 2)]
)
def test_cubes_merge_by_dilation(dilations, gap, count):
    two = boxes(((0, 4, 4), 4), ((4 + gap, 4, 4), 4))
    assert len(np.unique(merged_lesions(two, dilations))) - 1 == count
