"""Fixtures that several rooms share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segviz.settings import Settings


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
