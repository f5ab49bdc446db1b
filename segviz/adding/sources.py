"""What a source is, and which way it becomes a model."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from segviz.adding import bundle, nnunet, onnx, published
from segviz.adding.cards import read_json
from segviz.adding.fetching import Progress
from segviz.adding.placing import name_from, placed, remove, write_card
from segviz.errors import NotFound, Refused
from segviz.inference import catalog, networks
from segviz.inference.catalog import Card
from segviz.io import archive, sha256
from segviz.settings import Settings

__all__ = ["add", "remove"]

Way = Callable[[Path, Path], dict[str, Any]]
"""Writes weights from a source into a new folder, and gives the card's metadata."""


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
        source: a published model by name, e.g. ``dynamic-world``, or where a MONAI bundle (folder
            or zip), a model folder of nnU-Net v2 or of segviz, or an ONNX file lies.
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
    if not Path(source).exists():
        there = ", ".join(sorted(by_source)) or "none"
        raise NotFound(
            "SV-MDL-027",
            f"'{source}' is no file or folder here and no published model; those are: {there}.",
        )
    with _opened(Path(source)) as (path, way):
        given = Path(source).resolve()
        wanted = name or name_from(given.stem if given.is_file() else given.name)
        with placed(settings, wanted) as draft:
            metadata = way(path, draft)
            _finish(draft, metadata)
    return catalog.card(settings, wanted)


def _finish(draft: Path, metadata: dict[str, Any]) -> None:
    """Write the card, then build the network with its weights once, before anybody relies on it."""
    is_onnx = metadata.get("network_def", {}).get("name") == catalog.ONNX
    weights = draft / (catalog.ONNX_FILE if is_onnx else catalog.WEIGHTS)
    if weights.is_file():
        metadata = {**metadata, "sha256": sha256([weights])}
    write_card(draft, metadata)
    card = catalog.read_card(draft)
    if is_onnx:
        onnx.try_out(card)
    elif card.method == "network":
        networks.load(card)


@contextmanager
def _opened(source: Path) -> Iterator[tuple[Path, Way]]:
    """The file or folder of a source and its way; an archive is unpacked for as long as needed."""
    if source.is_file() and zipfile.is_zipfile(source) and source.suffix.lower() == ".zip":
        with TemporaryDirectory(prefix="segviz-") as unpacked:
            archive.unpack_tree(source, Path(unpacked))
            yield _way(Path(unpacked), source)
    else:
        yield _way(source, source)


def _way(path: Path, source: Path) -> tuple[Path, Way]:
    if onnx.is_onnx(path):
        return path, onnx.add
    for folder in _candidates(path):
        if bundle.is_bundle(folder):
            return folder, bundle.add
        if nnunet.is_nnunet(folder):
            return folder, nnunet.add
        if (folder / catalog.METADATA).is_file():
            files = sorted(folder.glob("*.onnx"))
            return (files[0], onnx.add) if files else (folder, _own)
    raise Refused(
        "SV-MDL-034",
        f"{source.name} is no model that is known: neither a MONAI bundle (configs/metadata.json "
        "and inference.json), nor a model folder of nnU-Net v2 (plans.json and dataset.json), nor "
        "an ONNX file or a model of segviz with its metadata.json.",
    )


def _candidates(path: Path) -> list[Path]:
    """The folder itself and those inside it, down to two levels."""
    if not path.is_dir():
        return []
    return [path, *(p for p in sorted(path.glob("*/")) + sorted(path.glob("*/*/")) if p.is_dir())]


def _own(folder: Path, draft: Path) -> dict[str, Any]:
    """A model folder of segviz, as ``segviz train`` writes it."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink() and path.name != catalog.METADATA:
            shutil.copyfile(path, draft / path.name)
    metadata = read_json(folder / catalog.METADATA)
    catalog.verify(catalog.read_card(folder))
    return metadata
