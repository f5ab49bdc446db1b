"""How the browser sends changed voxels: runs of neighbours that get the same label.

One run is a varint (7 bits a byte, lowest first) with the gap since the end of the previous run, a
varint with its length, and one byte with its new label. Cells are canonical, x fastest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segviz.edit import spans
from segviz.errors import Refused


def starts(cells: NDArray[np.int64], *values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Positions in sorted ``cells`` where a run begins: a gap, or a change of one of ``values``."""
    breaks = np.diff(cells) != 1
    for value in values:
        breaks |= np.diff(value) != 0
    first = np.zeros(min(len(cells), 1), np.int64)
    return np.concatenate([first, np.flatnonzero(breaks) + 1])


def encode(cells: NDArray[np.int64], labels: NDArray[np.uint8]) -> bytes:
    """Body of a message with these changes; cells in any order, each once."""
    order = np.argsort(cells)
    cells, labels = cells[order], labels[order]
    begin = starts(cells, labels)
    lengths = np.diff(np.append(begin, len(cells)))
    first = cells[begin]
    gaps = first - np.concatenate([[0], (first + lengths)[:-1]])[: len(first)]
    body = bytearray()
    for gap, length, label in zip(
        gaps.tolist(), lengths.tolist(), labels[begin].tolist(), strict=True
    ):
        _append(body, gap)
        _append(body, length)
        body.append(label)
    return bytes(body)


def decode(body: bytes, size: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Sorted cells and their new labels.

    Args:
        body: as ``encode`` writes it.
        size: number of voxels of the volume.

    Raises:
        Refused: the message is cut short, empty runs included, or runs past the end (SV-EDIT-001).
    """
    first: list[int] = []
    lengths: list[int] = []
    labels = bytearray()
    position = end = 0
    while position < len(body):
        gap, position = _varint(body, position)
        length, position = _varint(body, position)
        if position == len(body) or length == 0 or end + gap + length > size:
            raise _broken()
        first.append(end + gap)
        lengths.append(length)
        labels.append(body[position])
        position += 1
        end += gap + length
    each = np.array(lengths, dtype=np.int64)
    cells = spans.expand(np.array(first, dtype=np.int64), each)
    return cells, np.repeat(np.frombuffer(bytes(labels), np.uint8), each)


def _append(body: bytearray, number: int) -> None:
    while number > 0x7F:
        body.append(number & 0x7F | 0x80)
        number >>= 7
    body.append(number)


def _varint(body: bytes, position: int) -> tuple[int, int]:
    """The number at ``position`` and the position after it; at most 63 bits."""
    number = 0
    for count, byte in enumerate(body[position : position + 9]):
        number |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return number, position + count + 1
    raise _broken()


def _broken() -> Refused:
    return Refused(
        "SV-EDIT-001",
        "The stroke arrived damaged or reaches past the last voxel, so the mask was left as it is; "
        "reload the page and draw it again.",
    )
