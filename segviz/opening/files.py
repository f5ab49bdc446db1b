"""Files become a case: one visit a scan, a scene or a DICOM series."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from segviz.case import Case, Visit, World
from segviz.errors import Question, Refused
from segviz.grid import Grid, VolumeGrid
from segviz.image import Image, Volume
from segviz.io import archive, dates, dicom, open_image, sha256
from segviz.io.kinds import Kind, kind_of
from segviz.opening import images, pictures
from segviz.store import Store

ONLY_YEAR = "Only the year"


@dataclass(frozen=True)
class Found:
    """An image that was read and can be trusted, before it is in a case; its values are let go."""

    files: tuple[Path, ...]
    grid: Grid
    channels: tuple[str, ...]
    when: date | None
    sha256: str
    answers: dict[str, str]
    notes: tuple[str, ...]

    @property
    def world(self) -> World:
        return "volume" if isinstance(self.grid, VolumeGrid) else "scene"


def open_files(
    store: Store,
    paths: Sequence[Path],
    *,
    case_id: str | None = None,
    name: str = "",
    when: date | None = None,
    answers: Mapping[str, str] | None = None,
    notice: str = "",
    reference: bool = False,
) -> Case:
    """Open files as a new case, or as further visits of one.

    Each NIfTI, NRRD or GeoTIFF file is a visit, and so is each series of a DICOM folder or ZIP.
    Nothing is added before all of them could be read.

    Args:
        when: date of the image, where there is one image; else files and file names are asked.
        answers: to questions that the files leave open, as ``Question.key`` names them.
        reference: open them as independent maps, to compare with only.

    Raises:
        Refused: a file cannot be used, or scans and scenes were mixed (SV-PAIR-020).
        Question: the reader must choose before a file can be used.
    """
    found = [image for group in groups(store, paths) for image in read(group, dict(answers or {}))]
    if not found:
        raise Refused(
            "SV-ARC-020", "There is no image among these files; choose a scan or a scene."
        )
    if when is not None and len(found) == 1:
        found = [replace(found[0], when=when)]
    world = _world(found)
    case = store.case(case_id) if case_id else store.add_case(name or _title(world), world, notice)
    for image in found:
        _prepare(store, _add(store, store.case(case.id), image, reference), image)
    return store.case(case.id)


def groups(store: Store, paths: Sequence[Path]) -> list[list[Path]]:
    """Files that make one image each; DICOM slices stay together, whatever folders they lie in."""
    single: list[list[Path]] = []
    slices: list[Path] = []
    unknown: list[Path] = []
    for path in unpacked(store, paths):
        kind = kind_of(path)
        if kind is Kind.DICOM:
            slices.append(path)
        elif kind is Kind.UNKNOWN:
            unknown.append(path)
        else:
            single.append([path])
    found = single + ([slices] if slices else [])
    return found or ([unknown] if unknown else [])


def unpacked(store: Store, paths: Sequence[Path]) -> Iterator[Path]:
    """The files themselves: those in folders and in ZIP archives included."""
    for path in paths:
        if path.is_dir():
            yield from unpacked(store, sorted(p for p in path.iterdir() if not p.is_symlink()))
        elif kind_of(path) is Kind.ZIP:
            _, folder = store.new_upload()
            yield from archive.unpack(path, folder)
        else:
            yield path


def read(files: list[Path], answers: dict[str, str]) -> Iterator[Found]:
    """The image of a group; all series that can be used where it holds several.

    Raises:
        Refused: none of them can be used.
    """
    try:
        yield _found(files, answers)
        return
    except Question as question:
        if question.key != "series":
            raise
        series = question.choices
    refusals: list[Refused] = []
    for choice, words in series.items():
        try:
            yield _found(files, answers | {"series": choice}, words)
        except Refused as refusal:
            refusals.append(refusal)
    if len(refusals) == len(series):
        raise refusals[0]


def _found(files: list[Path], answers: dict[str, str], about: str = "") -> Found:
    image = open_image(files, answers)
    notes = (about, *image.notes) if about else image.notes
    when, is_year = date_of(image, original_name(files[0]) if len(files) == 1 else "")
    if when and is_year:
        notes = (*notes, f"{ONLY_YEAR} {when.year} is known; the time axis shows 1 January.")
    own = _own_files(files, answers)
    return Found(
        files=own,
        grid=image.grid,
        channels=(image.channel,) if isinstance(image, Volume) else image.channels,
        when=when,
        sha256=image.sha256 or sha256(own),
        answers=_kept(answers),
        notes=notes,
    )


def _own_files(files: list[Path], answers: dict[str, str]) -> tuple[Path, ...]:
    """Of many DICOM files those of the series that was opened, so that others may come and go."""
    if len(files) == 1 or kind_of(files[0]) is not Kind.DICOM:
        return tuple(files)
    return tuple(sorted({item.path for item in dicom.examine(files, answers).slices}))


def _kept(answers: dict[str, str]) -> dict[str, str]:
    """The answers to store: which series it is, its files say."""
    return {key: value for key, value in answers.items() if key != "series"}


def date_of(image: Image, name: str) -> tuple[date | None, bool]:
    """The date of an image, and True where no more than the year is known, by its file's name."""
    year = dates.year_in(name)
    new_year = date(year, 1, 1) if year and dates.day_in(name) is None else None
    if new_year and image.when in (None, new_year):
        return new_year, True
    return image.when or dates.day_in(name), False


def original_name(path: Path) -> str:
    """What an uploaded file was called; a file of the server's folder has its own name."""
    kept = path.parent / "names" / f"{path.name}.json"
    return str(json.loads(kept.read_text())["name"]) if kept.exists() else path.name


def _add(store: Store, case: Case, found: Found, reference: bool) -> Visit:
    return store.add_visit(
        case.id,
        files=list(found.files),
        when=found.when,
        name=_visit_name(case, found),
        grid=found.grid,
        channels=found.channels,
        sha256=found.sha256,
        answers=found.answers,
        notes=list(found.notes),
        reference=reference,
    )


def _prepare(store: Store, visit: Visit, found: Found) -> None:
    """Do now what the first look would wait for."""
    if found.world == "scene":
        images.prepare_scene(store, visit)
    pictures.display(store, visit)
    if found.world == "volume":
        pictures.packed_volume(store, visit)


def _visit_name(case: Case, found: Found) -> str:
    """The date, or the year where only that is known, else a number: no file name, no patient."""
    taken = [visit.name for visit in case.visits]
    if found.when is None:
        return f"Visit {len(taken) + 1}"
    only_year = any(note.startswith(ONLY_YEAR) for note in found.notes)
    name = str(found.when.year) if only_year else found.when.isoformat()
    again = sum(other == name or other.startswith(f"{name} (") for other in taken)
    return f"{name} ({again + 1})" if again else name


def _title(world: World) -> str:
    return "New study" if world == "volume" else "New place"


def _world(found: list[Found]) -> World:
    worlds = {image.world for image in found}
    if len(worlds) > 1:
        raise Refused(
            "SV-PAIR-020",
            "Medical scans and satellite scenes cannot be in one case: ml and ha would be mixed; "
            "open them one after the other.",
        )
    return worlds.pop()
