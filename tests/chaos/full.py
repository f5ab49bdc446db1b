"""A disk that is full at each write there is, one after the other."""

from __future__ import annotations

import errno
import os
import pathlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from workspace import add_visit, store_at, volume_grid

from segviz import workbench
from segviz.errors import DiskFull
from segviz.mask import Legend, Mask
from segviz.store import Store
from segviz.workbench import Workbench, changes

LABELS = Legend.named("a", "b", "c")
TOLD = "Your last saved stroke: "
SHAPE = (12, 14, 16)


@dataclass
class Found:
    """What came of filling the disk at one write after the other."""

    places: int = 0
    refused: int = 0
    wrong: int = 0
    silent: int = 0

    def __str__(self) -> str:
        return (
            f"{self.places} places, at {self.refused} of them an operation was refused\n"
            f"  masks or journals that were not as last acknowledged: {self.wrong}\n"
            f"  refusals without the time of the last saved stroke: {self.silent}"
        )


class Session:
    """Operations of all kinds on one mask; what was acknowledged, and the mask after that."""

    def __init__(self, store: Store, layer: str) -> None:
        self.store = store
        self.bench = Workbench.open(store, layer)
        self.uuids: list[str] = []
        self.mask = self._now()
        self._random = np.random.default_rng(0)

    def steps(self) -> Iterator[Callable[[str], Any]]:
        for _ in range(4):
            yield self._paint
        yield lambda uuid: self.bench.replace_by(
            Mask(self.bench.visit.grid, np.ones(SHAPE, np.uint8), LABELS), title="Run", uuid=uuid
        )
        yield self._paint
        yield lambda uuid: self.bench.change_legend("merge", value=1, into=2, uuid=uuid)
        yield lambda uuid: self.bench.jump(1, self.bench.revision, uuid)
        yield lambda uuid: self.bench.restore(
            self.bench, 5, base_revision=self.bench.revision, uuid=uuid
        )
        yield self._paint
        yield lambda uuid: self.bench.undo(self.bench.revision, uuid)
        yield self._keep

    def do(self, step: Callable[[str], Any], uuid: str) -> None:
        """One operation; it counts as acknowledged when it returns."""
        step(uuid)
        if self.store.journal.find(self.bench.layer.id, uuid):
            self.uuids.append(uuid)
        self.mask = self._now()

    def is_kept(self, store: Store) -> bool:
        """All that was acknowledged is there, and the mask is as it was then."""
        bench = Workbench.open(store, self.bench.layer.id)
        made = {entry.uuid for entry in store.journal.entries(bench.layer.id)}
        return set(self.uuids) <= made and np.array_equal(bench.mask().data, self.mask)

    def _paint(self, uuid: str) -> None:
        cells = self._random.choice(int(np.prod(SHAPE)), 60, replace=False)
        labels = self._random.integers(0, 4, 60).astype(np.uint8)
        known = np.array([0, *(label.value for label in self.bench.legend)], np.uint8)
        labels = known[labels % len(known)]
        self.bench.edit_cells(cells, labels, base_revision=self.bench.revision, uuid=uuid)

    def _keep(self, uuid: str) -> None:
        layer = workbench.new_layer(
            self.store, self.bench.visit.id, uuid, "Ann", self.bench.layer.id
        )
        workbench.get(self.store, layer.id).close()
        self.bench.close()

    def _now(self) -> NDArray[np.uint8]:
        return np.array(self.bench.mask().data)


def injected(folder: Path, stride: int = 1) -> Found:
    """Each write that Python sees fails once: files opened, filled, synced, renamed; rows added.

    Args:
        stride: try every second, third ... of them only.
    """
    found = Found()
    while True:
        home = folder / f"home{found.places}"
        store = store_at(home)
        layer = add_visit(store, volume_grid(SHAPE), LABELS).id
        failing = Failing(found.places * stride)
        with failing.at_work(store), patch.object(changes, "LIMIT", 1500):
            refused = attempt(store, layer, failing, found)
        workbench.close_all()
        if not failing.failed:
            return found
        found.places += 1
        found.refused += refused


def attempt(store: Store, layer: str, failing: Failing | Small, found: Found) -> bool:
    """All operations; one that is refused is checked, then sent again with room on the disk."""
    session, refused = None, False
    for _ in range(2):
        try:
            session = Session(store, layer)
            break
        except (DiskFull, OSError):  # not even opened: nothing was acknowledged yet
            refused = True
            failing.free()
    assert session is not None
    for n, step in enumerate(session.steps()):
        try:
            session.do(step, f"step {n}")
        except (DiskFull, OSError) as error:
            refused = True
            failing.free()
            found.silent += isinstance(error, DiskFull) and TOLD not in error.message and n < 11
            found.silent += not isinstance(error, DiskFull)
            again = Store(store.settings)
            found.wrong += not session.is_kept(again)
            again._database.engine.dispose()
            session.do(step, f"step {n}")
    again = Store(store.settings)
    found.wrong += not session.is_kept(again)
    again._database.engine.dispose()
    return refused


class Failing:
    """Lets the n-th write fail with "no space left"."""

    def __init__(self, place: int) -> None:
        self._left = place
        self._armed = True
        self.failed = False

    def free(self) -> None:
        self._armed = False

    @contextmanager
    def at_work(self, store: Store) -> Iterator[None]:
        with ExitStack() as stack:
            for owner, name in (
                (os, "fsync"),
                (os, "posix_fallocate"),
                (pathlib.Path, "replace"),
                (shutil, "copyfile"),
            ):
                stack.enter_context(patch.object(owner, name, self._counted(getattr(owner, name))))
            opened = pathlib.Path.open

            def open_(path: Path, mode: str = "r", *given: Any, **more: Any) -> Any:
                if "x" in mode or "w" in mode:
                    self._count()
                return opened(path, mode, *given, **more)

            stack.enter_context(patch.object(pathlib.Path, "open", open_))
            engine = store._database.engine
            event.listen(engine, "before_cursor_execute", self._row)
            yield
            event.remove(engine, "before_cursor_execute", self._row)

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            self._count()
            return function(*given, **more)

        return call

    def _count(self) -> None:
        if self._now():
            raise OSError(errno.ENOSPC, "No space left on device")

    def _row(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE")) and self._now():
            cause = Exception("database or disk is full")
            cause.sqlite_errorname = "SQLITE_FULL"  # type: ignore[attr-defined]
            raise OperationalError(statement, {}, cause)

    def _now(self) -> bool:
        if not self._armed:
            return False
        self._left -= 1
        if self._left == -1:
            self.failed = True
            self._armed = False
            return True
        return False


class Small:
    """A disk of a few MB that is full but for some KB."""

    def __init__(self, mount: Path, free_bytes: int) -> None:
        self._ballast = mount / "ballast"
        disk = os.statvfs(mount)
        size = disk.f_bavail * disk.f_frsize - free_bytes
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, size))

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(mount: Path, megabytes: int = 8) -> Iterator[bool]:
    """A file system of its own; False where this user may not make one."""
    mount.mkdir()
    size = f"size={megabytes}m"
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(mount)], capture_output=True
    )
    if made.returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=True)


def on_a_small_disk(folder: Path, steps: int, kilobytes: int = 4) -> Found | None:
    """The same on a real disk that is full after 0, 4, 8 ... KB; None where none can be made."""
    found = Found()
    with small_disk(folder / "disk") as made:
        if not made:
            return None
        for step in range(steps):
            home = folder / "disk" / "home"
            store = store_at(home)
            layer = add_visit(store, volume_grid(SHAPE), LABELS).id
            with patch.object(changes, "LIMIT", 1500):
                small = Small(folder / "disk", step * kilobytes * 1024)
                found.refused += attempt(store, layer, small, found)
                small.free()
            workbench.close_all()
            store._database.engine.dispose()
            found.places += 1
            shutil.rmtree(home)
    return found
