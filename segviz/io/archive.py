"""Zip archives, unpacked within limits that the archive cannot lie about."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from segviz.errors import Refused
from segviz.io.failures import refusing

MAX_FILES = 20_000
MAX_BYTES = 8 * 2**30
MAX_RATIO = 100
SMALL = 2**20
"""Below this size a high ratio is harmless."""

CHUNK = 2**20


def unpack(archive: Path, folder: Path) -> list[Path]:
    """Unpack a zip archive into a folder and return its files in their order.

    The stored names are checked but not used: files are called ``00000.dcm`` and so on, with the
    ending of the stored name.

    Raises:
        Refused: damaged, unsafe names or links, too many files, or too large once unpacked
            (SV-ARC-...).
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (
        refusing("SV-ARC-002", "The archive is damaged or cut short; pack or upload it again."),
        zipfile.ZipFile(archive) as packed,
    ):
        entries = [e for e in packed.infolist() if not e.is_dir()]
        _require_safe(entries)
        return [
            _extract(packed, entry, folder / f"{number:05d}{_ending(entry)}")
            for number, entry in enumerate(_wanted(entries))
        ]


def unpack_tree(archive: Path, folder: Path) -> None:
    """Unpack a zip archive with its folders, for things whose file names mean something.

    Raises:
        Refused: as ``unpack``; a name that is there twice counts as damage.
    """
    with (
        refusing("SV-ARC-002", "The archive is damaged or cut short; pack or upload it again."),
        zipfile.ZipFile(archive) as packed,
    ):
        entries = [e for e in packed.infolist() if not e.is_dir()]
        _require_safe(entries)
        for entry in _wanted(entries):
            path = folder.joinpath(*PurePosixPath(entry.filename).parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            _extract(packed, entry, path)


def _wanted(entries: list[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    """Files that are no leftovers of a Mac."""
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if "__MACOSX" not in path.parts and path.name != ".DS_Store":
            yield entry


def _require_safe(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_FILES:
        raise Refused(
            "SV-ARC-003",
            f"The archive holds {len(entries):,} files; at most {MAX_FILES:,} are unpacked. "
            "Pack one study.",
        )
    for entry in entries:
        if _is_unsafe(entry.orig_filename):
            raise Refused(
                "SV-ARC-004",
                "The archive holds file names that lead out of it, so it was not unpacked; pack "
                "the "
                "folder again.",
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Refused(
                "SV-ARC-005", "The archive holds links instead of files; pack the files themselves."
            )
        if entry.flag_bits & 1:
            raise Refused("SV-ARC-006", "The archive needs a password; pack it without one.")
    unpacked = sum(e.file_size for e in entries)
    packed = max(sum(e.compress_size for e in entries), 1)
    if unpacked > MAX_BYTES or (unpacked > SMALL and unpacked / packed > MAX_RATIO):
        raise Refused(
            "SV-ARC-007",
            f"The archive unpacks to {unpacked / 1e6:,.0f} MB from {packed / 1e6:,.1f} MB "
            f"({unpacked / packed:,.0f}:1), which no scan does; send the files themselves.",
        )


def _is_unsafe(name: str) -> bool:
    path = PurePosixPath(name)
    has_drive = len(name) > 1 and name[1] == ":"
    return "\\" in name or "\0" in name or path.is_absolute() or ".." in path.parts or has_drive


def _ending(entry: zipfile.ZipInfo) -> str:
    name = PurePosixPath(entry.filename).name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else PurePosixPath(name).suffix[:8]


def _extract(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> Path:
    """One file, counting its bytes: the archive's directory may say less than is there."""
    with packed.open(entry) as source, path.open("xb") as target:
        written = _copy(source, target, entry.file_size)
    if written != entry.file_size:
        path.unlink()
        raise Refused("SV-ARC-008", "The archive lies about the size of its files; pack it again.")
    return path


def _copy(source: IO[bytes], target: IO[bytes], limit: int) -> int:
    """Copy at most one chunk more than the limit."""
    written = 0
    while written <= limit and (chunk := source.read(CHUNK)):
        written += target.write(chunk)
    return written
