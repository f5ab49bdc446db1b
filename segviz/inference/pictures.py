"""Pictures of a model at work and of where it fails, kept in its folder with what they show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from segviz.inference.catalog import Card
from segviz.settings import Settings

Kind = Literal["example", "failure"]

LIST = "pictures.json"
FILES: dict[Kind, str] = {"example": "example.webp", "failure": "failure.webp"}


@dataclass(frozen=True)
class Picture:
    """One picture of a model folder.

    Attributes:
        caption: what it shows, and what was found there against what is there.
        credit: whose data it was made from.
        width, height: in pixels.
        sha256: of the file, its first 16 digits.
    """

    kind: Kind
    caption: str
    credit: str
    width: int
    height: int
    sha256: str

    @classmethod
    def of(
        cls, kind: Kind, caption: str, credit: str, shape: tuple[int, ...], body: bytes
    ) -> Picture:
        """What is kept of a picture of ``shape`` rows and columns."""
        digest = hashlib.sha256(body).hexdigest()[:16]
        return cls(kind, caption, credit, shape[1], shape[0], digest)

    @property
    def file(self) -> str:
        return FILES[self.kind]


def folder_of(settings: Settings, card: Card) -> Path:
    """Where a model's pictures are: with the shipped card, also where its weights were fetched."""
    shipped = settings.models / card.name
    return shipped if (shipped / LIST).is_file() else card.folder


def of(folder: Path) -> tuple[Picture, ...]:
    """The pictures in a model's folder, the example first; none where it has none."""
    try:
        kept = json.loads((folder / LIST).read_text(encoding="utf-8"))
        found = tuple(Picture(**row) for row in kept["pictures"])
        return tuple(picture for picture in found if (folder / picture.file).is_file())
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return ()


def weights_of(folder: Path) -> str:
    """The sha256 of the weights with which a folder's pictures were made."""
    return str(json.loads((folder / LIST).read_text(encoding="utf-8"))["weights"])


def keep(folder: Path, weights: str, pictures: Sequence[tuple[Picture, bytes]]) -> None:
    """Write pictures (WebP) into a model's folder, and what they show of which weights (sha256)."""
    for picture, body in pictures:
        (folder / picture.file).write_bytes(body)
    kept = {"weights": weights, "pictures": [asdict(picture) for picture, _ in pictures]}
    text = json.dumps(kept, indent=2, ensure_ascii=False) + "\n"
    (folder / LIST).write_text(text, encoding="utf-8")
