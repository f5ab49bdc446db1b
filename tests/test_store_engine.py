import threading
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError
from workspace import store_at

from segviz.errors import DiskFull
from segviz.store import schema
from segviz.store.engine import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return store_at(tmp_path / "home")._database


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_every_connection_keeps_what_it_acknowledged(
    database: Database, pragma: str, value: object
) -> None:
    with database.read() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        connection.execute(delete(schema.about))
        raise RuntimeError
    with database.read() as connection:
        assert connection.scalar(select(schema.about.c.version)) == schema.VERSION


def test_writers_that_read_first_wait_for_each_other(database: Database) -> None:
    def add() -> None:
        for _ in range(20):
            with database.write() as connection:
                top = connection.scalar(
                    select(schema.about.c.version).order_by(schema.about.c.version.desc())
                )
                connection.execute(insert(schema.about).values(version=(top or 0) + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert len(connection.execute(select(schema.about)).all()) == 81


def test_a_full_disk_is_told_apart_from_other_faults(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    with pytest.raises(DiskFull), database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE filler (x BLOB)")
        connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(10000000))")
    with pytest.raises(DBAPIError), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO missing VALUES (1)")
