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
    gap_bytes, length_bytes = _varint_bytes(gaps), _varint_bytes(lengths)
    size = gap_bytes + length_bytes + 1
    stop = np.cumsum(size)
    body = np.empty(int(size.sum()), np.uint8)
    _put_varints(body, stop - size, gaps, gap_bytes)
    _put_varints(body, stop - size + gap_bytes, lengths, length_bytes)
    body[stop - 1] = labels[begin]
    return body.tobytes()


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


def _varint_bytes(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many bytes each of some numbers takes."""
    return 1 + np.searchsorted(1 << np.arange(7, 63, 7), numbers, side="right")


def _put_varints(
    body: NDArray[np.uint8],
    at: NDArray[np.int64],
    numbers: NDArray[np.int64],
    sizes: NDArray[np.int64],
) -> None:
    """Write numbers of so many bytes each at their places."""
    for byte in range(int(sizes.max(initial=0))):
        here = sizes > byte
        more = np.where(sizes[here] > byte + 1, 0x80, 0)
        body[at[here] + byte] = (numbers[here] >> (7 * byte)) & 0x7F | more


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
