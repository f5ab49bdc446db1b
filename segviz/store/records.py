"""Rows of the table ``records`` as values: what people decided about a case. Only ever added."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from segviz.case import Record
from segviz.store.schema import records


def add(
    connection: Connection,
    case_id: str,
    kind: str,
    name: str,
    body: Any,
    author: str,
    after: int | None = None,
) -> Record:
    """A new record; none where one of its name came after that number: then that one."""
    if after is not None:
        newest = last(connection, case_id, kind, name)
        if newest is not None and newest.seq > after:
            return newest
    made = datetime.now(UTC)
    values = {"case_id": case_id, "kind": kind, "name": name, "body": body, "author": author}
    row = insert(records).values(made=made, **values).returning(records.c.seq)
    return Record(connection.execute(row).scalar_one(), made=made, **values)


def newest(
    connection: Connection, case_id: str, kind: str, until: int | None = None
) -> list[Record]:
    """The last record of each name up to a number, in the order in which the names first came."""
    about = (records.c.case_id == case_id) & (records.c.kind == kind)
    if until is not None:
        about &= records.c.seq <= until
    ends = (
        select(func.min(records.c.seq).label("first"), func.max(records.c.seq).label("last"))
        .where(about)
        .group_by(records.c.name)
        .subquery()
    )
    query = select(records).join(ends, records.c.seq == ends.c.last).order_by(ends.c.first)
    return [Record(**row._mapping) for row in connection.execute(query)]


def last(connection: Connection, case_id: str, kind: str, name: str) -> Record | None:
    """The newest record of a name, also one that took back what was decided."""
    query = (
        select(records)
        .where(records.c.case_id == case_id, records.c.kind == kind, records.c.name == name)
        .order_by(records.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Record(**row._mapping)


def at(connection: Connection, case_id: str, seq: int) -> Record | None:
    """One record of a case, whatever came after it."""
    query = select(records).where(records.c.case_id == case_id, records.c.seq == seq)
    row = connection.execute(query).one_or_none()
    return None if row is None else Record(**row._mapping)
