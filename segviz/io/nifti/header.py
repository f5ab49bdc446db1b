"""The gate for NIfTI: everything that can be judged without reading a voxel.

Layout: nifti1.h and nifti2.h of https://nifti.nimh.nih.gov. The stored bytes are judged, not
nibabel's repaired view of them.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from segviz.errors import Question, Refused
from segviz.grid import VolumeGrid
from segviz.io.answers import chosen_volume
from segviz.io.budget import require_memory
from segviz.io.failures import refusing
from segviz.io.geometry import geometry_notes, place
from segviz.io.nifti.geometry import grid_of
from segviz.io.notes import Note

SIZES: dict[int, Any] = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
SCALE_RANGE = (1e-12, 1e12)
GZIP = b"\x1f\x8b"

NOT_NIFTI = "This is not a NIfTI scan: its first bytes belong to another kind of file."
DAMAGED = "The header of the scan is damaged, so no ml can be given; copy or export it again."


@dataclass(frozen=True, eq=False)
class Header:
    """What a NIfTI file says of itself.

    Attributes:
        grid: where the voxels of one volume lie.
        dtype: as stored, with the file's byte order.
        volumes: how many volumes of the grid's shape the file holds.
        volume: the one to read.
        offset: of the first voxel in the unpacked file.
        slope, intercept: stored value x slope + intercept is what was measured.
        window: (low, high) shown black and white, if the file says.
    """

    path: Path
    compressed: bool
    grid: VolumeGrid
    dtype: np.dtype
    volumes: int
    volume: int
    offset: int
    slope: float
    intercept: float
    window: tuple[float, float] | None
    notes: tuple[Note, ...]

    @property
    def bytes_end(self) -> int:
        """Length of the unpacked file up to its last voxel."""
        voxels = int(np.prod(self.grid.shape, dtype=object)) * self.volumes
        return self.offset + voxels * self.dtype.itemsize


def examine(path: Path, answers: Mapping[str, str]) -> Header:
    """Judge a file by its header alone.

    Raises:
        Refused: damaged, cut short, too large, in colour or complex (SV-NII-..., SV-GRID-...).
        Question: which geometry, voxel size, volume or scale is right.
    """
    compressed = _is_compressed(path)
    raw = _parse(_first_bytes(path, compressed))
    sizes = _sizes(raw)
    dtype = _dtype(raw)
    volumes = sizes[3] if len(sizes) > 3 else 1
    shape = (sizes[0], sizes[1], sizes[2] if len(sizes) > 2 else 1)
    require_memory((*shape, volumes), dtype.itemsize)
    offset = _offset(raw)
    _require_whole(path, compressed, offset, offset + _count(sizes) * dtype.itemsize)
    stated, notes = grid_of(raw, shape, answers)
    grid = place(shape, stated.affine, answers)
    slope, intercept = _scale(raw, answers)
    return Header(
        path=path,
        compressed=compressed,
        grid=grid,
        dtype=dtype,
        volumes=volumes,
        volume=chosen_volume(volumes, answers),
        offset=offset,
        slope=slope,
        intercept=intercept,
        window=_window(raw),
        notes=(*notes, *geometry_notes(grid, answers)),
    )


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP
    name = path.name.lower()
    if (compressed and name.endswith(".nii")) or (not compressed and name.endswith(".gz")):
        raise Refused(
            "SV-NII-002",
            "The file's name and its content disagree (compressed or not), so parts of it may have "
            "been lost; rename it to .nii.gz if it is compressed, else to .nii.",
        )
    return compressed


def _first_bytes(path: Path, compressed: bool) -> bytes:
    with (
        refusing("SV-NII-001", NOT_NIFTI),
        gzip.open(path) if compressed else path.open("rb") as file,
    ):
        return file.read(560)


def _parse(block: bytes) -> nib.Nifti1Header:
    for order in "<>":
        size = struct.unpack(f"{order}i", block[:4])[0] if len(block) >= 4 else 0
        if size in SIZES and len(block) >= size:
            with refusing("SV-NII-003", DAMAGED):
                header: nib.Nifti1Header = SIZES[size](block[:size], endianness=order, check=False)
            break
    else:
        raise Refused("SV-NII-001", NOT_NIFTI)
    magic = bytes(header["magic"].tobytes())[:3]
    if magic in (b"ni1", b"ni2"):
        raise Refused(
            "SV-NII-004",
            "This header belongs to a pair of files (.hdr and .img); convert them to one .nii "
            "file.",
        )
    if magic not in (b"n+1", b"n+2"):
        raise Refused("SV-NII-001", NOT_NIFTI)
    _require_sound_extension(block, size, order, header)
    return header


def _require_sound_extension(block: bytes, size: int, order: str, header: nib.Nifti1Header) -> None:
    """The first extension must end before the voxels begin."""
    if len(block) < size + 8 or block[size] == 0 or float(header["vox_offset"]) < size + 12:
        return
    length = struct.unpack(f"{order}i", block[size + 4 : size + 8])[0]
    if not 8 <= length <= float(header["vox_offset"]) - size - 4:
        raise Refused("SV-NII-003", DAMAGED)


def _sizes(raw: nib.Nifti1Header) -> list[int]:
    """Sizes of 2 to 4 axes; axes of one cell at the end are left out."""
    count = int(raw["dim"][0])
    if not 1 <= count <= 7:
        raise Refused("SV-NII-003", DAMAGED)
    sizes = [int(n) for n in raw["dim"][1 : count + 1]]
    if min(sizes) < 1:
        raise Refused(
            "SV-NII-005",
            f"The scan says its size is {' x '.join(map(str, sizes))}: the header is damaged. "
            "Copy or export it again.",
        )
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    if len(sizes) < 2 or len(sizes) > 4:
        raise Refused(
            "SV-NII-006",
            f"The file has {len(sizes)} dimensions; one value for each voxel of a 3-D scan is "
            "needed. Export one volume of it.",
        )
    return sizes


def _count(sizes: list[int]) -> int:
    return int(np.prod(sizes, dtype=object))


def _dtype(raw: nib.Nifti1Header) -> np.dtype:
    with refusing("SV-NII-007", "The voxels are stored in a way that NIfTI does not know."):
        dtype: np.dtype = raw.get_data_dtype()
    if dtype.names is not None:
        raise Refused(
            "SV-NII-008", "This is a colour image; one grey value for each voxel is needed."
        )
    if dtype.kind == "c":
        raise Refused(
            "SV-NII-009",
            "The voxels are complex numbers; export the magnitude or the phase first.",
        )
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise Refused(
            "SV-NII-007", f"Voxels stored as {dtype.name} cannot be read; export as float."
        )
    return dtype


def _offset(raw: nib.Nifti1Header) -> int:
    offset = float(raw["vox_offset"])
    if not np.isfinite(offset) or offset < int(raw["sizeof_hdr"]) + 4:
        raise Refused("SV-NII-003", DAMAGED)
    return int(offset)


def _require_whole(path: Path, compressed: bool, offset: int, end: int) -> None:
    """The file holds all voxels that its header announces."""
    size = path.stat().st_size
    there = _unpacked_size(path, size, end) if compressed else size
    if there < end:
        share = max(there - offset, 0) / (end - offset)
        raise Refused(
            "SV-NII-010",
            f"The file was cut short while copying ({share:.0%} of the voxels are there), so a "
            "part "
            "of the body would be missing; copy or upload it again.",
        )


def _unpacked_size(path: Path, size: int, end: int) -> int:
    """Unpacked length, at most ``end``.

    The last four bytes of a gzip file give it (RFC 1952); where they do not match, as in a cut file
    or one packed in blocks, the bytes are counted.
    """
    with path.open("rb") as file:
        file.seek(max(size - 4, 0))
        stated = int.from_bytes(file.read(4), "little")
    if stated == end % 2**32:
        return end
    there = 0
    try:
        with gzip.open(path) as unpacked:
            while there < end and (chunk := unpacked.read(min(1 << 20, end - there))):
                there += len(chunk)
    except EOFError:
        pass
    except OSError as error:
        raise Refused("SV-NII-011", "The compressed file is damaged; copy it again.") from error
    return there


def _scale(raw: nib.Nifti1Header, answers: Mapping[str, str]) -> tuple[float, float]:
    """Slope and intercept; a slope of 0 or NaN means unscaled (nifti1.h)."""
    slope, intercept = float(raw["scl_slope"]), float(raw["scl_inter"])
    if slope == 0 or np.isnan(slope) or answers.get("scale") == "none":
        return 1.0, 0.0
    if np.isnan(intercept):
        intercept = 0.0
    low, high = SCALE_RANGE
    if not low <= abs(slope) <= high or not np.isfinite(intercept):
        raise Question(
            "SV-NII-012",
            "The intensity scale in the file is implausible, so every value would be wrong. "
            "Show the stored numbers unscaled?",
            "scale",
            {"none": "Show the stored numbers unscaled"},
        )
    return slope, intercept


def _window(raw: nib.Nifti1Header) -> tuple[float, float] | None:
    low, high = float(raw["cal_min"]), float(raw["cal_max"])
    return (low, high) if np.isfinite([low, high]).all() and low < high else None
