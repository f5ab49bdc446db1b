"""Brings a workspace of an older layout up to this one, in the transaction that opens it.

Version 1 had one mask for each visit. It becomes the first layer of the visit, under its id.
Version 2 had no records.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, inspect, literal, select, update

from segviz.store import schema
from segviz.store.layers import FIRST

_KEYED = (schema.operations, schema.checkpoints)
"""Tables whose rows belonged to a visit and belong to a layer now."""


def up(connection: Connection) -> None:
    """Make all tables that are not there; rows of version 1 are carried over."""
    found = _version(connection)
    if found == schema.VERSION:
        return
    old = found == 1
    if old:
        for each in _KEYED:
            connection.exec_driver_sql(f"ALTER TABLE {each.name} RENAME TO {each.name}_1")
    schema.metadata.create_all(connection)
    if old:
        _carry_over(connection)
    if found in (1, 2):
        connection.execute(update(schema.about).values(version=schema.VERSION))


def _version(connection: Connection) -> int | None:
    if not inspect(connection).has_table("about"):
        return None
    return connection.scalar(select(schema.about.c.version))


def _carry_over(connection: Connection) -> None:
    visits, layers = schema.visits, schema.layers
    first = select(
        visits.c.id,
        visits.c.id,
        literal(FIRST),
        literal(""),
        literal(datetime.now(UTC), schema.Moment),
    ).order_by(visits.c.serial)
    columns = ["id", "visit_id", "name", "author", "made"]
    connection.execute(insert(layers).from_select(columns, first))
    for each in _KEYED:
        kept = [column["name"] for column in inspect(connection).get_columns(f"{each.name}_1")]
        new = ["layer_id" if name == "visit_id" else name for name in kept]
        connection.exec_driver_sql(
            f"INSERT INTO {each.name} ({', '.join(new)}) "
            f"SELECT {', '.join(kept)} FROM {each.name}_1"
        )
        connection.exec_driver_sql(f"DROP TABLE {each.name}_1")
    if connection.dialect.name == "postgresql":  # else numbers that are taken would come again
        last = select(func.max(schema.operations.c.seq)).scalar_subquery()
        serial = func.pg_get_serial_sequence("operations", "seq")
        connection.execute(select(func.setval(serial, func.coalesce(last, 1))))
