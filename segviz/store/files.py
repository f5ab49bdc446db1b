"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from segviz.errors import DiskFull

PART = ".part"
"""How the name of an unfinished file ends."""

FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def disk_full_told() -> Iterator[None]:
    """Turn the system's "no space left" into DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull from error
        raise


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Where to write a file that takes the name ``path`` when the block ends, on disk as a whole.

    Raises:
        DiskFull: the file that was there before is still there, unchanged.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with disk_full_told():
            yield part
            publish(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def drafted_for(folder: Path) -> Iterator[Path]:
    """Where to write a file of a folder whose name is not known yet; see ``publish``."""
    part = folder / f"{secrets.token_hex(4)}{PART}"
    try:
        with disk_full_told():
            yield part
    finally:
        part.unlink(missing_ok=True)


def atomic_write(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file in one go; see ``drafted``."""
    with drafted(path) as part, part.open("xb") as file:
        write(file)


def publish(part: Path, path: Path) -> None:
    """Give a finished file its name, durably."""
    fsync(part)
    part.replace(path)
    fsync(path.parent)


def fsync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def allocate(file: BinaryIO, size: int) -> None:
    """Take ``size`` zero bytes of disk now, so that a memory map never runs out of it."""
    if size:
        os.posix_fallocate(file.fileno(), 0, size)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock among processes; the system drops it when its holder dies."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_lock(path: Path) -> BinaryIO | None:
    """The lock file, held until it is closed; None where another process holds it."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def private_folder(path: Path) -> Path:
    """A folder that only its owner can enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and time of last change in ns; of a folder: sum and newest of its files."""
    found = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    stats = [p.stat() for p in found]
    return sum(s.st_size for s in stats), max((s.st_mtime_ns for s in stats), default=0)
