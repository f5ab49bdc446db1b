"""A file appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from segviz.io.atomic import replacing, write_bytes


def test_what_stood_there_stays_until_the_new_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "mask.nii.gz"
    write_bytes(path, b"old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        assert "".join(temporary.suffixes[-2:]) == ".nii.gz"
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made_and_the_mode_is_the_usual_one(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.csv"
    write_bytes(path, b"new")
    (tmp_path / "y").write_bytes(b"")
    assert path.stat().st_mode == (tmp_path / "y").stat().st_mode
