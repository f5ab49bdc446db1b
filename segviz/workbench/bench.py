"""A mask that is being worked on.

Order of every change: the entry is committed to the journal, then the cells change, then the answer
goes out. Whoever was answered never loses the change, and a sender who was not may send it again.
Threads take turns through a lock, processes through a lock file; each turn begins by catching up
with what others wrote.
"""

from __future__ import annotations

import base64
import math
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from threading import RLock, Thread
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segviz.case import Layer, Operation, Version
from segviz.edit import brush, paint, polygon, runs
from segviz.edit.canvas import Canvas, Edit, Values
from segviz.edit.delta import Delta
from segviz.edit.where import Where
from segviz.errors import DiskFull, Refused
from segviz.grid import RasterGrid, VolumeGrid, Window, same_grid
from segviz.mask import Legend, Mask
from segviz.measure.volumes import counts
from segviz.store import Store, files
from segviz.store.journal import NEW_FILE, Entry, Kind
from segviz.workbench import changes, conflicts, fingerprint, legends, tallies, titles
from segviz.workbench.changes import ANYWHERE, Sieve, differences, moved, strips
from segviz.workbench.generations import Generations, MaskFile, try_snapshot
from segviz.workbench.history import (
    LABEL_TOOL,
    History,
    first_history,
    history_of,
    threshold_tool,
)
from segviz.workbench.shares import Shares, of_run, redrawn, require_threshold, without
from segviz.workbench.tallies import Tally

CHECKPOINT_EVERY = 64
SNAPSHOT_EVERY = 256
OPERATIONS_SHOWN = 50
MAX_SHAPE_CELLS = 25_000_000
READER = "reader"
STROKES = frozenset({"brush", "polygon", "eraser"})
"""Tools that people paint with."""

State = dict[str, Any]

EditOf = Callable[[Canvas], Edit]
"""What a tool would do on a canvas; a tool with its parameters filled in."""


class Workbench:
    """One layer: its cells, history and running numbers. Thread-safe.

    Open it through ``workbench.get``, which gives the same one to all of a process.
    """

    def __init__(self, store: Store, layer: Layer) -> None:
        self.layer = layer
        self.visit = store.visit(layer.visit_id)
        self._store = store
        self._folder = store.mask_folder(layer.id)
        self._files = Generations(store.journal, self._folder, layer.id, self.visit.grid.shape)
        self._lock = RLock()
        self._history = first_history(store, layer)
        self._file: MaskFile | None = None
        self._tallies: dict[int, Tally] = {}
        self._prints: dict[int, int] = {}
        self._unsynced = 0
        self._repaired = False
        self._versions: list[Version] | None = None
        self._snapshot: Thread | None = None

    @classmethod
    def open(cls, store: Store, layer_id: str) -> Workbench:
        """A layer as the journal says it is, finished segmentations taken over.

        The id of a visit is that of its first layer.

        Raises:
            NotFound: there is no such layer.
            Damaged: its mask file is missing, and no copy leads there.
        """
        bench = cls(store, store.layer(layer_id))
        for job in reversed(store.queue.of_visit(bench.visit.id)):
            mine = job.params.get("layer", bench.visit.id) == layer_id
            if mine and job.kind == "segment" and job.state == "done" and job.result:
                bench.adopt(job.id, job.result)
        return bench

    @property
    def revision(self) -> int:
        """Of the mask now; every change raises it by one."""
        with self._turn():
            return self._history.revision

    @property
    def standing(self) -> tuple[int, int]:
        """Generation and revision of the mask now."""
        with self._turn():
            return self._history.generation(), self._history.revision

    @property
    def legend(self) -> Legend:
        with self._turn():
            return self._history.legend

    def mask(self) -> Mask:
        """The mask itself, not a copy: a read-only view that follows later edits."""
        with self._turn():
            data = self._cells.view(np.ndarray)
            data.flags.writeable = False
            return Mask(self.visit.grid, data, self._history.legend, self._history.source)

    def state(self) -> State:
        """What pages and viewers show: revision, numbers, history."""
        with self._turn():
            return self._state()

    def operations(self, before: int | None = None, last: int = OPERATIONS_SHOWN) -> list[State]:
        """The newest operations before a ``seq``, the oldest first; as in the state."""
        with self._turn():
            return _listed(self._history.operations(last, before))

    def strokes(self) -> list[Entry]:
        """What people painted and erased, the oldest first, without what was undone."""
        with self._turn():
            history = self._history
            return [
                entry
                for entry in history.entries[: history.done]
                if entry.kind == "edit" and entry.tool in STROKES
            ]

    def apply(
        self,
        edit_of: EditOf,
        where: Where = ANYWHERE,
        *,
        tool: str,
        base_revision: int,
        uuid: str,
        author: str = READER,
        values: Values | None = None,
    ) -> State:
        """Do what a tool would do.

        The tool works on the mask as it is while others go on editing; their changes and this one
        both stand where they share no cell.

        Args:
            edit_of: the tool, its parameters filled in.
            where: which cells may change.
            tool: its name, for the history.
            base_revision: of the mask that the person saw.
            uuid: the same when the same edit is sent again; it is then not applied again.
            values: of the image, in the order of the canvas; None for tools that need none.

        Returns:
            The state; ``runs`` or ``box`` of what changed since ``base_revision``, ``merged`` with
            whose changes that includes, ``note`` where nothing or only some of it could be done.

        Raises:
            Conflict: others changed the same cells since (SV-EDIT-030).
            Refused: by the tool; or a label that is not there (SV-EDIT-020).
            DiskFull: nothing was changed.
        """
        with self._turn():
            if self._sent(uuid):
                return self._state_since(base_revision)
            self._since(base_revision)
            seen, canvas = self._history.revision, self._canvas(values)
        edit = edit_of(canvas)
        sieve = Sieve(canvas, where)
        parts = (changes.native(self.visit.grid, part) for part in sieve(edit.parts))
        first, whole = changes.up_to(parts, changes.LIMIT)
        base = min(base_revision, seen)
        return self._carry_out(
            chain(first, parts) if not whole else iter(first),
            whole=whole,
            what=edit.what,
            tool=tool,
            base=base,
            uuid=uuid,
            author=author,
            note=lambda: sieve.note(edit),
            legend=legends.grown(self.legend, edit.born) if edit.born else None,
        )

    def preview(
        self, edit_of: EditOf, where: Where = ANYWHERE, *, values: Values | None = None
    ) -> dict[str, Any]:
        """What ``apply`` would do; nothing is changed.

        Returns:
            runs (base64, as ``segviz.edit.runs`` with the new labels; empty of more cells than one
            entry holds), count of changed cells, amount and unit by which the label that it is
            about would grow, title, note.
        """
        with self._turn():
            canvas = self._canvas(values)
        edit = edit_of(canvas)
        sieve = Sieve(canvas, where)
        parts = (changes.native(self.visit.grid, part) for part in sieve(edit.parts))
        first, whole = changes.up_to(parts, changes.LIMIT)
        delta = changes.joined(first)
        for _ in parts:  # only counted
            pass
        with self._turn():
            title, amount = edit.what, 0.0
            if len(delta) and whole:
                legend = self._history.legend
                title, amount = titles.told(edit.what, delta, self._tally(), legend)
        note = sieve.note(edit)
        return {
            "runs": self._encoded(delta.cells, delta.after) if whole else "",
            "count": sieve.kept,
            "amount": amount,
            "unit": titles.unit(self.visit.grid),
            "title": title,
            "note": note if whole else note or "Too many cells to show before it is done.",
        }

    def edit_cells(
        self,
        cells: NDArray[np.int64],
        labels: NDArray[np.uint8],
        where: Where = ANYWHERE,
        *,
        base_revision: int,
        uuid: str,
        title: str = "Edit",
        tool: str = "",
        author: str = READER,
    ) -> State:
        """Give cells new labels, which the sender shows already.

        Args:
            cells: flat native C-order indices, in any order.
            where: which labels may be painted over; values are not looked at.
            base_revision: of the mask that the edit was drawn on.
            uuid: the same when the same edit is sent again; it is then not applied again.
            title: what was done; by how much is added.

        Returns:
            The state; ``runs`` or ``box`` of what differs from what the sender shows.

        Raises:
            Conflict: others changed the same cells since (SV-EDIT-030).
            Refused: a cell or label that is not there (SV-EDIT-020, SV-EDIT-032).
            DiskFull: nothing was changed.
        """
        with self._turn():
            if self._sent(uuid):
                return self._state_since(base_revision)
            self._require_cells(cells)
            asked = Delta.between(self._flat, cells, labels)
            may = where.labels_allow(asked.before, asked.after)
            return self._edit(
                asked.cells[may],
                asked.after[may],
                base=base_revision,
                uuid=uuid,
                title=title,
                tool=tool,
                author=author,
                note="" if may.all() else "Cells that are locked stayed as they were.",
                shown=(cells, labels),
            )

    def edit_shape(
        self,
        tool: str,
        label: int,
        points: ArrayLike,
        radius: float = 0.0,
        only: int | None = None,
        *,
        base_revision: int,
        uuid: str,
        author: str = READER,
    ) -> State:
        """Paint a stroke or a polygon on a scene.

        Args:
            tool: ``brush``, ``eraser`` (a brush of label 0) or ``polygon``.
            points: (n, 2) of (row, column); whole numbers are cell centres.
            radius: of the brush, in cells.
            only: paint over this label alone.

        Raises:
            As ``edit_cells``; Refused for a shape that is too large (SV-EDIT-033).
        """
        label = 0 if tool == "eraser" else label
        rows, columns = self._shape_cells(tool, np.asarray(points, dtype=np.float64), radius)
        with self._turn():
            if self._sent(uuid):
                return self._state_since(base_revision)
            self._require_labels(np.array([label] if only is None else [label, only]))
            delta = paint.relabel(self._cells, rows, columns, label, only)
            return self._edit(
                delta.cells,
                delta.after,
                base=base_revision,
                uuid=uuid,
                title=tool.capitalize(),
                tool=tool,
                author=author,
            )

    def move_threshold(
        self, threshold: float, *, base_revision: int, uuid: str, author: str = READER
    ) -> State:
        """Draw the label of the last run again at another threshold.

        Cells that were changed by hand since the run stay as they are.

        Raises:
            Conflict: the mask has moved on (SV-EDIT-030).
            Refused: the run kept no probabilities (SV-EDIT-041), or the threshold is out of its
                range (SV-EDIT-042).
            DiskFull: nothing was changed.
        """
        with self._turn():
            if self._sent(uuid):
                return self._state_since(base_revision)
            self._require_current(base_revision)
            shares = self._shares()
            if shares is None:
                raise without()
            require_threshold(threshold)
            delta = redrawn(self._flat, shares, threshold, self._painted())
            amount = titles.growth(delta, shares.label, self._tally())
            by = titles.signed(amount, titles.unit(self.visit.grid))
            name = self._history.legend[shares.label].name
            self._append(
                "edit",
                delta,
                uuid=uuid,
                title=f"Threshold {threshold:.4g}: {by} {name}",
                author=author,
                tool=threshold_tool(threshold),
                amount=amount,
            )
            return self._state(delta.cells)

    def shares(self) -> Shares | None:
        """The probabilities of the run that the mask stands on; None where it kept none."""
        with self._turn():
            return self._shares()

    def painted(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], int]:
        """What hands have changed since the last run or import: cells, labels now, revision.

        Cells are sorted flat native C-order indices.
        """
        with self._turn():
            cells = self._painted()
            return cells, np.array(self._flat[cells]), self._history.revision

    def undo(self, base_revision: int, uuid: str, author: str = READER) -> State:
        """Take back the last operation; Refused (SV-EDIT-034) where there is none."""
        return self._walk(lambda done: done - 1, base_revision, uuid, author)

    def redo(self, base_revision: int, uuid: str, author: str = READER) -> State:
        """Do again what was taken back last; Refused (SV-EDIT-034) where there is nothing."""
        return self._walk(lambda done: done + 1, base_revision, uuid, author)

    def jump(self, position: int, base_revision: int, uuid: str, author: str = READER) -> State:
        """Undo or redo until the first ``position`` operations of the history are in force.

        Refused (SV-EDIT-034) where there are not so many.
        """
        return self._walk(lambda done: position, base_revision, uuid, author)

    def replace(
        self,
        mask_file: Path,
        legend: Legend,
        *,
        title: str,
        source: str,
        author: str = "",
        uuid: str,
    ) -> State:
        """Put a whole new mask in place of this one, which undo brings back.

        Args:
            mask_file: raw uint8 labels in native C order; it is copied.
            legend: what the labels mean; labels it lacks get a made-up name.

        Raises:
            Refused: the file has another number of cells than the image (SV-EDIT-035).
            DiskFull: nothing was changed.
        """
        with self._turn():
            if self._sent(uuid):
                return self._state(reload=True)
            return self._put_file(mask_file, legend, title, source, author or source, uuid)

    def replace_by(self, mask: Mask, *, title: str, author: str = READER, uuid: str) -> State:
        """Put a mask in memory in place of this one, as ``replace`` does.

        Raises:
            Refused: it lies on another grid (SV-EDIT-036).
        """
        if not same_grid(mask.grid, self.visit.grid):
            raise Refused(
                "SV-EDIT-036",
                f"The mask lies on another grid ({mask.grid}) than the image ({self.visit.grid}), "
                "so its labels would be counted in the wrong place; use a mask of this image.",
            )

        def write(target: BinaryIO) -> None:
            for part in mask.data:
                target.write(part.tobytes())

        with self._turn():
            if self._sent(uuid):
                return self._state(reload=True)
            return self._put(write, mask.legend, title, mask.source or author, author, uuid)

    def adopt(self, job_id: str, result: Mapping[str, Any]) -> State:
        """Take over what a ``segment`` job made; once, however often it is asked.

        Args:
            result: of the job: path (relative to the workspace), legend, source; and window where
                only this part of a scene was segmented.
        """
        with self._turn():
            if self._sent(job_id):
                return self._state(reload=True)
            path = self._store.home / result["path"]
            if not path.exists():
                return self._state()
            source, legend = result["source"], Legend.from_json(result["legend"])
            facts: dict[str, Any] = {"model": result.get("report", {}).get("model")}
            if window := result.get("window"):
                facts["window"] = list(window)
                state = self._put_part(path, legend, source, tuple(window), job_id, facts)
            else:
                title = f"Segment with {source}"
                state = self._put_file(path, legend, title, source, source, job_id, facts)
            path.unlink(missing_ok=True)
            return state

    def add_label(self, name: str, color: str = "", *, uuid: str, author: str = READER) -> State:
        """Add a label that can be painted; undo takes it away.

        Raises:
            Refused: it has no name, the name is taken, or all 255 are (SV-EDIT-037).
        """
        return self.change_legend("add", name=name, color=color, uuid=uuid, author=author)

    def change_legend(
        self,
        change: str,
        *,
        value: int | None = None,
        name: str | None = None,
        color: str | None = None,
        into: int | None = None,
        base_revision: int | None = None,
        uuid: str,
        author: str = READER,
    ) -> State:
        """One change of the legend, and of the cells that it is about, as one operation.

        Args:
            change: ``add`` (name, colour), ``rename`` (value, name), ``recolour`` (value, colour),
                ``delete`` (value; its cells get no label) or ``merge`` (value, into).
            base_revision: of the legend that the person saw; whatever it is now when None.

        Raises:
            Conflict: the mask has moved on (SV-EDIT-030).
            Refused: SV-EDIT-037, SV-EDIT-092, SV-EDIT-093, SV-EDIT-094.
        """
        given = {"value": value, "name": name, "color": color, "into": into}
        return self._change_legend(
            lambda legend: legends.change(legend, change, **given), base_revision, uuid, author
        )

    def import_legend(
        self,
        legend: Legend,
        *,
        base_revision: int | None = None,
        uuid: str,
        author: str = READER,
    ) -> State:
        """Put another legend in place of this one; labels that it lacks lose their cells."""
        return self._change_legend(
            lambda old: legends.imported(old, legend), base_revision, uuid, author
        )

    def name_version(
        self, name: str, *, revision: int | None = None, author: str = READER
    ) -> Version:
        """Give a revision a name, the present one where none is given.

        Raises:
            Refused: the name is empty or taken (SV-EDIT-095), or there never was such a revision
                (SV-EDIT-096).
        """
        with self._turn():
            revision = self._history.revision if revision is None else revision
            self._require_revision(revision)
            self._versions = None
            return self._store.add_version(self.layer.id, revision, name, author)

    def mask_at(self, revision: int, window: Window | None = None) -> NDArray[np.uint8]:
        """A copy of the labels as they were after a revision, in native order.

        Args:
            window: of a scene; all of it when None.

        Raises:
            Refused: there never was such a revision (SV-EDIT-096).
        """
        with self._turn():
            self._require_revision(revision)
            generation = self._store.journal.generation_at(self.layer.id, revision)
            return self._files.before(generation, revision, window)

    def fingerprint_at(self, revision: int) -> int:
        """Of the mask after a revision, as a signed number of 64 bits."""
        with self._turn():
            if revision == self._history.revision:
                return self._print_of(self._history.generation())
        return fingerprint.of(self.mask_at(revision).reshape(-1))

    def history_at(self, revision: int | None = None) -> History:
        """What made the mask as it was after a revision; as it is now when None."""
        with self._turn():
            if revision in (None, self._history.revision):
                return self._history
            self._require_revision(revision or 0)
            return history_of(self._store, self.layer, revision)

    def restore(
        self,
        source: Workbench,
        revision: int,
        *,
        base_revision: int,
        uuid: str,
        author: str = READER,
    ) -> State:
        """Make the mask what a layer of this visit was after a revision, as a new operation.

        Raises:
            As ``apply``; Refused where there never was such a revision (SV-EDIT-096).
        """
        with self._turn():
            if self._sent(uuid):
                return self._state_since(base_revision)
            self._require_current(base_revision)
        name = next(
            (
                f"'{v.name}'"
                for v in self._store.versions(source.layer.id)
                if v.revision == revision
            ),
            f"of revision {revision}",
        )
        windows = strips(self.visit.grid.shape)
        parts = (
            differences(self._cells, source.mask_at(revision, window), window) for window in windows
        )
        first, whole = changes.up_to(parts, changes.LIMIT)
        return self._carry_out(
            chain(first, parts),
            whole=whole,
            what=f"Restore version {name}",
            tool="restore",
            base=base_revision,
            uuid=uuid,
            author=author,
            legend=source.history_at(revision).legend,
            facts={"restored": {"layer": source.layer.id, "revision": revision}},
            alone=True,
        )

    def close(self) -> None:
        """Have the mask file on disk, so that opening it again is quick. It can still be used."""
        with self._turn():
            self._checkpoint()
            self._keep_copy()
        if self._snapshot is not None:
            self._snapshot.join()

    # turns

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._lock, files.locked(self._folder / "lock"):
            self._catch_up()
            self._told_of_repair()
            yield

    def _catch_up(self) -> None:
        """Follow entries written by other processes, or by a turn of ours that failed."""
        entries = self._store.journal.entries(self.layer.id, after=self._history.revision)
        if not entries and self._file is not None:
            return
        history = self._history.after_all(entries)
        here = {self._history.generation(), history.generation()}
        if self._file is not None and {entry.generation for entry in entries} == here:
            self._follow(entries, history)
            return
        self._tallies.clear()
        self._prints.clear()
        self._file = self._open(history.generation())
        self._history = history

    def _follow(self, entries: Sequence[Entry], history: History) -> None:
        """Take over changes of others to the file that is open."""
        generation = history.generation()
        for delta in self._deltas(entries):
            self._mapped.apply(delta)
            if generation in self._tallies:
                self._tallies[generation].change(self._cells, delta)
            self._prints[generation] = fingerprint.after(self._prints[generation], delta)
        self._history = history
        self._versions = None

    def _sent(self, uuid: str) -> Entry | None:
        if not 1 <= len(uuid) <= 64:
            raise Refused(
                "SV-EDIT-038",
                "The edit arrived without its number, so sending it twice could not be noticed; "
                "it was not applied. Load the page again.",
            )
        return self._store.journal.find(self.layer.id, uuid)

    # changes

    def _carry_out(
        self,
        parts: Iterator[Delta],
        *,
        whole: bool,
        what: str,
        tool: str,
        base: int,
        uuid: str,
        author: str,
        note: Callable[[], str] = str,
        legend: Legend | None = None,
        facts: dict[str, Any] | None = None,
        alone: bool = False,
    ) -> State:
        """Do what was worked out beside the turns of others.

        Args:
            parts: changed cells in native order.
            whole: True where they fit one entry; else they make a new mask file.
            note: asked for once all parts are there.
            legend: the labels from then on, where it changes them.
            alone: nothing may have been done since ``base``.
        """
        if not whole:
            return self._rewrite(parts, what, tool, base, uuid, author, note, legend, facts, alone)
        delta = changes.joined(parts)
        with self._turn():
            if self._sent(uuid):
                return self._state_since(base)
            if alone:
                self._require_current(base)
            return self._edit(
                delta.cells,
                delta.after,
                base=base,
                uuid=uuid,
                title=what,
                tool=tool,
                author=author,
                note=note(),
                legend=legend,
                facts=facts,
            )

    def _edit(
        self,
        cells: NDArray[np.int64],
        labels: NDArray[np.uint8],
        *,
        base: int,
        uuid: str,
        title: str,
        tool: str,
        author: str,
        note: str = "",
        shown: tuple[NDArray[np.int64], NDArray[np.uint8]] | None = None,
        legend: Legend | None = None,
        facts: dict[str, Any] | None = None,
    ) -> State:
        """Give sorted cells new labels where nobody changed them since ``base``.

        Args:
            shown: cells and labels as the sender shows them already.
        """
        since = self._since(base)
        self._require_labels(labels, legend)
        before = self._flat[cells]
        changed = before != labels
        delta = Delta(cells[changed], before[changed], labels[changed])
        theirs = self._require_apart(delta.cells, since)
        if len(delta) or legend is not None:
            amount = None
            if len(delta):
                title, amount = titles.told(title, delta, self._tally(), self._names(legend))
            self._append(
                "edit",
                delta if len(delta) else None,
                uuid=uuid,
                title=title,
                tool=tool,
                author=author,
                legend=legend,
                amount=amount,
                facts=facts,
            )
        told = delta.cells
        if shown is not None and isinstance(self.visit.grid, VolumeGrid):
            told = np.unique(shown[0][self._flat[shown[0]] != shown[1]])
        if len(theirs):
            told = np.union1d(theirs, told)
        return self._state(told, note=note, merged=conflicts.authors(since))

    def _rewrite(
        self,
        parts: Iterator[Delta],
        what: str,
        tool: str,
        base: int,
        uuid: str,
        author: str,
        note: Callable[[], str],
        legend: Legend | None,
        facts: dict[str, Any] | None,
        alone: bool,
    ) -> State:
        """An edit of more cells than an entry holds: into a copy that takes the mask's place."""
        with self._last_stroke_told(), files.drafted_for(self._folder) as draft:
            with self._turn():
                start = self._history.revision
                shutil.copyfile(self._mapped.path, draft)
            made = MaskFile(draft, self.visit.grid.shape)
            for part in parts:
                self._require_labels(part.after, legend)
                made.apply(part)
            tally = tallies.of(made.data, self.visit.grid)
            made.sync()
            with self._turn():
                if self._sent(uuid):
                    return self._state_since(base)
                if alone:
                    self._require_current(base)
                since = self._since(base)
                theirs = self._require_same(made.flat, since, start)
                made.apply(theirs)
                tally.change(made.data, theirs)
                made.sync()
                names = self._names(legend)
                title, amount = titles.told_between(what, self._tally(), tally, names)
                generation = self._store.journal.last_generation(self.layer.id) + 1
                self._files.take(draft, generation)
                self._append(
                    "rewrite",
                    uuid=uuid,
                    title=title,
                    author=author,
                    tool=tool,
                    generation=generation,
                    legend=legend,
                    amount=amount,
                    facts=facts,
                )
                self._tallies[generation] = tally
                return self._state(reload=True, note=note(), merged=conflicts.authors(since))

    def _names(self, legend: Legend | None) -> Legend:
        """What labels are called in the title of a change of the legend, deleted ones included."""
        old = self._history.legend
        return Legend((*legend, *(x for x in old if x.value not in legend))) if legend else old

    def _change_legend(
        self,
        change_of: Callable[[Legend], legends.Change],
        base_revision: int | None,
        uuid: str,
        author: str,
    ) -> State:
        with self._turn():
            base = self._history.revision if base_revision is None else base_revision
            if self._sent(uuid):
                return self._state_since(base)
            self._require_current(base)
            change = change_of(self._history.legend)
        parts = (
            moved(self._cells, change.moved, window)
            for window in (strips(self.visit.grid.shape) if change.moved else ())
        )
        first, whole = changes.up_to(parts, changes.LIMIT)
        return self._carry_out(
            chain(first, parts),
            whole=whole,
            what=change.what,
            tool=LABEL_TOOL,
            base=base,
            uuid=uuid,
            author=author,
            legend=change.legend,
            alone=True,
        )

    def _walk(
        self, target_of: Callable[[int], int], base_revision: int, uuid: str, author: str
    ) -> State:
        """Undo or redo, step by step and in one transaction, to another place of the history."""
        with self._turn():
            if self._sent(uuid):
                return self._state_since(base_revision)
            self._require_current(base_revision)
            history = self._history
            target = target_of(history.done)
            if not 0 <= target <= len(history.entries):
                kind = "undo" if target < 0 else "redo"
                raise Refused("SV-EDIT-034", f"There is nothing to {kind}.")
            if target == history.done:
                return self._state()
            rows = list(self._steps(target, uuid, author))
            generation = rows[-1][0].generation
            stays = generation == history.generation()
            if not stays:
                self._checkpoint()
            with self._last_stroke_told():
                entries = self._store.journal.append_all(rows)
            for entry in entries:
                self._prints[entry.generation] = entry.fingerprint or 0
            self._history = history.after_all(entries)
            if not stays:
                for entry in entries:
                    if entry.cells is not None:
                        self._tallies.pop(entry.generation, None)
                self._file = self._open(generation)
                self._told_of_repair()
                return self._state(reload=True)
            changed = self._apply_all(packed for _, packed in rows if packed is not None)
            self._settle(len(rows))
            return self._state(changed, reload=changed is None)

    def _apply_all(self, deltas: Iterable[bytes]) -> NDArray[np.int64] | None:
        """Make changes that are in the journal; the cells, None where they are very many."""
        held: list[Delta] = []
        count = 0
        for delta in map(Delta.decode, deltas):
            count += len(delta)
            self._mapped.apply(delta)
            if count <= changes.LIMIT:
                held.append(delta)
        if count > changes.LIMIT:
            self._tallies.pop(self._history.generation(), None)
            return None
        if tally := self._tallies.get(self._history.generation()):
            tally.change(self._cells, conflicts.combined(held))
        return conflicts.touched(held)

    def _steps(self, target: int, uuid: str, author: str) -> Iterator[tuple[Entry, bytes | None]]:
        """The rows of a walk; the first of them carries the sender's uuid."""
        history = self._history
        forward = target > history.done
        generations = history.generations()
        prints: dict[int, int] = {}
        for n, place in enumerate(
            range(history.done, target) if forward else range(history.done, target, -1)
        ):
            about = history.entries[place if forward else place - 1]
            generation = generations[place + 1 if forward else place - 1]
            delta = self._stored(about) if generation == generations[place] else None
            if delta is not None and not forward:
                delta = delta.inverse()
            here = prints[generation] if generation in prints else self._print_of(generation)
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

    def _put_file(
        self,
        mask_file: Path,
        legend: Legend,
        title: str,
        source: str,
        author: str,
        uuid: str,
        facts: dict[str, Any] | None = None,
    ) -> State:
        self._require_size(mask_file)

        def copy(target: BinaryIO) -> None:
            with mask_file.open("rb") as file:
                shutil.copyfileobj(file, target, 2**20)

        return self._put(copy, legend, title, source, author, uuid, facts)

    def _put_part(
        self,
        mask_file: Path,
        legend: Legend,
        source: str,
        window: Window,
        uuid: str,
        facts: dict[str, Any],
    ) -> State:
        """A new mask that differs inside a window of a scene alone."""
        top, bottom, left, right = window
        self._require_size(mask_file)
        made = np.memmap(mask_file, np.uint8, "r", shape=self.visit.grid.shape)

        def write(target: BinaryIO) -> None:
            for row, kept in enumerate(self._cells):
                line = kept.copy()
                if top <= row < bottom:
                    line[left:right] = made[row, left:right]
                target.write(line.tobytes())

        title = f"Segment the view with {source}"
        return self._put(write, legend, title, source, source, uuid, facts)

    def _put(
        self,
        content: Callable[[BinaryIO], object],
        legend: Legend,
        title: str,
        source: str,
        author: str,
        uuid: str,
        facts: dict[str, Any] | None = None,
    ) -> State:
        """Make a new generation: its file first, then its entry."""
        generation = self._store.journal.last_generation(self.layer.id) + 1
        with self._last_stroke_told():
            path = self._files.write(generation, content)
        present = np.flatnonzero(counts(np.memmap(path, np.uint8, "r")))
        self._append(
            "replace",
            uuid=uuid,
            title=title,
            author=author,
            generation=generation,
            legend=legend.covering(present),
            source=source,
            facts=facts,
        )
        return self._state(reload=True)

    def _append(
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
        current = self._history.generation()
        generation = current if generation is None else generation
        found = self._print_of(generation)
        if delta is not None:
            found = fingerprint.after(found, delta)
        entry = Entry(
            layer_id=self.layer.id,
            revision=self._history.revision + 1,
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
        tally = self._tally() if delta is not None else None
        with self._last_stroke_told():
            entry = self._store.journal.append(entry, delta.encode() if delta else None)
        if generation != current:
            self._file = self._open(generation)
        elif delta is not None and tally is not None:
            self._mapped.apply(delta)
            tally.change(self._cells, delta)
        self._prints[generation] = found
        self._history = self._history.after(entry)
        self._settle(1)

    def _settle(self, entries: int) -> None:
        """After so many entries: have the file on disk now and then, and keep a copy of it."""
        self._unsynced += entries
        if self._unsynced >= CHECKPOINT_EVERY:
            self._checkpoint()
            self._keep_copy()

    def _keep_copy(self) -> None:
        """Begin a packed copy of the file where the last one is old; strokes need not wait."""
        revision, generation = self._history.revision, self._history.generation()
        busy = self._snapshot is not None and self._snapshot.is_alive()
        if not busy and revision - self._files.last_copy(generation) >= SNAPSHOT_EVERY:
            given = (self._files, generation, revision)
            self._snapshot = Thread(target=try_snapshot, args=given, daemon=True)
            self._snapshot.start()

    def _told_of_repair(self) -> None:
        """Say in the history that the file was made anew, where it was."""
        if self._repaired:
            self._repaired = False
            self._append(
                "note",
                uuid=secrets.token_hex(16),
                title="Mask file made anew from the history; its fingerprint is right",
                author="segviz",
            )

    @contextmanager
    def _last_stroke_told(self) -> Iterator[None]:
        try:
            yield
        except DiskFull as error:
            saved = self._history.saved
            last = f"{saved.astimezone():%H:%M:%S}" if saved else "none yet"
            raise DiskFull(
                f"Saving stopped: the disk is full. Your last saved stroke: {last}."
            ) from error

    def _checkpoint(self) -> None:
        """Spare the next opening what is in the mask file already; may fail without harm."""
        self._mapped.sync()
        with suppress(DiskFull):
            self._store.journal.set_checkpoint(
                self.layer.id, self._history.generation(), self._history.revision
            )
            self._unsynced = 0

    # cells and numbers

    @property
    def _size(self) -> int:
        return math.prod(self.visit.grid.shape)

    @property
    def _mapped(self) -> MaskFile:
        assert self._file is not None, "used outside a turn"
        return self._file

    @property
    def _cells(self) -> NDArray[np.uint8]:
        return self._mapped.data

    @property
    def _flat(self) -> NDArray[np.uint8]:
        return self._cells.reshape(-1)

    def _canvas(self, values: Values | None) -> Canvas:
        labels = self._cells.view(np.ndarray)
        labels.flags.writeable = False
        return changes.canvas(self.visit.grid, labels, values)

    def _open(self, generation: int) -> MaskFile:
        """The file of a generation; its fingerprint is looked at once."""
        if generation in self._prints:
            return self._files.open(generation)
        file, self._prints[generation], repaired = self._files.open_checked(generation)
        self._repaired |= repaired
        return file

    def _print_of(self, generation: int) -> int:
        """The fingerprint of a generation after all that was done to it."""
        if generation not in self._prints:
            self._open(generation)
        return self._prints[generation]

    def _tally(self) -> Tally:
        """Numbers of the current generation; those of the others are kept, since they rest."""
        generation = self._history.generation()
        if generation not in self._tallies:
            self._tallies[generation] = tallies.of(self._cells, self.visit.grid)
        return self._tallies[generation]

    def _shares(self) -> Shares | None:
        base = self._history.base
        return of_run(self._store, self.visit, base.uuid) if base else None

    def _painted(self) -> NDArray[np.int64]:
        cells = [self._cells_of(entry) for entry in self._history.by_hand]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *cells]))

    def _cells_of(self, entry: Entry) -> NDArray[np.int64]:
        """What an edit changed, whether it fitted an entry or not."""
        if entry.kind != "rewrite":
            delta = self._stored(entry)
            return delta.cells if delta is not None else np.zeros(0, np.int64)
        of = Generations(
            self._store.journal,
            self._store.mask_folder(entry.layer_id),
            entry.layer_id,
            self.visit.grid.shape,
        )
        revision = entry.revision
        earlier = self._store.journal.generation_at(entry.layer_id, revision - 1)
        before = of.before(earlier, revision - 1, None)
        return np.flatnonzero(before != of.before(entry.generation, revision, None))

    def _deltas(self, entries: Iterable[Entry]) -> list[Delta]:
        return [delta for delta in map(self._stored, entries) if delta is not None]

    def _stored(self, entry: Entry) -> Delta | None:
        packed = self._store.journal.delta(entry.seq)
        return Delta.decode(packed) if packed is not None else None

    def _shape_cells(
        self, tool: str, points: NDArray[np.float64], radius: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        grid = self.visit.grid
        if not isinstance(grid, RasterGrid):
            raise Refused(
                "SV-EDIT-039", "This tool is for satellite scenes only; nothing was changed."
            )
        _require_small(points, radius, grid.shape)
        if tool == "polygon":
            return polygon.fill(grid.shape, points)
        return brush.stroke(grid.shape, points, radius)

    # what is refused

    def _named(self) -> list[Version]:
        if self._versions is None:
            self._versions = self._store.versions(self.layer.id)
        return self._versions

    def _require_revision(self, revision: int) -> None:
        if not 0 <= revision <= self._history.revision:
            raise Refused(
                "SV-EDIT-096",
                f"This layer has no revision {revision}, so there is nothing to show or bring "
                "back; choose one from its history.",
            )

    def _since(self, base_revision: int) -> list[Entry]:
        """What was done to the mask after a revision; most often nothing.

        Raises:
            Conflict: there never was such a revision.
        """
        if base_revision == self._history.revision:
            return []
        if not 0 <= base_revision < self._history.revision:
            raise conflicts.conflict(self._history.revision, [], None)
        return self._store.journal.entries(self.layer.id, after=base_revision)

    def _is_whole(self, entry: Entry) -> bool:
        """True of an entry that brought another mask or another legend, or took one back."""
        about = self._store.journal.at(entry.target) if entry.target else entry
        return about.kind in NEW_FILE or about.legend is not None

    def _require_current(self, base_revision: int) -> None:
        since = self._since(base_revision)
        if since:
            raise conflicts.conflict(self._history.revision, since, None)

    def _require_apart(self, cells: NDArray[np.int64], since: Sequence[Entry]) -> NDArray[np.int64]:
        """The cells that others changed, none of which is among ``cells``."""
        whole = any(self._is_whole(entry) for entry in since)
        theirs = conflicts.touched(self._deltas(since))
        shared = None if whole else conflicts.overlap(cells, theirs)
        if since and shared != 0:
            raise conflicts.conflict(self._history.revision, since, shared)
        return theirs

    def _require_same(self, flat: NDArray[np.uint8], since: Sequence[Entry], start: int) -> Delta:
        """What others did to the mask after ``start``, when a copy that was changed was made.

        Raises:
            Conflict: what others did since the edit was drawn is about cells that it changed.
        """
        whole = any(self._is_whole(entry) for entry in since)
        old = conflicts.combined(self._deltas(e for e in since if e.revision <= start))
        new = conflicts.combined(self._deltas(e for e in since if e.revision > start))
        shared = int(np.count_nonzero(flat[old.cells] != old.after))
        shared += int(np.count_nonzero(flat[new.cells] != new.before))
        if whole or shared:
            raise conflicts.conflict(self._history.revision, since, None if whole else shared)
        return new

    def _require_size(self, mask_file: Path) -> None:
        size = mask_file.stat().st_size
        if size != self._size:
            raise Refused(
                "SV-EDIT-035",
                f"The new mask has {size} cells and the image {self._size}, so it would lie "
                "elsewhere; nothing was replaced. Use a mask made for this image.",
            )

    def _require_cells(self, cells: NDArray[np.int64]) -> None:
        if len(cells) and (cells.min() < 0 or cells.max() >= self._size):
            raise Refused(
                "SV-EDIT-032",
                "The edit reaches outside the image, so it was not applied; load the page again.",
            )

    def _require_labels(self, labels: NDArray[np.uint8], legend: Legend | None = None) -> None:
        known = self._history.legend if legend is None else legend
        present = np.flatnonzero(np.bincount(labels, minlength=1)[1:]) + 1
        unknown = [value for value in present.tolist() if value not in known]
        if unknown:
            raise Refused(
                "SV-EDIT-020",
                f"Label {unknown[0]} is not in the legend of this mask, so it would be counted "
                "nowhere; choose one of the listed labels.",
            )

    # answers

    def _state_since(self, base_revision: int) -> State:
        """The answer to something that was applied already: what changed since it was drawn."""
        since = self._since(base_revision)
        if len(since) > CHECKPOINT_EVERY or any(self._is_whole(entry) for entry in since):
            return self._state(reload=True)
        return self._state(conflicts.touched(self._deltas(since)))

    def _state(
        self,
        changed: NDArray[np.int64] | None = None,
        *,
        reload: bool = False,
        note: str = "",
        merged: Sequence[str] = (),
    ) -> State:
        """Answer to a change.

        Args:
            changed: sorted cells whose labels the browser may not know.
            reload: True where it knows nothing of the mask any more.
            note: a sentence for the person.
            merged: whose changes the answer holds beside the sender's own.
        """
        history, grid = self._history, self.visit.grid
        is_volume = isinstance(grid, VolumeGrid)
        cells = changed if changed is not None and len(changed) else None
        return {
            "layer": self.layer.id,
            "revision": history.revision,
            "generation": history.generation(),
            "saved": history.saved.isoformat(timespec="seconds") if history.saved else None,
            "source": history.source,
            "can_undo": history.last is not None,
            "can_redo": history.next is not None,
            "labels": self._tally().rows(history.legend),
            "legend": history.legend.to_json(),
            "probability": self._probability(),
            "operations": _listed(history.operations(OPERATIONS_SHOWN)),
            "position": history.done,
            "versions": [
                {
                    "name": version.name,
                    "revision": version.revision,
                    "author": version.author,
                    "when": version.made.isoformat(timespec="seconds"),
                }
                for version in self._named()
            ],
            "box": self._box(cells) if cells is not None and not is_volume else None,
            "runs": self._encoded(cells, self._flat[cells])
            if cells is not None and is_volume
            else None,
            "reload": reload,
            "note": note,
            "merged": list(merged),
        }

    def _probability(self) -> dict[str, Any] | None:
        """What a threshold can be moved of, and where it stands."""
        shares = self._shares()
        if shares is None:
            return None
        chosen = self._history.threshold
        return {
            "run": shares.run,
            "label": shares.label,
            "default": shares.threshold,
            "threshold": shares.threshold if chosen is None else chosen,
        }

    def _box(self, cells: NDArray[np.int64]) -> list[int]:
        """Row start, row stop, column start, column stop of sorted cells."""
        rows, columns = np.divmod(cells, self.visit.grid.shape[1])
        return [int(n) for n in (rows[0], rows[-1] + 1, columns.min(), columns.max() + 1)]

    def _encoded(self, cells: NDArray[np.int64], labels: NDArray[np.uint8]) -> str:
        """Labels of cells as the browser reads them."""
        grid = self.visit.grid
        order = grid.canonical_index(cells) if isinstance(grid, VolumeGrid) else cells
        return base64.b64encode(runs.encode(order, labels)).decode()


def _require_small(points: NDArray[np.float64], radius: float, shape: tuple[int, int]) -> None:
    """Refuse a shape whose cells would not fit in memory, and a radius that is none."""
    inside = np.clip(points, -radius, np.array(shape) + radius).reshape(-1, 2)
    height, width = np.ptp(inside, axis=0) + 2 * radius + 1 if len(inside) else (0.0, 0.0)
    if not 0 <= radius < math.inf or height * width > MAX_SHAPE_CELLS:
        raise Refused(
            "SV-EDIT-033",
            f"The shape spans more than {MAX_SHAPE_CELLS // 1_000_000} million pixels, so it was "
            "not applied; draw it in parts.",
        )


def _listed(operations: Iterable[Operation]) -> list[State]:
    return [
        vars(operation) | {"when": operation.when.isoformat(timespec="seconds")}
        for operation in operations
    ]
