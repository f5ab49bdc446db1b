"""Masks as RTSTRUCT: closed planar contours in patient coordinates (LPS mm), by pydicom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

import segviz
from segviz.grid import VolumeGrid
from segviz.io.atomic import replacing
from segviz.io.dicom.outlines import Ring, outlines
from segviz.io.dicom.seg import LACKING, SERIES_ABOVE, algorithm, text
from segviz.io.dicom.source import Source, labels_of, source_of
from segviz.io.failures import refusing
from segviz.io.geometry import lps_to_ras
from segviz.io.legends import rgb
from segviz.mask import Label, Mask

STUDY = "1.2.840.10008.3.1.2.3.1"
"""Detached Study Management, by which an RTSTRUCT names its study."""

OF_PATIENT_AND_STUDY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)


def write_rtstruct(
    mask: Mask,
    path: Path,
    paths: Sequence[Path],
    answers: Mapping[str, str],
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write a contour around each part of each label on each slice, along voxel edges.

    A program that fills the contours by voxel centres gets the mask back, and their area times the
    distance of slices is its volume.

    Args:
        paths, answers, provenance: as for ``write_seg``.

    Raises:
        Refused: no voxel has a label (SV-MSK-203); the series lacks what the standard wants
            (SV-MSK-204); see ``source_of``.
    """
    if not isinstance(mask.grid, VolumeGrid):
        raise ValueError("an RTSTRUCT is of a scan")
    labels = labels_of(mask)
    source = source_of(paths, answers, mask.grid)
    with refusing("SV-MSK-204", LACKING):
        made = _structures(mask, source, labels, provenance or {})
    with replacing(path) as temporary:
        made.save_as(temporary, enforce_file_format=True)


def _structures(
    mask: Mask, source: Source, labels: Sequence[Label], told: Mapping[str, Any]
) -> FileDataset:
    first = source.header(0)
    made = _empty(first)
    made.StructureSetLabel = "Segmentation"
    made.StructureSetDate, made.StructureSetTime = made.SeriesDate, made.SeriesTime
    made.ReferencedFrameOfReferenceSequence = [_frame_of_reference(source)]
    made.StructureSetROISequence = Items(
        _item(
            ROINumber=number,
            ReferencedFrameOfReferenceUID=first.FrameOfReferenceUID,
            ROIName=text(label.name),
            ROIGenerationAlgorithm=algorithm(label.value, told).kind.value,
        )
        for number, label in enumerate(labels, 1)
    )
    made.ROIContourSequence = Items(
        _item(
            ReferencedROINumber=number,
            ROIDisplayColor=list(rgb(label.color)),
            ContourSequence=Items(_contours(mask, label.value, source)),
        )
        for number, label in enumerate(labels, 1)
    )
    made.RTROIObservationsSequence = Items(
        _item(
            ObservationNumber=number,
            ReferencedROINumber=number,
            RTROIInterpretedType="",
            ROIInterpreter="",
        )
        for number, _ in enumerate(labels, 1)
    )
    return made


def _empty(first: Dataset) -> FileDataset:
    """An RTSTRUCT of the same patient and study, without contents."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = RTStructureSetStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = RTStructureSetStorage, meta.MediaStorageSOPInstanceUID
    for keyword in OF_PATIENT_AND_STUDY:
        setattr(made, keyword, str(first.get(keyword) or ""))
    now = datetime.now()
    made.Modality, made.SeriesInstanceUID = "RTSTRUCT", generate_uid()
    made.SeriesNumber = SERIES_ABOVE + int(first.get("SeriesNumber") or 0)
    made.SeriesDescription, made.OperatorsName = "Segmentation", ""
    made.SeriesDate, made.SeriesTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    made.InstanceNumber = 1
    made.FrameOfReferenceUID = first.FrameOfReferenceUID
    made.PositionReferenceIndicator = ""
    made.Manufacturer = made.ManufacturerModelName = "segviz"
    made.SoftwareVersions = segviz.__version__
    return made


def _frame_of_reference(source: Source) -> Dataset:
    """Which slices of which series the contours lie on."""
    first = source.header(0)
    series = _item(
        SeriesInstanceUID=first.SeriesInstanceUID,
        ContourImageSequence=Items(_image(source, k) for k in range(len(source.slices))),
    )
    study = _item(
        ReferencedSOPClassUID=STUDY,
        ReferencedSOPInstanceUID=first.StudyInstanceUID,
        RTReferencedSeriesSequence=Items([series]),
    )
    return _item(
        FrameOfReferenceUID=first.FrameOfReferenceUID, RTReferencedStudySequence=Items([study])
    )


def _image(source: Source, k: int) -> Dataset:
    """The slice that a contour lies on."""
    header = source.header(k)
    item = _item(
        ReferencedSOPClassUID=header.SOPClassUID, ReferencedSOPInstanceUID=header.SOPInstanceUID
    )
    if "NumberOfFrames" in header:
        item.ReferencedFrameNumber = source.slices[k].frame + 1
    return item


def _contours(mask: Mask, value: int, source: Source) -> Iterator[Dataset]:
    assert isinstance(mask.grid, VolumeGrid)
    to_lps = lps_to_ras(mask.grid.affine)  # the same two signs either way
    inside = mask.data == value
    for k in np.flatnonzero(inside.any(axis=(0, 1))):
        for ring in outlines(np.ascontiguousarray(inside[:, :, k].T)):
            points = _placed(ring, int(k), to_lps)
            yield _item(
                ContourImageSequence=Items([_image(source, int(k))]),
                ContourGeometricType="CLOSED_PLANAR",
                NumberOfContourPoints=len(points),
                ContourData=[f"{mm:.4f}" for mm in points.ravel()],
            )


def _placed(ring: Ring, k: int, to_lps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners (column, row) of a slice in LPS mm; voxel centres have whole indices."""
    corners = np.array(ring) - 0.5
    indices = np.column_stack([corners, np.full(len(corners), k), np.ones(len(corners))])
    return np.asarray((indices @ to_lps.T)[:, :3])


def _item(**attributes: Any) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item
