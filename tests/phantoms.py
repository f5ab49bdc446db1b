"""Files with known answers: a scan with spheres of counted voxels, a forest that shrinks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import nibabel as nib
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from segviz.grid import RasterGrid, VolumeGrid
from segviz.io import write_mask, write_scene
from segviz.mask import Legend, Mask

VOLUME_GRID = VolumeGrid((40, 36, 20), np.diag([-1.0, 1.0, 2.0, 1.0]))
"""Voxels of 1 x 1 x 2 mm: 500 are 1 ml."""

SCENE_GRID = RasterGrid((60, 80), Affine(10, 0, 500_000, 0, -10, 9_000_000), CRS.from_epsg(32718))
"""Cells of 10 m, 100 to a hectare but for the scale of UTM."""

SPHERES = Legend.named("large", "small")
FOREST = Legend.named("forest", "other")
BANDS = ("B2", "B3", "B4", "B8")
YEARS = (2018, 2019, 2020)


@dataclass(frozen=True)
class Spheres:
    """A scan of two bright spheres and its mask.

    Attributes:
        volume_ml: by label, from the counted voxels.
    """

    image: Path
    mask: Path
    volume_ml: dict[int, float]


def spheres(folder: Path) -> Spheres:
    """Two spheres of 9 and 5 mm, 300 and 600 bright, on a noisy ground of 100."""
    labels = sphere_labels()
    brightness = np.array([100, 300, 600])[labels]
    noise = np.random.default_rng(0).normal(0, 5, labels.shape)
    image = folder / "scan.nii.gz"
    write_volume(image, (brightness + noise).astype(np.int16))
    mask = folder / "mask.nii.gz"
    write_mask(Mask(VOLUME_GRID, labels, SPHERES, "phantom"), mask)
    voxels = np.bincount(labels.ravel())
    return Spheres(image, mask, {label: voxels[label] * 0.002 for label in (1, 2)})


def sphere_labels() -> NDArray[np.uint8]:
    labels = np.zeros(VOLUME_GRID.shape, np.uint8)
    labels[_ball((12, 14, 10), 9.0)] = 1
    labels[_ball((30, 25, 8), 5.0)] = 2
    return labels


def _ball(centre: tuple[int, int, int], radius_mm: float) -> NDArray[np.bool_]:
    cells = np.indices(VOLUME_GRID.shape).transpose(1, 2, 3, 0)
    return np.linalg.norm((cells - centre) * VOLUME_GRID.spacing_mm, axis=-1) <= radius_mm


def write_volume(
    path: Path, data: NDArray[np.generic], affine: NDArray[np.float64] | None = None
) -> None:
    """A NIfTI file whose sform and qform say the same."""
    affine = VOLUME_GRID.affine if affine is None else affine
    image = nib.Nifti1Image(data, affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    nib.save(image, path)


def forest_labels(year: int) -> NDArray[np.uint8]:
    """Forest in the columns on the left, ten fewer each year; one row without data."""
    labels = np.full(SCENE_GRID.shape, 2, np.uint8)
    labels[:, : 60 - 10 * (year - YEARS[0])] = 1
    labels[0] = 0
    return labels


def scene_series(folder: Path) -> dict[int, Path]:
    """A scene a year: uint16 B2, B3, B4, B8 with dark green forest; 0 is no data."""
    return {year: _scene(folder / f"scene-{year}-07-15.tif", year) for year in YEARS}


def mask_series(folder: Path) -> dict[int, Path]:
    """The forest map of each year."""
    files = {year: folder / f"forest-{year}-07-15.tif" for year in YEARS}
    for year, file in files.items():
        write_mask(Mask(SCENE_GRID, forest_labels(year), FOREST, "phantom"), file)
    return files


def _scene(path: Path, year: int) -> Path:
    forest, other = (200, 380, 220, 3500), (500, 800, 900, 2500)
    spectra = np.array([(0, 0, 0, 0), forest, other], np.uint16)
    values = np.moveaxis(spectra[forest_labels(year)], -1, 0)
    write_scene(values, SCENE_GRID, path, BANDS, date(year, 7, 15), nodata=0)
    return path
