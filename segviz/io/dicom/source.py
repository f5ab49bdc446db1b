"""The series that a mask was drawn on, as DICOM objects about it need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.io.dicom.header import DAMAGED, Slice
from segviz.io.dicom.reader import examine
from segviz.io.failures import refusing
from segviz.mask import Label, Mask
from segviz.measure.counts import counts


@dataclass(frozen=True, eq=False)
class Source:
    """Slices in order along k, and the headers of their files, each once.

    The headers hold who the patient is; they go into DICOM objects of the same study and nowhere
    else.
    """

    slices: tuple[Slice, ...]
    headers: Mapping[Path, Dataset]

    def header(self, k: int) -> Dataset:
        return self.headers[self.slices[k].path]


def labels_of(mask: Mask) -> list[Label]:
    """The labels that a DICOM object about a mask is of: those with voxels.

    Raises:
        Refused: there are none (SV-MSK-203).
    """
    present = np.flatnonzero(counts(mask.data)[1:]) + 1
    if not len(present):
        raise Refused(
            "SV-MSK-203",
            "No voxel has a label, and a DICOM segmentation needs one; mark something first.",
        )
    return [mask.legend[int(value)] for value in present]


def source_of(paths: Sequence[Path], answers: Mapping[str, str], grid: VolumeGrid) -> Source:
    """The series as it was opened.

    Raises:
        Refused: slices without a place (SV-MSK-201) or another grid (SV-MSK-202); see ``examine``.
    """
    series = examine(paths, answers)
    if not all(item.is_placed for item in series.slices):
        raise Refused(
            "SV-MSK-201",
            "The slices of this series do not say where they lie, so a DICOM segmentation of them "
            "would lie nowhere; export the mask as NIfTI.",
        )
    if not series.grid.same_as(grid):
        raise Refused(
            "SV-MSK-202",
            "The mask lies on another grid than the slices of its series (a voxel size was typed "
            "in), so it would be drawn at the wrong place; export it as NIfTI.",
        )
    with refusing("SV-DCM-003", DAMAGED):
        files = {item.path for item in series.slices}
        headers = {file: pydicom.dcmread(file, stop_before_pixels=True) for file in files}
    return Source(series.slices, headers)
