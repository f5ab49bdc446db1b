"""Pieces that keep their names: on tables that a person can follow by hand."""

from itertools import pairwise

import numpy as np
import pytest

from segviz.change.following import Sighting, follow, overlaps_of


def told(visits: list[list[Sighting]]) -> list[list[tuple[object, ...]]]:
    return [[(s.name, s.state, s.pieces, s.of) for s in visit] for visit in visits]


@pytest.mark.parametrize(
    ("counts", "overlaps", "last"),
    [
        ([1, 1], [{(1, 1): 5}], [("L1", "persistent", (1,), ())]),
        ([1, 0], [{}], [("L1", "vanished", (), ())]),
        ([0, 1], [{}], [("L1", "new", (1,), ())]),
        ([1, 1], [{}], [("L1", "vanished", (), ()), ("L2", "new", (1,), ())]),
        (
            [1, 2],
            [{(1, 1): 3, (1, 2): 8}],
            [("L1", "split", (2,), ("L1",)), ("L2", "split", (1,), ("L1",))],
        ),
        (
            [2, 1],
            [{(1, 1): 3, (2, 1): 8}],
            [("L1", "merged", (), ("L2",)), ("L2", "merged", (1,), ("L2", "L1"))],
        ),
        (  # one and a half each way: the pair with most in common keeps its name
            [2, 2],
            [{(1, 1): 5, (1, 2): 4, (2, 2): 3}],
            [("L1", "split", (1,), ("L1",)), ("L2", "merged", (2,), ("L1", "L2"))],
        ),
    ],
)
def test_what_became_of_each(counts, overlaps, last):
    assert told(follow(counts, overlaps, prefix="L"))[-1] == last


def test_pieces_of_the_first_visit_are_first():
    assert told(follow([2], [])) == [[("1", "first", (1,), ()), ("2", "first", (2,), ())]]


def test_a_name_is_never_given_twice():
    """L1 vanishes and something comes again at its place two visits later: that is new."""
    visits = follow([1, 0, 1], [{}, {}], prefix="L")
    assert [[(s.name, s.state) for s in visit] for visit in visits] == [
        [("L1", "first")],
        [("L1", "vanished")],
        [("L2", "new")],
    ]


def test_what_ended_is_said_once():
    assert told(follow([1, 0, 0], [{}, {}]))[2] == []


JOINED = {(1, 1): "L1", (1, 2): "L1", (2, 1): "L1", (2, 2): "L1"}
SPLIT = ([1, 2, 2], [{(1, 1): 9, (1, 2): 4}, {(1, 1): 9, (2, 2): 4}])


def test_parts_joined_by_hand_are_one_lesion_and_stay_it():
    visits = follow(*SPLIT, named=JOINED, prefix="L")
    assert told(visits)[1:] == [[("L1", "persistent", (1, 2), ())]] * 2


def test_a_part_separated_by_hand_is_new_and_keeps_its_name():
    visits = follow(*SPLIT, named={(1, 2): "L7"}, prefix="L")
    assert told(visits)[1:] == [
        [("L1", "persistent", (1,), ()), ("L7", "new", (2,), ())],
        [("L1", "persistent", (1,), ()), ("L7", "persistent", (2,), ())],
    ]


def test_what_moved_too_far_is_linked_by_hand():
    visits = follow([1, 1], [{}], named={(1, 1): "L1"}, prefix="L")
    assert told(visits)[1] == [("L1", "persistent", (1,), ())]


def test_what_comes_again_is_linked_by_hand():
    visits = follow([1, 0, 1], [{}, {}], named={(2, 1): "L1"}, prefix="L")
    assert told(visits)[2] == [("L1", "new", (1,), ())]


def test_a_name_that_a_person_gave_is_left_out():
    visits = follow([2, 3], [{(1, 1): 1, (2, 2): 1}], named={(0, 2): "L1"}, prefix="L")
    assert [s.name for s in visits[1]] == ["L2", "L1", "L3"]


def test_a_merged_lesion_named_by_hand_has_still_merged():
    named = {(0, 1): "a", (0, 2): "b", (1, 1): "a"}
    visits = follow([2, 1], [{(1, 1): 3, (2, 1): 8}], named)
    assert told(visits)[1] == [("a", "merged", (1,), ("b", "a")), ("b", "merged", (), ("a",))]


def test_overlaps_are_cells_that_both_have():
    before = np.array([[1, 1, 0], [0, 2, 2]])
    after = np.array([[1, 0, 3], [1, 1, 1]])
    assert overlaps_of(before, after) == {(1, 1): 1, (2, 1): 2}
    assert overlaps_of(np.zeros((2, 2)), after[:, :2]) == {}


@pytest.mark.parametrize("seed", range(20))
def test_every_piece_has_one_name_and_no_name_is_lost(seed):
    random = np.random.default_rng(seed)
    counts = random.integers(0, 6, 4).tolist()
    overlaps = [
        {
            (a + 1, b + 1): int(random.integers(1, 9))
            for a in range(n)
            for b in range(m)
            if random.random() < 0.3
        }
        for n, m in pairwise(counts)
    ]
    visits = follow(counts, overlaps)
    for n, visit in zip(counts, visits, strict=True):
        assert sorted(piece for s in visit for piece in s.pieces) == list(range(1, n + 1))
        assert len({s.name for s in visit}) == len(visit)
    for before, after in pairwise(visits):
        assert {s.name for s in before if s.pieces} <= {s.name for s in after}
