"""Rows of the tables ``layers`` and ``versions`` as values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

from segviz.case import Layer, Version
from segviz.errors import NotFound, Refused
from segviz.store.schema import cases, layers, versions, visits

FIRST = "Mask"
"""Name of the first layer of a visit, whose id is that of the visit."""


def add(connection: Connection, **values: Any) -> None:
    connection.execute(insert(layers).values(made=datetime.now(UTC), **values))


def of_visit(connection: Connection, visit_id: str) -> list[Layer]:
    """The layers of a visit, the first one first."""
    query = select(layers).where(layers.c.visit_id == visit_id).order_by(layers.c.serial)
    return [_layer(row) for row in connection.execute(query)]


def load(connection: Connection, layer_id: str) -> Layer:
    """One layer.

    Raises:
        NotFound: there is none, or its case was deleted (SV-CASE-060).
    """
    query = (
        select(layers)
        .join(visits, visits.c.id == layers.c.visit_id)
        .join(cases, cases.c.id == visits.c.case_id)
        .where(layers.c.id == layer_id, ~cases.c.deleted)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            "SV-CASE-060", "There is no such layer any more; open its case from the list again."
        )
    return _layer(row)


def add_version(
    connection: Connection, layer_id: str, revision: int, name: str, author: str
) -> Version:
    """Give a revision a name.

    Raises:
        Refused: it has no name, or one that is taken (SV-EDIT-095).
    """
    made = datetime.now(UTC)
    version = Version(layer_id, revision, name.strip(), author, made)
    try:
        if not version.name:
            raise ValueError
        connection.execute(insert(versions).values(**vars(version)))
    except (IntegrityError, ValueError):
        raise Refused(
            "SV-EDIT-095",
            "A version needs a name that no other version of this layer has, to be found again; "
            "choose another name.",
        ) from None
    return version


def versions_of(connection: Connection, layer_id: str) -> list[Version]:
    """The named versions of a layer, in the order in which they were named."""
    query = select(versions).where(versions.c.layer_id == layer_id).order_by(versions.c.serial)
    return [
        Version(row.layer_id, row.revision, row.name, row.author, row.made)
        for row in connection.execute(query)
    ]


def _layer(row: Row[Any]) -> Layer:
    return Layer(
        id=row.id,
        visit_id=row.visit_id,
        name=row.name,
        author=row.author,
        made=row.made,
        origin=row.origin,
        origin_revision=row.origin_revision,
    )
