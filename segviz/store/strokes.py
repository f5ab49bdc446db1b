"""The strokes that a model learns from: which entries of the journal, and the cells they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from segviz.edit.delta import Delta
from segviz.edit.samples import Samples, gather
from segviz.store.journal import Journal


@dataclass(frozen=True)
class Strokes:
    """Strokes of one visit; rows of the journal never change, so this says the same for ever.

    Attributes:
        entries: ``seq`` of their journal entries, the oldest first.
        labels: pairs of a painted label and the label it counts for; others do not count.
    """

    visit_id: str
    entries: tuple[int, ...]
    labels: tuple[tuple[int, int], ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Strokes:
        labels = tuple((int(painted), int(label)) for painted, label in row["labels"])
        return cls(row["visit_id"], tuple(row["entries"]), labels)


@lru_cache(maxsize=32)
def collect(journal: Journal, strokes: Strokes) -> Samples:
    """The cells of the strokes, with the labels that they count for."""
    return gather(_deltas(journal, strokes.entries)).relabelled(dict(strokes.labels))


def _deltas(journal: Journal, entries: tuple[int, ...]) -> Iterator[tuple[int, Delta]]:
    for seq in entries:
        packed = journal.delta(seq)
        if packed is not None:
            yield seq, Delta.decode(packed)
