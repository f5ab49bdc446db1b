"""The few lines of Python around the built viewers."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from segviz import viewers

ROOM = Path(viewers.__file__).parent


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(viewers, "ASSETS", tmp_path)
    return tmp_path


def test_inline_imports_the_built_file_by_its_hash(assets: Path) -> None:
    (assets / "map.js").write_bytes(b"export default 1")
    digest = hashlib.sha256(b"export default 1").hexdigest()[:16]
    assert f'"/sv-assets/map.js?v={digest}"' in viewers.inline("map")


def test_inline_has_line_breaks_and_a_default_export(assets: Path) -> None:
    (assets / "map.js").write_bytes(b"")
    script = viewers.inline("map")
    assert "\n" in script.strip()
    assert "export default" in script


def test_another_build_has_another_address(assets: Path) -> None:
    (assets / "map.js").write_bytes(b"one")
    first = viewers.inline("map")
    (assets / "map.js").write_bytes(b"two")
    assert viewers.inline("map") != first


def test_a_viewer_that_was_not_built_says_what_to_do(assets: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"segviz/viewers/build\.py"):
        viewers.inline("map")


def test_every_viewer_is_an_entry_of_the_build() -> None:
    config = (ROOM / "vite.config.ts").read_text()
    for name in viewers.NAMES:
        assert f"{name}: 'src/{name}.ts'" in config


def test_the_lock_names_no_other_registry_than_the_default() -> None:
    lock = json.loads((ROOM / "package-lock.json").read_text())
    hosts = {
        match.group(1)
        for package in lock["packages"].values()
        if (match := re.match(r"https?://([^/]+)/", package.get("resolved", "")))
    }
    assert hosts <= {"registry.npmjs.org"}
