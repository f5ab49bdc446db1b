"""Transactions that are on disk before they return.

SQLite: write-ahead log with synchronous=FULL, so that neither kill -9 nor a power cut loses a
committed row; measured at 4 ms a commit. Write transactions begin IMMEDIATE: one that began with a
read could not wait for another writer, it would fail at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event, insert, select
from sqlalchemy.exc import DBAPIError

from segviz.errors import DiskFull, Refused
from segviz.store import migrate, schema

BUSY_MS = 10_000
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_MS}",
)
FULL = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "53100"}
"""How SQLite (error name) and PostgreSQL (SQLSTATE) say that the disk is full."""


class Database:
    """The database of a workspace; thread-safe."""

    def __init__(self, url: str) -> None:
        self.engine = sqlalchemy.create_engine(url)
        if self.engine.dialect.name == "sqlite":
            _tune_sqlite(self.engine)
        with self.write() as connection:
            migrate.up(connection)
            _require_version(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A view of the database that does not change while it is used."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: on disk when the block ends, undone when it raises.

        Raises:
            DiskFull: nothing of it was saved.
        """
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(write=True)
                with connection.begin():
                    yield connection
        except DBAPIError as error:
            if _is_full(error):
                raise DiskFull from error
            raise


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _is_full(error: DBAPIError) -> bool:
    cause = error.orig
    return bool(FULL & {getattr(cause, "sqlite_errorname", None), getattr(cause, "sqlstate", None)})


def _require_version(connection: Connection) -> None:
    found = connection.scalar(select(schema.about.c.version))
    if found is None:
        connection.execute(insert(schema.about).values(version=schema.VERSION))
    elif found != schema.VERSION:
        raise Refused(
            "SV-CASE-021",
            f"The workspace was made by another version of segviz (layout {found}, this one reads "
            f"{schema.VERSION}); nothing was opened. Start that version, or choose another folder.",
        )
