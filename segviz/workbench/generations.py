"""Mask files: one for each generation of a mask, raw uint8 in native C order, mapped into memory.

A file is a cache of the journal: cells change in it only after their entry is on disk, and entries
since its checkpoint are applied again when it is opened. They hold values, not differences, so
applying them twice does no harm. Beside it lie packed copies that are never changed: of the file as
it began, and of now and then since (``<generation>.<revision>.z``). Where a file is missing, was
cut off, or has another fingerprint than the journal says, it is made anew from the last good copy.
"""

from __future__ import annotations

import math
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from segviz.edit.delta import Delta
from segviz.errors import Damaged, DiskFull
from segviz.grid import Window
from segviz.store import files
from segviz.store.journal import Journal
from segviz.workbench import fingerprint

PACKED = ".z"
LEVEL = 1
PIECE = 1 << 20


class MaskFile:
    """The mapped file of one generation.

    Attributes:
        path: of the file.
        data: labels in native order; changed by ``apply`` alone.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.path = path
        self.data: NDArray[np.uint8] = np.memmap(path, np.uint8, "r+", shape=shape)

    @property
    def flat(self) -> NDArray[np.uint8]:
        return self.data.reshape(-1)

    def apply(self, delta: Delta) -> None:
        delta.apply(self.flat)

    def sync(self) -> None:
        """Have all changes so far on disk."""
        if isinstance(self.data, np.memmap):
            self.data.flush()
        files.fsync(self.path)


@dataclass(frozen=True)
class Generations:
    """The mask files of one layer.

    Attributes:
        journal: what was done to it.
        folder: where the files lie.
        layer_id: of the layer.
        shape: of its masks.
    """

    journal: Journal
    folder: Path
    layer_id: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def path(self, generation: int) -> Path:
        return self.folder / f"{generation}.u8"

    def write(self, generation: int, content: Callable[[BinaryIO], object]) -> Path:
        """Make the file of a new generation and its packed copy, whole and on disk."""
        path = self.path(generation)
        files.atomic_write(path, content)
        self.pack(path, self._packed(generation, 0))
        return path

    def take(self, draft: Path, generation: int) -> None:
        """Let a finished file be that of a new generation, with its packed copy."""
        self.pack(draft, self._packed(generation, 0))
        with files.disk_full_told():
            files.publish(draft, self.path(generation))

    def last_copy(self, generation: int) -> int:
        """The revision of the newest packed copy; 0 of the first one, and where there is none."""
        return max(self._copies(generation), default=0)

    def pack(self, source: Path, target: Path) -> None:
        """A packed copy of a mask file."""

        def content(file: BinaryIO) -> None:
            packer = zlib.compressobj(LEVEL)
            with source.open("rb") as raw:
                while piece := raw.read(PIECE):
                    file.write(packer.compress(piece))
            file.write(packer.flush())

        files.atomic_write(target, content)

    def open(self, generation: int) -> MaskFile:
        """The file of a generation as the journal says it is; its fingerprint is not looked at.

        Raises:
            Damaged: it is missing or was cut off (SV-EDIT-031).
            DiskFull: there is no room for a new one.
        """
        path = self.path(generation)
        after = self.journal.checkpoint(self.layer_id, generation)
        if not path.exists() and generation == 0 and not self._packed(0, 0).exists():
            files.atomic_write(path, lambda file: files.allocate(file, self.size))
            after = 0
        if not path.exists() or path.stat().st_size != self.size:
            raise Damaged(
                "SV-EDIT-031",
                "The file of this mask is missing or was cut off, so nothing can be measured on "
                "it; bring the workspace back from its backup.",
            )
        mask = MaskFile(path, self.shape)
        self._replay(mask.flat, generation, after)
        return mask

    def open_checked(self, generation: int) -> tuple[MaskFile, int, bool]:
        """The file of a generation, its fingerprint, and whether it had to be made anew.

        Raises:
            Damaged: it is not what the journal says, and no copy leads there (SV-EDIT-031,
                SV-EDIT-090).
        """
        expected = self.journal.fingerprint(self.layer_id, generation)
        damage: Damaged | None = None
        try:
            mask = self.open(generation)
            found = fingerprint.of(mask.flat)
            if expected in (None, found):
                return mask, found, False
        except Damaged as error:
            damage = error
        rebuilt = self._rebuilt(generation, expected)
        if rebuilt is None:
            raise damage or Damaged(
                "SV-EDIT-090",
                "The file of this mask is not what its history says, and no copy of it leads "
                "there, so its numbers would be wrong; bring the workspace back from its backup.",
            )
        return rebuilt, fingerprint.of(rebuilt.flat), True

    def snapshot(self, generation: int, revision: int) -> None:
        """Keep a packed copy of a file as it was after a revision; edits may go on meanwhile."""
        with files.drafted_for(self.folder) as draft:
            shutil.copyfile(self.path(generation), draft)
            copy = MaskFile(draft, self.shape)
            for delta in self._way_to(generation, revision):
                copy.apply(delta)
            copy.sync()
            self.pack(draft, self._packed(generation, revision))
        for old in self._copies(generation)[2:]:
            if old:
                self._packed(generation, old).unlink()

    def before(self, generation: int, revision: int, window: Window | None) -> NDArray[np.uint8]:
        """A copy of the mask as a generation was after a revision, or of a window of a scene.

        The file itself is only read, so that edits may go on meanwhile.
        """
        if not self.path(generation).exists():
            self.open(generation)
        file = np.memmap(self.path(generation), np.uint8, "r", shape=self.shape)
        if window is None:
            copy = np.array(file)
            for delta in self._way_to(generation, revision):
                delta.apply(copy.reshape(-1))
            return copy
        top, bottom, left, right = window
        copy = np.array(file[top:bottom, left:right])
        for delta in self._way_to(generation, revision):
            cut(delta, self.shape[1], window).apply(copy.reshape(-1))
        return copy

    def _way_to(self, generation: int, revision: int) -> Iterator[Delta]:
        """Changes that lead a copy of a file to what it was after a revision.

        First all that may not be in the file yet, then back. Whatever others commit while the copy
        is made is taken back, too.
        """
        checkpoint = self.journal.checkpoint(self.layer_id, generation)
        for packed in self.journal.deltas(self.layer_id, generation, checkpoint):
            yield Delta.decode(packed)
        for packed in self.journal.deltas(self.layer_id, generation, revision, newest_first=True):
            yield Delta.decode(packed).inverse()

    def _packed(self, generation: int, revision: int) -> Path:
        return self.folder / f"{generation}.{revision}{PACKED}"

    def _copies(self, generation: int) -> list[int]:
        """Revisions of which there are packed copies, the newest first."""
        names = (path.name.split(".") for path in self.folder.glob(f"{generation}.*{PACKED}"))
        return sorted((int(parts[1]) for parts in names), reverse=True)

    def _replay(self, flat: NDArray[np.uint8], generation: int, after: int) -> None:
        for packed in self.journal.deltas(self.layer_id, generation, after):
            Delta.decode(packed).apply(flat)

    def _rebuilt(self, generation: int, expected: int | None) -> MaskFile | None:
        """The file made anew from the newest copy that leads to what the journal says."""
        starts: list[int | None] = [*self._copies(generation)]
        if generation == 0 and 0 not in starts:
            starts.append(None)
        for start in starts:
            with suppress(zlib.error), files.drafted_for(self.folder) as draft:
                self._lay_out(draft, generation, start)
                made = MaskFile(draft, self.shape)
                self._replay(made.flat, generation, start or 0)
                if expected in (None, fingerprint.of(made.flat)):
                    made.sync()
                    files.publish(draft, self.path(generation))
                    return MaskFile(self.path(generation), self.shape)
        return None

    def _lay_out(self, draft: Path, generation: int, start: int | None) -> None:
        """The bytes of a packed copy, or of an empty mask where there is none."""
        with draft.open("xb") as file:
            if start is not None:
                for piece in _unpacked(self._packed(generation, start)):
                    file.write(piece)
            missing = self.size - file.tell()
            if missing < 0 or (start is not None and missing):
                raise zlib.error("a copy of another size")
            if missing:
                files.allocate(file, self.size)


def _slices(window: Window) -> tuple[slice, slice]:
    return slice(*window[:2]), slice(*window[2:])


def cut(delta: Delta, width: int, window: Window) -> Delta:
    """The part of a change of a scene, ``width`` cells wide, within a window, in its own order."""
    top, bottom, left, right = window
    first, stop = np.searchsorted(delta.cells, [top * width, bottom * width])
    rows, columns = np.divmod(delta.cells[first:stop], width)
    inside = (columns >= left) & (columns < right)
    cells = (rows[inside] - top) * (right - left) + columns[inside] - left
    return Delta(cells, delta.before[first:stop][inside], delta.after[first:stop][inside])


def try_snapshot(of: Generations, generation: int, revision: int) -> None:
    """Keep a copy where there is room for it."""
    with suppress(DiskFull, OSError):
        of.snapshot(generation, revision)


def _unpacked(path: Path) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            while piece:
                yield unpacker.decompress(piece, PIECE)
                piece = unpacker.unconsumed_tail
    if not unpacker.eof:
        raise zlib.error("a copy that was cut off")
    yield unpacker.flush()
