import numpy as np
import pytest

from segviz.edit.delta import Delta
from segviz.errors import Damaged


def random_delta(seed):
    random = np.random.default_rng(seed)
    flat = random.integers(0, 3, 5000).astype(np.uint8)
    cells = random.integers(0, 5000, random.integers(0, 400))
    return flat, Delta.between(flat, cells, random.integers(0, 4, len(cells)).astype(np.uint8))


def test_between_sorts_and_leaves_out_what_stays():
    flat = np.array([0, 1, 2, 0], np.uint8)
    delta = Delta.between(flat, np.array([3, 1, 2]), np.array([7, 1, 5], np.uint8))
    assert delta.cells.tolist() == [2, 3]
    assert delta.before.tolist() == [2, 0]
    assert delta.after.tolist() == [5, 7]
    assert len(delta) == 2


def test_the_last_label_of_a_cell_counts():
    delta = Delta.between(np.zeros(3, np.uint8), np.array([1, 1]), np.array([4, 6], np.uint8))
    assert (delta.cells.tolist(), delta.after.tolist()) == ([1], [6])


def test_one_label_for_all_cells():
    assert Delta.between(np.zeros(9, np.uint8), np.array([2, 5]), 3).after.tolist() == [3, 3]


@pytest.mark.parametrize("seed", range(5))
def test_inverse_brings_back_every_byte(seed):
    flat, delta = random_delta(seed)
    changed = flat.copy()
    delta.apply(changed)
    assert np.count_nonzero(changed != flat) == len(delta)
    delta.inverse().apply(changed)
    assert (changed == flat).all()


@pytest.mark.parametrize("seed", range(5))
def test_decode_undoes_encode(seed):
    _, delta = random_delta(seed)
    again = Delta.decode(delta.encode())
    assert (again.cells == delta.cells).all()
    assert (again.before == delta.before).all()
    assert (again.after == delta.after).all()
    assert again.cells.dtype == np.int64


def test_nothing_changed_is_stored_too():
    assert len(Delta.decode(Delta.between(np.zeros(3, np.uint8), np.array([0]), 0).encode())) == 0


def test_a_large_fill_is_small():
    flat = np.zeros(9_000_000, np.uint8)
    delta = Delta.between(flat, np.arange(1_000_000, 4_000_000), 2)
    assert len(delta.encode()) < 100


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x02abc", b"\x01not zlib"])
def test_damaged_bytes_are_named(data):
    with pytest.raises(Damaged, match="SV-EDIT-003"):
        Delta.decode(data)
