"""Opening images: which reader a file goes to, and what the gate says of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from segviz.errors import NotFound, Question, Refused
from segviz.image import Volume, windows
from segviz.io import archive, dicom, itk, nifti
from segviz.io.geotiff import GeoTiffScene, open_scene
from segviz.io.geotiff.directory import NOT_TIFF
from segviz.io.kinds import Kind, kind_of
from segviz.io.nifti.header import NOT_NIFTI
from segviz.io.notes import Note

Level = Literal["REFUSE", "ASK", "NOTE"]
Answers = Mapping[str, str]
MAX_FILES = 20_000
CHECK_WINDOW = 2048


@dataclass(frozen=True)
class Finding:
    """One thing that the gate says of a file.

    Attributes:
        level: ``REFUSE``: nothing is loaded; ``ASK``: the reader must choose; ``NOTE``: only shown.
        key, choices: the answer that an ``ASK`` wants, and what can be chosen (empty: it is typed).
    """

    level: Level
    code: str
    message: str
    key: str = ""
    choices: dict[str, str] = field(default_factory=dict)


class Examined(Protocol):
    """What a gate returns: it found nothing to refuse or ask."""

    @property
    def notes(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Format:
    """How files of one kind are judged and read; both take all files of one image."""

    examine: Callable[[Sequence[Path], Answers], Examined]
    read: Callable[[Sequence[Path], Answers], Volume | GeoTiffScene]


FORMATS = {
    Kind.NIFTI: Format(
        lambda files, answers: nifti.examine(files[0], answers),
        lambda files, answers: nifti.read(files[0], answers),
    ),
    Kind.ITK: Format(
        lambda files, answers: itk.examine(files[0], answers),
        lambda files, answers: itk.read(files[0], answers),
    ),
    Kind.TIFF: Format(
        lambda files, answers: open_scene(files[0], answers),
        lambda files, answers: open_scene(files[0], answers),
    ),
    Kind.DICOM: Format(dicom.examine, dicom.read),
}


def open_image(paths: Sequence[Path], answers: Answers | None = None) -> Volume | GeoTiffScene:
    """Open one image: a file, the slices of one DICOM series, a folder, or a zip archive.

    Args:
        answers: what the reader chose where a file leaves a question open, by its key.

    Raises:
        Refused: the image cannot be used.
        Question: the reader must choose; open again with the answer.
        NotFound: a path leads nowhere (SV-ARC-001).
    """
    with image_files(paths) as (kind, files):
        return FORMATS[kind].read(files, answers or {})


def check(
    paths: Sequence[Path], answers: Answers | None = None, *, pixels: bool = True
) -> list[Finding]:
    """What the gate says of an image; empty where there is nothing to say.

    Args:
        pixels: also read all pixels, which finds damaged tiles and voxels without a number; False
            judges by the header alone, in a few ms.
    """
    try:
        with image_files(paths) as (kind, files):
            look = FORMATS[kind].read if pixels else FORMATS[kind].examine
            image = look(files, answers or {})
            notes = [*image.notes, *(_read_through(image) if pixels else ())]
    except Question as question:
        return [Finding("ASK", question.code, question.message, question.key, question.choices)]
    except (Refused, NotFound) as refusal:
        return [Finding("REFUSE", refusal.code, refusal.message)]
    return [Finding("NOTE", note.code, str(note)) for note in notes if isinstance(note, Note)]


def is_volume(paths: Sequence[Path]) -> bool:
    """Whether these would open as a scan rather than a scene; by first bytes alone."""
    return not any(kind_of(path) is Kind.TIFF for path in _files(paths))


@contextmanager
def image_files(paths: Sequence[Path]) -> Iterator[tuple[Kind, list[Path]]]:
    """The files of one image and their kind; an archive is unpacked for as long as it is read.

    Raises:
        Refused, NotFound: see ``open_image``.
    """
    kind, files = _one_image(_files(paths))
    if kind is not Kind.ZIP:
        yield kind, files
        return
    with tempfile.TemporaryDirectory() as folder:
        kind, files = _one_image(archive.unpack(files[0], Path(folder)))
        if kind in (Kind.TIFF, Kind.ZIP):
            raise Refused(
                "SV-ARC-009",
                "A map or an archive inside an archive cannot be read in place; unpack it and open "
                "what is inside.",
            )
        yield kind, files


def _one_image(files: Sequence[Path]) -> tuple[Kind, list[Path]]:
    """All DICOM files, or the only other image; what is no image is passed over."""
    by_kind: dict[Kind, list[Path]] = {}
    for file in files:
        by_kind.setdefault(kind_of(file), []).append(file)
    by_kind.pop(Kind.UNKNOWN, None)
    if Kind.DICOM in by_kind:
        return Kind.DICOM, by_kind[Kind.DICOM]
    found = [(kind, file) for kind, of_kind in by_kind.items() for file in of_kind]
    if len(found) > 1:
        raise Refused(
            "SV-ARC-010",
            f"These are {len(found)} images; open them one at a time, each is a date of its own.",
        )
    if not found:
        raise _unknown(files)
    return found[0][0], [found[0][1]]


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files themselves, those of folders included, in order of their names."""
    found: list[Path] = []
    for path in paths:
        if path.is_symlink():
            raise Refused("SV-ARC-011", "This is a link, not a file; open the file it leads to.")
        if not path.exists():
            raise NotFound("SV-ARC-001", "There is no such file or folder; it may have been moved.")
        inside = (p for p in sorted(path.rglob("*")) if p.is_file() and not p.is_symlink())
        found.extend(inside if path.is_dir() else [path])
    if len(found) > MAX_FILES:
        raise Refused(
            "SV-ARC-012",
            f"The folder holds {len(found):,} files; at most {MAX_FILES:,} are looked at. "
            "Choose the folder of one study.",
        )
    return found


def _unknown(files: Sequence[Path]) -> Refused:
    """Why none of these files is an image, in the words of the format that its name promises."""
    if not files:
        return Refused("SV-ARC-013", "The folder is empty; choose one with an image in it.")
    name = files[0].name.lower()
    if name.endswith((".tif", ".tiff")):
        return Refused("SV-TIF-001", NOT_TIFF)
    if name.endswith((".nii", ".nii.gz")):
        return Refused("SV-NII-001", NOT_NIFTI)
    if name.endswith(".dcm"):
        return Refused("SV-DCM-001", dicom.NOT_DICOM)
    return Refused(
        "SV-ARC-014",
        "This is no image that can be read; open NIfTI, NRRD, MetaImage, DICOM or GeoTIFF.",
    )


def _read_through(image: Examined) -> Iterator[Note]:
    """Decode every tile of a scene and say how much of it is no data."""
    if not isinstance(image, GeoTiffScene):
        return
    rows, columns = image.grid.shape
    without = 0
    for window in windows(image.grid.shape, CHECK_WINDOW):
        valid = image.read(window)[1]
        without += valid.size - int(valid.sum())
    if without:
        yield Note(
            "SV-TIF-110",
            f"{without / (rows * columns):.1%} of the pixels hold no data; they are left out of "
            "areas and percentages.",
        )
