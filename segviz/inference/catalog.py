"""What models there are and what they say of themselves. Answered without importing torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from segviz.errors import NotFound, Refused
from segviz.image import Image, Volume
from segviz.mask import Legend
from segviz.render.bands import BAND_NAMES, missing_bands
from segviz.settings import Settings

Kind = Literal["volume", "scene", "both"]
Method = Literal["network", "pixels", "kmeans", "otsu"]

WEIGHED: frozenset[Method] = frozenset({"network", "pixels"})
"""Methods that need weights."""

METADATA, WEIGHTS = "metadata.json", "model.safetensors"
ONNX, ONNX_FILE = "ONNX", "model.onnx"
"""Name of a network that is a file of its own, and that file."""

ADDED = "models"
"""Folder of the workspace with the models that its people added."""


@dataclass(frozen=True, eq=False)
class Card:
    """A model folder's metadata.json, in the words of MONAI's bundles.

    Attributes:
        name: the folder's name.
        kind: which world it segments.
        method: ``network`` runs weights, ``pixels`` those learnt from strokes; ``kmeans`` and
            ``otsu`` are fitted to the image itself.
        legend: the labels that it gives.
        channels: bands it needs, e.g. ``("red", "green", "blue")``; what a volume must be, e.g.
            ``("MR",)``; empty where any will do.
        metrics: measured quality: rows of ``data``, ``measure`` and ``values`` by label.
        metadata: the whole file.
    """

    name: str
    title: str
    version: str
    kind: Kind
    method: Method
    legend: Legend
    description: str
    intended_use: str
    channels: tuple[str, ...]
    metrics: list[dict[str, Any]]
    licence: str
    folder: Path
    metadata: Mapping[str, Any]

    @property
    def is_onnx(self) -> bool:
        return bool(self.metadata.get("network_def", {}).get("name") == ONNX)

    @property
    def weights(self) -> Path:
        return self.folder / (ONNX_FILE if self.is_onnx else WEIGHTS)

    @property
    def sha256(self) -> str:
        """Of the weights as published; empty for a method without weights."""
        return str(self.metadata.get("sha256", ""))

    @property
    def case(self) -> str | None:
        """The case that the model was learnt in and is kept with."""
        return self.metadata.get("case")

    @property
    def threshold(self) -> float | None:
        """Probability from which a voxel counts, of a model that tells one label from the rest."""
        threshold = self.metadata.get("threshold")
        return None if threshold is None else float(threshold)

    @property
    def fetched(self) -> Mapping[str, Any]:
        """Where weights that are not shipped come from: source, address, bytes and sha256."""
        fetched: Mapping[str, Any] = self.metadata.get("fetched", {})
        return fetched

    @property
    def waiting(self) -> str | None:
        """How weights that are not on this server yet are fetched; None where they are here."""
        if not self.fetched or self.weights.is_file():
            return None
        return (
            f"Its weights are not on this server yet; `segviz models add {self.fetched['source']}` "
            f"fetches them ({self.fetched['bytes'] / 1e6:.1f} MB)."
        )

    @property
    def needs_band_names(self) -> bool:
        """Whether bands are found by their names alone, never by their order in the file."""
        return bool(self.metadata.get("scene_input", {}).get("bands_by_name", False))

    @property
    def examples(self) -> tuple[str, ...]:
        """When it fails, one sentence each."""
        return tuple(self.metadata.get("limitations", ()))


def models(settings: Settings) -> list[Card]:
    """All cards that are shipped or were added to the workspace, networks first.

    Raises:
        Refused: a card is damaged or does not say what its model is for (SV-MDL-002).
    """
    cards = [read_card(folder) for folder in folders(settings).values()]
    return sorted(cards, key=lambda card: (card.method not in WEIGHED, card.name))


def folders(settings: Settings) -> dict[str, Path]:
    """Folders of all models by name.

    A shipped model hides an added one of the same name, unless the added one is the shipped card
    with the weights that were fetched for it.
    """
    added, shipped = (_inside(place) for place in (settings.home / ADDED, settings.models))
    both = added.keys() & shipped.keys()
    fetched = {name for name in both if read_card(shipped[name]).waiting}
    return added | {name: folder for name, folder in shipped.items() if name not in fetched}


def _inside(place: Path) -> dict[str, Path]:
    return {path.parent.name: path.parent for path in sorted(place.glob(f"*/{METADATA}"))}


def card(settings: Settings, name: str) -> Card:
    """The card of one model.

    Raises:
        NotFound: there is none of this name (SV-MDL-001).
        Refused: as ``models``.
    """
    known = folders(settings)
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise NotFound("SV-MDL-001", f"There is no model named '{name}'; there are: {there}.")
    return read_card(known[name])


def read_card(folder: Path) -> Card:
    """Read and check ``metadata.json``; it is data and is never executed."""
    try:
        metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
        if not str(metadata["intended_use"]).strip():
            raise KeyError("intended_use")
        return Card(
            name=folder.name,
            title=metadata["name"],
            version=metadata["version"],
            kind=metadata["kind"],
            method=metadata["method"],
            legend=Legend.from_json(metadata["legend"]),
            description=metadata["description"],
            intended_use=metadata["intended_use"],
            channels=tuple(metadata["channels"]),
            metrics=metadata["eval_metrics"],
            licence=metadata["license"],
            folder=folder,
            metadata=metadata,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(
            "SV-MDL-002",
            f"The card of the model '{folder.name}' is damaged or lacks an entry ({error}), and a "
            "model that does not say what it is for is not run; complete its metadata.json.",
        ) from error


def verify(card: Card) -> None:
    """Check the weights against the sha256 of the card.

    Raises:
        Refused: they are missing (SV-MDL-003), were not fetched yet (SV-MDL-020) or are other than
            those published (SV-MDL-004).
    """
    if card.method not in WEIGHED:
        return
    if card.waiting:
        raise Refused("SV-MDL-020", f"{card.title} cannot be run yet. {card.waiting}")
    if not card.weights.is_file():
        raise Refused(
            "SV-MDL-003",
            f"The weights of the model '{card.name}' are missing, so it cannot run; put "
            f"{card.weights.name} back into its folder.",
        )
    status = card.weights.stat()
    if _sha256(card.weights, status.st_size, status.st_mtime_ns) != card.sha256:
        raise Refused(
            "SV-MDL-004",
            f"The weights of the model '{card.name}' are not those that were published: its masks "
            "could not be trusted. Put the original file back.",
        )


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:
    """Size and time of change are part of the key: an exchanged file is read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def suits(
    card: Card, image: Image | Sequence[str], world: Literal["volume", "scene"]
) -> str | None:
    """Why a model cannot run on an image, or on one with these channels; None where it can."""
    if card.kind not in (world, "both"):
        wanted = "medical volumes" if card.kind == "volume" else "satellite scenes"
        return f"It is for {wanted}."
    if card.waiting:
        return card.waiting
    if isinstance(image, Volume):
        found = image.channel.upper()
        if found and card.channels and found not in card.channels:
            return f"It is for {' or '.join(card.channels)}; this scan is {found}."
        if not found and card.channels == ("MR",) and _has_air_of_ct(image):
            return "It is for MR; much of this scan lies below -500, as air in CT does."
        return None
    if world == "scene" and card.channels:
        channels = image if isinstance(image, Sequence) else image.channels
        missing = missing_bands(channels, card.channels) if card.needs_band_names else []
        if missing:
            return (
                f"It needs the bands {', '.join(map(_with_number, card.channels))}; "
                f"{', '.join(map(_with_number, missing))} not found among "
                f"{', '.join(channels) or 'none'}."
            )
        if len(channels) < len(card.channels):
            return (
                f"It needs {len(card.channels)} bands ({', '.join(card.channels)}); "
                f"the image has {len(channels)}."
            )
    return None


def _has_air_of_ct(volume: Volume) -> bool:
    """True where a hundredth of the voxels is far below 0 HU; NIfTI does not name the modality."""
    return bool(np.less(volume.data[::4, ::4, ::4], -500).mean() > 0.01)


def _with_number(band: str) -> str:
    return f"{band} ({BAND_NAMES[band][0].upper()})"
