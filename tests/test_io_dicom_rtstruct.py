"""RTSTRUCT: contours that another program fills to the very same voxels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from canvases import blobs, noise
from dicom_series import LEGEND, SERIES, mask_on, series

from segviz.errors import Refused
from segviz.io.dicom.outlines import outlines
from segviz.io.dicom.rtstruct import write_rtstruct
from segviz.mask import Mask

UPRIGHT = [1.0, 0, 0, 0, 1, 0]


def filled(ring: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Cells [row, column] whose centre lies in a ring of (column, row), by the even-odd rule."""
    rows, columns = np.indices(shape)
    inside = np.zeros(shape, bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (rows >= min(y0, y1)) & (rows < max(y0, y1))
            inside ^= crosses & (columns < x0 + (rows - y0) * (x1 - x0) / (y1 - y0))
    return inside


def area(ring: np.ndarray) -> float:
    x, y = np.asarray(ring, float).T
    return abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))) / 2


@pytest.mark.parametrize("make", [noise, blobs])
@pytest.mark.parametrize("seed", range(8))
def test_outlines_of_random_masks_fill_to_the_mask(make, seed: int) -> None:
    inside = make((23, 31), seed) == 1
    rings = [np.array(ring) for ring in outlines(inside)]
    back = np.logical_xor.reduce([filled(ring - 0.5, inside.shape) for ring in rings])
    np.testing.assert_array_equal(back, inside)
    assert sum(map(area, rings)) == inside.sum()


def test_a_hole_hangs_on_its_outline_by_a_keyhole() -> None:
    inside = np.ones((3, 4), bool)
    inside[1, 2] = False
    (ring,) = outlines(inside)
    assert ring.count((0, 1)) == 2  # the door
    assert ring.count((2, 1)) == 2  # where the hole begins
    assert set(ring) == {(0, 0), (0, 1), (0, 3), (2, 1), (2, 2), (3, 1), (3, 2), (4, 0), (4, 3)}
    assert area(np.array(ring)) == 11


def read_back(path: Path, paths: list[Path]) -> dict[str, dict[str, np.ndarray]]:
    """ROI -> SOP instance -> cells, by the headers of the slices alone (XOR of contours)."""
    made = pydicom.dcmread(path)
    headers = {header.SOPInstanceUID: header for header in map(pydicom.dcmread, paths)}
    names = {roi.ROINumber: roi.ROIName for roi in made.StructureSetROISequence}
    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in names.values()}
    for roi in made.ROIContourSequence:
        for contour in roi.ContourSequence:
            (image,) = contour.ContourImageSequence
            header = headers[image.ReferencedSOPInstanceUID]
            points = np.reshape(np.array(contour.ContourData, float), (-1, 3))
            assert contour.NumberOfContourPoints == len(points)
            along = np.reshape(np.array(header.ImageOrientationPatient, float), (2, 3))
            from_corner = points - np.array(header.ImagePositionPatient, float)
            np.testing.assert_allclose(from_corner @ np.cross(*along), 0, atol=1e-3)
            ring = from_corner @ along.T / np.array(header.PixelSpacing, float)[::-1]
            shape = header.Rows, header.Columns
            slices = found[names[roi.ReferencedROINumber]]
            before = slices.get(header.SOPInstanceUID, np.zeros(shape, bool))
            slices[header.SOPInstanceUID] = before ^ filled(ring, shape)
    return found


def by_slice(mask: Mask, paths: list[Path], value: int) -> dict[str, np.ndarray]:
    """The mask as its slices' headers say where they lie."""
    found = {}
    for header in map(pydicom.dcmread, paths):
        corner = np.array(header.ImagePositionPatient, float) * [-1, -1, 1]
        k = np.linalg.inv(mask.grid.affine) @ [*corner, 1]
        cells = value == mask.data[:, :, round(k[2])].T
        if cells.any():
            found[header.SOPInstanceUID] = cells
    return found


@pytest.mark.parametrize(("orientation", "backwards"), SERIES)
def test_filled_contours_are_the_mask(
    tmp_path: Path, orientation: list[float], backwards: bool
) -> None:
    paths = series(tmp_path / "s", orientation, backwards)
    mask = mask_on(paths)
    write_rtstruct(mask, tmp_path / "rt.dcm", paths, {})
    found = read_back(tmp_path / "rt.dcm", paths)
    for label in LEGEND:
        expected = by_slice(mask, paths, label.value)
        assert found[label.name].keys() == expected.keys()
        for uid, cells in expected.items():
            np.testing.assert_array_equal(found[label.name][uid], cells)


def test_front_is_front_and_left_is_left(tmp_path: Path) -> None:
    """A voxel at column 3, row 2 of slice 1 lies around LPS (11.2, 21.0, 35.0)."""
    paths = series(tmp_path / "s", UPRIGHT, False)
    data = np.zeros((12, 9, 5), np.uint8)
    data[3, 2, 1] = 2
    write_rtstruct(mask_on(paths, data), tmp_path / "rt.dcm", paths, {})
    (contour,) = pydicom.dcmread(tmp_path / "rt.dcm").ROIContourSequence[0].ContourSequence
    points = np.reshape(np.array(contour.ContourData, float), (-1, 3))
    np.testing.assert_allclose(points.min(axis=0), [11.0, 20.75, 35.0])
    np.testing.assert_allclose(points.max(axis=0), [11.4, 21.25, 35.0])


def test_it_belongs_to_the_patient_and_the_series(tmp_path: Path) -> None:
    paths = series(tmp_path / "s", UPRIGHT, False)
    first = pydicom.dcmread(paths[0])
    told = {
        "labels": [{"label": 2, "amount": 1.0, "added": 0.0, "removed": 0.0}],
        "answer_by": "model",
        "models": [{"name": "lesions", "version": "1"}],
    }
    write_rtstruct(mask_on(paths), tmp_path / "rt.dcm", paths, {}, told)
    made = pydicom.dcmread(tmp_path / "rt.dcm")
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert made[keyword].value == first[keyword].value, keyword
    assert [roi.ROIName for roi in made.StructureSetROISequence] == ["Lesion", "Ödem 腫瘍"]
    assert made.StructureSetROISequence[0].ROIGenerationAlgorithm == "AUTOMATIC"
    assert list(made.ROIContourSequence[0].ROIDisplayColor) == [0xE6, 0x9F, 0x00]
    (frame,) = made.ReferencedFrameOfReferenceSequence
    (listed,) = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    assert listed.SeriesInstanceUID == first.SeriesInstanceUID
    assert len(listed.ContourImageSequence) == len(paths)


def test_an_empty_mask_is_refused(tmp_path: Path) -> None:
    paths = series(tmp_path / "s", UPRIGHT, False)
    with pytest.raises(Refused) as refused:
        write_rtstruct(
            mask_on(paths, np.zeros((12, 9, 5), np.uint8)), tmp_path / "rt.dcm", paths, {}
        )
    assert refused.value.code == "SV-MSK-203"
