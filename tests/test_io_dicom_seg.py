"""DICOM SEG: voxels in place by highdicom and by frame positions alone, and who made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from dicom_series import LEGEND, SERIES, mask_on, positions, series, slices
from test_io_dicom import save

from segviz.errors import Refused
from segviz.io.dicom.seg import algorithm, text, write_seg
from segviz.mask import Mask

UPRIGHT = [1.0, 0, 0, 0, 1, 0]


def written(mask: Mask, folder: Path, paths: list[Path], **told: Any) -> Path:
    path = folder / "mask.dcm"
    write_seg(mask, path, paths, {}, told)
    return path


@pytest.mark.parametrize(("orientation", "backwards"), SERIES)
class TestInPlace:
    def test_by_highdicom(self, tmp_path: Path, orientation: list[float], backwards: bool) -> None:
        paths = series(tmp_path / "s", orientation, backwards)
        mask = mask_on(paths)
        found = hd.seg.segread(written(mask, tmp_path, paths)).get_volume(combine_segments=True)
        to_cells = np.linalg.inv(np.diag([-1, -1, 1, 1]) @ mask.grid.affine) @ found.affine
        back = np.zeros(mask.grid.shape, np.uint8)
        there = np.argwhere(found.array)
        cells = np.column_stack([there, np.ones(len(there))]) @ to_cells.T
        np.testing.assert_allclose(cells[:, :3], np.rint(cells[:, :3]), atol=1e-3)
        back[tuple(np.rint(cells[:, :3]).astype(int).T)] = found.array[tuple(there.T)]
        np.testing.assert_array_equal(np.array([0, 2, 9])[back], mask.data)

    def test_by_frame_positions(
        self, tmp_path: Path, orientation: list[float], backwards: bool
    ) -> None:
        """pydicom alone: each frame's bits at its own position, against the slices' headers."""
        paths = series(tmp_path / "s", orientation, backwards)
        mask = mask_on(paths)
        made = pydicom.dcmread(written(mask, tmp_path, paths))
        shared = made.SharedFunctionalGroupsSequence[0]
        found: dict[int, set[tuple[float, ...]]] = {1: set(), 2: set()}
        for frame, bits in zip(
            made.PerFrameFunctionalGroupsSequence, made.pixel_array, strict=True
        ):
            header = pydicom.Dataset()
            header.ImagePositionPatient = frame.PlanePositionSequence[0].ImagePositionPatient
            orient = shared.PlaneOrientationSequence[0]
            header.ImageOrientationPatient = orient.ImageOrientationPatient
            header.PixelSpacing = shared.PixelMeasuresSequence[0].PixelSpacing
            number = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            found[number] |= positions(header, bits > 0)
        for number, value in ((1, 2), (2, 9)):
            expected: set[tuple[float, ...]] = set()
            for path in paths:
                header = pydicom.dcmread(path)
                k = int(np.argmin(_distances(mask, header)))
                expected |= positions(header, value == mask.data[:, :, k].T)
            assert found[number] == expected


def _distances(mask: Mask, header: pydicom.Dataset) -> np.ndarray:
    """mm from a slice's corner to the first voxel of each k."""
    k = np.arange(mask.grid.shape[2])
    corners = mask.grid.affine[:3, 3] + np.outer(k, mask.grid.affine[:3, 2])
    corner = np.array(header.ImagePositionPatient, float) * [-1, -1, 1]
    return np.linalg.norm(corners - corner, axis=1)


def test_patient_and_study_are_carried_over(tmp_path: Path) -> None:
    paths = series(tmp_path / "s", UPRIGHT, False)
    first = pydicom.dcmread(paths[0])
    made = pydicom.dcmread(written(mask_on(paths), tmp_path, paths, revision=7, fingerprint="ab"))
    for keyword in (
        "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyInstanceUID",
        "StudyID", "StudyDate", "FrameOfReferenceUID",
    ):  # fmt: skip
        assert made[keyword].value == first[keyword].value, keyword
    assert made.SeriesInstanceUID != first.SeriesInstanceUID
    (referenced,) = made.ReferencedSeriesSequence
    assert referenced.SeriesInstanceUID == first.SeriesInstanceUID
    assert (made.SegmentationType, made.SoftwareVersions) == ("BINARY", "0.1.0")
    assert made.ContentDescription == "segviz, revision 7, fingerprint ab"


def test_segments_bear_the_names_and_colours_of_the_legend(tmp_path: Path) -> None:
    paths = series(tmp_path / "s", UPRIGHT, False)
    made = hd.seg.segread(written(mask_on(paths), tmp_path, paths))
    for segment, label in zip(made.SegmentSequence, LEGEND, strict=True):
        assert segment.SegmentLabel == label.name
        assert segment.TrackingID == f"label {label.value}"
        color = hd.color.CIELabColor.from_dicom_value(segment.RecommendedDisplayCIELabValue)
        wanted = tuple(bytes.fromhex(label.color[1:]))
        assert np.abs(np.array(color.to_rgb()) - wanted).max() <= 1


def test_names_of_other_alphabets_survive(tmp_path: Path) -> None:
    planes = slices(UPRIGHT, False)
    for item in planes:
        item.SpecificCharacterSet, item.PatientName = "ISO_IR 100", "Müller^Jörg"
    paths = sorted(save(tmp_path / "s", *planes).iterdir())
    made = pydicom.dcmread(written(mask_on(paths), tmp_path, paths))
    assert str(made.PatientName) == "Müller^Jörg"
    assert made.SegmentSequence[1].SegmentLabel == "Ödem 腫瘍"


def test_a_name_that_is_no_person_name_reaches_no_log(
    tmp_path: Path, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    planes = slices(UPRIGHT, False)
    for item in planes:
        item.PatientName = "JANEDOE"
    paths = sorted(save(tmp_path / "s", *planes).iterdir())
    assert pydicom.dcmread(written(mask_on(paths), tmp_path, paths)).PatientName == "JANEDOE"
    assert not [warning for warning in recwarn if "JANEDOE" in str(warning.message)]
    assert "JANEDOE" not in caplog.text


def row(added: float = 0.0, removed: float = 0.0) -> dict[str, Any]:
    return {"label": 2, "amount": 4.0, "added": added, "removed": removed}


MODEL = {"name": "lesions-flair", "version": "0.3"}


@pytest.mark.parametrize(
    ("told", "kind", "name"),
    [
        ({"labels": [row()], "answer_by": "model"}, "AUTOMATIC", "lesions-flair"),
        ({"labels": [row(added=1)], "answer_by": "model"}, "SEMIAUTOMATIC", "lesions-flair"),
        ({"labels": [row(removed=1)], "answer_by": "model"}, "SEMIAUTOMATIC", "lesions-flair"),
        ({"labels": [row(added=4)], "answer_by": "model"}, "MANUAL", ""),
        ({"labels": [row(added=4)], "answer_by": None}, "MANUAL", ""),
        (
            {"labels": [row(added=4)], "answer_by": None, "work": [{"tool": "grow"}]},
            "SEMIAUTOMATIC",
            "segviz tools: grow",
        ),
        ({"labels": [row()], "answer_by": "import"}, "SEMIAUTOMATIC", "imported, origin not known"),
        ({}, "SEMIAUTOMATIC", "imported, origin not known"),
    ],
)
def test_who_made_a_segment(told: dict[str, Any], kind: str, name: str) -> None:
    made = algorithm(2, {"models": [MODEL], **told})
    assert (made.kind.value, made.name) == (kind, name)


def test_the_model_is_named_in_the_file(tmp_path: Path) -> None:
    paths = series(tmp_path / "s", UPRIGHT, False)
    told = {"labels": [row()], "answer_by": "model", "models": [MODEL]}
    path = written(mask_on(paths), tmp_path, paths, **told, revision=1, fingerprint="0")
    segment = pydicom.dcmread(path).SegmentSequence[0]
    assert (segment.SegmentAlgorithmType, segment.SegmentAlgorithmName) == (
        "AUTOMATIC",
        "lesions-flair",
    )
    (identified,) = segment.SegmentationAlgorithmIdentificationSequence
    assert identified.AlgorithmVersion == "0.3"


def test_text_that_dicom_holds() -> None:
    assert text("a\\b\n" + "x" * 90) == "a b " + "x" * 60


class TestRefused:
    def code(self, mask: Mask, tmp_path: Path, paths: list[Path]) -> str:
        with pytest.raises(Refused) as refused:
            written(mask, tmp_path, paths)
        assert not (tmp_path / "mask.dcm").exists()
        assert "DOE" not in refused.value.message
        return refused.value.code

    def test_an_empty_mask(self, tmp_path: Path) -> None:
        paths = series(tmp_path / "s", UPRIGHT, False)
        empty = np.zeros((12, 9, 5), np.uint8)
        assert self.code(mask_on(paths, empty), tmp_path, paths) == "SV-MSK-203"

    def test_another_grid(self, tmp_path: Path) -> None:
        paths = series(tmp_path / "s", UPRIGHT, False)
        fewer = series(tmp_path / "t", UPRIGHT, False)[:4]
        assert self.code(mask_on(paths), tmp_path, fewer) == "SV-MSK-202"

    def test_a_series_without_a_frame_of_reference(self, tmp_path: Path) -> None:
        planes = slices(UPRIGHT, False)
        for item in planes:
            del item.FrameOfReferenceUID
        paths = sorted(save(tmp_path / "s", *planes).iterdir())
        assert self.code(mask_on(paths), tmp_path, paths) == "SV-MSK-204"

    def test_slices_without_a_place(self, tmp_path: Path) -> None:
        planes = slices(UPRIGHT, False)
        for item in planes:
            del item.ImagePositionPatient
        paths = sorted(save(tmp_path / "s", *planes).iterdir())
        mask = mask_on(series(tmp_path / "t", UPRIGHT, False))
        with pytest.raises(Refused) as refused:
            write_seg(mask, tmp_path / "x.dcm", paths, {"spacing_mm": "1,1,1"}, {})
        assert refused.value.code == "SV-MSK-201"
