"""Masks in any format, held against the image they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Question, Refused
from segviz.grid import Grid, RasterGrid, VolumeGrid, Window
from segviz.io import geotiff, itk, nifti
from segviz.io.kinds import Kind, kind_of
from segviz.io.labels import Labels
from segviz.io.open import image_files
from segviz.mask import Mask

READERS = {
    Kind.NIFTI: nifti.read_labels,
    Kind.ITK: itk.read_labels,
    Kind.TIFF: geotiff.read_labels,
}


def read_mask(
    path: Path, like: Grid | None = None, answers: Mapping[str, str] | None = None
) -> Mask:
    """Read labels from NIfTI, NRRD, MetaImage or GeoTIFF.

    Args:
        like: grid of the image; a mask on the same cells in another axis order is put in its order.
        answers: what the reader chose; ``alignment`` = ``nearest`` leaves a mask on its own grid
            for ``segviz.change.align.nearest`` to move.

    Raises:
        Refused: not a mask, or mirrored against the image (SV-MSK-...).
        Question: the mask lies on another grid (SV-MSK-007, key ``alignment``).
    """
    answers = answers or {}
    reader = READERS.get(kind_of(path))
    if reader is None:
        raise Refused(
            "SV-MSK-003",
            "This is not a mask that can be read; save it as NIfTI, NRRD, MetaImage or GeoTIFF.",
        )
    found = reader(path, answers)
    mask = _mask(found)
    if like is None or _same(mask.grid, like):
        return mask
    if isinstance(like, VolumeGrid) and (reordered := in_order_of(mask, like)) is not None:
        return reordered
    _require_related(mask.grid, like)
    if answers.get("alignment") != "nearest":
        raise Question(
            "SV-MSK-007",
            f"The mask lies on another grid ({mask.grid}) than the image ({like}), so its cells "
            "are "
            "not the image's. Move it?",
            "alignment",
            {"nearest": "Put it on the image's grid; each cell takes the nearest label"},
        )
    return mask


def write_mask(mask: Mask, path: Path, provenance: Mapping[str, Any] | None = None) -> None:
    """Write a mask as NIfTI or GeoTIFF, whichever its grid needs.

    Args:
        provenance: how it came to be, written into the file as JSON.
    """
    if isinstance(mask.grid, VolumeGrid):
        nifti.write_mask(mask, path, provenance)
    else:
        geotiff.write_mask(mask, path, provenance)


def write_dicom(
    mask: Mask,
    path: Path,
    scan: Sequence[Path],
    answers: Mapping[str, str],
    provenance: Mapping[str, Any] | None = None,
    *,
    contours: bool = False,
) -> None:
    """Write a mask as DICOM SEG, or as RTSTRUCT (``contours``), beside the series it is drawn on.

    Args:
        scan: the files that the image was opened from.
        answers: what its reader chose.

    Raises:
        Refused: the scan is no DICOM series (SV-MSK-200); see ``write_seg`` and ``write_rtstruct``.
    """
    from segviz.io.dicom.rtstruct import write_rtstruct  # highdicom is slow to load
    from segviz.io.dicom.seg import write_seg

    with image_files(scan) as (kind, files):
        if kind is not Kind.DICOM:
            raise Refused(
                "SV-MSK-200",
                f"This scan was opened from {kind.value}, and a DICOM segmentation belongs to a "
                "DICOM study; open the DICOM series and import this mask there, or export NIfTI.",
            )
        write = write_rtstruct if contours else write_seg
        write(mask, path, files, answers, provenance)


def write_owners(
    owners: Callable[[Window | None], NDArray[np.int32]],
    grid: Grid,
    path: Path,
    provenance: Mapping[str, Any],
) -> None:
    """Write the number of the operation that gave each cell its label, 0 where nobody did.

    Args:
        owners: numbers of a window of a scene, or of all of a volume (None), in native order.
    """
    if isinstance(grid, VolumeGrid):
        nifti.write_owners(owners(None), grid, path, provenance)
    else:
        geotiff.write_owners(owners, grid, path, provenance)


def _mask(found: Labels) -> Mask:
    present = np.flatnonzero(np.bincount(found.data.reshape(-1), minlength=256))
    return Mask(found.grid, found.data, found.legend.covering(present), found.source, found.notes)


def _same(a: Grid, b: Grid) -> bool:
    if isinstance(a, VolumeGrid) and isinstance(b, VolumeGrid):
        return a.same_as(b)
    return isinstance(a, RasterGrid) and isinstance(b, RasterGrid) and a.same_as(b)


def in_order_of(mask: Mask, grid: VolumeGrid) -> Mask | None:
    """The same voxels in the grid's axis order, or None where they are not the same voxels."""
    own = mask.grid
    if not isinstance(own, VolumeGrid) or not own.canonical.same_as(grid.canonical):
        return None
    data = np.ascontiguousarray(grid.from_canonical(own.to_canonical(mask.data)))
    return Mask(grid, data, mask.legend, mask.source, mask.notes)


def _require_related(own: Grid, image: Grid) -> None:
    """Refuse what no moving could put right."""
    if type(own) is not type(image):
        raise Refused(
            "SV-MSK-005",
            "The mask and the image are of two kinds (a scan and a map); they do not belong "
            "together. Choose the mask of this image.",
        )
    if isinstance(own, VolumeGrid) and isinstance(image, VolumeGrid) and is_mirrored(own, image):
        raise Refused(
            "SV-MSK-008",
            f"The mask is mirrored against the scan ({own.axis_codes} against {image.axis_codes}); "
            "a lesion would lie on the wrong side. Export the mask again from the program that "
            "drew "
            "it.",
        )


def is_mirrored(a: VolumeGrid, b: VolumeGrid) -> bool:
    """Same shape and the same axes, but some of them run the other way."""
    if a.shape != b.shape:
        return False
    directions_a, directions_b = (g.affine[:3, :3] / np.array(g.spacing_mm) for g in (a, b))
    along = np.sum(directions_a * directions_b, axis=0)
    return bool((np.abs(along) > 0.99).all() and (along < 0).any())
