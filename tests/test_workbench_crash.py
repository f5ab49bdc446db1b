"""kill -9 at any moment loses nothing that was acknowledged."""

import multiprocessing
import os
import select
import signal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from workspace import add_visit, settings_at, store_at, volume_grid

from segviz.edit.delta import Delta
from segviz.mask import Legend
from segviz.store import Store
from segviz.workbench import Workbench

KILLS = 20
LABELS = Legend.named("a", "b", "c")
SHAPE = (8, 9, 10)
SIZE = 720


def work(home: Path, visit: str, seed: int, acknowledge: int) -> None:
    """Edit, undo, redo and replace for ever; write the uuid of each that was answered."""
    store = Store(settings_at(home))
    bench = Workbench.open(store, visit)
    random = np.random.default_rng(seed)
    for n in range(1_000_000):
        uuid = f"{seed}-{n}"
        state, draw = bench.state(), random.random()
        if draw < 0.15 and state["can_undo"]:
            bench.undo(state["revision"], uuid)
        elif draw < 0.25 and state["can_redo"]:
            bench.redo(state["revision"], uuid)
        elif draw < 0.3:
            new = home / f"{uuid}.u8"
            new.write_bytes(first_mask(uuid).tobytes())
            bench.replace(new, LABELS, title="Run", source="m", uuid=uuid)
        else:
            cells = random.choice(SIZE, 50, replace=False)
            labels = random.integers(0, 4, 50).astype(np.uint8)
            bench.edit_cells(cells, labels, base_revision=state["revision"], uuid=uuid)
        os.write(acknowledge, f"{uuid}\n".encode())


def first_mask(uuid: str) -> NDArray[np.uint8]:
    """What a replacement brings, known from its uuid."""
    seed = [int(part) for part in uuid.split("-")]
    return np.random.default_rng(seed).integers(0, 4, SIZE).astype(np.uint8)


def killed_after(home: Path, visit: str, seed: int, edits: int, seconds: float) -> list[str]:
    """The uuids that were acknowledged before the kill, a moment after some edits."""
    reader, writer = os.pipe()
    child = multiprocessing.get_context("fork").Process(
        target=work, args=(home, visit, seed, writer)
    )
    child.start()
    os.close(writer)
    received = b""
    while received.count(b"\n") < edits and (piece := os.read(reader, 4096)):
        received += piece
    select.select([], [], [], seconds)
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    while piece := os.read(reader, 4096):
        received += piece
    os.close(reader)
    return received.decode().split()


def mask_of_journal(store: Store, visit: str) -> NDArray[np.uint8]:
    masks, current = {0: np.zeros(SIZE, np.uint8)}, 0
    for entry in store.journal.entries(visit):
        current = entry.generation
        if entry.kind == "replace":
            masks[current] = first_mask(entry.uuid)
        if (packed := store.journal.delta(entry.seq)) is not None:
            Delta.decode(packed).apply(masks[current])
    return masks[current]


def test_kill_9_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = store_at(home)
    visit = add_visit(store, volume_grid(SHAPE), LABELS).id
    store._database.engine.dispose()
    random = np.random.default_rng(7)
    acknowledged: list[str] = []
    for kill in range(KILLS):
        edits, moment = int(random.integers(0, 20)), 0.02 * random.random()
        acknowledged += killed_after(home, visit, kill, edits, moment)
        store = store_at(home)
        bench = Workbench.open(store, visit)
        mask = np.array(bench.mask().data).reshape(-1)
        made = [entry.uuid for entry in store.journal.entries(visit)]
        assert set(acknowledged) <= set(made)
        assert len(made) - len(acknowledged) <= kill + 1, "at most one a kill was not yet answered"
        assert np.array_equal(mask, mask_of_journal(store, visit))
        counted = {row["value"]: row["count"] for row in bench.state()["labels"]}
        assert counted == {value: int((mask == value).sum()) for value in (1, 2, 3)}
        store._database.engine.dispose()
    assert len(acknowledged) > KILLS
