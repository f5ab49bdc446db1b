"""What can be done to a mask that is being worked on, and what is answered."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from segviz.case import Layer, Version
from segviz.edit.canvas import Canvas, Edit, Values
from segviz.edit.delta import Delta
from segviz.edit.where import Where
from segviz.errors import Refused
from segviz.grid import VolumeGrid, Window, same_grid
from segviz.mask import Legend, Mask
from segviz.measure.volumes import counts
from segviz.store import Store, files
from segviz.store.journal import Entry
from segviz.workbench import answers, changes, conflicts, fingerprint, legends, tallies, titles
from segviz.workbench.answers import State
from segviz.workbench.changes import ANYWHERE, Sieve, differences, moved, strips
from segviz.workbench.generations import MaskFile
from segviz.workbench.history import (
    LABEL_TOOL,
    History,
    history_of,
    threshold_tool,
)
from segviz.workbench.ledger import Ledger
from segviz.workbench.shares import Shares, redrawn, require_threshold, without

MANY_ENTRIES = 64
"""After so many the browser reads the mask anew rather than what changed in it."""
READER = "reader"
STROKES = frozenset({"brush", "eraser", "polygon", "lasso"})
"""Tools that people paint with."""

EditOf = Callable[[Canvas], Edit]
"""What a tool would do on a canvas; a tool with its parameters filled in."""


@dataclass(frozen=True)
class Task:
    """An edit that somebody asked for.

    Attributes:
        what: for the history, without the amount.
        tool: its name.
        base: the revision that it was worked out on.
        uuid: the same when the same edit is sent again.
        legend: the labels from then on, where it changes them.
        facts: what else the journal shall know.
        alone: nothing may have been done since ``base``.
    """

    what: str
    tool: str
    base: int
    uuid: str
    author: str
    legend: Legend | None = None
    facts: dict[str, Any] | None = None
    alone: bool = False

    def entry(self, title: str, amount: float | None) -> dict[str, Any]:
        """What an entry says of it."""
        return {
            "uuid": self.uuid,
            "title": title,
            "tool": self.tool,
            "author": self.author,
            "legend": self.legend,
            "amount": amount,
            "facts": self.facts,
        }


class Workbench:
    """One layer: its cells, history and running numbers. Thread-safe.

    Open it through ``workbench.get``, which gives the same one to all of a process.
    """

    def __init__(self, store: Store, layer: Layer) -> None:
        self.layer = layer
        self._store = store
        self._ledger = Ledger(store, layer)
        self.visit = self._ledger.visit

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
        with self._ledger.turn():
            return self._ledger.history.revision

    @property
    def standing(self) -> tuple[int, int]:
        """Generation and revision of the mask now."""
        with self._ledger.turn():
            history = self._ledger.history
            return history.generation(), history.revision

    @property
    def legend(self) -> Legend:
        with self._ledger.turn():
            return self._ledger.history.legend

    def mask(self) -> Mask:
        """The mask itself, not a copy: a read-only view that follows later edits."""
        with self._ledger.turn():
            data = self._ledger.cells.view(np.ndarray)
            data.flags.writeable = False
            return Mask(
                self.visit.grid, data, self._ledger.history.legend, self._ledger.history.source
            )

    def state(self) -> State:
        """What pages and viewers show: revision, numbers, history."""
        with self._ledger.turn():
            return self._state()

    def operations(
        self, before: int | None = None, last: int = answers.OPERATIONS_SHOWN
    ) -> list[State]:
        """The newest operations before a ``seq``, the oldest first; as in the state."""
        with self._ledger.turn():
            return answers.listed(self._ledger.history.operations(last, before))

    def strokes(self) -> list[Entry]:
        """What people painted and erased, the oldest first, without what was undone."""
        with self._ledger.turn():
            history = self._ledger.history
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
        with self._ledger.turn():
            if self._ledger.sent(uuid):
                return self._state_since(base_revision)
            self._since(base_revision)
            seen, canvas = self._ledger.history.revision, self._canvas(values)
        edit = edit_of(canvas)
        sieve = Sieve(canvas, where)
        parts = (changes.native(self.visit.grid, part) for part in sieve(edit.parts))
        first, whole = changes.up_to(parts, changes.LIMIT)
        base = min(base_revision, seen)
        legend = legends.grown(self.legend, edit.born) if edit.born else None
        task = Task(edit.what, tool, base, uuid, author, legend)
        return self._carry_out(
            task, chain(first, parts), whole=whole, note=lambda: sieve.note(edit)
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
        with self._ledger.turn():
            canvas = self._canvas(values)
        edit = edit_of(canvas)
        sieve = Sieve(canvas, where)
        parts = (changes.native(self.visit.grid, part) for part in sieve(edit.parts))
        first, whole = changes.up_to(parts, changes.LIMIT)
        delta = changes.joined(first)
        for _ in parts:  # only counted
            pass
        with self._ledger.turn():
            title, amount = edit.what, 0.0
            if len(delta) and whole:
                legend = self._ledger.history.legend
                title, amount = titles.told(edit.what, delta, self._ledger.tally(), legend)
        note = sieve.note(edit)
        return {
            "runs": answers.encoded(self.visit.grid, delta.cells, delta.after) if whole else "",
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
        with self._ledger.turn():
            if self._ledger.sent(uuid):
                return self._state_since(base_revision)
            self._require_cells(cells)
            asked = Delta.between(self._ledger.flat, cells, labels)
            may = where.labels_allow(asked.before, asked.after)
            return self._edit(
                Task(title, tool, base_revision, uuid, author),
                asked.cells[may],
                asked.after[may],
                note="" if may.all() else "Cells that are locked stayed as they were.",
                shown=(cells, labels),
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
        with self._ledger.turn():
            if self._ledger.sent(uuid):
                return self._state_since(base_revision)
            self._require_current(base_revision)
            shares = answers.shares(self._store, self._ledger)
            if shares is None:
                raise without()
            require_threshold(threshold)
            delta = redrawn(self._ledger.flat, shares, threshold, self._painted())
            amount = titles.growth(delta, shares.label, self._ledger.tally())
            by = titles.signed(amount, titles.unit(self.visit.grid))
            name = self._ledger.history.legend[shares.label].name
            self._ledger.append(
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
        with self._ledger.turn():
            return answers.shares(self._store, self._ledger)

    def painted(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], int]:
        """What hands have changed since the last run or import: cells, labels now, revision.

        Cells are sorted flat native C-order indices.
        """
        with self._ledger.turn():
            cells = self._painted()
            return cells, np.array(self._ledger.flat[cells]), self._ledger.history.revision

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
        with self._ledger.turn():
            if self._ledger.sent(uuid):
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

        with self._ledger.turn():
            if self._ledger.sent(uuid):
                return self._state(reload=True)
            return self._put(write, mask.legend, title, mask.source or author, author, uuid)

    def adopt(self, job_id: str, result: Mapping[str, Any]) -> State:
        """Take over what a ``segment`` job made; once, however often it is asked.

        Args:
            result: of the job: path (relative to the workspace), legend, source; and window where
                only this part of a scene was segmented.
        """
        with self._ledger.turn():
            if self._ledger.sent(job_id):
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
        with self._ledger.turn():
            revision = self._ledger.history.revision if revision is None else revision
            self._require_revision(revision)
            return self._store.add_version(self.layer.id, revision, name, author)

    def mask_at(self, revision: int, window: Window | None = None) -> NDArray[np.uint8]:
        """A copy of the labels as they were after a revision, in native order.

        Args:
            window: of a scene; all of it when None.

        Raises:
            Refused: there never was such a revision (SV-EDIT-096).
        """
        with self._ledger.turn():
            self._require_revision(revision)
            generation = self._ledger.journal.generation_at(self.layer.id, revision)
            return self._ledger.files.before(generation, revision, window)

    def fingerprint_at(self, revision: int) -> int:
        """Of the mask after a revision, as a signed number of 64 bits."""
        with self._ledger.turn():
            if revision == self._ledger.history.revision:
                return self._ledger.print_of(self._ledger.history.generation())
        return fingerprint.of(self.mask_at(revision).reshape(-1))

    def history_at(self, revision: int | None = None) -> History:
        """What made the mask as it was after a revision; as it is now when None."""
        with self._ledger.turn():
            if revision in (None, self._ledger.history.revision):
                return self._ledger.history
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
        with self._ledger.turn():
            if self._ledger.sent(uuid):
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
            differences(self._ledger.cells, source.mask_at(revision, window), window)
            for window in windows
        )
        first, whole = changes.up_to(parts, changes.LIMIT)
        task = Task(
            f"Restore version {name}",
            "restore",
            base_revision,
            uuid,
            author,
            legend=source.history_at(revision).legend,
            facts={"restored": {"layer": source.layer.id, "revision": revision}},
            alone=True,
        )
        return self._carry_out(task, chain(first, parts), whole=whole)

    def close(self) -> None:
        """Have the mask file on disk, so that opening it again is quick. It can still be used."""
        self._ledger.close()

    # changes

    def _carry_out(
        self,
        task: Task,
        parts: Iterator[Delta],
        *,
        whole: bool,
        note: Callable[[], str] = str,
    ) -> State:
        """Do what was worked out beside the turns of others.

        Args:
            parts: changed cells in native order.
            whole: True where they fit one entry; else they make a new mask file.
            note: asked for once all parts are there.
        """
        if not whole:
            return self._rewrite(task, parts, note)
        delta = changes.joined(parts)
        with self._ledger.turn():
            if self._ledger.sent(task.uuid):
                return self._state_since(task.base)
            return self._edit(task, delta.cells, delta.after, note=note())

    def _edit(
        self,
        task: Task,
        cells: NDArray[np.int64],
        labels: NDArray[np.uint8],
        *,
        note: str = "",
        shown: tuple[NDArray[np.int64], NDArray[np.uint8]] | None = None,
    ) -> State:
        """Give sorted cells new labels where nobody changed them since.

        Args:
            shown: cells and labels as the sender shows them already.
        """
        since = self._since_task(task)
        self._require_labels(labels, task.legend)
        before = self._ledger.flat[cells]
        changed = before != labels
        delta = Delta(cells[changed], before[changed], labels[changed])
        theirs = self._require_apart(delta.cells, since)
        if len(delta):
            names = self._names(task.legend)
            told = titles.told(task.what, delta, self._ledger.tally(), names)
            self._ledger.append("edit", delta, **task.entry(*told))
        elif task.legend is not None:
            self._ledger.append("edit", **task.entry(task.what, None))
        else:
            note = note or changes.ALREADY_SO
        unknown = delta.cells
        if shown is not None and isinstance(self.visit.grid, VolumeGrid):
            unknown = np.unique(shown[0][self._ledger.flat[shown[0]] != shown[1]])
        if len(theirs):
            unknown = np.union1d(theirs, unknown)
        return self._state(unknown, note=note, merged=conflicts.authors(since))

    def _rewrite(self, task: Task, parts: Iterator[Delta], note: Callable[[], str]) -> State:
        """An edit of more cells than an entry holds: into a copy that takes the mask's place."""
        ledger = self._ledger
        with ledger.last_stroke_told(), files.drafted_for(ledger.files.folder) as draft:
            with ledger.turn():
                start = ledger.history.revision
                shutil.copyfile(ledger.file.path, draft)
            made = MaskFile(draft, self.visit.grid.shape)
            for part in parts:
                self._require_labels(part.after, task.legend)
                made.apply(part)
            tally = tallies.of(made.data, self.visit.grid)
            made.sync()
            with ledger.turn():
                if ledger.sent(task.uuid):
                    return self._state_since(task.base)
                since = self._since_task(task)
                theirs = self._require_same(made.flat, since, start)
                made.apply(theirs)
                tally.change(made.data, theirs)
                made.sync()
                names = self._names(task.legend)
                told = titles.told_between(task.what, ledger.tally(), tally, names)
                generation = ledger.journal.last_generation(self.layer.id) + 1
                ledger.files.take(draft, generation)
                ledger.append("rewrite", generation=generation, **task.entry(*told))
                ledger.counted(generation, tally)
                return self._state(reload=True, note=note(), merged=conflicts.authors(since))

    def _since_task(self, task: Task) -> list[Entry]:
        """What was done since a task was worked out."""
        if task.alone:
            self._require_current(task.base)
        return self._since(task.base)

    def _names(self, legend: Legend | None) -> Legend:
        """What labels are called in the title of a change of the legend, deleted ones included."""
        old = self._ledger.history.legend
        return Legend((*legend, *(x for x in old if x.value not in legend))) if legend else old

    def _change_legend(
        self,
        change_of: Callable[[Legend], legends.Change],
        base_revision: int | None,
        uuid: str,
        author: str,
    ) -> State:
        with self._ledger.turn():
            base = self._ledger.history.revision if base_revision is None else base_revision
            if self._ledger.sent(uuid):
                return self._state_since(base)
            self._require_current(base)
            change = change_of(self._ledger.history.legend)
        parts = (
            moved(self._ledger.cells, change.moved, window)
            for window in (strips(self.visit.grid.shape) if change.moved else ())
        )
        first, whole = changes.up_to(parts, changes.LIMIT)
        legend = change.legend
        task = Task(change.what, LABEL_TOOL, base, uuid, author, legend=legend, alone=True)
        return self._carry_out(task, chain(first, parts), whole=whole)

    def _walk(
        self, target_of: Callable[[int], int], base_revision: int, uuid: str, author: str
    ) -> State:
        with self._ledger.turn():
            if self._ledger.sent(uuid):
                return self._state_since(base_revision)
            self._require_current(base_revision)
            history = self._ledger.history
            target = target_of(history.done)
            if not 0 <= target <= len(history.entries):
                kind = "undo" if target < 0 else "redo"
                raise Refused("SV-EDIT-034", f"There is nothing to {kind}.")
            if target == history.done:
                return self._state()
            changed = self._ledger.walk(target, uuid, author)
            return self._state(changed, reload=changed is None)

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
            for row, kept in enumerate(self._ledger.cells):
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
        generation = self._ledger.journal.last_generation(self.layer.id) + 1
        with self._ledger.last_stroke_told():
            path = self._ledger.files.write(generation, content)
        present = np.flatnonzero(counts(np.memmap(path, np.uint8, "r")))
        self._ledger.append(
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

    @property
    def _size(self) -> int:
        return math.prod(self.visit.grid.shape)

    def _canvas(self, values: Values | None) -> Canvas:
        labels = self._ledger.cells.view(np.ndarray)
        labels.flags.writeable = False
        return changes.canvas(self.visit.grid, labels, values)

    def _painted(self) -> NDArray[np.int64]:
        cells = [self._ledger.cells_of(entry) for entry in self._ledger.history.by_hand]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *cells]))

    # what is refused

    def _require_revision(self, revision: int) -> None:
        if not 0 <= revision <= self._ledger.history.revision:
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
        if base_revision == self._ledger.history.revision:
            return []
        if not 0 <= base_revision < self._ledger.history.revision:
            raise conflicts.conflict(self._ledger.history.revision, [], None)
        return self._ledger.journal.entries(self.layer.id, after=base_revision)

    def _require_current(self, base_revision: int) -> None:
        since = self._since(base_revision)
        if since:
            raise conflicts.conflict(self._ledger.history.revision, since, None)

    def _require_apart(self, cells: NDArray[np.int64], since: Sequence[Entry]) -> NDArray[np.int64]:
        """The cells that others changed, none of which is among ``cells``."""
        whole = any(self._ledger.is_whole(entry) for entry in since)
        theirs = conflicts.touched(self._ledger.deltas(since))
        shared = None if whole else conflicts.overlap(cells, theirs)
        if since and shared != 0:
            raise conflicts.conflict(self._ledger.history.revision, since, shared)
        return theirs

    def _require_same(self, flat: NDArray[np.uint8], since: Sequence[Entry], start: int) -> Delta:
        """What others did to the mask after ``start``, when a copy that was changed was made.

        Raises:
            Conflict: what others did since the edit was drawn is about cells that it changed.
        """
        whole = any(self._ledger.is_whole(entry) for entry in since)
        old = conflicts.combined(self._ledger.deltas(e for e in since if e.revision <= start))
        new = conflicts.combined(self._ledger.deltas(e for e in since if e.revision > start))
        shared = int(np.count_nonzero(flat[old.cells] != old.after))
        shared += int(np.count_nonzero(flat[new.cells] != new.before))
        if whole or shared:
            raise conflicts.conflict(
                self._ledger.history.revision, since, None if whole else shared
            )
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
        known = self._ledger.history.legend if legend is None else legend
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
        if len(since) > MANY_ENTRIES or any(self._ledger.is_whole(entry) for entry in since):
            return self._state(reload=True)
        return self._state(conflicts.touched(self._ledger.deltas(since)))

    def _state(
        self,
        changed: NDArray[np.int64] | None = None,
        *,
        reload: bool = False,
        note: str = "",
        merged: Sequence[str] = (),
    ) -> State:
        told = answers.state(self._store, self._ledger, changed)
        return told | {"reload": reload, "note": note, "merged": list(merged)}
