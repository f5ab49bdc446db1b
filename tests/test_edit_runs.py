import numpy as np
import pytest

from segviz.edit.runs import decode, encode
from segviz.errors import Refused

EMPTY = np.array([], np.int64), np.array([], np.uint8)


def test_the_bytes_are_gap_length_label():
    cells, labels = np.array([5, 6, 7, 300]), np.array([2, 2, 9, 9], np.uint8)
    # gap 292 = 0b10_0100100: low seven bits first, with the top bit set
    assert encode(cells, labels) == bytes([5, 2, 2, 0, 1, 9, 0x80 | 0x24, 0x02, 1, 9])


def test_decode_undoes_encode_in_any_order():
    random = np.random.default_rng(0)
    cells = random.permutation(5000)[:700]
    labels = random.integers(0, 256, 700).astype(np.uint8)
    order = np.argsort(cells)
    found, values = decode(encode(cells, labels), 5000)
    assert (found == cells[order]).all()
    assert (values == labels[order]).all()


def test_nothing_is_no_bytes():
    assert encode(*EMPTY) == b""
    assert [len(part) for part in decode(b"", 10)] == [0, 0]


def test_the_last_voxel_can_be_painted():
    cells, labels = decode(bytes([9, 1, 4]), 10)
    assert (cells.tolist(), labels.tolist()) == ([9], [4])


@pytest.mark.parametrize(
    "body",
    [
        bytes([9, 2, 4]),  # one voxel too far
        bytes([0, 0, 4]),  # empty run
        bytes([0, 1]),  # no label
        bytes([0x80]),  # number without an end
        b"\xff" * 20,  # number beyond 63 bits
        b"\xff" * 8 + b"\x7f" + bytes([1, 1]),  # gap of 2^63 - 1
    ],
)
def test_a_damaged_message_is_refused(body):
    with pytest.raises(Refused, match="SV-EDIT-001"):
        decode(body, 10)
