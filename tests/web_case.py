"""A server with one volume and one scene, for the tests of the routes and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import nibabel as nib
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from starlette.applications import Starlette
from starlette.testclient import TestClient

from segviz import settings, store, web
from segviz.case import Case
from segviz.grid import RasterGrid
from segviz.io import write_scene
from segviz.opening import open_files
from segviz.store import Store, access

LPS = np.diag([-2.0, -3.0, 4.0, 1.0])
SCENE_GRID = RasterGrid(
    (600, 700), Affine(10.0, 0.0, 500_000.0, 0.0, -10.0, 9_000_000.0), CRS.from_epsg(32718)
)


@dataclass(frozen=True)
class Server:
    store: Store
    client: TestClient
    volume: Case
    scene: Case

    def base(self, case: Case) -> str:
        return f"/sv/cases/{case.id}/{access.token(self.store.settings, f'case:{case.id}')}"

    def visit(self, case: Case, number: int = -1) -> str:
        return f"{self.base(case)}/visits/{case.visits[number].id}"

    def layer(self, case: Case, number: int = -1) -> str:
        """The first layer of a visit."""
        return f"{self.visit(case, number)}/layers/{case.visits[number].id}"


def voxels() -> NDArray[np.int16]:
    return np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)


def pixels() -> NDArray[np.uint8]:
    rows, columns = np.mgrid[0:600, 0:700]
    return np.stack([rows % 200 + 1, columns % 200 + 1, (rows + columns) % 200 + 1]).astype(
        np.uint8
    )


def write_volume(path: Path) -> Path:
    image = nib.Nifti1Image(voxels(), LPS)
    image.header.set_xyzt_units("mm")
    image.set_sform(LPS, 1)
    image.set_qform(LPS, 1)
    nib.save(image, path)
    return path


def write_scenes(folder: Path) -> list[Path]:
    paths = []
    for year in (2018, 2020):
        path = folder / f"place_{year}-07-01.tif"
        write_scene(pixels(), SCENE_GRID, path, ("red", "green", "blue"), date(year, 7, 1))
        paths.append(path)
    return paths


def serve(folder: Path, given: settings.Settings) -> Server:
    opened = store.open(given)
    volume = open_files(opened, [write_volume(folder / "scan_2021-05-02.nii.gz")], name="Patient A")
    scene = open_files(opened, write_scenes(folder), name="Place B")
    client = TestClient(Starlette(routes=web.routes(given)))
    return Server(opened, client, volume, scene)
