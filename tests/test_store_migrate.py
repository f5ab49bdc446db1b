"""A workspace that was made when each visit had one mask."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from workspace import scene_grid, store_at

from segviz.edit.delta import Delta
from segviz.mask import Legend
from segviz.store import grids, schema
from segviz.workbench import Workbench

VERSION_1 = """
CREATE TABLE about (version INTEGER NOT NULL, PRIMARY KEY (version));
CREATE TABLE cases (id VARCHAR(43) NOT NULL, name VARCHAR NOT NULL, world VARCHAR(10) NOT NULL,
  status VARCHAR(20) NOT NULL, notice VARCHAR NOT NULL, changed DATETIME NOT NULL,
  deleted BOOLEAN NOT NULL, PRIMARY KEY (id));
CREATE TABLE visits (serial INTEGER NOT NULL, id VARCHAR(43) NOT NULL, case_id VARCHAR(43) NOT NULL,
  taken DATE, name VARCHAR NOT NULL, grid VARCHAR NOT NULL, channels JSON NOT NULL,
  sha256 VARCHAR(64) NOT NULL, answers JSON NOT NULL, notes JSON NOT NULL,
  reference BOOLEAN NOT NULL, legend JSON NOT NULL, files JSON NOT NULL, PRIMARY KEY (serial),
  UNIQUE (id), FOREIGN KEY(case_id) REFERENCES cases (id));
CREATE INDEX ix_visits_case_id ON visits (case_id);
CREATE TABLE operations (seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  visit_id VARCHAR(43) NOT NULL, revision INTEGER NOT NULL, uuid VARCHAR(64) NOT NULL,
  kind VARCHAR(10) NOT NULL, target INTEGER, generation INTEGER NOT NULL, delta BLOB, legend JSON,
  source VARCHAR NOT NULL, title VARCHAR NOT NULL, tool VARCHAR NOT NULL, author VARCHAR NOT NULL,
  made DATETIME NOT NULL, UNIQUE (visit_id, revision), UNIQUE (visit_id, uuid),
  FOREIGN KEY(visit_id) REFERENCES visits (id));
CREATE TABLE checkpoints (visit_id VARCHAR(43) NOT NULL, generation INTEGER NOT NULL,
  revision INTEGER NOT NULL, PRIMARY KEY (visit_id, generation),
  FOREIGN KEY(visit_id) REFERENCES visits (id));
INSERT INTO about VALUES (1);
INSERT INTO cases VALUES ('case-case-case-case', 'Place', 'scene', 'in progress', '',
  '2026-01-01 00:00:00.000000', 0);
"""
"""As sqlite wrote down the tables of that time (``.schema``), without the table of jobs."""

VISIT = "visit-visit-visit-1"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A visit with two strokes, one undone, and a visit that nobody touched."""
    home = tmp_path / "home"
    home.mkdir()
    database = sqlite3.connect(home / "segviz.sqlite")
    database.executescript(VERSION_1)
    legend, grid = json.dumps(Legend.named("a", "b").to_json()), grids.to_text(scene_grid((4, 5)))
    for number in (1, 2):
        database.execute(
            "INSERT INTO visits VALUES (?, ?, 'case-case-case-case', NULL, '', ?, '[]', '', '{}', "
            "'[]', 0, ?, '[]')",
            (number, f"visit-visit-visit-{number}", grid, legend),
        )
    mask = np.zeros(20, np.uint8)
    first = Delta.between(mask, np.array([1, 2]), 1)
    second = Delta.between(mask, np.array([7]), 2)
    rows = (
        (11, 1, "u1", "edit", None, first.encode(), "Brush: +2.00 ha a"),
        (12, 2, "u2", "edit", None, second.encode(), "Brush: +1.00 ha b"),
        (15, 3, "u3", "undo", 12, second.inverse().encode(), "Brush: +1.00 ha b"),
    )
    for seq, revision, uuid, kind, target, delta, title in rows:
        database.execute(
            "INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, 0, ?, NULL, '', ?, 'brush', "
            "'reader', '2026-01-01 00:00:00.000000')",
            (seq, VISIT, revision, uuid, kind, target, delta, title),
        )
    database.execute("INSERT INTO checkpoints VALUES (?, 0, 2)", (VISIT,))
    database.commit()
    database.close()
    folder = home / "masks" / VISIT
    folder.mkdir(parents=True)
    mask[[1, 2, 7]] = [1, 1, 2]
    (folder / "0.u8").write_bytes(mask.tobytes())
    return home


def test_an_older_workspace_is_carried_over_with_all_its_history(home: Path) -> None:
    store = store_at(home)
    assert [(one.id, one.visit_id, one.name) for one in store.layers(VISIT)] == [
        (VISIT, VISIT, "Mask")
    ]
    bench = Workbench.open(store, VISIT)
    assert np.flatnonzero(bench.mask().data).tolist() == [1, 2]
    assert [(o["seq"], o["done"]) for o in bench.state()["operations"]] == [(11, True), (12, False)]
    assert store.journal.checkpoint(VISIT, 0) == 2
    bench.redo(3, "redo")
    state = bench.edit_cells(np.array([9]), np.array([1], np.uint8), base_revision=4, uuid="new")
    assert state["operations"][-1]["seq"] == 17
    assert np.flatnonzero(bench.mask().data).tolist() == [1, 2, 7, 9]
    entries = store.journal.entries(VISIT)
    assert [entry.fingerprint is None for entry in entries] == [True] * 3 + [False] * 2
    assert Workbench.open(store, "visit-visit-visit-2").revision == 0
    assert store.cases()[0].revision == 5


def test_it_is_carried_over_once(home: Path) -> None:
    for _ in range(2):
        store = store_at(home)
        store._database.engine.dispose()
    with sqlite3.connect(home / "segviz.sqlite") as database:
        assert database.execute("SELECT version FROM about").fetchall() == [(schema.VERSION,)]
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert not [name for (name,) in names if name.endswith("_1")]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_nothing_is_changed_where_it_fails_half_way(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("segviz.store.migrate._carry_over", fail)
        with pytest.raises(RuntimeError):
            store_at(home)
    with sqlite3.connect(home / "segviz.sqlite") as database:
        assert database.execute("SELECT count(*) FROM operations").fetchone() == (3,)
        assert database.execute("SELECT version FROM about").fetchone() == (1,)
    assert Workbench.open(store_at(home), VISIT).revision == 3


def test_a_workspace_without_records_gets_their_table(home: Path) -> None:
    store_at(home)._database.engine.dispose()
    with sqlite3.connect(home / "segviz.sqlite") as database:
        database.execute("DROP TABLE records")
        database.execute("UPDATE about SET version = 2")
    store = store_at(home)
    assert store.add_record("case-case-case-case", "area", "park", 1).body == 1
