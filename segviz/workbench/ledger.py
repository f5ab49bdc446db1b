"""The cells of a layer and the journal that they follow.

Order of every change: the entry is committed to the journal, then the cells change, then the answer
goes out. Whoever was answered never loses the change, and a sender who was not may send it again.
Threads take turns through a lock, processes through a lock file; each turn begins by catching up
with what others wrote.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import RLock, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.case import Layer
from segviz.edit.delta import Delta
from segviz.errors import DiskFull, Refused
from segviz.mask import Legend
from segviz.store import Store, files
from segviz.store.journal import NEW_FILE, Entry, Kind
from segviz.workbench import changes, conflicts, fingerprint, tallies
from segviz.workbench.generations import Generations, MaskFile, try_snapshot
from segviz.workbench.history import History, first_history
from segviz.workbench.tallies import Tally

CHECKPOINT_EVERY = 64
SNAPSHOT_EVERY = 256
TALLIES_KEPT = 4


class Ledger:
    """One layer's history, file, fingerprint and numbers; used within a ``turn``.

    Attributes:
        layer: whose they are.
        visit: whose image the cells lie on.
        journal: what was done to all masks.
        history: what was done to this one.
        files: its generations.
    """

    def __init__(self, store: Store, layer: Layer) -> None:
        self.layer = layer
        self.visit = store.visit(layer.visit_id)
        self.journal = store.journal
        self.history = first_history(store, layer)
        self.files = self._generations(store, layer.id)
        self._store = store
        self._lock = RLock()
        self._file: MaskFile | None = None
        self._tallies: dict[int, Tally] = {}
        self._prints: dict[int, int] = {}
        self._unsynced = 0
        self._repaired = False
        self._snapshot: Thread | None = None

    def _generations(self, store: Store, layer_id: str) -> Generations:
        folder = store.mask_folder(layer_id)
        return Generations(store.journal, folder, layer_id, self.visit.grid.shape)

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._lock, files.locked(self.files.folder / "lock"):
            self._catch_up()
            self._told_of_repair()
            yield

    def _catch_up(self) -> None:
        """Follow entries written by other processes, or by a turn of ours that failed."""
        entries = self.journal.entries(self.layer.id, after=self.history.revision)
        if not entries and self._file is not None:
            return
        history = self.history.after_all(entries)
        here = {self.history.generation(), history.generation()}
        if self._file is not None and {entry.generation for entry in entries} == here:
            self._follow(entries, history)
            return
        self._tallies.clear()
        self._prints.clear()
        self._file = self._open(history.generation())
        self._unsynced = history.revision - self.journal.checkpoint(
            self.layer.id, history.generation()
        )
        self.history = history

    def _follow(self, entries: Sequence[Entry], history: History) -> None:
        """Take over changes of others to the file that is open."""
        generation = history.generation()
        for delta in self.deltas(entries):
            self.file.apply(delta)
            if generation in self._tallies:
                self._tallies[generation].change(self.cells, delta)
            self._prints[generation] = fingerprint.after(self._prints[generation], delta)
        self.history = history

    def sent(self, uuid: str) -> Entry | None:
        if not 1 <= len(uuid) <= 64:
            raise Refused(
                "SV-EDIT-038",
                "The edit arrived without its number, so sending it twice could not be noticed; "
                "it was not applied. Load the page again.",
            )
        return self.journal.find(self.layer.id, uuid)

    def append(
        self,
        kind: Kind,
        delta: Delta | None = None,
        *,
        uuid: str,
        title: str,
        author: str,
        tool: str = "",
        generation: int | None = None,
        legend: Legend | None = None,
        source: str = "",
        amount: float | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """Commit an entry, then make the mask what it says."""
        current = self.history.generation()
        generation = current if generation is None else generation
        found = self.print_of(generation)
        if delta is not None:
            found = fingerprint.after(found, delta)
        entry = Entry(
            layer_id=self.layer.id,
            revision=self.history.revision + 1,
            uuid=uuid,
            kind=kind,
            generation=generation,
            title=title,
            author=author,
            tool=tool,
            legend=legend,
            source=source,
            fingerprint=found,
            cells=len(delta) if delta is not None else None,
            amount=amount,
            facts=facts,
        )
        if generation != current:
            self._checkpoint()
        tally = self.tally() if delta is not None else None
        with self.last_stroke_told():
            entry = self.journal.append(entry, delta.encode() if delta else None)
        if generation != current:
            self._file = self._open(generation)
        elif delta is not None and tally is not None:
            self.file.apply(delta)
            tally.change(self.cells, delta)
        self._prints[generation] = found
        self.history = self.history.after(entry)
        self._settle(1)

    def walk(self, target: int, uuid: str, author: str) -> NDArray[np.int64] | None:
        """Undo or redo, step by step and in one transaction, to another place of the history.

        Returns:
            Sorted cells that changed; None where another file is current now, or very many did.
        """
        history = self.history
        rows = list(self._steps(target, uuid, author))
        generation = rows[-1][0].generation
        stays = generation == history.generation()
        if not stays:
            self._checkpoint()
        with self.last_stroke_told():
            entries = self.journal.append_all(rows)
        for entry in entries:
            self._prints[entry.generation] = entry.fingerprint or 0
        self.history = history.after_all(entries)
        if not stays:
            for entry in entries:
                if entry.cells is not None:
                    self._tallies.pop(entry.generation, None)
            self._file = self._open(generation)
            self._told_of_repair()
            return None
        changed = self._apply_all(packed for _, packed in rows if packed is not None)
        self._settle(len(rows))
        return changed

    def _steps(self, target: int, uuid: str, author: str) -> Iterator[tuple[Entry, bytes | None]]:
        """The rows of a walk; the first of them carries the sender's uuid."""
        history = self.history
        forward = target > history.done
        generations = history.generations()
        prints: dict[int, int] = {}
        for n, place in enumerate(
            range(history.done, target) if forward else range(history.done, target, -1)
        ):
            about = history.entries[place if forward else place - 1]
            generation = generations[place + 1 if forward else place - 1]
            delta = self.stored(about) if generation == generations[place] else None
            if delta is not None and not forward:
                delta = delta.inverse()
            here = prints[generation] if generation in prints else self.print_of(generation)
            prints[generation] = here = (
                fingerprint.after(here, delta) if delta is not None else here
            )
            entry = Entry(
                layer_id=self.layer.id,
                revision=history.revision + n + 1,
                uuid=uuid if n == 0 else secrets.token_hex(16),
                kind="redo" if forward else "undo",
                generation=generation,
                title=about.title,
                author=author,
                tool=about.tool,
                target=about.seq,
                fingerprint=here,
                cells=len(delta) if delta is not None else None,
            )
            yield entry, delta.encode() if delta is not None else None

    def _apply_all(self, deltas: Iterable[bytes]) -> NDArray[np.int64] | None:
        """Make changes that are in the journal; the cells, None where they are very many."""
        held: list[Delta] = []
        count = 0
        for delta in map(Delta.decode, deltas):
            count += len(delta)
            self.file.apply(delta)
            if count <= changes.LIMIT:
                held.append(delta)
        if count > changes.LIMIT:
            self._tallies.pop(self.history.generation(), None)
            return None
        if tally := self._tallies.get(self.history.generation()):
            tally.change(self.cells, conflicts.combined(held))
        return conflicts.touched(held)

    def close(self) -> None:
        """Have the file on disk, and a copy of it where the last one is old."""
        with self.turn():
            self._checkpoint()
            self._keep_copy()
        if self._snapshot is not None:
            self._snapshot.join()

    def counted(self, generation: int, tally: Tally) -> None:
        """Numbers of a new generation that are known already."""
        for old in sorted(self._tallies)[: 1 - TALLIES_KEPT]:
            del self._tallies[old]
        self._tallies[generation] = tally

    def _settle(self, entries: int) -> None:
        """After so many entries: have the file on disk now and then, and keep a copy of it."""
        self._unsynced += entries
        if self._unsynced >= CHECKPOINT_EVERY:
            self._checkpoint()
            self._keep_copy()

    def _checkpoint(self) -> None:
        """Spare the next opening what is in the mask file already; may fail without harm."""
        with suppress(DiskFull), files.disk_full_told():
            self.file.sync()
            self.journal.set_checkpoint(
                self.layer.id, self.history.generation(), self.history.revision
            )
            self._unsynced = 0

    def _keep_copy(self) -> None:
        """Begin a packed copy of the file where the last one is old; strokes need not wait."""
        revision, generation = self.history.revision, self.history.generation()
        busy = self._snapshot is not None and self._snapshot.is_alive()
        if not busy and revision - self.files.last_copy(generation) >= SNAPSHOT_EVERY:
            given = (self.files, generation, revision)
            self._snapshot = Thread(target=try_snapshot, args=given, daemon=True)
            self._snapshot.start()

    def _told_of_repair(self) -> None:
        """Say in the history that the file was made anew, where it was."""
        if self._repaired:
            self._repaired = False
            self.append(
                "note",
                uuid=secrets.token_hex(16),
                title="Mask file made anew from the history; its fingerprint is right",
                author="segviz",
            )

    @contextmanager
    def last_stroke_told(self) -> Iterator[None]:
        try:
            yield
        except DiskFull as error:
            saved = self.history.saved
            last = f"{saved.astimezone():%H:%M:%S}" if saved else "none yet"
            raise DiskFull(
                f"Saving stopped: the disk is full. Your last saved stroke: {last}."
            ) from error

    @property
    def file(self) -> MaskFile:
        assert self._file is not None, "used outside a turn"
        return self._file

    @property
    def cells(self) -> NDArray[np.uint8]:
        return self.file.data

    @property
    def flat(self) -> NDArray[np.uint8]:
        return self.cells.reshape(-1)

    def _open(self, generation: int) -> MaskFile:
        """The file of a generation; its fingerprint is looked at once."""
        if generation in self._prints:
            return self.files.open(generation)
        file, self._prints[generation], repaired = self.files.open_checked(generation)
        self._repaired |= repaired
        return file

    def print_of(self, generation: int) -> int:
        """The fingerprint of a generation after all that was done to it."""
        if generation not in self._prints:
            self._open(generation)
        return self._prints[generation]

    def tally(self) -> Tally:
        """Numbers of the current generation; those of the others are kept, since they rest."""
        generation = self.history.generation()
        if generation not in self._tallies:
            self.counted(generation, tallies.of(self.cells, self.visit.grid))
        return self._tallies[generation]

    def deltas(self, entries: Iterable[Entry]) -> list[Delta]:
        return [delta for delta in map(self.stored, entries) if delta is not None]

    def stored(self, entry: Entry) -> Delta | None:
        packed = self.journal.delta(entry.seq)
        return Delta.decode(packed) if packed is not None else None

    def is_whole(self, entry: Entry) -> bool:
        """True of an entry that brought another mask or another legend, or took one back."""
        about = self.journal.at(entry.target) if entry.target else entry
        return about.kind in NEW_FILE or about.legend is not None

    def cells_of(self, entry: Entry) -> NDArray[np.int64]:
        """What an edit changed, whether it fitted an entry or not."""
        if entry.kind != "rewrite":
            delta = self.stored(entry)
            return delta.cells if delta is not None else np.zeros(0, np.int64)
        of = self._generations(self._store, entry.layer_id)
        revision = entry.revision
        earlier = self.journal.generation_at(entry.layer_id, revision - 1)
        before = of.before(earlier, revision - 1, None)
        return np.flatnonzero(before != of.before(entry.generation, revision, None))
