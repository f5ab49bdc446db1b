"""What can be set from outside: an environment variable each, with its default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Settings:
    """Settings of one process.

    Attributes:
        home: SEGVIZ_HOME, the workspace (database, masks, uploads). Default ``~/.segviz``.
        data: SEGVIZ_DATA, what the file picker shows. Default ``<home>/data``.
        models: SEGVIZ_MODELS, a folder for each model. Default ``models`` of the checkout.
        database_url: SEGVIZ_DATABASE, an SQLAlchemy address. Default SQLite in ``home``.
        memory_bytes: SEGVIZ_MEM_GB, what opening one volume may take. Default half the memory.
    """

    home: Path
    data: Path
    models: Path
    database_url: str
    memory_bytes: int


def load() -> Settings:
    """Read the environment."""
    home = Path(os.environ.get("SEGVIZ_HOME", "~/.segviz")).expanduser().resolve()
    checkout = Path(__file__).resolve().parent.parent
    memory_gb = os.environ.get("SEGVIZ_MEM_GB")
    return Settings(
        home=home,
        data=Path(os.environ.get("SEGVIZ_DATA", home / "data")).expanduser().resolve(),
        models=Path(os.environ.get("SEGVIZ_MODELS", checkout / "models")).expanduser().resolve(),
        database_url=os.environ.get("SEGVIZ_DATABASE", f"sqlite:///{home / 'segviz.sqlite'}"),
        memory_bytes=(
            int(float(memory_gb) * 2**30) if memory_gb else psutil.virtual_memory().total // 2
        ),
    )
