"""The gate for TIFF: what the tags say, read from the bytes before any library opens the file.

Layout: TIFF 6.0 (Adobe, 1992) and BigTIFF (https://www.awaresystems.be/imaging/tiff/bigtiff.html).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.io.failures import refusing

MAX_BANDS = 64
MAX_TILE_BYTES = 256 * 2**20

Order = Literal["<", ">"]

KINDS: dict[bytes, tuple[Order, int]] = {
    b"II*\0": ("<", 4),
    b"MM\0*": (">", 4),
    b"II+\0": ("<", 8),
    b"MM\0+": (">", 8),
}
NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
COLUMNS, ROWS, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, BANDS, STRIP_ROWS, STRIP_BYTES, PLANAR = 273, 277, 278, 279, 284
TILE_COLUMNS, TILE_ROWS, TILE_OFFSETS, TILE_BYTES = 322, 323, 324, 325
UNCOMPRESSED, SEPARATE_PLANES, PALETTE = 1, 2, 3

NOT_TIFF = "This is not a GeoTIFF: its first bytes belong to another kind of file."
DAMAGED = (
    "The image's directory is damaged, so parts of it cannot be found; copy or export it again."
)


@dataclass(frozen=True, eq=False)
class Directory:
    """The first image in a TIFF file.

    Attributes:
        block: rows, columns of a tile; a strip is a tile as wide as the image.
        offsets, lengths: of the blocks in bytes [plane, block row, block column]; one plane where
            the bands of a pixel lie together. A length of 0 is a block that the file does not hold.
    """

    shape: tuple[int, int]
    bands: int
    bits: int
    compressed: bool
    palette: bool
    block: tuple[int, int]
    offsets: NDArray[np.uint64]
    lengths: NDArray[np.uint64]

    @cached_property
    def missing(self) -> NDArray[np.bool_] | None:
        """Blocks that are not there [plane, block row, block column]; None where all are."""
        absent = self.lengths == 0
        return absent if absent.any() else None

    @property
    def block_bytes(self) -> int:
        """Unpacked size of one block."""
        together = self.bands if len(self.offsets) == 1 else 1
        rows = self.block[0] if self.compressed else 1
        return rows * self.block[1] * together * self.bits // 8


def read_directory(path: Path) -> Directory:
    """Judge a file by its tags alone.

    Raises:
        Refused: another kind of file, damaged, cut short, or too large to open safely (SV-TIF-...).
    """
    with path.open("rb") as file:
        tags = _tags(file)
        with refusing("SV-TIF-002", DAMAGED):
            directory = _directory(tags)
    _require_sound(directory, path.stat().st_size)
    return directory


def is_tiff(first: bytes) -> bool:
    return first[:4] in KINDS


def _tags(file: BinaryIO) -> dict[int, NDArray[np.uint64]]:
    """The whole-number tags of the first directory."""
    first = file.read(16)
    if not is_tiff(first):
        raise Refused("SV-TIF-001", NOT_TIFF)
    order, width = KINDS[first[:4]]
    with refusing("SV-TIF-002", DAMAGED):
        word, counter = ("Q", "Q") if width == 8 else ("I", "H")
        (start,) = struct.unpack_from(f"{order}{word}", first, 8 if width == 8 else 4)
        file.seek(start)
        (count,) = struct.unpack(f"{order}{counter}", file.read(struct.calcsize(counter)))
        entries = np.frombuffer(
            file.read(count * (4 + 2 * width)),
            np.dtype(
                [("tag", "u2"), ("type", "u2"), ("count", f"u{width}"), ("value", f"V{width}")]
            ).newbyteorder(order),
            count,
        )
        return {
            int(e["tag"]): _values(file, order, int(e["type"]), int(e["count"]), bytes(e["value"]))
            for e in entries
            if int(e["type"]) in NUMBERS
        }


def _values(file: BinaryIO, order: str, kind: int, count: int, inline: bytes) -> NDArray[np.uint64]:
    dtype = np.dtype(f"{order}{NUMBERS[kind]}")
    if count * dtype.itemsize <= len(inline):
        return np.frombuffer(inline, dtype, count).astype(np.uint64)
    word = "Q" if len(inline) == 8 else "I"
    file.seek(struct.unpack(f"{order}{word}", inline)[0])
    return np.frombuffer(file.read(count * dtype.itemsize), dtype, count).astype(np.uint64)


def _directory(tags: dict[int, NDArray[np.uint64]]) -> Directory:
    def one(tag: int, default: int) -> int:
        return int(tags[tag][0]) if tag in tags else default

    shape = one(ROWS, 0), one(COLUMNS, 0)
    bands = one(BANDS, 1)
    tiled = TILE_OFFSETS in tags or TILE_COLUMNS in tags
    block = (
        (one(TILE_ROWS, 0), one(TILE_COLUMNS, 0))
        if tiled
        else (min(one(STRIP_ROWS, shape[0]), shape[0]), shape[1])
    )
    planes = bands if one(PLANAR, 1) == SEPARATE_PLANES else 1
    blocks = planes, ceil(shape[0] / block[0]), ceil(shape[1] / block[1])
    # GDAL writes STRIP_OFFSETS in tiled files of some old versions
    offsets = tags.get(TILE_OFFSETS, tags.get(STRIP_OFFSETS))
    lengths = tags.get(TILE_BYTES, tags.get(STRIP_BYTES))
    if offsets is None:
        raise ValueError("no offsets")
    if lengths is None:
        lengths = np.ones_like(offsets)
    return Directory(
        shape=shape,
        bands=bands,
        bits=one(BITS, 1),
        compressed=one(COMPRESSION, 1) != UNCOMPRESSED or tiled,
        palette=one(PHOTOMETRIC, 1) == PALETTE,
        block=block,
        offsets=offsets.reshape(blocks),
        lengths=lengths.reshape(blocks),
    )


def _require_sound(directory: Directory, file_size: int) -> None:
    if directory.bands > MAX_BANDS:
        raise Refused(
            "SV-TIF-003",
            f"The image has {directory.bands:,} bands; at most {MAX_BANDS} can be opened. "
            "Export the bands you need.",
        )
    if directory.block_bytes > MAX_TILE_BYTES:
        raise Refused(
            "SV-TIF-004",
            f"The image is stored in tiles of {directory.block_bytes / 2**20:,.0f} MB, too large "
            "to "
            f"open safely (at most {MAX_TILE_BYTES // 2**20}); write it again in tiles of 512 "
            "pixels.",
        )
    ends = directory.offsets + directory.lengths
    if int(ends.max(initial=0)) > file_size:
        lost = int((ends > file_size).sum())
        raise Refused(
            "SV-TIF-005",
            f"The file is cut short: {lost:,} of {ends.size:,} tiles are missing, and their "
            "hectares "
            "would be too; copy it again.",
        )
