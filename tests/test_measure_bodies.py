"""A sphere and a box of known ml in files with many headers, through the reader of masks."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from segviz.io import read_mask
from segviz.measure.lesions import lesions
from segviz.measure.volumes import measure_volume

RADIUS_MM = 21.3
SIDES_MM = np.array([42.0, 33.0, 51.0])
SPHERE_ML = 4 / 3 * np.pi * RADIUS_MM**3 / 1000
BOX_ML = float(SIDES_MM.prod()) / 1000
CENTRE = np.array([12.3, -25.1, 8.7])
REACH_MM = 84.0


def turn(x: float, y: float, z: float) -> np.ndarray:
    """A rotation by degrees around x, then y, then z."""
    a, b, c = np.radians([x, y, z])
    about_x = [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
    about_y = [[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]
    about_z = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_y) @ np.array(about_x)


RAS = np.eye(3)
LPS = np.diag([-1.0, -1, 1])
LAS = np.diag([-1.0, 1, 1])
PSR = np.array([[0.0, 0, 1], [-1, 0, 0], [0, 1, 0]])
PIL = np.array([[0.0, 0, -1], [-1, 0, 0], [0, -1, 0]])
SAL = np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]])
SHEAR = np.array([[1.0, 0.35, 0], [0, 1, 0.2], [0, 0, 1]])

HEADERS = {
    "RAS 1 mm": (RAS, (1, 1, 1)),
    "LPS 1 mm": (LPS, (1, 1, 1)),
    "LAS 0.8 mm": (LAS, (0.8, 0.8, 0.8)),
    "PSR anisotropic": (PSR, (0.7, 1.1, 1.5)),
    "PIL anisotropic": (PIL, (0.9, 0.9, 1.6)),
    "SAL thick slices": (SAL, (0.6, 0.6, 2.5)),
    "oblique": (turn(20, -15, 30), (1, 1, 1)),
    "oblique, anisotropic": (turn(12, 8, -25) @ LPS, (0.7, 0.7, 2.2)),
    "oblique, axes permuted": (turn(-18, 5, 14) @ PSR, (1.2, 0.8, 1.0)),
    "sheared": (SHEAR, (1, 1, 1)),
    "labels scaled by scl_slope": (RAS, (1, 1, 1)),
    "qform alone": (turn(10, 10, 10), (1, 1, 1.5)),
}


def file_of(folder: Path, header: str, inside) -> Path:
    """A mask file in which ``inside`` says which places in mm around the centre are marked."""
    directions, spacing = HEADERS[header]
    linear = directions @ np.diag(spacing).astype(float)
    corners = np.array(np.meshgrid(*[[-REACH_MM / 2, REACH_MM / 2]] * 3)).reshape(3, -1)
    reach = np.abs(np.linalg.inv(linear) @ corners).max(axis=1)
    shape = tuple((2 * np.ceil(reach) + 1).astype(int))
    affine = np.eye(4)
    affine[:3, :3] = linear
    affine[:3, 3] = CENTRE - linear @ ((np.array(shape) - 1) / 2 + (0.31, 0.17, 0.23))
    cells = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    marked = inside(cells @ linear.T + affine[:3, 3] - CENTRE)
    image = nib.Nifti1Image(marked.astype(np.uint8), affine)
    image.header.set_xyzt_units("mm")
    if header == "labels scaled by scl_slope":
        image = nib.Nifti1Image(marked.astype(np.uint8) * 4, affine, image.header)
        image.header.set_slope_inter(0.25, 0)
    alone = header == "qform alone"
    if header != "sheared":
        image.set_qform(affine, 1)
    image.set_sform(None if alone else affine, 0 if alone else 1)
    path = folder / "mask.nii.gz"
    nib.save(image, path)
    return path


@pytest.mark.parametrize("header", HEADERS)
def test_a_sphere_has_its_ml_diameters_and_place(tmp_path, header):
    mask = read_mask(file_of(tmp_path, header, lambda at: (at**2).sum(-1) <= RADIUS_MM**2))
    whole = lesions(mask, 1)["whole"]
    step = max(mask.grid.spacing_mm)
    assert whole["volume_ml"] == pytest.approx(SPHERE_ML, rel=0.005)
    assert measure_volume(mask)["labels"][0]["volume_ml"] == whole["volume_ml"]
    assert whole["centroid_mm"] == pytest.approx(CENTRE, abs=0.1)
    for name in ("longest_diameter_mm", "perpendicular_diameter_mm", "diameter_3d_mm"):
        assert 2 * RADIUS_MM - 2 * step <= whole[name] <= 2 * RADIUS_MM + 1e-9
    assert whole["side"] == "right"


@pytest.mark.parametrize("header", HEADERS)
def test_a_box_has_its_ml_and_diagonal(tmp_path, header):
    """A box askew to all grids, so that no face runs along voxels."""
    frame = turn(17, 29, 41)
    mask = read_mask(
        file_of(tmp_path, header, lambda at: (np.abs(at @ frame) <= SIDES_MM / 2).all(-1))
    )
    whole = lesions(mask, 1)["whole"]
    step = max(mask.grid.spacing_mm)
    assert whole["volume_ml"] == pytest.approx(BOX_ML, rel=0.005)
    diagonal = float(np.linalg.norm(SIDES_MM))
    assert diagonal - 3 * step <= whole["diameter_3d_mm"] <= diagonal + 1e-9
    assert whole["centroid_mm"] == pytest.approx(CENTRE, abs=0.15)
