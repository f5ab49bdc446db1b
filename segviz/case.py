"""One patient or one place over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from segviz.grid import Grid

World = Literal["volume", "scene"]
Status = Literal["new", "in progress", "reviewed"]


@dataclass(frozen=True)
class Visit:
    """One dated image of a case, and the mask that belongs to it.

    Attributes:
        id: unguessable, used in URLs in place of names.
        when: date of the image; undated visits follow in the order they were added.
        name: what the user calls it, e.g. ``"2018"`` or ``"visit 2"``.
        grid: where the cells of the image and of its mask lie.
        channels: band or channel names.
        answers: what the reader chose when the file left a question open (printed in exports).
        notes: sentences about the file, shown beside it.
        reference: True for an independent map to compare with, never segmented.
    """

    id: str
    case_id: str
    when: date | None
    name: str
    grid: Grid
    channels: tuple[str, ...]
    sha256: str
    answers: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reference: bool = False


@dataclass(frozen=True)
class Case:
    """A patient or place: its visits in order of date.

    ``notice`` is shown wherever the case is, e.g. ``"Simulated lesion"``.
    """

    id: str
    name: str
    world: World
    status: Status
    notice: str
    changed: datetime
    visits: tuple[Visit, ...]
    revision: int = 0

    def visit(self, visit_id: str | None) -> Visit:
        """The visit with this id, the latest one where there is none."""
        for visit in self.visits:
            if visit.id == visit_id:
                return visit
        return self.visits[-1]

    def between(self, first: Visit, last: Visit) -> tuple[Visit, ...]:
        """From one visit to a later one, without reference layers on the way; else none."""
        ids = [visit.id for visit in self.visits]
        start, stop = (ids.index(visit.id) for visit in (first, last))
        inner = (visit for visit in self.visits[start + 1 : stop] if not visit.reference)
        return (first, *inner, last) if start < stop else ()

    @property
    def segmented(self) -> tuple[Visit, ...]:
        """The visits that are segmented; all of them where there are reference layers only."""
        return tuple(visit for visit in self.visits if not visit.reference) or self.visits


@dataclass(frozen=True)
class Layer:
    """A mask of a visit with a history of its own; each reader can have one.

    Attributes:
        id: of the first layer of a visit that of the visit.
        author: whose it is; empty for the first one.
        origin: the layer that it began as a copy of, at ``origin_revision``; None of one that began
            empty.
    """

    id: str
    visit_id: str
    name: str
    author: str
    made: datetime
    origin: str | None = None
    origin_revision: int | None = None


@dataclass(frozen=True)
class Version:
    """A name for a layer as it was after a revision."""

    layer_id: str
    revision: int
    name: str
    author: str
    made: datetime


@dataclass(frozen=True)
class Record:
    """What somebody decided about a case: an area, how visits lie on each other, a reading.

    Attributes:
        seq: order among all records; a later one of the same kind and name takes its place.
        body: JSON; None once it was taken back.
    """

    seq: int
    case_id: str
    kind: str
    name: str
    body: Any
    author: str
    made: datetime


@dataclass(frozen=True)
class Operation:
    """One thing done to a mask, as the history lists it.

    Attributes:
        seq: order in the journal; never a clock.
        kind: ``edit`` (changed cells or labels), ``replace`` (a whole new mask: a model run or an
            import) or ``note`` (something to know, which cannot be undone).
        title: for people, e.g. ``"Brush: +0.42 ml"`` or ``"Segment with brain-anatomy-mr 0.1"``.
        author: a person or ``model name version``.
        done: False after it was undone.
        tool: its name; empty of what no tool did.
        amount: by how much the label that it was about grew, in ml or ha (pixels without a CRS);
            None where that is not known.
        position: how many operations are in force right after it.
    """

    seq: int
    kind: Literal["edit", "replace", "note"]
    title: str
    author: str
    when: datetime
    done: bool
    tool: str = ""
    amount: float | None = None
    position: int = 0
