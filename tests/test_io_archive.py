"""Zip archives that lie, lead out or blow up."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from segviz.errors import Refused
from segviz.io.archive import unpack, unpack_tree
from segviz.io.open import check


def packed(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def refusal_of(path: Path, folder: Path) -> str:
    with pytest.raises(Refused) as refusal:
        unpack(path, folder)
    return refusal.value.code


def test_files_are_unpacked_under_names_of_our_own(tmp_path: Path) -> None:
    entries = {"a/IM1.DCM": b"1", "b/scan.nii.gz": b"2", "__MACOSX/a/x": b"3", "a/.DS_Store": b"4"}
    files = unpack(packed(tmp_path / "z.zip", **entries), tmp_path / "out")
    assert [file.name for file in files] == ["00000.dcm", "00001.nii.gz"]
    assert [file.read_bytes() for file in files] == [b"1", b"2"]


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "C:\\x", "a\\b", "a/../../x", "C:/x"])
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "z.zip", **{name: b"1"})
    assert refusal_of(path, tmp_path / "out") == "SV-ARC-004"
    assert not (tmp_path / "x").exists()


def test_links(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("x.nii")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refusal_of(tmp_path / "z.zip", tmp_path / "out") == "SV-ARC-005"


def test_a_bomb(tmp_path: Path) -> None:
    path = packed(tmp_path / "z.zip", x=bytes(20_000_000))
    assert refusal_of(path, tmp_path / "out") == "SV-ARC-007"


def test_a_directory_that_lies_about_sizes(tmp_path: Path) -> None:
    path = packed(tmp_path / "z.zip", x=bytes(5_000_000))
    content = bytearray(path.read_bytes())
    size = (5_000_000).to_bytes(4, "little")
    while size in content:
        at = content.index(size)
        content[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    assert refusal_of(path, tmp_path / "out") in ("SV-ARC-002", "SV-ARC-008")
    left = [file.stat().st_size for file in (tmp_path / "out").iterdir()]
    assert sum(left) <= 2**20


def test_cut_short(tmp_path: Path) -> None:
    path = packed(tmp_path / "z.zip", x=b"1" * 1000)
    path.write_bytes(path.read_bytes()[:60])
    assert refusal_of(path, tmp_path / "out") == "SV-ARC-002"


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segviz.io.archive.MAX_FILES", 10)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for number in range(11):
            archive.writestr(str(number), b"")
    assert refusal_of(tmp_path / "z.zip", tmp_path / "out") == "SV-ARC-003"


def test_a_map_inside_an_archive_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = packed(tmp_path / "z.zip", **{"s.tif": b"II*\0" + bytes(20)})
    assert check([path])[0].code == "SV-ARC-009"
    inner = packed(tmp_path / "inner.zip", x=b"1").read_bytes()
    assert check([packed(tmp_path / "o.zip", **{"i.zip": inner})])[0].code == "SV-ARC-009"


def test_a_tree_keeps_its_folders(tmp_path: Path) -> None:
    path = packed(tmp_path / "z.zip", **{"m/configs/a.json": b"1", "__MACOSX/m/a": b"2"})
    unpack_tree(path, tmp_path / "out")
    files = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert files == [tmp_path / "out" / "m" / "configs" / "a.json"]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x"])
def test_a_tree_that_leads_out(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "z.zip", **{name: b"1"})
    with pytest.raises(Refused) as refusal:
        unpack_tree(path, tmp_path / "out")
    assert refusal.value.code == "SV-ARC-004"
    assert not (tmp_path / "x").exists()
