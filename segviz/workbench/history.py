"""What made a mask as it is, and what redo can bring back; read off the journal alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from segviz.case import Operation
from segviz.mask import Legend
from segviz.store.journal import Entry

LABEL_TOOL = "label"
"""Tool of an entry that changed the legend and no cell."""

_THRESHOLD = re.compile(r"threshold (0\.\d{1,4})")


def threshold_tool(threshold: float) -> str:
    """Tool of an entry that drew a run's label again at another threshold."""
    return f"threshold {threshold:.4g}"


def threshold_of(tool: str) -> float | None:
    """The threshold that such a tool names; None of any other tool."""
    found = _THRESHOLD.fullmatch(tool)
    return float(found[1]) if found else None


@dataclass(frozen=True)
class History:
    """Edits and replacements in order, the first ``done`` of them in force.

    An edit made after an undo drops what could be redone from here; the journal keeps it.

    Attributes:
        first_legend: the labels before any entry changed them.
        revision: of the last journal entry, which may be an undo.
        saved: when that entry was made.
    """

    first_legend: Legend
    entries: tuple[Entry, ...] = ()
    done: int = 0
    revision: int = 0
    saved: datetime | None = None

    def after(self, entry: Entry) -> History:
        """The history with one more entry of the journal."""
        if entry.kind == "undo":
            entries, done = self.entries, self.done - 1
        elif entry.kind == "redo":
            entries, done = self.entries, self.done + 1
        else:
            entries, done = (*self.entries[: self.done], entry), self.done + 1
        return replace(self, entries=entries, done=done, revision=entry.revision, saved=entry.made)

    def after_all(self, entries: Iterable[Entry]) -> History:
        history = self
        for entry in entries:
            history = history.after(entry)
        return history

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
        return next((e.generation for e in reversed(made) if e.kind == "replace"), 0)

    @property
    def legend(self) -> Legend:
        made = reversed(self.entries[: self.done])
        return next((e.legend for e in made if e.legend is not None), self.first_legend)

    @property
    def base(self) -> Entry | None:
        """The run or import that the mask stands on; None of one drawn from nothing."""
        made = reversed(self.entries[: self.done])
        return next((entry for entry in made if entry.kind == "replace"), None)

    @property
    def since_base(self) -> tuple[Entry, ...]:
        """The edits in force that were made on ``base``."""
        made = self.entries[: self.done]
        edits = takewhile(lambda entry: entry.kind != "replace", reversed(made))
        return tuple(edits)[::-1]

    @property
    def by_hand(self) -> tuple[Entry, ...]:
        """Those of them in which a person changed cells."""
        return tuple(
            entry
            for entry in self.since_base
            if entry.tool != LABEL_TOOL and threshold_of(entry.tool) is None
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

    def operations(self, last: int) -> list[Operation]:
        """The ``last`` newest entries, the oldest first."""
        start = max(0, len(self.entries) - last)
        return [
            Operation(
                seq=entry.seq,
                kind="replace" if entry.kind == "replace" else "edit",
                title=entry.title,
                author=entry.author,
                when=entry.made,
                done=position < self.done,
            )
            for position, entry in enumerate(self.entries[start:], start)
        ]
