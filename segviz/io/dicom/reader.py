"""Pixels of a DICOM series as one volume."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.utils import iter_pixels

from segviz.errors import Refused
from segviz.image import Volume
from segviz.io.dicom.header import Slice, is_media_directory, read_slices
from segviz.io.dicom.series import Series, assemble
from segviz.io.failures import refusing
from segviz.io.hashing import sha256


def examine(paths: Sequence[Path], answers: Mapping[str, str]) -> Series:
    """Judge files by their headers alone.

    Raises:
        Refused, Question: see ``read_slices`` and ``assemble``; no picture at all (SV-DCM-008,
            SV-DCM-009).
    """
    slices = [item for path in paths for item in read_slices(path)]
    if slices:
        return assemble(slices, answers)
    if all(is_media_directory(path) for path in paths):
        raise Refused(
            "SV-DCM-009",
            "This is the table of contents of a disc (DICOMDIR), which is not followed; open the "
            "folder with the images.",
        )
    raise Refused(
        "SV-DCM-008",
        "These DICOM files hold no scan (a report, a plan or a segmentation); open the images.",
    )


def read(paths: Sequence[Path], answers: Mapping[str, str]) -> Volume:
    """One series as a volume on the grid [column, row, slice].

    Raises:
        Refused, Question: see ``examine``; pixels that cannot be decoded (SV-DCM-021).
    """
    series = examine(paths, answers)
    first = series.slices[0]
    middle = series.slices[len(series.slices) // 2]
    return Volume(
        grid=series.grid,
        data=_voxels(series.slices),
        channel=first.modality,
        when=first.date,
        window=None if first.inverted else middle.window,
        notes=series.notes,
        answers=dict(answers),
        sha256=sha256(sorted({item.path for item in series.slices})),
    )


def _voxels(slices: Sequence[Slice]) -> NDArray[np.generic]:
    """Rescaled values [column, row, slice]: int16 or int32 where exact, else float32."""
    exact = all(s.slope == 1 and s.intercept == int(s.intercept) for s in slices)
    first = slices[0]
    stack = np.empty((len(slices), first.rows, first.columns), np.int32 if exact else np.float32)
    for number, pixels in _decoded(slices):
        item = slices[number]
        shown = _turned_round(pixels, item) if item.inverted else pixels
        stack[number] = shown.astype(np.float64) * item.slope + item.intercept
    return (_smallest(stack) if exact else stack).T


def _decoded(slices: Sequence[Slice]) -> Iterator[tuple[int, NDArray[np.generic]]]:
    """Number in the series and stored pixels [row, column]; each file is read once."""
    by_file = sorted(range(len(slices)), key=lambda n: (slices[n].path, slices[n].frame))
    for path, group in groupby(by_file, key=lambda n: slices[n].path):
        numbers = list(group)
        frames = iter_pixels(path, indices=[slices[n].frame for n in numbers], raw=True)
        yield from zip(numbers, _checked(frames, slices, numbers), strict=True)


def _checked(
    frames: Iterable[NDArray[np.generic]], slices: Sequence[Slice], numbers: Sequence[int]
) -> Iterator[NDArray[np.generic]]:
    remaining = iter(frames)
    for number in numbers:
        shape = slices[number].rows, slices[number].columns
        with refusing(
            "SV-DCM-021",
            f"Slice {number + 1} is damaged and cannot be unpacked, so a part of the body would be "
            "missing; export the series again.",
        ):
            yield next(remaining).reshape(shape)


def _turned_round(pixels: NDArray[np.generic], item: Slice) -> NDArray[np.generic]:
    """MONOCHROME1 shows low values white; a Volume shows them black."""
    low = -(2 ** (item.bits_stored - 1)) if item.signed else 0
    high = low + 2**item.bits_stored - 1
    return np.int64(low + high) - pixels.astype(np.int64)


def _smallest(values: NDArray[np.generic]) -> NDArray[np.generic]:
    limits = np.iinfo(np.int16)
    fits = limits.min <= int(values.min()) and int(values.max()) <= limits.max
    return values.astype(np.int16) if fits else values
