"""Masks as DICOM SEG, by highdicom: beside the series they were drawn on, in the same study."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentationTypeValues
from numpy.typing import NDArray
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

import segviz
from segviz.grid import VolumeGrid
from segviz.io.atomic import replacing
from segviz.io.dicom.source import Source, labels_of, source_of
from segviz.io.failures import refusing
from segviz.io.legends import rgb
from segviz.mask import Label, Mask

LONGEST_TEXT = 64
SERIES_ABOVE = 1000
"""Added to the number of the series that was segmented."""

BY_HAND = {"brush", "eraser", "polygon", "lasso", "fill", "erase-piece", "relabel-piece"}
"""Tools whose every cell a person chose."""

UNKNOWN = "imported, origin not known"

LACKING = (
    "The headers of this series lack what the DICOM standard wants of a segmented series, so no "
    "other program would take the segmentation; export the mask as NIfTI."
)

# At INFO and below highdicom logs what it copies from headers.
logging.getLogger("highdicom").setLevel(logging.ERROR)

MANUAL = SegmentAlgorithmTypeValues.MANUAL
SEMIAUTOMATIC = SegmentAlgorithmTypeValues.SEMIAUTOMATIC
AUTOMATIC = SegmentAlgorithmTypeValues.AUTOMATIC


def write_seg(
    mask: Mask,
    path: Path,
    paths: Sequence[Path],
    answers: Mapping[str, str],
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write a mask as binary DICOM SEG: a segment for each label that has voxels.

    Patient, study and frame of reference are those of the series. Frames without a voxel are left
    out, as the standard allows.

    Args:
        paths: the files of the series.
        answers: what its reader chose when it was opened.
        provenance: how the mask came to be; says which segments a model made.

    Raises:
        Refused: no voxel has a label (SV-MSK-203); the series lacks what the standard wants
            (SV-MSK-204); see ``source_of``.
    """
    if not isinstance(mask.grid, VolumeGrid):
        raise ValueError("a DICOM SEG is of a scan")
    labels = labels_of(mask)
    source = source_of(paths, answers, mask.grid)
    told = provenance or {}
    with warnings.catch_warnings(), refusing("SV-MSK-204", LACKING):
        warnings.simplefilter("ignore")  # they quote the patient's name
        made = _segmentation(mask, source, labels, told)
    with replacing(path) as temporary:
        made.save_as(temporary)


def _segmentation(
    mask: Mask, source: Source, labels: Sequence[Label], told: Mapping[str, Any]
) -> hd.seg.Segmentation:
    files = list(dict.fromkeys(item.path for item in source.slices))
    headers = [source.headers[file] for file in files]
    numbered = np.zeros(256, np.uint8)
    numbered[[label.value for label in labels]] = np.arange(1, len(labels) + 1)
    planes = np.ascontiguousarray(numbered[mask.data].T)
    return hd.seg.Segmentation(
        source_images=headers,
        pixel_array=_as_stored(planes, source, headers),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_segment(n, label, told) for n, label in enumerate(labels, 1)],
        series_instance_uid=generate_uid(),
        series_number=SERIES_ABOVE + int(headers[0].get("SeriesNumber") or 0),
        series_description="Segmentation",
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="segviz",
        manufacturer_model_name="segviz",
        software_versions=segviz.__version__,
        device_serial_number="0",
        content_label="SEGMENTATION",
        content_description=_content(told),
        specific_character_set="ISO_IR 192",
    )


def _as_stored(
    planes: NDArray[np.uint8], source: Source, headers: Sequence[Any]
) -> NDArray[np.uint8]:
    """Planes [slice, row, column] in the order of the frames of a file with several."""
    if len(headers) == len(source.slices):
        return planes
    stored = np.zeros((int(headers[0].NumberOfFrames), *planes.shape[1:]), np.uint8)
    stored[[item.frame for item in source.slices]] = planes
    return stored


def _segment(number: int, label: Label, told: Mapping[str, Any]) -> hd.seg.SegmentDescription:
    made = algorithm(label.value, told)
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=text(label.name),
        segmented_property_category=codes.SCT.Tissue,
        segmented_property_type=codes.SCT.Tissue,
        algorithm_type=made.kind,
        algorithm_identification=made.identification,
        tracking_uid=generate_uid(),
        tracking_id=f"label {label.value}",
        display_color=hd.color.CIELabColor.from_rgb(*rgb(label.color)),
    )


@dataclass(frozen=True)
class Algorithm:
    """Who made a segment; name and version are empty where a person did."""

    kind: SegmentAlgorithmTypeValues
    name: str = ""
    version: str = ""

    @property
    def identification(self) -> hd.AlgorithmIdentificationSequence | None:
        if self.kind is MANUAL:
            return None
        family = (
            codes.cid7162.ArtificialIntelligence if self.version else codes.cid7162.ManualProcessing
        )
        return hd.AlgorithmIdentificationSequence(
            text(self.name), family, text(self.version) or "unknown"
        )


def algorithm(value: int, told: Mapping[str, Any]) -> Algorithm:
    """Who made a label, from the provenance of its mask.

    A model's label that nobody touched is automatic, one that people changed semiautomatic. What
    people alone made is manual, or semiautomatic where a tool computed cells for them. Of an import
    nobody knows, so it is never called manual.
    """
    row = next((row for row in told.get("labels", ()) if row["label"] == value), None)
    if row is None:
        return Algorithm(SEMIAUTOMATIC, UNKNOWN)
    kept = row["amount"] > row["added"] * (1 + 1e-9)
    if not kept or told.get("answer_by") is None:
        tools = sorted({work["tool"] for work in told.get("work", ())} - BY_HAND - {""})
        return (
            Algorithm(SEMIAUTOMATIC, f"segviz tools: {', '.join(tools)}")
            if tools
            else Algorithm(MANUAL)
        )
    if told["answer_by"] == "import":
        return Algorithm(SEMIAUTOMATIC, UNKNOWN)
    model = told["models"][-1]
    untouched = row["added"] == 0 and row["removed"] == 0
    return Algorithm(
        AUTOMATIC if untouched else SEMIAUTOMATIC, str(model["name"]), str(model["version"])
    )


def _content(told: Mapping[str, Any]) -> str:
    if "revision" not in told:
        return "segviz"
    return f"segviz, revision {told['revision']}, fingerprint {told['fingerprint']}"


def text(words: str) -> str:
    """As a DICOM long string holds it: no backslash or control character, at most 64."""
    plain = "".join(" " if sign == "\\" or not sign.isprintable() else sign for sign in words)
    return plain.strip()[:LONGEST_TEXT]
