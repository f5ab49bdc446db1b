"""DICOM series with an asymmetric mask, for tests of what is written about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from test_io_dicom import plane, save

from segviz.io.dicom import examine
from segviz.mask import Label, Legend, Mask

TILT = np.radians(20)
OBLIQUE = [1.0, 0, 0, 0, float(np.cos(TILT)), -float(np.sin(TILT))]
SAGITTAL = [0.0, 1, 0, 0, 0, -1]

SERIES = [
    pytest.param([1.0, 0, 0, 0, 1, 0], False, id="upright"),
    pytest.param([1.0, 0, 0, 0, 1, 0], True, id="reversed"),
    pytest.param(OBLIQUE, False, id="oblique"),
    pytest.param(SAGITTAL, True, id="sagittal reversed"),
]

LEGEND = Legend((Label(2, "Lesion", "#E69F00", thing=True), Label(9, "Ödem 腫瘍", "#56B4E9")))


def slices(orientation: list[float], backwards: bool, count: int = 5) -> list[FileDataset]:
    """Slices of 9 rows x 12 columns of 0.5 x 0.4 mm, 5 mm apart and 4 mm thick."""
    normal = np.cross(orientation[:3], orientation[3:])
    made = []
    for k in range(count):
        item = plane(k, size=(9, 12), orientation=orientation)
        item.PixelSpacing, item.SliceThickness = [0.5, 0.4], 4
        item.ImagePositionPatient = [float(x) for x in np.array([10, 20, 30]) + 5 * k * normal]
        item.InstanceNumber = count - k if backwards else k + 1
        item.PatientBirthDate, item.PatientSex, item.StudyID = "19700101", "F", "17"
        item.AccessionNumber = item.ReferringPhysicianName = item.StudyTime = ""
        item.SeriesNumber, item.ImageType = 3, ["ORIGINAL", "PRIMARY"]
        made.append(item)
    return made[::-1] if backwards else made


def series(folder: Path, orientation: list[float], backwards: bool) -> list[Path]:
    return sorted(save(folder, *slices(orientation, backwards)).iterdir())


def mask_on(paths: list[Path], data: NDArray[np.uint8] | None = None) -> Mask:
    """No mirror image of it is the same; holes, parts that touch at a corner, an empty slice."""
    grid = examine(paths, {}).grid
    if data is None:
        data = np.zeros(grid.shape, np.uint8)
        data[1:8, 2:8, 1] = 2
        data[2:4, 3:5, 1] = data[5, 4:7, 1] = data[6, 3, 1] = 0
        data[3, 4, 1] = 9
        data[10, 1, 1] = 2
        data[8, 8, 1] = 2
        data[0, 0, 3] = data[1, 1, 3] = data[11, 0, 3] = 9
        data[4:6, 1:3, 4] = 2
    return Mask(grid, data, LEGEND, "phantom")


def positions(header: FileDataset, cells: NDArray[np.bool_]) -> set[tuple[float, ...]]:
    """LPS mm of the marked pixels [row, column] by the header of a slice, as PS3.3 C.7.6.2.1.1."""
    along_row, along_column = np.reshape(np.array(header.ImageOrientationPatient, float), (2, 3))
    down, right = (float(step) for step in header.PixelSpacing)
    rows, columns = np.nonzero(cells)
    points = (
        np.array(header.ImagePositionPatient, float)
        + columns[:, None] * right * along_row
        + rows[:, None] * down * along_column
    )
    return {tuple(point) for point in np.round(points, 3) + 0.0}
