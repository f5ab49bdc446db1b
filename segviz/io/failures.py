"""What the format libraries raise on damaged files, turned into words at one place."""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from nibabel.filebasedimages import ImageFileError
from nibabel.spatialimages import HeaderDataError
from pydicom.errors import BytesLengthException, InvalidDicomError
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from segviz.errors import DiskFull, Refused

UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
    BytesLengthException,
    CPLE_BaseError,
    HeaderDataError,
    ImageFileError,
    InvalidDicomError,
    RasterioError,
    zipfile.BadZipFile,
)
"""Seen from nibabel, pydicom, SimpleITK and rasterio when bytes of good files were changed."""


@contextmanager
def refusing(code: str, message: str) -> Iterator[None]:
    """Refuse the input with this sentence where a library gives up on it."""
    try:
        yield
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DiskFull from error
        raise Refused(code, message) from None  # the library's text may quote a patient's data
