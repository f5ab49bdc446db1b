"""What a source is, and which way it becomes a model."""

from __future__ import annotations

from pathlib import Path

from segviz.adding import published
from segviz.adding.fetching import Progress
from segviz.adding.placing import remove
from segviz.errors import NotFound
from segviz.inference.catalog import Card
from segviz.settings import Settings

__all__ = ["add", "remove"]


def add(
    settings: Settings,
    source: str,
    *,
    folder: Path | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Card:
    """Add a model to the workspace; gives its card.

    Args:
        source: a published model by name, e.g. ``dynamic-world``.
        folder: where a published model's files lie, instead of its public address.
        name: of the new model; from the source when None.
        progress: called with (bytes, bytes in all) while a file is fetched.

    Raises:
        NotFound: the source is nothing that is known (SV-MDL-027).
        Refused: it cannot be trusted or built; nothing was added.
    """
    by_source = published.cards(settings)
    by_source |= {card.name: card for card in by_source.values()}
    if source in by_source:
        return published.add(settings, by_source[source], folder, progress)
    there = ", ".join(sorted(by_source)) or "none"
    raise NotFound(
        "SV-MDL-027",
        f"'{source}' is no file or folder here and no published model; those are: {there}.",
    )
