"""Who gave each cell its label: a model or a person, when, with which tool.

All of it is read off the journal: the operations in force, the oldest first, each take over the
cells that they changed. A run takes over all cells that it looked at. A restored version and a copy
of another layer bring their own past along.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.edit.delta import Delta
from segviz.errors import NotFound
from segviz.grid import Window
from segviz.store import Store
from segviz.store.journal import Entry
from segviz.workbench import departures
from segviz.workbench.bench import Workbench
from segviz.workbench.departures import chain, files_of, part_of, shape_of, window_of
from segviz.workbench.generations import cut
from segviz.workbench.history import History, history_of

PAUSE = timedelta(minutes=5)
"""Time between two operations of a person that is longer than this was spent on something else."""

Owners = NDArray[np.int32]


def owners(
    store: Store, bench: Workbench, window: Window | None = None, revision: int | None = None
) -> tuple[Owners, dict[int, dict[str, Any]]]:
    """Which operation gave each cell the label that it has.

    Args:
        window: of a scene; all of it when None, which takes four bytes a cell.
        revision: of the layer; as it is now when None.

    Returns:
        ``seq`` of the operation for each cell, in native order; 0 where nobody ever said anything.
        What is known of each of these operations: by (``"model"`` or ``"person"``), author, when
        (ISO 8601), tool, title, and of a model name, version and sha256.
    """
    found = owner_map(store, bench, window, revision)
    numbers = np.unique(found)
    return found, {int(n): described(store, store.journal.at(int(n))) for n in numbers if n}


def owner_map(
    store: Store, bench: Workbench, window: Window | None = None, revision: int | None = None
) -> Owners:
    """The first of what ``owners`` returns."""
    return _Owners(store, bench, window).of(bench.history_at(revision))


def operations(store: Store, bench: Workbench, revision: int | None = None) -> list[dict[str, Any]]:
    """All that may own a cell, by ``number``, which ``owner_map`` holds; described as there."""
    entries = {entry.seq: entry for entry in _behind(store, bench.history_at(revision))}
    return [{"number": seq, **described(store, entries[seq])} for seq in sorted(entries)]


def _behind(store: Store, history: History) -> Iterator[Entry]:
    """What is in force, and what was in force of the versions that were restored."""
    for entry in chain(history):
        yield entry
        if restored := (entry.facts or {}).get("restored"):
            layer = store.layer(restored["layer"])
            yield from _behind(store, history_of(store, layer, restored["revision"]))


def described(store: Store, entry: Entry) -> dict[str, Any]:
    """An operation as exports name it; file names, which may hold a patient's, are left out."""
    model = model_of(store, entry)
    return {
        "by": "model" if model else "person",
        "author": entry.author,
        "when": entry.made.isoformat(timespec="seconds"),
        "tool": entry.tool,
        "title": entry.title if model or entry.kind != "replace" else "Import",
        **(model or {}),
    }


def model_of(store: Store, entry: Entry) -> dict[str, Any] | None:
    """Name, version and sha256 of the model that made a mask; None of what people did."""
    if entry.kind != "replace":
        return None
    told = (entry.facts or {}).get("model")
    if told is None:
        try:
            told = ((store.queue.get(entry.uuid).result or {}).get("report") or {}).get("model")
        except NotFound:
            return None
    return {key: told.get(key) for key in ("name", "version", "sha256")} if told else None


def provenance(store: Store, bench: Workbench, revision: int | None = None) -> dict[str, Any]:
    """How a mask came to be, for exports and reports.

    Returns:
        layer, revision, fingerprint (16 hex digits), source; answer_by, who gave the last whole
        mask (``"model"``, ``"import"`` or null); models, each with name, version, sha256 and when;
        labels, each with label, name, count, amount, what people added to and
        removed from what the last model or import said (``added``, ``removed``, in ``unit``) and
        the Dice to that (null where nothing was said or neither has the label); work, the number of
        operations in force and minutes by author and tool; versions with their names.
    """
    history = bench.history_at(revision)
    entries = list(chain(history))
    models = [(entry, model_of(store, entry)) for entry in entries]
    return {
        "layer": {
            "id": bench.layer.id,
            "name": bench.layer.name,
            "author": bench.layer.author,
        },
        "revision": history.revision,
        "fingerprint": f"{bench.fingerprint_at(history.revision) % 2**64:016x}",
        "source": history.source,
        "answer_by": _answer_by(store, history),
        "models": [
            model | {"when": entry.made.isoformat(timespec="seconds")}
            for entry, model in models
            if model
        ],
        "labels": departures.labels(store, bench, history),
        "work": _work([entry for entry, model in models if model is None]),
        "versions": [
            {"name": version.name, "revision": version.revision, "author": version.author}
            for version in store.versions(bench.layer.id)
        ],
    }


def _answer_by(store: Store, history: History) -> str | None:
    if history.base is None:
        return None
    return "model" if model_of(store, history.base) else "import"


def _work(entries: list[Entry]) -> list[dict[str, Any]]:
    """Operations and minutes by author and tool; an operation took the time since the last one."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    last: dict[str, Entry] = {}
    for entry in entries:
        row = rows.setdefault(
            (entry.author, entry.tool),
            {"author": entry.author, "tool": entry.tool, "operations": 0, "minutes": 0.0},
        )
        row["operations"] += 1
        if entry.author in last:
            passed = entry.made - last[entry.author].made
            if timedelta() < passed <= PAUSE:
                row["minutes"] += passed / timedelta(minutes=1)
        last[entry.author] = entry
    return list(rows.values())


class _Owners:
    """Goes through histories; of a window alone where one is given."""

    def __init__(self, store: Store, bench: Workbench, window: Window | None) -> None:
        self._store = store
        self._bench = bench
        self._window = window

    def of(self, history: History) -> Owners:
        entries = list(history.in_force)
        whole = [n for n, e in enumerate(entries) if e.kind == "replace" and not window_of(e)]
        if history.origin is not None and not whole:
            found = self.of(history.origin)
        else:
            found = np.zeros(shape_of(self._bench, self._window), np.int32)
        for entry in entries[whole[-1] if whole else 0 :]:
            self._take(found, entry)
        return found

    def _take(self, found: Owners, entry: Entry) -> None:
        """Let an operation have the cells that it changed."""
        if entry.kind == "replace":
            found[part_of(entry, self._window)] = entry.seq
            return
        cells = self._changed(entry)
        restored = (entry.facts or {}).get("restored")
        if restored is None:
            found.reshape(-1)[cells] = entry.seq
        elif len(cells):
            layer = self._store.layer(restored["layer"])
            past = self.of(history_of(self._store, layer, restored["revision"]))
            found.reshape(-1)[cells] = past.reshape(-1)[cells]

    def _changed(self, entry: Entry) -> NDArray[np.int64]:
        """Flat cells of the window that an edit changed."""
        if entry.kind == "rewrite":
            files = files_of(self._store, self._bench, entry.layer_id)
            earlier = self._store.journal.generation_at(entry.layer_id, entry.revision - 1)
            before = files.before(earlier, entry.revision - 1, self._window)
            after = files.before(entry.generation, entry.revision, self._window)
            return np.flatnonzero(before != after)
        packed = self._store.journal.delta(entry.seq)
        if packed is None:
            return np.zeros(0, np.int64)
        delta = Delta.decode(packed)
        if self._window is None:
            return delta.cells
        return cut(delta, self._bench.visit.grid.shape[1], self._window).cells
