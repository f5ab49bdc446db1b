"""Mask files: one for each generation of a mask, raw uint8 in native C order, mapped into memory.

A file is a cache of the journal: cells change in it only after their entry is on disk, and entries
since its checkpoint are applied again when it is opened. They hold values, not differences, so
applying them twice does no harm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from segviz.edit.delta import Delta
from segviz.errors import Damaged
from segviz.store import files
from segviz.store.journal import Journal


class MaskFile:
    """The mapped file of one generation.

    Attributes:
        path: of the file.
        data: labels in native order; changed by ``apply`` alone.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.path = path
        self.data: NDArray[np.uint8] = np.memmap(path, np.uint8, "r+", shape=shape)

    def apply(self, delta: Delta) -> None:
        delta.apply(self.data.reshape(-1))

    def sync(self) -> None:
        """Have all changes so far on disk."""
        if isinstance(self.data, np.memmap):
            self.data.flush()
        files.fsync(self.path)


def open_file(
    journal: Journal, folder: Path, visit_id: str, generation: int, shape: tuple[int, ...]
) -> MaskFile:
    """The file of a generation as the journal says it is.

    Raises:
        Damaged: it is missing or has another size (SV-EDIT-031).
        DiskFull: there is no room for a new one.
    """
    path, size = file_path(folder, generation), math.prod(shape)
    checkpoint = journal.checkpoint(visit_id, generation)
    if not path.exists() and generation == 0:
        write(folder, 0, lambda file: files.allocate(file, size))
        checkpoint = 0
    if not path.exists() or path.stat().st_size != size:
        raise Damaged(
            "SV-EDIT-031",
            "The file of this mask is missing or was cut off, so nothing can be measured on it; "
            "bring the workspace back from its backup.",
        )
    mask = MaskFile(path, shape)
    for packed in journal.deltas(visit_id, generation, checkpoint):
        mask.apply(Delta.decode(packed))
    return mask


def write(folder: Path, generation: int, content: Callable[[BinaryIO], object]) -> Path:
    """Make the file of a new generation, whole and on disk."""
    path = file_path(folder, generation)
    files.atomic_write(path, content)
    return path


def file_path(folder: Path, generation: int) -> Path:
    return folder / f"{generation}.u8"
