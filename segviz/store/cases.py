"""Rows of the tables ``cases`` and ``visits`` as values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from segviz.case import Case, Status, Visit
from segviz.errors import NotFound
from segviz.grid import Grid, VolumeGrid
from segviz.mask import Label, Legend
from segviz.store import grids
from segviz.store.schema import cases, layers, operations, visits


def default_legend(grid: Grid) -> Legend:
    """What can be painted before a model or an import says otherwise."""
    if isinstance(grid, VolumeGrid):
        return Legend((Label(1, "Lesion", "#D55E00", thing=True),))
    return Legend(
        (
            Label(1, "forest", "#009E73"),
            Label(2, "other", "#E69F00"),
            Label(3, "water", "#0072B2"),
            Label(4, "cloud", "#999999"),
        )
    )


def load(connection: Connection, case_id: str | None = None) -> list[Case]:
    """Cases that are not deleted, the one changed last first; one of them where an id is given."""
    query = select(cases).where(~cases.c.deleted).order_by(cases.c.changed.desc(), cases.c.id)
    if case_id is not None:
        query = query.where(cases.c.id == case_id)
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    by_case = _visits(connection, ids)
    revisions = _revisions(connection, ids)
    return [_case(row, by_case.get(row.id, []), revisions.get(row.id, 0)) for row in rows]


def load_visit(connection: Connection, visit_id: str) -> Row[Any]:
    """The row of a visit.

    Raises:
        NotFound: there is none, or its case was deleted.
    """
    query = select(visits).join(cases).where(visits.c.id == visit_id, ~cases.c.deleted)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            "SV-CASE-024", "There is no such image any more; open its case from the list again."
        )
    return row


def add(connection: Connection, **values: Any) -> None:
    connection.execute(insert(cases).values(changed=datetime.now(UTC), deleted=False, **values))


def add_visit(connection: Connection, **values: Any) -> None:
    connection.execute(insert(visits).values(**values))
    touch(connection, values["case_id"])


def touch(connection: Connection, case_id: str, status: Status | None = None) -> None:
    """Say that a case was changed now, and how far its review is."""
    values: dict[str, Any] = {"changed": datetime.now(UTC)}
    if status is not None:
        values["status"] = status
    connection.execute(update(cases).where(cases.c.id == case_id).values(**values))


def delete(connection: Connection, case_id: str) -> None:
    """Hide a case; nothing of it is removed."""
    touch(connection, case_id)
    connection.execute(update(cases).where(cases.c.id == case_id).values(deleted=True))


def visit(row: Row[Any]) -> Visit:
    return Visit(
        id=row.id,
        case_id=row.case_id,
        when=row.taken,
        name=row.name,
        grid=grids.from_text(row.grid),
        channels=tuple(row.channels),
        sha256=row.sha256,
        answers=dict(row.answers),
        notes=tuple(row.notes),
        reference=row.reference,
    )


def _case(row: Row[Any], found: Sequence[Visit], revision: int) -> Case:
    return Case(
        id=row.id,
        name=row.name,
        world=row.world,
        status=row.status,
        notice=row.notice,
        changed=row.changed,
        visits=tuple(sorted(found, key=lambda visit: visit.when or date.max)),
        revision=revision,
    )


def _visits(connection: Connection, case_ids: list[str]) -> dict[str, list[Visit]]:
    query = select(visits).where(visits.c.case_id.in_(case_ids)).order_by(visits.c.serial)
    by_case: dict[str, list[Visit]] = {}
    for row in connection.execute(query):
        by_case.setdefault(row.case_id, []).append(visit(row))
    return by_case


def _revisions(connection: Connection, case_ids: list[str]) -> dict[str, int]:
    query = (
        select(visits.c.case_id, func.count().label("revisions"))
        .join(layers, layers.c.visit_id == visits.c.id)
        .join(operations, operations.c.layer_id == layers.c.id)
        .where(visits.c.case_id.in_(case_ids))
        .group_by(visits.c.case_id)
    )
    return {row.case_id: row.revisions for row in connection.execute(query)}
