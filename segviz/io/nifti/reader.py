"""Voxels of a NIfTI file, read once and never memory-mapped.

A mapped file that another process shortens kills this one (SIGBUS), so the bytes are read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segviz.image import Volume
from segviz.io.dates import day_in
from segviz.io.failures import refusing
from segviz.io.geometry import filled
from segviz.io.labels import ROUNDED, Labels, whole_labels
from segviz.io.nifti.extension import legend_in
from segviz.io.nifti.header import Header, examine

__all__ = ["examine", "read", "read_labels"]


def read(path: Path, answers: Mapping[str, str]) -> Volume:
    """One volume of a NIfTI file on its native grid.

    Raises:
        Refused, Question: see ``examine``; voxels that hold no number (SV-GRID-016).
    """
    header = examine(path, answers)
    packed = path.read_bytes()
    return Volume(
        grid=header.grid,
        data=filled(_voxels(header, _unpacked(header, packed)), answers),
        when=day_in(path.name),
        window=header.window,
        notes=header.notes,
        answers=dict(answers),
        sha256=hashlib.sha256(packed).hexdigest(),
    )


def read_labels(path: Path, answers: Mapping[str, str]) -> Labels:
    """Labels of a mask, and the legend and source that our own writer left in the file.

    Raises:
        Refused, Question: see ``examine``; values that are no labels (SV-MSK-001, SV-MSK-002).
    """
    header = examine(path, answers)
    content = _unpacked(header, path.read_bytes())
    legend, source = legend_in(content, header.offset)
    labels, rounded = whole_labels(_voxels(header, content))
    notes = (ROUNDED,) if rounded else ()
    return Labels(header.grid, labels, legend, source, (*header.notes, *notes))


def _unpacked(header: Header, packed: bytes) -> bytes:
    """The file up to its last voxel."""
    if not header.compressed:
        return packed
    with refusing("SV-NII-011", "The compressed file is damaged; copy it again."):
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            content = file.read(header.bytes_end)
            file.read(1 << 20)  # to the end, where the checksum is
        return content


def _voxels(header: Header, content: bytes) -> NDArray[np.generic]:
    """Values [i, j, k], scaled, in native byte order."""
    count = int(np.prod(header.grid.shape))
    start = header.offset + header.volume * count * header.dtype.itemsize
    with refusing("SV-NII-010", "The file is cut short; copy or upload it again."):
        stored = np.frombuffer(content, header.dtype, count, start)
    native: NDArray[np.generic] = stored.reshape(header.grid.shape, order="F").astype(
        header.dtype.newbyteorder("=")
    )
    if (header.slope, header.intercept) == (1.0, 0.0):
        return native
    wide = np.float64 if native.dtype.itemsize > 2 else np.float32
    scaled = np.multiply(native, wide(header.slope), dtype=wide)
    scaled += wide(header.intercept)
    return np.asarray(scaled, np.float32)
