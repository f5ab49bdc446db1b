"""One change of a mask, kept so that it can be undone, stored and counted."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segviz.edit import runs, spans
from segviz.errors import Damaged

_VERSION = b"\x01"
_RUN = np.dtype([("gap", "<u8"), ("length", "<u8"), ("before", "u1"), ("after", "u1")])


@dataclass(frozen=True, eq=False)
class Delta:
    """Cells that changed, with their labels before and after.

    Attributes:
        cells: sorted unique flat indices of the native array in C order.
        before: labels they had.
        after: labels they got; never equal to ``before``.
    """

    cells: NDArray[np.int64]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]

    @classmethod
    def between(
        cls,
        flat: NDArray[np.uint8],
        cells: NDArray[np.int64],
        labels: NDArray[np.uint8] | int,
    ) -> Delta:
        """What giving ``labels`` to ``cells`` of a flat mask would change.

        Cells may come in any order; of one that comes twice the last label counts.
        """
        labels = np.broadcast_to(np.asarray(labels, dtype=np.uint8), np.shape(cells))
        cells, last = np.unique(np.asarray(cells, dtype=np.int64)[::-1], return_index=True)
        after, before = labels[::-1][last], np.asarray(flat[cells])
        changed = before != after
        return cls(cells[changed], before[changed], after[changed])

    def __len__(self) -> int:
        return len(self.cells)

    def inverse(self) -> Delta:
        """The change that takes this one back."""
        return Delta(self.cells, self.after, self.before)

    def apply(self, flat: NDArray[np.uint8]) -> None:
        """Write the new labels into a flat view of the mask."""
        flat[self.cells] = self.after

    def encode(self) -> bytes:
        """Version byte and zlib-packed runs; a stroke takes some 100 bytes."""
        begin = runs.starts(self.cells, self.before, self.after)
        table = np.empty(len(begin), _RUN)
        first = self.cells[begin]
        table["length"] = lengths = np.diff(np.append(begin, len(self)))
        table["gap"] = np.diff(first, prepend=0)
        table["gap"][1:] -= lengths[:-1].astype(np.uint64)
        table["before"], table["after"] = self.before[begin], self.after[begin]
        columns = b"".join(table[name].tobytes() for name in _RUN.names or ())
        return _VERSION + zlib.compress(columns, 1)

    @classmethod
    def decode(cls, data: bytes) -> Delta:
        """Undo ``encode``.

        Raises:
            Damaged: these are not the bytes of a change (SV-EDIT-003).
        """
        try:
            columns = zlib.decompress(data[1:])
        except zlib.error:
            columns = b"?"
        count, rest = divmod(len(columns), _RUN.itemsize)
        if data[:1] != _VERSION or rest:
            raise Damaged(
                "SV-EDIT-003",
                "A change in the history of this mask is damaged, so the mask cannot be rebuilt "
                "beyond it; restore the workspace from a copy.",
            )
        gaps, lengths = np.frombuffer(columns, "<i8", 2 * count).reshape(2, count)
        before, after = np.frombuffer(columns, np.uint8, offset=16 * count).reshape(2, count)
        first = np.cumsum(gaps + lengths) - lengths
        return cls(
            spans.expand(first, lengths), np.repeat(before, lengths), np.repeat(after, lengths)
        )
