"""Every change of every mask, in order. Rows are added, never changed and never removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from segviz.errors import Conflict
from segviz.mask import Legend
from segviz.store import cases
from segviz.store.engine import Database
from segviz.store.schema import checkpoints, layers, operations, visits

Kind = Literal["edit", "replace", "rewrite", "undo", "redo", "note"]
"""A rewrite is an edit of so many cells that it made a new mask file; a note changed nothing."""

NEW_FILE = ("replace", "rewrite")
"""Kinds of entries that begin a new mask file."""

COLUMNS = [column for column in operations.c if column is not operations.c.delta]


@dataclass(frozen=True)
class Entry:
    """One row without its changed cells.

    Attributes:
        revision: of the mask after it; 1, 2, 3 ... for each layer.
        uuid: chosen by the sender, so that sending it twice does it once.
        target: ``seq`` of the operation that an undo or redo is about.
        generation: which mask file was current after it.
        legend: the labels from then on, where it changed them.
        source: who or what made the mask, for a replace.
        fingerprint: of the mask after it, as a signed number of 64 bits; None of an entry made
            before there were any.
        cells: how many it changed; None of a new generation and of entries before there were any.
        amount: by how much the label that it was about grew, in ml, ha or pixels.
        facts: what else is known of it: ``window`` of a scene that it is about, ``model``,
            ``restored`` (layer and revision that its labels come from).
    """

    layer_id: str
    revision: int
    uuid: str
    kind: Kind
    generation: int
    title: str
    author: str
    tool: str = ""
    target: int | None = None
    legend: Legend | None = None
    source: str = ""
    seq: int = 0
    made: datetime = datetime.min
    fingerprint: int | None = None
    cells: int | None = None
    amount: float | None = None
    facts: dict[str, Any] | None = None


class Journal:
    """The tables ``operations`` and ``checkpoints``. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, layer_id: str, after: int = 0) -> list[Entry]:
        """What was done to a mask after a revision, in order."""
        query = select(*COLUMNS).where(
            operations.c.layer_id == layer_id, operations.c.revision > after
        )
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(query.order_by("revision"))]

    def find(self, layer_id: str, uuid: str) -> Entry | None:
        """The entry that a sender made under this uuid."""
        query = select(*COLUMNS).where(operations.c.layer_id == layer_id, operations.c.uuid == uuid)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return _entry(row) if row else None

    def at(self, seq: int) -> Entry:
        """The entry of this number."""
        query = select(*COLUMNS).where(operations.c.seq == seq)
        with self._database.read() as connection:
            return _entry(connection.execute(query).one())

    def delta(self, seq: int) -> bytes | None:
        """The changed cells of one entry, as ``edit.delta`` encoded them; None without any."""
        with self._database.read() as connection:
            return connection.scalar(select(operations.c.delta).where(operations.c.seq == seq))

    def deltas(
        self, layer_id: str, generation: int, after: int, *, newest_first: bool = False
    ) -> Iterator[bytes]:
        """The changed cells of a generation after a revision, in order."""
        order = operations.c.revision.desc() if newest_first else operations.c.revision
        query = (
            select(operations.c.delta)
            .where(
                operations.c.layer_id == layer_id,
                operations.c.generation == generation,
                operations.c.revision > after,
                operations.c.delta.is_not(None),
            )
            .order_by(order)
        )
        with self._database.read() as connection:
            yield from connection.execution_options(yield_per=64).scalars(query)

    def generation_at(self, layer_id: str, revision: int) -> int:
        """Which mask file was current after a revision."""
        query = select(operations.c.generation).where(
            operations.c.layer_id == layer_id, operations.c.revision == revision
        )
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def last_generation(self, layer_id: str) -> int:
        """The highest generation there is, current or not."""
        query = (
            select(operations.c.generation)
            .where(operations.c.layer_id == layer_id)
            .order_by(operations.c.generation.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def fingerprint(self, layer_id: str, generation: int) -> int | None:
        """Of the file of a generation after all that was done to it; None where nobody took it."""
        query = (
            select(operations.c.fingerprint)
            .where(operations.c.layer_id == layer_id, operations.c.generation == generation)
            .order_by(operations.c.revision.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def append(self, entry: Entry, delta: bytes | None = None) -> Entry:
        """Add an entry; see ``append_all``."""
        return self.append_all([(entry, delta)])[0]

    def append_all(self, rows: Sequence[tuple[Entry, bytes | None]]) -> list[Entry]:
        """Add entries of one layer with their changed cells; all are on disk when this returns.

        A new generation is complete when its entry comes, so its checkpoint is set with it.

        Raises:
            Conflict: somebody else made one of these revisions meanwhile (SV-EDIT-030).
            DiskFull: nothing was saved.
        """
        made = datetime.now(UTC)
        added = []
        try:
            with self._database.write() as connection:
                for entry, delta in rows:
                    seq = connection.scalar(
                        insert(operations).returning(operations.c.seq),
                        _values(entry) | {"made": made, "delta": delta},
                    )
                    added.append(replace(entry, seq=seq or 0, made=made))
                    if entry.kind in NEW_FILE:
                        _set_checkpoint(
                            connection, entry.layer_id, entry.generation, entry.revision
                        )
                cases.touch(connection, _case_of(connection, rows[0][0].layer_id), "in progress")
        except IntegrityError as error:
            raise moved_on() from error
        return added

    def checkpoint(self, layer_id: str, generation: int) -> int:
        """The revision up to which the file of a generation is known to be on disk."""
        query = select(checkpoints.c.revision).where(
            checkpoints.c.layer_id == layer_id, checkpoints.c.generation == generation
        )
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def set_checkpoint(self, layer_id: str, generation: int, revision: int) -> None:
        with self._database.write() as connection:
            _set_checkpoint(connection, layer_id, generation, revision)


def moved_on() -> Conflict:
    return Conflict(
        "SV-EDIT-030",
        "The mask was changed elsewhere since this edit was drawn, so it was not applied; "
        "look at the new mask and draw it again.",
    )


def _case_of(connection: Connection, layer_id: str) -> str:
    query = select(visits.c.case_id).join(layers).where(layers.c.id == layer_id)
    return str(connection.scalars(query).one())


def _set_checkpoint(connection: Connection, layer_id: str, generation: int, revision: int) -> None:
    key = {"layer_id": layer_id, "generation": generation}
    changed = connection.execute(update(checkpoints).filter_by(**key).values(revision=revision))
    if changed.rowcount == 0:
        connection.execute(insert(checkpoints).values(revision=revision, **key))


def _values(entry: Entry) -> dict[str, Any]:
    values = {key: value for key, value in vars(entry).items() if key != "seq"}
    values["legend"] = entry.legend.to_json() if entry.legend is not None else None
    return values


def _entry(row: Row[Any]) -> Entry:
    """The row as a value; set at once, since opening a mask reads hundreds of them."""
    entry = Entry.__new__(Entry)
    vars(entry).update(zip(row._fields, row, strict=True))
    if entry.legend is not None:
        vars(entry)["legend"] = Legend.from_json(row.legend)
    return entry
