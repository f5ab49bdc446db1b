"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from segviz.settings import Settings


@pytest.fixture(autouse=True)
def private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of its own for each test: nobody's ~/.segviz is read or written."""
    home = tmp_path / "home"
    monkeypatch.setenv("SEGVIZ_HOME", str(home))
    for name in ("SEGVIZ_DATA", "SEGVIZ_DATABASE", "SEGVIZ_MODELS", "SEGVIZ_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def real_data() -> Path:
    """The folder with the real scans and scenes; the test is skipped where there is none."""
    there = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SEGVIZ_TEST_DATA", there))
    if not folder.exists():
        pytest.skip("needs the real data (SEGVIZ_TEST_DATA)")
    return folder


@pytest.fixture
def workspace_settings(tmp_path: Path) -> Settings:
    """An empty workspace with the models of the checkout."""
    home = tmp_path / "home"
    models = Path(__file__).parent.parent / "models"
    return Settings(home, tmp_path / "data", models, f"sqlite:///{home / 'segviz.sqlite'}", 2**30)


@pytest.fixture
def server(tmp_path: Path, workspace_settings: Settings) -> Iterator[object]:
    """The routes over a workspace with one volume and one scene (see ``web_case``)."""
    from web_case import serve

    from segviz import workbench

    yield serve(tmp_path, workspace_settings)
    workbench.close_all()
