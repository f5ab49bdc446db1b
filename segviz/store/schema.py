"""Tables of the workspace. Rows of ``operations`` are only ever added."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

VERSION = 3
"""Raised when a table comes or changes its meaning; ``migrate`` brings older ones up to it."""

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """A time in UTC. SQLite forgets zones, so they are taken off and put back here."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


Id = String(43)
Serial = BigInteger().with_variant(Integer, "sqlite")

about = Table(
    "about",
    metadata,
    Column("version", Integer, primary_key=True),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String, nullable=False),
    Column("world", String(10), nullable=False),
    Column("status", String(20), nullable=False),
    Column("notice", String, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("deleted", Boolean, nullable=False, default=False),
)

visits = Table(
    "visits",
    metadata,
    Column("serial", Serial, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("taken", Date),
    Column("name", String, nullable=False),
    Column("grid", String, nullable=False),
    Column("channels", JSON, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("answers", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("reference", Boolean, nullable=False),
    Column("legend", JSON, nullable=False),
    Column("files", JSON, nullable=False),
)

layers = Table(
    "layers",
    metadata,
    Column("serial", Serial, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("visit_id", Id, ForeignKey("visits.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("author", String, nullable=False),
    Column("made", Moment, nullable=False),
    Column("origin", Id, ForeignKey("layers.id")),
    Column("origin_revision", Integer),
)

operations = Table(
    "operations",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("layer_id", Id, ForeignKey("layers.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("uuid", String(64), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("target", Serial),
    Column("generation", Integer, nullable=False),
    Column("delta", LargeBinary),
    Column("legend", JSON(none_as_null=True)),
    Column("source", String, nullable=False),
    Column("title", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("author", String, nullable=False),
    Column("made", Moment, nullable=False),
    Column("fingerprint", BigInteger),
    Column("cells", BigInteger),
    Column("amount", Float),
    Column("facts", JSON(none_as_null=True)),
    UniqueConstraint("layer_id", "revision"),
    UniqueConstraint("layer_id", "uuid"),
    sqlite_autoincrement=True,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("layer_id", Id, ForeignKey("layers.id"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("revision", Integer, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("serial", Serial, primary_key=True, autoincrement=True),
    Column("layer_id", Id, ForeignKey("layers.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("author", String, nullable=False),
    Column("made", Moment, nullable=False),
    UniqueConstraint("layer_id", "name"),
)

records = Table(
    "records",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("name", String, nullable=False),
    Column("body", JSON(none_as_null=True)),
    Column("author", String, nullable=False),
    Column("made", Moment, nullable=False),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("serial", Serial, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("visit_id", Id, ForeignKey("visits.id"), nullable=False, index=True),
    Column("params", JSON, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("message", String, nullable=False, default=""),
    Column("seconds_left", Float),
    Column("result", JSON(none_as_null=True)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("cancel", Boolean, nullable=False, default=False),
    Column("heartbeat", Moment),
    Column("submitted", Moment, nullable=False),
)
