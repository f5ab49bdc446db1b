"""The Store: cases, visits and their files in one workspace folder."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any, get_args

from segviz.case import Case, Layer, Record, Status, Version, Visit, World
from segviz.errors import Damaged, NotFound, Refused
from segviz.grid import Grid, VolumeGrid
from segviz.mask import Legend
from segviz.settings import Settings
from segviz.store import cases, files, grids, layers, records
from segviz.store.engine import Database
from segviz.store.journal import Journal
from segviz.store.queue import Queue

ID = re.compile(r"[A-Za-z0-9_-]{16,43}")
DAY_S = 86_400


class Store:
    """One workspace. Thread-safe; several processes may share it.

    Attributes:
        settings: where it is.
        journal: every change of every mask (for ``workbench``).
        queue: slow work (for ``jobs``).
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        files.private_folder(settings.home)
        self._database = Database(settings.database_url)
        self.journal = Journal(self._database)
        self.queue = Queue(self._database)
        _sweep(settings.home)

    @property
    def home(self) -> Path:
        return self.settings.home

    def cases(self) -> list[Case]:
        """All cases, the one changed last first."""
        with self._database.read() as connection:
            return cases.load(connection)

    def case(self, case_id: str) -> Case:
        """One case.

        Raises:
            NotFound: there is none with this id (SV-CASE-025).
        """
        with self._database.read() as connection:
            found = cases.load(connection, case_id)
        if not found:
            raise NotFound("SV-CASE-025", "There is no such case any more; choose one of the list.")
        return found[0]

    def add_case(self, name: str, world: World, notice: str = "") -> Case:
        """A new case without visits.

        Raises:
            Refused: it has no name (SV-CASE-026).
        """
        if not name.strip():
            raise Refused("SV-CASE-026", "A case needs a name to be found again; give it one.")
        case_id = secrets.token_urlsafe(16)
        with self._database.write() as connection:
            cases.add(
                connection, id=case_id, name=name.strip(), world=world, status="new", notice=notice
            )
        return self.case(case_id)

    def delete_case(self, case_id: str) -> None:
        """Hide a case for good; its rows and files stay for the record."""
        self.case(case_id)
        with self._database.write() as connection:
            cases.delete(connection, case_id)

    def set_status(self, case_id: str, status: Status) -> None:
        """Say how far the review is."""
        if status not in get_args(Status):
            raise ValueError(f"{status!r} is none of {get_args(Status)}")
        self.case(case_id)
        with self._database.write() as connection:
            cases.touch(connection, case_id, status)

    def add_visit(
        self,
        case_id: str,
        *,
        files: Sequence[Path],
        when: date | None,
        name: str,
        grid: Grid,
        channels: Sequence[str],
        sha256: str,
        answers: Mapping[str, str] | None = None,
        notes: Sequence[str] = (),
        reference: bool = False,
        legend: Legend | None = None,
    ) -> Visit:
        """Add a dated image to a case. Its files stay where they are and must not change.

        Args:
            legend: what can be painted until a model or an import brings its own.

        Raises:
            Refused: a scan was added to a place, or a scene to a patient (SV-CASE-023).
        """
        _require_world(self.case(case_id), grid)
        visit_id = secrets.token_urlsafe(16)
        with self._database.write() as connection:
            cases.add_visit(
                connection,
                id=visit_id,
                case_id=case_id,
                taken=when,
                name=name,
                grid=grids.to_text(grid),
                channels=list(channels),
                sha256=sha256,
                answers=dict(answers or {}),
                notes=list(notes),
                reference=reference,
                legend=(legend or cases.default_legend(grid)).to_json(),
                files=[self._stamped(path) for path in files],
            )
            layers.add(connection, id=visit_id, visit_id=visit_id, name=layers.FIRST, author="")
        return self.visit(visit_id)

    def visit(self, visit_id: str) -> Visit:
        """One visit; NotFound (SV-CASE-024) where there is none."""
        with self._database.read() as connection:
            return cases.visit(cases.load_visit(connection, visit_id))

    def legend(self, visit_id: str) -> Legend:
        """The labels a visit began with; the journal says what it has now."""
        with self._database.read() as connection:
            return Legend.from_json(cases.load_visit(connection, visit_id).legend)

    def layers(self, visit_id: str) -> list[Layer]:
        """The masks of a visit, the first one first."""
        with self._database.read() as connection:
            return layers.of_visit(connection, visit_id)

    def layer(self, layer_id: str) -> Layer:
        """One mask of a visit; NotFound (SV-CASE-060) where there is none."""
        with self._database.read() as connection:
            return layers.load(connection, layer_id)

    def add_layer(
        self,
        layer_id: str,
        visit_id: str,
        name: str,
        author: str,
        origin: tuple[str, int] | None = None,
    ) -> Layer:
        """Another mask of a visit, whose files are there.

        Args:
            layer_id: from ``new_id``.
            origin: the layer, and its revision, that it is a copy of.

        Raises:
            Refused: it has no name (SV-CASE-061).
        """
        if not name.strip():
            raise Refused("SV-CASE-061", "A layer needs a name to be told apart; give it one.")
        first, revision = origin or (None, None)
        with self._database.write() as connection:
            layers.add(
                connection,
                id=layer_id,
                visit_id=visit_id,
                name=name.strip(),
                author=author,
                origin=first,
                origin_revision=revision,
            )
        return self.layer(layer_id)

    def versions(self, layer_id: str) -> list[Version]:
        """The named versions of a layer, the oldest name first."""
        with self._database.read() as connection:
            return layers.versions_of(connection, layer_id)

    def add_version(self, layer_id: str, revision: int, name: str, author: str) -> Version:
        """Give a revision a name; Refused (SV-EDIT-095) where that is taken or empty."""
        with self._database.write() as connection:
            return layers.add_version(connection, layer_id, revision, name, author)

    def records(self, case_id: str, kind: str, until: int | None = None) -> list[Record]:
        """What was decided about a case: the last record of each name that was not taken back.

        Args:
            until: as things stood after the record with this number; now when None.
        """
        with self._database.read() as connection:
            found = records.newest(connection, case_id, kind, until)
        return [record for record in found if record.body is not None]

    def record(self, case_id: str, seq: int) -> Record:
        """One record, whatever came after it.

        Raises:
            NotFound: the case has none with this number (SV-CASE-063).
        """
        with self._database.read() as connection:
            found = records.at(connection, case_id, seq)
        if found is None:
            raise NotFound(
                "SV-CASE-063", "The case has no such record; open it from the list again."
            )
        return found

    def last_seq(self, case_id: str, kind: str, name: str) -> int:
        """Number of the newest record of a name, taken back or not; 0 where there is none."""
        with self._database.read() as connection:
            found = records.last(connection, case_id, kind, name)
        return found.seq if found else 0

    def add_record(
        self,
        case_id: str,
        kind: str,
        name: str,
        body: Any,
        author: str = "",
        after: int | None = None,
    ) -> Record:
        """Keep a decision as JSON; the one it takes the place of stays in the table.

        Args:
            kind: e.g. ``"area"`` or ``"registration"``, at most 20 letters.
            body: None takes back what was decided.
            after: the ``last_seq`` that the decision was begun with; where somebody decided
                otherwise since, nothing is added.

        Returns:
            What is decided now: this, or what came since.
        """
        with self._database.write() as connection:
            return records.add(connection, case_id, kind, name, body, author, after)

    def files(self, visit_id: str) -> list[Path]:
        """The files of a visit, as they were when it was added.

        Raises:
            Damaged: one was changed, moved or deleted since (SV-CASE-022).
        """
        with self._database.read() as connection:
            rows = cases.load_visit(connection, visit_id).files
        return [self._unchanged(path, (size, changed)) for path, size, changed in rows]

    def folder(self, visit_id: str) -> Path:
        """Our own folder of a visit, for what is computed from its image."""
        return files.private_folder(self.home / "visits" / _checked(visit_id))

    def mask_folder(self, layer_id: str) -> Path:
        """Where the generations of a layer's mask lie."""
        return files.private_folder(self.home / "masks" / _checked(layer_id))

    def new_id(self) -> str:
        """An id that nobody can guess."""
        return secrets.token_urlsafe(16)

    def new_upload(self) -> tuple[str, Path]:
        """Id and empty folder for files to come."""
        upload_id = secrets.token_urlsafe(16)
        return upload_id, files.private_folder(self.home / "uploads" / upload_id)

    def upload_files(self, upload_id: str) -> list[Path]:
        """The finished files of an upload, by name; NotFound (SV-CASE-027) where there is none."""
        folder = self.home / "uploads" / _checked(upload_id)
        if not folder.is_dir():
            raise _no_upload()
        return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix != files.PART)

    def _stamped(self, path: Path) -> tuple[str, int, int]:
        """Files inside the workspace are kept by relative path, so that it can move as a whole."""
        path = path.resolve()
        inside = path.is_relative_to(self.home)
        return (str(path.relative_to(self.home) if inside else path), *files.stamp(path))

    def _unchanged(self, kept: str, stamp: tuple[int, int]) -> Path:
        path = self.home / kept
        if not path.exists() or files.stamp(path) != stamp:
            raise Damaged(
                "SV-CASE-022",
                "The file of this image was changed, moved or deleted after it was opened, so its "
                "mask may not lie on it; put the file back, or open it as a new case.",
            )
        return path


_stores: dict[Settings, Store] = {}
_opening = Lock()


def open(settings: Settings) -> Store:
    """The Store of this workspace, one for each process."""
    with _opening:
        if settings not in _stores:
            _stores[settings] = Store(settings)
        return _stores[settings]


def _require_world(case: Case, grid: Grid) -> None:
    world = "volume" if isinstance(grid, VolumeGrid) else "scene"
    if case.world != world:
        raise Refused(
            "SV-CASE-023",
            "Medical scans and satellite scenes cannot be in one case: ml and ha would be mixed; "
            "open the image as a new case.",
        )


def _checked(name: str) -> str:
    """An id that can be part of a path."""
    if not ID.fullmatch(name):
        raise _no_upload()
    return name


def _no_upload() -> NotFound:
    return NotFound("SV-CASE-027", "There is no such upload or image any more; send it again.")


def _sweep(home: Path) -> None:
    """Remove what a process that was killed left half written, a day later."""
    for room in ("masks", "uploads", "visits"):
        for part in (home / room).rglob("*" + files.PART):
            with suppress(FileNotFoundError):
                if time.time() - part.stat().st_mtime > DAY_S:
                    part.unlink()
