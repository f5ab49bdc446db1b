"""Masks and canonical volumes as NIfTI-1."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.io.atomic import write_bytes
from segviz.io.geometry import is_sheared
from segviz.io.nifti.extension import COMMENT, comment, encode
from segviz.mask import Mask

MILLIMETRES = 2


def write_mask(mask: Mask, path: Path, provenance: Mapping[str, Any] | None = None) -> None:
    """Write a mask on its native grid, voxel for voxel: uint8, sform = qform, both codes 1.

    Legend and provenance travel in a header extension. ``.gz`` at the end of the name packs the
    file.
    """
    if not isinstance(mask.grid, VolumeGrid):
        raise ValueError("a NIfTI mask lies on a volume's grid")
    image = _image(mask.data, mask.grid)
    image.header["cal_max"] = float(mask.data.max(initial=0))
    _append(image, encode(mask, provenance))
    _write(image, path)


def write_owners(
    owners: NDArray[np.int32], grid: VolumeGrid, path: Path, provenance: Mapping[str, Any]
) -> None:
    """Write numbers of operations, int32 in native order, as ``write_mask`` does labels."""
    image = _image(owners, grid)
    image.header["cal_max"] = float(owners.max(initial=0))
    _append(image, comment({"provenance": provenance}))
    _write(image, path)


def write_shares(shares: NDArray[np.uint8], grid: VolumeGrid, path: Path) -> None:
    """Write bytes 0-255 that stand for 0-1; the header's slope of 1/255 tells readers so."""
    image = _image(shares, grid)
    image.header["scl_slope"], image.header["scl_inter"] = 1 / 255, 0
    image.header["cal_max"] = 1
    _write(image, path)


def _append(image: nib.Nifti1Image, text: bytes) -> None:
    image.header.extensions.append(nib.nifti1.Nifti1Extension(COMMENT, text))


def _write(image: nib.Nifti1Image, path: Path) -> None:
    content = image.to_bytes()
    write_bytes(path, gzip.compress(content, 6, mtime=0) if path.suffix == ".gz" else content)


def canonical_bytes(volume: Volume) -> bytes:
    """The volume as an uncompressed NIfTI-1 file in RAS+ order, in a type that a browser reads."""
    grid = volume.grid.canonical
    image = _image(_for_browser(volume.grid.to_canonical(volume.data)), grid)
    if volume.window is not None:
        image.header["cal_min"], image.header["cal_max"] = volume.window
    return bytes(image.to_bytes())


def _image(data: NDArray[np.generic], grid: VolumeGrid) -> nib.Nifti1Image:
    """qform holds no shear, so it is left out where the grid has one."""
    image = nib.Nifti1Image(data, grid.affine)
    image.set_sform(grid.affine, 1)
    image.set_qform(grid.affine, 0 if is_sheared(grid) else 1)
    image.header["xyzt_units"] = MILLIMETRES
    return image


def _for_browser(data: NDArray[np.generic]) -> NDArray[np.generic]:
    """uint8, int16, uint16 or float32, little-endian."""
    kind, size = data.dtype.kind, data.dtype.itemsize
    if kind == "b":
        return data.astype("<u1")
    if kind == "f":
        return data.astype("<f4")
    if size == 1 and kind == "i":
        return data.astype("<i2")
    if size <= 2:
        return data.astype(data.dtype.newbyteorder("<"))
    limits = np.iinfo(np.int16)
    fits = limits.min <= int(data.min()) and int(data.max()) <= limits.max
    return data.astype("<i2" if fits else "<f4")
