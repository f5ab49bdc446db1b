"""What can be set from outside: an environment variable each, with its default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

Precision = Literal["auto", "f32"]


@dataclass(frozen=True)
class Settings:
    """Settings of one process.

    Attributes:
        home: SEGVIZ_HOME, the workspace (database, masks, uploads). Default ``~/.segviz``.
        data: SEGVIZ_DATA, what the file picker shows. Default ``<home>/data``.
        models: SEGVIZ_MODELS, a folder for each model. Default ``models`` of the checkout.
        database_url: SEGVIZ_DATABASE, an SQLAlchemy address. Default SQLite in ``home``.
        memory_bytes: SEGVIZ_MEM_GB, what opening one volume may take. Default half the memory.
        precision: SEGVIZ_PRECISION, of networks on the CPU: ``auto`` takes bf16 where the CPU
            computes in it and a network's classes stay the same; ``f32`` is the same everywhere.
    """

    home: Path
    data: Path
    models: Path
    database_url: str
    memory_bytes: int
    precision: Precision = "auto"


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
        precision="f32" if os.environ.get("SEGVIZ_PRECISION") == "f32" else "auto",
    )
