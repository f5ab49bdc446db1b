"""A model's folder appears in the workspace whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from segviz.errors import Refused
from segviz.inference import catalog
from segviz.inference.catalog import Card
from segviz.settings import Settings

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def name_from(text: str) -> str:
    """A model's name from a file's or a folder's.

    >>> name_from("Spleen_CT segmentation v0.5")
    'spleen-ct-segmentation-v0-5'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64].strip("-")


@contextmanager
def placed(settings: Settings, name: str, replaces: bool = False) -> Iterator[Path]:
    """An empty folder to fill; it becomes the model's when nothing failed.

    Args:
        replaces: a model of this name in the workspace is replaced.

    Raises:
        Refused: the name cannot be used (SV-MDL-023) or is taken (SV-MDL-024).
    """
    if not NAME.fullmatch(name):
        raise Refused(
            "SV-MDL-023",
            "A model's name is made of small letters, digits and dashes, such as spleen-ct; give "
            "one with --name.",
        )
    if not replaces and name in catalog.folders(settings):
        raise Refused(
            "SV-MDL-024",
            f"There is a model named '{name}' already; remove it first, or give another name with "
            "--name.",
        )
    shelf = settings.home / catalog.ADDED
    shelf.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=".adding-", dir=settings.home))
    try:
        yield draft
        catalog.verify(catalog.read_card(draft))
        draft.chmod(0o755)
        if (shelf / name).exists():
            (shelf / name).rename(draft.with_name(f"{draft.name}-old"))
        draft.rename(shelf / name)
    finally:
        for left in settings.home.glob(f"{draft.name}*"):
            shutil.rmtree(left, ignore_errors=True)


def write_card(folder: Path, metadata: Mapping[str, Any]) -> None:
    text = json.dumps(metadata, indent=2, ensure_ascii=False)
    (folder / catalog.METADATA).write_text(f"{text}\n", encoding="utf-8")


def remove(settings: Settings, name: str) -> Card:
    """Take an added model out of the workspace; gives its card.

    Raises:
        NotFound: there is none of this name (SV-MDL-001).
        Refused: it is shipped (SV-MDL-025).
    """
    card = catalog.card(settings, name)
    if card.folder.parent != settings.home / catalog.ADDED:
        raise Refused(
            "SV-MDL-025", f"The model '{name}' is shipped with the program and stays there."
        )
    shutil.rmtree(card.folder)
    return card
