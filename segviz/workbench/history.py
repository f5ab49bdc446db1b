"""What made a mask as it is, and what redo can bring back; read off the journal alone."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import takewhile

from segviz.case import Layer, Operation
from segviz.mask import Legend
from segviz.store import Store
from segviz.store.journal import NEW_FILE, Entry

LABEL_TOOL = "label"
"""Tool of an entry that changed the legend and no cell."""

_THRESHOLD = re.compile(r"threshold (0\.\d{1,4})")


def threshold_tool(threshold: float) -> str:
    """Tool of an entry that drew a run's label again at another threshold."""
    return f"threshold {threshold:.4g}"


def threshold_of(tool: str) -> float | None:
    """The threshold that such a tool names; None of any other tool."""
    found = _THRESHOLD.fullmatch(tool) if tool.startswith("threshold") else None
    return float(found[1]) if found else None


@dataclass(frozen=True)
class History:
    """Edits and replacements in order, the first ``done`` of them in force.

    An edit made after an undo drops what could be redone from here; the journal keeps it.

    Attributes:
        first_legend: the labels before any entry changed them.
        revision: of the last journal entry, which may be an undo.
        saved: when that entry was made.
        origin: the history of the mask that this one began as a copy of.
        notes: entries that changed nothing and cannot be undone.
    """

    first_legend: Legend
    entries: tuple[Entry, ...] = ()
    done: int = 0
    revision: int = 0
    saved: datetime | None = None
    origin: History | None = None
    notes: tuple[Entry, ...] = ()

    def after(self, entry: Entry) -> History:
        """The history with one more entry of the journal."""
        return self.after_all([entry])

    def after_all(self, more: Sequence[Entry]) -> History:
        """The history with more entries of the journal, in order."""
        if not more:
            return self
        entries, done, notes = list(self.entries), self.done, list(self.notes)
        for entry in more:
            if entry.kind == "note":
                notes.append(entry)
            elif entry.kind == "undo":
                done -= 1
            elif entry.kind == "redo":
                done += 1
            else:
                entries[done:] = [entry]
                done += 1
        return replace(
            self,
            entries=tuple(entries),
            done=done,
            revision=more[-1].revision,
            saved=more[-1].made,
            notes=tuple(notes),
        )

    @property
    def last(self) -> Entry | None:
        """What undo would take back."""
        return self.entries[self.done - 1] if self.done else None

    @property
    def next(self) -> Entry | None:
        """What redo would do again."""
        return self.entries[self.done] if self.done < len(self.entries) else None

    def generation(self, done: int | None = None) -> int:
        """Which mask file is current after the first ``done`` entries (all in force when None)."""
        made = self.entries[: self.done if done is None else done]
        return next((e.generation for e in reversed(made) if e.kind in NEW_FILE), 0)

    def generations(self) -> list[int]:
        """Which mask file is current after the first 0, 1, 2 ... entries, those undone included."""
        found = [0]
        for entry in self.entries:
            found.append(entry.generation if entry.kind in NEW_FILE else found[-1])
        return found

    @property
    def legend(self) -> Legend:
        made = reversed(self.entries[: self.done])
        return next((e.legend for e in made if e.legend is not None), self.first_legend)

    @property
    def in_force(self) -> tuple[Entry, ...]:
        """What made the mask, the oldest first; without that of its origin."""
        return self.entries[: self.done]

    @cached_property
    def base(self) -> Entry | None:
        """The run or import that the mask stands on; None of one drawn from nothing."""
        found = next((entry for entry in reversed(self.in_force) if entry.kind == "replace"), None)
        return self.origin.base if found is None and self.origin else found

    @cached_property
    def since_base(self) -> tuple[Entry, ...]:
        """The edits in force that were made on ``base``."""
        edits = tuple(takewhile(lambda entry: entry.kind != "replace", reversed(self.in_force)))
        before = self.origin.since_base if self.origin and len(edits) == self.done else ()
        return (*before, *edits[::-1])

    @cached_property
    def by_hand(self) -> tuple[Entry, ...]:
        """Those of them in which a person changed cells."""
        return tuple(
            entry
            for entry in self.since_base
            if (entry.tool != LABEL_TOOL or entry.cells) and threshold_of(entry.tool) is None
        )

    @property
    def threshold(self) -> float | None:
        """The threshold that was chosen since the run; None where it is still the run's own."""
        chosen = (threshold_of(entry.tool) for entry in reversed(self.since_base))
        return next((threshold for threshold in chosen if threshold is not None), None)

    @property
    def source(self) -> str:
        """Who or what made the mask, at which threshold, and whether hands were on it since."""
        if self.base is None:
            return "drawn by hand" if self.by_hand else ""
        parts = [self.base.source]
        if self.threshold is not None:
            parts.append(f"threshold {self.threshold:g}")
        if self.by_hand:
            parts.append("edited by hand")
        return ", ".join(parts)

    def operations(self, last: int, before: int | None = None) -> list[Operation]:
        """The ``last`` newest entries, the oldest first; of those before a ``seq`` where given."""
        listed = [
            Operation(
                seq=entry.seq,
                kind="replace" if entry.kind == "replace" else "edit",
                title=entry.title,
                author=entry.author,
                when=entry.made,
                done=position <= self.done,
                tool=entry.tool,
                amount=entry.amount,
                position=position,
            )
            for position, entry in self._page(last, before)
        ]
        if not self.notes:
            return listed
        notes = [
            Operation(note.seq, "note", note.title, note.author, note.made, True)
            for note in self.notes
            if before is None or note.seq < before
        ]
        return sorted([*listed, *notes], key=lambda operation: operation.seq)[-last:]

    def _page(self, last: int, before: int | None) -> list[tuple[int, Entry]]:
        """Numbers from 1 and entries."""
        stop = len(self.entries)
        if before is not None:
            stop = bisect_left(self.entries, before, key=lambda entry: entry.seq)
        start = max(0, stop - last)
        return list(enumerate(self.entries[start:stop], start + 1))


def first_history(store: Store, layer: Layer) -> History:
    """The history of a layer before anything was done to it."""
    if layer.origin is None:
        return History(store.legend(layer.visit_id))
    origin = history_of(store, store.layer(layer.origin), layer.origin_revision or 0)
    return History(origin.legend, origin=origin)


def history_of(store: Store, layer: Layer, revision: int) -> History:
    """The history of a layer up to a revision, read from the journal."""
    entries = store.journal.entries(layer.id)
    return first_history(store, layer).after_all([e for e in entries if e.revision <= revision])
