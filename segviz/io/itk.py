"""NRRD and MetaImage in one file, by SimpleITK."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from segviz.errors import Question, Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.io.answers import chosen_volume
from segviz.io.budget import require_memory
from segviz.io.dates import day_in
from segviz.io.failures import refusing
from segviz.io.geometry import Affine4, filled, geometry_notes, lps_to_ras, place
from segviz.io.hashing import sha256
from segviz.io.labels import ROUNDED, Labels, whole_labels
from segviz.io.notes import Note
from segviz.mask import Legend

HEADER_BYTES = 1 << 16
SPACING_FIELDS = {"space directions", "spacings", "elementspacing", "elementsize"}
COLOURS = (3, 4)

sitk.ProcessObject.SetGlobalWarningDisplay(False)


@dataclass(frozen=True, eq=False)
class Header:
    """What a file says of itself, and the reader that has seen it."""

    reader: sitk.ImageFileReader
    grid: VolumeGrid
    volume: int
    notes: tuple[Note, ...]


def examine(path: Path, answers: Mapping[str, str]) -> Header:
    """Judge a file by its header alone.

    Raises:
        Refused: its voxels lie in another file, damaged, too large, in colour or complex.
        Question: the voxel size, or which volume.
    """
    fields = _fields(path)
    reader = _reader(path, fields)
    sizes = (*reader.GetSize(), 1)[: max(3, reader.GetDimension())]
    require_memory((*sizes, reader.GetNumberOfComponents()), _itemsize(reader))
    shape = (sizes[0], sizes[1], sizes[2])
    affine = _affine(reader)
    if SPACING_FIELDS.isdisjoint(fields) and "spacing_mm" not in answers:
        raise Question(
            "SV-NII-015",
            "The file holds no voxel size, so no ml can be given. What is it in mm?",
            "spacing_mm",
        )
    grid = place(shape, lps_to_ras(affine), answers)
    return Header(reader, grid, _chosen_volume(reader, answers), geometry_notes(grid, answers))


def read(path: Path, answers: Mapping[str, str]) -> Volume:
    """One volume on its native grid.

    Raises:
        Refused, Question: see ``examine``; voxels that hold no number (SV-GRID-016).
    """
    header = examine(path, answers)
    return Volume(
        grid=header.grid,
        data=filled(_voxels(header), answers),
        when=day_in(path.name),
        notes=header.notes,
        answers=dict(answers),
        sha256=sha256([path]),
    )


def read_labels(path: Path, answers: Mapping[str, str]) -> Labels:
    """Labels of a mask.

    Raises:
        Refused, Question: see ``examine``; values that are no labels (SV-MSK-001, SV-MSK-002).
    """
    header = examine(path, answers)
    labels, rounded = whole_labels(_voxels(header))
    notes = (ROUNDED,) if rounded else ()
    return Labels(header.grid, labels, Legend(()), "", (*header.notes, *notes))


def _fields(path: Path) -> dict[str, str]:
    """Fields of the text header, names in lower case; ``format`` is ``nrrd`` or ``meta``."""
    with path.open("rb") as file:
        text = file.read(HEADER_BYTES).replace(b"\r\n", b"\n")
    is_nrrd = text.startswith(b"NRRD")
    separator = ":" if is_nrrd else "="
    fields = {"format": "nrrd" if is_nrrd else "meta"}
    for line in text.split(b"\n"):
        name, found, value = line.decode("latin-1").partition(separator)
        if not line or (not found and not is_nrrd):
            break
        fields[name.strip().lower()] = value.lstrip("=").strip()
    return fields


def _reader(path: Path, fields: Mapping[str, str]) -> sitk.ImageFileReader:
    """A reader that has seen the header; it is told the format, so that no other is tried."""
    is_nrrd = fields["format"] == "nrrd"
    elsewhere = (
        not {"data file", "datafile"}.isdisjoint(fields)
        if is_nrrd
        else fields.get("elementdatafile", "").upper() != "LOCAL"
    )
    if elsewhere:  # it could name any file of the server
        raise Refused(
            "SV-NII-051",
            "The scan's voxels lie in another file that its header names; save it as one file "
            "(.nrrd or .mha).",
        )
    reader = sitk.ImageFileReader()
    reader.SetImageIO("NrrdImageIO" if is_nrrd else "MetaImageIO")
    reader.SetFileName(str(path))
    with refusing(
        "SV-NII-003",
        "The header of the scan is damaged, so no ml can be given; copy or export it again.",
    ):
        reader.ReadImageInformation()
    return reader


def _itemsize(reader: sitk.ImageFileReader) -> int:
    """Bytes of one component.

    Raises:
        Refused: complex voxels (SV-NII-009).
    """
    name = sitk.GetPixelIDValueAsString(reader.GetPixelID())
    if "complex" in name:
        raise Refused(
            "SV-NII-009",
            "The voxels are complex numbers; export the magnitude or the phase first.",
        )
    bits = re.search(r"(\d+)-bit", name)
    return int(bits[1]) // 8 if bits else 8


def _affine(reader: sitk.ImageFileReader) -> Affine4:
    """Voxel [i, j, k] to LPS mm; axes that a flat or 4-D file lacks or adds do not count."""
    count = reader.GetDimension()
    used = min(count, 3)
    direction = np.array(reader.GetDirection()).reshape(count, count)[:used, :used]
    affine = np.eye(4)
    affine[:used, :used] = direction * np.array(reader.GetSpacing())[:used]
    affine[:used, 3] = reader.GetOrigin()[:used]
    return affine


def _chosen_volume(reader: sitk.ImageFileReader, answers: Mapping[str, str]) -> int:
    components = reader.GetNumberOfComponents()
    if components in COLOURS and _itemsize(reader) == 1:
        raise Refused(
            "SV-NII-008", "This is a colour image; one grey value for each voxel is needed."
        )
    volumes = components * (reader.GetSize()[3] if reader.GetDimension() == 4 else 1)
    return chosen_volume(volumes, answers)


def _voxels(header: Header) -> NDArray[np.generic]:
    """Values [i, j, k]."""
    with refusing("SV-NII-052", "The scan's voxels are damaged or cut short; copy it again."):
        stored = sitk.GetArrayFromImage(header.reader.Execute())
    shape = header.grid.shape[::-1]
    components = header.reader.GetNumberOfComponents()
    volumes = np.moveaxis(stored, -1, 0) if components > 1 else stored.reshape(-1, *shape)
    voxels: NDArray[np.generic] = volumes.reshape(-1, *shape)[header.volume].T
    return voxels
