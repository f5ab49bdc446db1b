import errno
import os
from multiprocessing import get_context
from pathlib import Path

import pytest

from segviz.errors import DiskFull
from segviz.store import files


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "mask.u8"
    files.atomic_write(path, lambda file: file.write(b"old"))

    def fails(file: object) -> None:
        file.write(b"ne")  # type: ignore[attr-defined]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        files.atomic_write(path, fails)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path: Path, code: int) -> None:
    path = tmp_path / "mask.u8"
    path.write_bytes(b"old")

    def full(file: object) -> None:
        raise OSError(code, os.strerror(code))

    with pytest.raises(DiskFull):
        files.atomic_write(path, full)
    assert path.read_bytes() == b"old"


def test_other_errors_of_the_system_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.atomic_write(tmp_path / "missing" / "x", lambda file: file.write(b"x"))


def test_allocated_bytes_are_zero_and_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "mask.u8"
    files.atomic_write(path, lambda file: files.allocate(file, 100_000))
    assert path.read_bytes() == bytes(100_000)
    assert path.stat().st_blocks * 512 >= 100_000


def test_nothing_is_allocated_for_an_empty_mask(tmp_path: Path) -> None:
    path = tmp_path / "mask.u8"
    files.atomic_write(path, lambda file: files.allocate(file, 0))
    assert path.stat().st_size == 0


def _holds(path: Path) -> bool:
    return files.try_lock(path) is not None


def test_a_lock_is_held_among_processes(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with get_context("spawn").Pool(1) as pool:
        with files.locked(path):
            assert not pool.apply(_holds, (path,))
        assert pool.apply(_holds, (path,))


def test_a_stamp_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "scan.nii"
    path.write_bytes(b"abc")
    os.utime(path, ns=(1, 1))
    assert files.stamp(path) == (3, 1)
    os.utime(path, ns=(2, 2))
    assert files.stamp(path) == (3, 2)


def test_the_stamp_of_a_folder_is_that_of_all_its_files(tmp_path: Path) -> None:
    for name, when in (("a", 5), ("b", 9)):
        (tmp_path / name).write_bytes(b"xx")
        os.utime(tmp_path / name, ns=(when, when))
    assert files.stamp(tmp_path) == (4, 9)
