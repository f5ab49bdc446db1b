"""Published weights of shipped cards: fetched, or taken from a folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

from segviz.adding.fetching import Progress, fetch, other_than_published
from segviz.adding.placing import placed, write_card
from segviz.errors import Refused
from segviz.inference import catalog, networks
from segviz.inference.catalog import Card
from segviz.inference.dynamic_world import published_weights
from segviz.io import sha256
from segviz.settings import Settings

READERS = {"dynamic-world": published_weights}
"""How a published file becomes a state dict, by source."""


def cards(settings: Settings) -> dict[str, Card]:
    """Shipped cards without weights, by the name of their source."""
    shipped = (
        catalog.read_card(path.parent) for path in settings.models.glob(f"*/{catalog.METADATA}")
    )
    return {card.fetched["source"]: card for card in shipped if card.fetched}


def add(settings: Settings, card: Card, folder: Path | None, progress: Progress | None) -> Card:
    """Put the published weights of a card into the workspace, as safetensors.

    Args:
        folder: where the published file lies, at any depth; its public address when None.

    Raises:
        Refused: it cannot be fetched, is not in the folder, or is not the published one.
    """
    published = card.fetched
    with placed(settings, card.name, replaces=True) as draft:
        file = draft / "published"
        if folder is None:
            fetch(published["address"], published["bytes"], published["sha256"], file, progress)
        else:
            shutil.copyfile(_in_folder(folder, card), file)
        state = READERS[published["source"]](file.read_bytes())
        file.unlink()
        networks.write_state(state, draft / catalog.WEIGHTS)
        for other in card.folder.iterdir():
            if other.is_file():
                shutil.copyfile(other, draft / other.name)
        digest = sha256([draft / catalog.WEIGHTS])
        write_card(draft, {**card.metadata, "sha256": digest})
    return catalog.card(settings, card.name)


def _in_folder(folder: Path, card: Card) -> Path:
    """The published file by its name and sha256; a link is not followed."""
    name = Path(urlsplit(card.fetched["address"]).path).name
    found = [path for path in sorted(folder.rglob(name)) if not path.is_symlink()]
    for path in found:
        if sha256([path]) == card.fetched["sha256"]:
            return path
    if found:
        raise other_than_published()
    raise Refused(
        "SV-MDL-026",
        f"The folder does not hold {name}, the published weights of '{card.name}' "
        f"({card.fetched['bytes'] / 1e6:.1f} MB), so nothing was added; give the folder that they "
        "were fetched into.",
    )
