"""The ledger on boxes that can be counted by hand, and moved visits."""

from __future__ import annotations

import numpy as np
import pytest

from segviz.change import motion
from segviz.change.ledger import ledger, look, named_by, piece_at, shared_mm3
from segviz.grid import VolumeGrid

GRID = VolumeGrid((20, 20, 10), np.diag([-1.0, 1.0, 2.0, 1.0]))
"""Voxels of 2 mm3 whose first axis runs to the left."""

SHIFT = motion.moved((0, 0, 0), (6, 0, 0), (0, 0, 0))


def boxes(*parts: tuple[slice, slice, slice], grid: VolumeGrid = GRID) -> np.ndarray:
    labels = np.zeros(grid.shape, np.uint8)
    for part in parts:
        labels[part] = 1
    return labels


def box(i: int, j: int, k: int, size: int = 4, depth: int = 2) -> tuple[slice, slice, slice]:
    return slice(i, i + size), slice(j, j + size), slice(k, k + depth)


def table(looks, **options):
    return {
        row["name"]: [at and (at["state"], round(at["volume_ml"], 6)) for at in row["visits"]]
        for row in ledger(looks, **options)
    }


def test_what_is_known_of_a_piece():
    (piece,) = look(boxes(box(2, 5, 1)), GRID, 1).found
    assert (piece.voxels, piece.volume_ml) == (32, 0.064)
    assert piece.longest_mm == pytest.approx(np.hypot(3, 3))
    assert piece.perpendicular_mm == pytest.approx(np.hypot(3, 3))
    assert piece.slices == 2
    assert piece.centroid_mm == pytest.approx((-3.5, 6.5, 3.0))
    assert look(boxes(box(2, 5, 1)), GRID, 1).grid.canonical.shape == (20, 20, 10)


def test_its_voxel_lies_in_it():
    found = look(boxes(box(2, 5, 1), box(12, 12, 6, size=3)), GRID, 1)
    for number, piece in enumerate(found.found, 1):
        assert piece_at(found, piece.voxel) == number
    assert piece_at(found, (0, 0, 0)) is None and piece_at(found, (50, 0, 0)) is None


def test_small_pieces_are_counted_but_left_out():
    labels = boxes(box(2, 2, 2), box(10, 10, 2, size=1, depth=1))
    assert look(labels, GRID, 1, smallest_mm3=2.0).too_small == (0, 0)
    found = look(labels, GRID, 1, smallest_mm3=2.1)
    assert (len(found.found), found.too_small) == (1, (1, 1))


def test_pieces_that_touch_at_a_corner_are_one():
    assert len(look(boxes(box(0, 0, 0), box(4, 4, 2)), GRID, 1).found) == 1


def test_new_persistent_and_vanished():
    first = look(boxes(box(2, 2, 2), box(12, 2, 2)), GRID, 1)
    second = look(boxes(box(3, 2, 2), box(2, 12, 6)), GRID, 1)
    assert table([first, second]) == {
        "L1": [("first", 0.064), ("persistent", 0.064)],
        "L2": [("first", 0.064), ("vanished", 0)],
        "L3": [None, ("new", 0.064)],
    }


def test_split_and_merged():
    whole = look(boxes((slice(2, 14), slice(2, 6), slice(2, 4))), GRID, 1)
    parts = look(boxes(box(2, 2, 2, size=5), box(10, 2, 2, size=3)), GRID, 1)
    assert table([whole, parts])["L1"] == [("first", 0.192), ("split", 0.1)]
    assert table([whole, parts])["L2"] == [None, ("split", 0.036)]
    rows = ledger([parts, whole])
    assert [row["visits"][1]["state"] for row in rows] == ["merged", "merged"]
    assert [row["visits"][1]["of"] for row in rows] == [["L1", "L2"], ["L1"]]


def test_shared_is_counted_in_mm3():
    one, two = look(boxes(box(2, 2, 2)), GRID, 1), look(boxes(box(4, 2, 2)), GRID, 1)
    assert shared_mm3(one, two) == {(1, 1): 2 * 4 * 2 * 2.0}


def test_a_moved_visit_is_compared_in_its_right_place():
    """The head lay 6 mm further to the right: by position the lesions do not meet."""
    first = look(boxes(box(10, 5, 4)), GRID, 1)
    moved = boxes(box(4, 5, 4))  # the first axis runs to the left
    assert table([first, look(moved, GRID, 1)])["L1"][1] == ("vanished", 0)
    aligned = look(moved, GRID, 1, to_reference=np.linalg.inv(SHIFT))
    assert table([first, aligned])["L1"][1] == ("persistent", 0.064)
    assert shared_mm3(first, aligned) == {(1, 1): 64.0}


def test_visits_on_other_grids_are_compared_in_mm():
    fine = VolumeGrid((40, 40, 20), np.diag([-0.5, 0.5, 1.0, 1.0]))
    fine_labels = boxes((slice(4, 12), slice(4, 12), slice(4, 8)), grid=fine)
    one, two = look(boxes(box(2, 2, 2)), GRID, 1), look(fine_labels, fine, 1)
    shared = shared_mm3(one, two)[1, 1]
    assert shared == pytest.approx(64.0, rel=0.45) and shared_mm3(two, one)[1, 1] == shared


def test_neighbours_that_share_no_voxel_are_two_lesions():
    looks = [look(boxes(box(2, 2, 2)), GRID, 1), look(boxes(box(6, 2, 2)), GRID, 1)]
    assert ledger(looks)[-1]["visits"][1]["state"] == "new"


def test_decisions_are_found_again_by_a_voxel():
    looks = [look(boxes(box(2, 2, 2)), GRID, 1), look(boxes(box(12, 2, 2)), GRID, 1)]
    voxel = looks[1].found[0].voxel
    said = [{"visit": 1, "voxel": voxel, "lesion": "L1"}, {"visit": 0, "voxel": (0, 0, 0)}]
    named, lost = named_by(looks, [said[0], said[1] | {"lesion": "L9"}])
    assert (named, lost) == ({(1, 1): "L1"}, [1])
    assert table(looks, named=named) == {"L1": [("first", 0.064), ("persistent", 0.064)]}


def test_joined_parts_add_up():
    parts = look(boxes(box(2, 2, 2), box(12, 2, 2)), GRID, 1)
    (row,) = ledger([parts], named={(0, 1): "L1", (0, 2): "L1"})
    (at,) = row["visits"]
    assert (at["voxels"], at["pieces"]) == (64, [1, 2])
    assert at["longest_mm"] == pytest.approx(2 * np.hypot(3, 3))
    assert at["product_mm2"] == pytest.approx(2 * 18)
