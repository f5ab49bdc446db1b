"""Polygons as GeoJSON: what goes out comes in again on the same cells."""

from __future__ import annotations

import json

import numpy as np
import pyogrio.raw
import pytest
import shapely
from affine import Affine
from canvases import after
from pyproj import CRS, Transformer

from segviz.edit.canvas import Canvas
from segviz.edit.polygon import polygon
from segviz.errors import Refused
from segviz.grid import RasterGrid
from segviz.io.geojson import MOST_BYTES, read_rings, write_outlines
from segviz.mask import Legend, Mask
from segviz.measure.ellipsoid import cell_area_m2

LEGEND = Legend.named("forest", "water")
GRIDS = {
    "utm": (Affine(10, 0, 5e5, 0, -10, 9e6), 32721),
    "degrees": (Affine(1e-4, 0, -60, 0, -1e-4, -10), 4326),
    "mercator": (Affine(30, 0, 1e6, 0, -30, 6e6), 3857),
    "rotated": (Affine(8, 6, 5e5, 6, -8, 5e6), 32633),
}


def grid_of(name, shape=(60, 80)):
    transform, code = GRIDS[name]
    return RasterGrid(shape, transform, CRS.from_epsg(code))


def painted(rings, grid):
    canvas = Canvas(grid, np.zeros(grid.shape, np.uint8))
    return after(canvas, polygon(canvas, label=1, rings=rings))


def blobs(shape, seed):
    coarse = np.random.default_rng(seed).integers(0, 3, (shape[0] // 5, shape[1] // 5))
    return np.kron(coarse, np.ones((5, 5))).astype(np.uint8)


def written(mask, tmp_path, label=None):
    write_outlines(mask, tmp_path / "out.geojson", label)
    return (tmp_path / "out.geojson").read_bytes()


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("label", [1, 2])
def test_a_label_comes_back_cell_by_cell(name, label, tmp_path):
    grid = grid_of(name)
    data = blobs(grid.shape, 0)
    content = written(Mask(grid, data, LEGEND), tmp_path, label)
    assert (painted(read_rings(content, grid), grid) == (data == label)).all()


def test_the_file_tells_how_the_mask_came_to_be(tmp_path):
    grid = grid_of("utm")
    data = blobs(grid.shape, 0)
    told = {"revision": 3, "source": 'Dr "Ö" & <co>'}
    write_outlines(Mask(grid, data, LEGEND), tmp_path / "out.geojson", provenance=told)
    content = (tmp_path / "out.geojson").read_bytes()
    assert json.loads(content)["provenance"] == told
    assert (painted(read_rings(content, grid), grid) == (data > 0)).all()
    _, _, geometry, _ = pyogrio.raw.read(tmp_path / "out.geojson")
    assert len(geometry) == len(json.loads(content)["features"])


def test_outlines_of_a_label_that_is_not_there_are_refused(tmp_path):
    mask = Mask(grid_of("utm"), np.ones((60, 80), np.uint8), LEGEND)
    with pytest.raises(Refused) as error:
        write_outlines(mask, tmp_path / "out.geojson", 7)
    assert error.value.code == "SV-MSK-060"


def test_long_edges_stay_on_their_cells(tmp_path):
    grid = grid_of("utm", (40, 9000))
    data = np.zeros(grid.shape, np.uint8)
    data[3:30, 2:8990] = 1
    content = written(Mask(grid, data, LEGEND), tmp_path)
    assert (painted(read_rings(content, grid), grid) == data).all()


def test_each_patch_says_its_label_name_and_hectares(tmp_path):
    grid = grid_of("utm")
    data = np.zeros(grid.shape, np.uint8)
    data[10:20, 10:20], data[12:15, 12:15], data[40:45, 5:9] = 1, 0, 2
    features = json.loads(written(Mask(grid, data, LEGEND), tmp_path))["features"]
    found = {f["properties"]["name"]: f for f in features}
    assert {f["properties"]["label"] for f in features} == {1, 2}
    for name, rows, columns in (("forest", [10], [10]), ("water", [40], [5])):
        cells = {"forest": 91, "water": 20}[name]
        expected = cells * cell_area_m2(grid, rows, columns)[0] / 1e4
        assert found[name]["properties"]["area_ha"] == pytest.approx(expected, rel=1e-5)
    rings = found["forest"]["geometry"]["coordinates"]
    assert len(rings) == 2 and rings[0][0] == rings[0][-1]
    assert shapely.LinearRing(rings[0]).is_ccw and not shapely.LinearRing(rings[1]).is_ccw
    longitude, latitude = rings[0][0]
    assert abs(longitude + 57) < 0.1 and abs(latitude + 9.04) < 0.1


def square(column, row, size, grid, crs=4326):
    """A ring around cells, in coordinates of a CRS."""
    corners = np.array([(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)]) * size + (column, row)
    x, y = grid.transform @ corners.T
    to = Transformer.from_crs(grid.crs, CRS.from_epsg(crs), always_xy=True)
    return np.column_stack(to.transform(x, y)).tolist()


def collection(*geometries, **more):
    features = [{"type": "Feature", "properties": None, "geometry": g} for g in geometries]
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def test_areas_that_overlap_are_joined_and_holes_kept():
    grid = grid_of("utm")
    one = {"type": "Polygon", "coordinates": [square(5, 5, 20, grid), square(8, 8, 4, grid)]}
    two = {"type": "MultiPolygon", "coordinates": [[square(20, 5, 20, grid)]]}
    point = {"type": "Point", "coordinates": [0, 0]}
    both = {"type": "GeometryCollection", "geometries": [one, two]}
    expected = np.zeros(grid.shape, np.uint8)
    expected[5:25, 5:40] = 1
    expected[8:12, 8:12] = 0
    for content in (collection(one, two, point, None), collection(both)):
        assert (painted(read_rings(content, grid), grid) == expected).all()


@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:EPSG::32721", "EPSG:32721", "urn:ogc:def:crs:EPSG:9.8:32721"]
)
def test_the_crs_that_a_file_names(name):
    grid = grid_of("utm")
    content = collection(
        {"type": "Polygon", "coordinates": [square(3, 4, 10, grid, 32721)]},
        crs={"type": "name", "properties": {"name": name}},
    )
    assert np.argwhere(painted(read_rings(content, grid), grid)).tolist() == [
        [row, column] for row in range(4, 14) for column in range(3, 13)
    ]


def test_what_lies_outside_is_cut_off():
    grid = grid_of("utm")
    content = collection({"type": "Polygon", "coordinates": [square(-500, -500, 530, grid)]})
    rings = read_rings(content, grid)
    assert painted(rings, grid).sum() == 30 * 30
    assert all((ring >= 0).all() for ring in rings)


def test_the_whole_earth_is_the_whole_scene():
    grid = grid_of("utm")
    earth = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]
    content = collection({"type": "Polygon", "coordinates": [earth]})
    assert painted(read_rings(content, grid), grid).all()


def test_a_ring_that_crosses_itself_is_two_areas():
    grid = grid_of("degrees")
    (x0, y0), (x1, y1) = grid.transform @ (10, 10), grid.transform @ (30, 30)
    bow = [[x0, y0], [x1, y1], [x1, y0], [x0, y1], [x0, y0]]
    found = painted(read_rings(collection({"type": "Polygon", "coordinates": [bow]}), grid), grid)
    assert found[20, 11] and found[20, 28] and not found[11, 20] and not found[28, 20]


BROKEN = [
    (b"{", "047"),
    (b"\xff\xfe", "047"),
    (b"[]", "047"),
    (b"[" * 100_000, "047"),
    (b'{"type": "Topology"}', "047"),
    (b'{"type": "FeatureCollection"}', "047"),
    (b'{"type": "Polygon", "coordinates": [[1, 2], [3, 4]]}', "047"),
    (b'{"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}', "047"),
    (b'{"type": "Polygon", "coordinates": [[[1, 2], [3, "a"], [4, 5], [1, 2]]]}', "047"),
    (b'{"type": "Polygon", "coordinates": [[[1, 2], [3, NaN], [4, 5], [1, 2]]]}', "047"),
    (b'{"type": "Polygon", "coordinates": [[[1, 2], [3, 1e999], [4, 5], [1, 2]]]}', "047"),
    (b'{"type": "Polygon", "coordinates": [[[1], [3], [4], [1]]]}', "047"),
    (b'{"type": "Feature", "geometry": ' * 20 + b"null" + b"}" * 20, "047"),
    (b'{"type": "FeatureCollection", "features": []}', "048"),
    (b'{"type": "Polygon", "coordinates": []}', "048"),
    (collection({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}), "048"),
    (collection(crs={"type": "name", "properties": {"name": "/etc/passwd"}}), "049"),
    (collection(crs={"type": "name", "properties": {"name": "EPSG:999999"}}), "049"),
    (collection(crs={"type": "link"}), "049"),
    (b'{"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [4, 5], [1, 2]]]}', "051"),
    (b'{"type": "Polygon", "coordinates": [[[1e300,2],[3,1e308],[-4e308,5],[1,2]]]}', "047"),
    (b'{"type": "Polygon", "coordinates": [[[1e300,2],[3,1e308],[-4,5],[1e300,2]]]}', "051"),
    (b" " * (MOST_BYTES + 1), "046"),
]


@pytest.mark.parametrize(("content", "code"), BROKEN)
def test_what_cannot_be_read_is_refused(content, code):
    with pytest.raises(Refused, match=f"SV-MSK-{code}"):
        read_rings(content, grid_of("utm"))


def test_a_scene_without_a_place_is_refused(tmp_path):
    nowhere = RasterGrid((4, 4), Affine.identity(), None)
    with pytest.raises(Refused, match="SV-MSK-050"):
        read_rings(collection(), nowhere)
    with pytest.raises(Refused, match="SV-MSK-050"):
        write_outlines(Mask(nowhere, np.ones((4, 4), np.uint8), LEGEND), tmp_path / "a.geojson")


def test_an_empty_mask_is_an_empty_collection(tmp_path):
    grid = grid_of("utm")
    content = written(Mask(grid, np.zeros(grid.shape, np.uint8), LEGEND), tmp_path)
    assert json.loads(content) == {"type": "FeatureCollection", "features": []}
