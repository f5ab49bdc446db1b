"""The gate for DICOM: what the headers of a file say of its slices, without a pixel.

Only the attributes listed here are read: no name, number or birth date of a person enters memory.
"""

from __future__ import annotations

import logging
import re
import struct
import warnings
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from segviz.errors import Refused
from segviz.io.failures import UNREADABLE, refusing

# At DEBUG pydicom logs names; its warnings quote the values that they warn of.
logging.getLogger("pydicom").setLevel(logging.ERROR)
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
warnings.filterwarnings("ignore", module="pydicom")

MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
NO_PICTURES = {"SEG", "SR", "RTSTRUCT", "RTPLAN", "RTDOSE", "PR", "KO", "REG"}
UNDEFINED_LENGTH = 0xFFFFFFFF

ATTRIBUTES = [
    "AcquisitionDate",
    "AcquisitionNumber",
    "BitsAllocated",
    "BitsStored",
    "BurnedInAnnotation",
    "Columns",
    "EchoNumbers",
    "EchoTime",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "ImageType",
    "InstanceNumber",
    "InversionTime",
    "Modality",
    "NumberOfFrames",
    "PerFrameFunctionalGroupsSequence",
    "PhotometricInterpretation",
    "PixelRepresentation",
    "PixelSpacing",
    "RepetitionTime",
    "RescaleIntercept",
    "RescaleSlope",
    "Rows",
    "SamplesPerPixel",
    "SeriesDate",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SharedFunctionalGroupsSequence",
    "SliceThickness",
    "StudyDate",
    "TemporalPositionIdentifier",
    "WindowCenter",
    "WindowWidth",
]

NOT_DICOM = "This is not a DICOM image: its first bytes belong to another kind of file."
DAMAGED = "The header of a slice is damaged, so no ml can be given; export the series again."


@dataclass(frozen=True, eq=False)
class Slice:
    """One plane of a series.

    Attributes:
        frame: 0-based number in its file.
        series: what its series is known by; never shown.
        order: numbers that tell repeated scans of one place apart, and slices without a place.
        position: of the centre of the first pixel in LPS mm.
        along_row, along_column: unit vectors in which the column and the row number grow.
        row_step, column_step: mm between rows and between columns.
        thickness: of the slice in mm; not the distance between slices.
        date: of the examination.
    """

    path: Path
    frame: int
    series: str
    series_number: int | None
    modality: str
    timing: str
    order: tuple[int, ...]
    rows: int
    columns: int
    bits: int
    bits_stored: int
    signed: bool
    inverted: bool
    position: NDArray[np.float64] | None
    along_row: NDArray[np.float64] | None
    along_column: NDArray[np.float64] | None
    row_step: float | None
    column_step: float | None
    thickness: float | None
    slope: float
    intercept: float
    window: tuple[float, float] | None
    date: date | None
    derived: bool
    burned_in: bool

    @property
    def is_placed(self) -> bool:
        """The file says where the plane lies and how large its pixels are."""
        return self.position is not None and self.along_row is not None and bool(self.row_step)


def read_slices(path: Path) -> list[Slice]:
    """The planes of a file; none where it holds no picture (a report, a segmentation, a plan).

    Raises:
        Refused: damaged, cut short, packed in a way that cannot be judged or unpacked, in colour
            (SV-DCM-...).
    """
    kind, syntax = _meta(path)
    if kind == MEDIA_DIRECTORY:
        return []
    _require_readable(syntax)
    with refusing("SV-DCM-003", DAMAGED), path.open("rb") as file:
        header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(ATTRIBUTES))
        if header.get("Modality") in NO_PICTURES or "Rows" not in header:
            return []
        _require_grey(header)
        _require_whole(file, header, syntax, path.stat().st_size)
        return [_slice(path, header, frame) for frame in range(_frames(header))]


def is_media_directory(path: Path) -> bool:
    """A DICOMDIR: an index whose entries could name any file, so it is never followed."""
    return _meta(path)[0] == MEDIA_DIRECTORY


def _meta(path: Path) -> tuple[str, UID]:
    """What the file holds and how it is packed, known before anything is unpacked."""
    with refusing("SV-DCM-001", NOT_DICOM):
        meta = read_file_meta_info(path)
        syntax = UID(str(meta.get("TransferSyntaxUID", ImplicitVRLittleEndian)))
        return str(meta.get("MediaStorageSOPClassUID", "")), syntax


def _require_readable(syntax: UID) -> None:
    if syntax == DeflatedExplicitVRLittleEndian:
        raise Refused(
            "SV-DCM-002",
            "The slices are stored as deflated DICOM, whose size cannot be known before unpacking; "
            "export the series without that compression.",
        )
    try:
        readable = get_decoder(syntax).is_available
    except UNREADABLE:
        readable = False
    if not readable:
        name = syntax.name if syntax.is_transfer_syntax else "an unknown method"
        raise Refused(
            "SV-DCM-004",
            f"The slices are compressed as {name}, which this server cannot unpack; export the "
            "series "
            "uncompressed.",
        )


def _require_grey(header: Dataset) -> None:
    interpretation = str(header.get("PhotometricInterpretation", "MONOCHROME2"))
    if int(header.get("SamplesPerPixel", 1)) != 1 or not interpretation.startswith("MONOCHROME"):
        raise Refused(
            "SV-DCM-005", "This is a colour image; one grey value for each pixel is needed."
        )


def _require_whole(file: BinaryIO, header: Dataset, syntax: UID, file_size: int) -> None:
    """The pixel data that follows must fit the file and hold all pixels."""
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    element = file.read(12)
    if len(element) < 12:
        raise _cut_short()
    implicit = syntax == ImplicitVRLittleEndian
    (length,) = struct.unpack(f"{order}I", element[4:8] if implicit else element[8:12])
    if length == UNDEFINED_LENGTH:
        return
    there = file_size - file.tell() + (4 if implicit else 0)
    bits = int(header.BitsAllocated)
    pixels = float(header.Rows) * float(header.Columns) * _frames(header)
    if length > there and length > pixels * bits / 8 + 1:
        raise Refused(
            "SV-DCM-006",
            "The length fields of a slice disagree with its file, so it is damaged; export it "
            "again.",
        )
    if not syntax.is_compressed and min(length, there) < pixels * bits // 8:
        raise _cut_short()


def _cut_short() -> Refused:
    return Refused(
        "SV-DCM-007",
        "A slice is cut short, so a part of the body would be missing; copy or export the series "
        "again.",
    )


def _frames(header: Dataset) -> int:
    return int(header.get("NumberOfFrames") or 1)


def _slice(path: Path, header: Dataset, frame: int) -> Slice:
    groups = _functional_groups(header, frame)
    orientation = _numbers(_find(groups, "ImageOrientationPatient"), 6)
    spacing = _numbers(_find(groups, "PixelSpacing"), 2)
    thickness = _numbers(_find(groups, "SliceThickness"), 1)
    slope = _numbers(_find(groups, "RescaleSlope"), 1)
    intercept = _numbers(_find(groups, "RescaleIntercept"), 1)
    return Slice(
        path=path,
        frame=frame,
        series=str(header.get("SeriesInstanceUID", "")),
        series_number=_integer(header.get("SeriesNumber")),
        modality=str(header.get("Modality", "")),
        timing=_timing(header),
        order=(*_repeat(header), _integer(header.get("InstanceNumber")) or 0, frame),
        rows=int(header.Rows),
        columns=int(header.Columns),
        bits=int(header.BitsAllocated),
        bits_stored=int(header.get("BitsStored", header.BitsAllocated)),
        signed=bool(header.get("PixelRepresentation", 0)),
        inverted=header.get("PhotometricInterpretation") == "MONOCHROME1",
        position=_numbers(_find(groups, "ImagePositionPatient"), 3),
        along_row=None if orientation is None else orientation[:3],
        along_column=None if orientation is None else orientation[3:],
        row_step=None if spacing is None else float(spacing[0]),
        column_step=None if spacing is None else float(spacing[1]),
        thickness=None if thickness is None else float(thickness[0]),
        slope=1.0 if slope is None else float(slope[0]),
        intercept=0.0 if intercept is None else float(intercept[0]),
        window=_window(groups),
        date=_date(header),
        derived="DERIVED" in (header.get("ImageType") or ()),
        burned_in=header.get("BurnedInAnnotation") == "YES",
    )


def _functional_groups(header: Dataset, frame: int) -> list[Dataset]:
    """Where an attribute may stand: in the frame's own group, the shared group, the header."""
    own = header.get("PerFrameFunctionalGroupsSequence")
    shared = header.get("SharedFunctionalGroupsSequence")
    groups = [own[frame]] if own and frame < len(own) else []
    return [*groups, *(shared[:1] if shared else []), header]


def _find(groups: list[Dataset], keyword: str) -> Any:
    """The attribute in the first group that has it, one level down in a functional group."""
    for group in groups:
        if keyword in group:
            return group[keyword].value
        for element in group:
            if element.VR == "SQ" and element.value and keyword in element.value[0]:
                return element.value[0][keyword].value
    return None


def _numbers(value: Any, count: int) -> NDArray[np.float64] | None:
    """The first ``count`` numbers, None where there are fewer or one is not finite."""
    if value is None or value == "":
        return None
    numbers = np.atleast_1d(np.array(value, np.float64))[:count]
    return numbers if len(numbers) == count and np.isfinite(numbers).all() else None


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except UNREADABLE:
        return None


def _repeat(header: Dataset) -> tuple[int, int, int]:
    """What tells repeated scans of one place apart."""
    keywords = "TemporalPositionIdentifier", "EchoNumbers", "AcquisitionNumber"
    first, second, third = (_integer(header.get(keyword)) or 0 for keyword in keywords)
    return first, second, third


def _timing(header: Dataset) -> str:
    """MR timing, which tells sequences apart, e.g. ``"TR 500 ms, TE 10 ms"``."""
    named = (("TR", "RepetitionTime"), ("TE", "EchoTime"), ("TI", "InversionTime"))
    found = ((name, _numbers(header.get(keyword), 1)) for name, keyword in named)
    return ", ".join(f"{name} {value[0]:g} ms" for name, value in found if value is not None)


def _window(groups: list[Dataset]) -> tuple[float, float] | None:
    center = _numbers(_find(groups, "WindowCenter"), 1)
    width = _numbers(_find(groups, "WindowWidth"), 1)
    if center is None or width is None or width[0] <= 0:
        return None
    return float(center[0] - width[0] / 2), float(center[0] + width[0] / 2)


def _date(header: Dataset) -> date | None:
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate"):
        if found := re.fullmatch(
            r"(\d{4})\.?(\d\d)\.?(\d\d)", str(header.get(keyword) or "").strip()
        ):
            try:
                return date(*(int(part) for part in found.groups()))
            except ValueError:
                continue
    return None
