"""What a file is, by its first bytes; its name says nothing."""

from __future__ import annotations

import gzip
from enum import Enum
from pathlib import Path

from segviz.io.failures import UNREADABLE
from segviz.io.geotiff.directory import is_tiff

NIFTI_SIZES = {(n).to_bytes(4, order) for n in (348, 540) for order in ("little", "big")}
META_IMAGE_KEYS = (b"ObjectType", b"NDims", b"Comment", b"ObjectSubType")


class Kind(Enum):
    """Formats that are read, by the library that reads them."""

    NIFTI = "NIfTI"
    ITK = "NRRD or MetaImage"
    DICOM = "DICOM"
    TIFF = "GeoTIFF"
    ZIP = "zip"
    UNKNOWN = "unknown"


def kind_of(path: Path) -> Kind:
    """Look at the first bytes, unpacking gzip for as many as needed."""
    with path.open("rb") as file:
        first = file.read(132)
    if first[:2] == b"\x1f\x8b":
        return Kind.NIFTI if _unpacked_start(path) in NIFTI_SIZES else Kind.UNKNOWN
    if first[128:132] == b"DICM":  # its first 128 bytes may look like a TIFF
        return Kind.DICOM
    if is_tiff(first):
        return Kind.TIFF
    if first[:4] == b"PK\x03\x04":
        return Kind.ZIP
    if first[:4] == b"NRRD" or first.lstrip().startswith(META_IMAGE_KEYS):
        return Kind.ITK
    return Kind.NIFTI if first[:4] in NIFTI_SIZES else Kind.UNKNOWN


def _unpacked_start(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(4)
    except UNREADABLE:
        return b""
