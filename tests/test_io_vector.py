"""Polygons of a mask: every cell once, holes kept, hectares of the ellipsoid."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.features import shapes
from shapely.geometry import shape

from segviz.grid import RasterGrid
from segviz.io.vector import patches, write_polygons
from segviz.mask import Legend, Mask

LEGEND = Legend.named("forest", "water", "bare")


def written(path: Path, data: np.ndarray, transform: Affine, crs: CRS | None) -> dict[str, list]:
    write_polygons(Mask(RasterGrid(data.shape, transform, crs), data, LEGEND), path)
    _, _, geometry, columns = pyogrio.raw.read(path)
    names = ("label", "name", "area_ha")
    return {
        "geometry": list(shapely.from_wkb(geometry)),
        **{n: c.tolist() for n, c in zip(names, columns, strict=True)},
    }


def test_a_square_with_a_hole(tmp_path: Path) -> None:
    data = np.zeros((20, 30), np.uint8)
    data[2:12, 5:15] = 1
    data[5:7, 8:10] = 0
    data[15:17, 20:24] = 3
    utm = CRS.from_epsg(32721)
    found = written(tmp_path / "p.gpkg", data, Affine(100, 0, 5e5, 0, -100, 9e6), utm)
    assert found["label"] == [1, 3] and found["name"] == ["forest", "bare"]
    forest = found["geometry"][0]
    assert forest.area == pytest.approx(96 * 100 * 100)
    assert len(forest.interiors) == 1
    assert forest.bounds == (500_500, 8_998_800, 501_500, 8_999_800)
    assert found["area_ha"][0] == pytest.approx(96 / 0.9996**2, rel=1e-5)


@pytest.mark.parametrize(
    ("latitude", "square_metres"), [(0, 854_796.67), (45, 608_499.23), (60, 431_722.63)]
)
def test_a_cell_in_degrees_has_its_area_on_the_ellipsoid(
    tmp_path: Path, latitude: float, square_metres: float
) -> None:
    """Closed formula for cells of 1/120 degree that begin at these latitudes."""
    cell = 1 / 120
    transform = Affine(cell, 0, 20, 0, -cell, latitude + cell)
    found = written(tmp_path / "p.gpkg", np.ones((1, 1), np.uint8), transform, CRS.from_epsg(4326))
    assert found["area_ha"][0] == pytest.approx(square_metres / 1e4, rel=2e-4)


def test_a_large_patch_in_degrees_is_not_cut_by_great_circles(tmp_path: Path) -> None:
    cell = 0.01
    transform = Affine(cell, 0, 20, 0, -cell, 60)
    whole = written(
        tmp_path / "a.gpkg", np.ones((100, 400), np.uint8), transform, CRS.from_epsg(4326)
    )
    stripes = np.tile([1, 2], (100, 200)).astype(np.uint8)
    parts = written(tmp_path / "b.gpkg", stripes, transform, CRS.from_epsg(4326))
    assert whole["area_ha"][0] == pytest.approx(sum(parts["area_ha"]), rel=1e-5)


def test_without_a_crs_there_are_no_hectares(tmp_path: Path) -> None:
    found = written(tmp_path / "p.gpkg", np.ones((2, 2), np.uint8), Affine.identity(), None)
    assert np.isnan(found["area_ha"][0]) or found["area_ha"][0] is None


def test_an_empty_mask_gives_an_empty_layer(tmp_path: Path) -> None:
    found = written(
        tmp_path / "p.gpkg", np.zeros((4, 4), np.uint8), Affine.identity(), CRS.from_epsg(32721)
    )
    assert found["label"] == []


@pytest.mark.parametrize("window", [4, 7, 16])
def test_seams_leave_no_trace(window: int) -> None:
    """Outlining by windows gives the patches that outlining at once gives."""
    random = np.random.default_rng(2)
    data = np.kron(random.integers(0, 3, (12, 13)), np.ones((3, 3))).astype(np.uint8)
    expected = [(int(v), shape(g)) for g, v in shapes(data, data != 0)]
    found = list(patches(data, window))
    assert Counter(label for label, _ in found) == Counter(label for label, _ in expected)
    key = lambda item: (item[0], item[1].bounds, item[1].area)  # noqa: E731
    for (label, mine), (other, theirs) in zip(
        sorted(found, key=key), sorted(expected, key=key), strict=True
    ):
        assert label == other and mine.equals(theirs)
        assert len(mine.exterior.coords) == len(theirs.exterior.coords)


def test_the_file_tells_how_the_mask_came_to_be(tmp_path: Path) -> None:
    grid = RasterGrid((4, 4), Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32721))
    told = {"revision": 3, "source": 'Dr "Ö" & <co>', "work": ["brush"] * 9000}
    path = tmp_path / "p.gpkg"
    write_polygons(Mask(grid, np.ones((4, 4), np.uint8), LEGEND), path, told)
    found = pyogrio.read_info(path, layer="mask")
    assert json.loads(found["dataset_metadata"]["SEGVIZ_PROVENANCE"]) == told
    assert pyogrio.list_layers(path).tolist() == [["mask", "Polygon"]]
