"""Areas from files of three kinds, and from files that are not what they say."""

import json
import sqlite3
import zipfile

import numpy as np
import pyogrio.raw
import pytest
import shapely
from affine import Affine
from pyproj import CRS
from shapely.geometry import mapping

from segviz.errors import Question, Refused
from segviz.grid import RasterGrid
from segviz.io import polygons

NEAR, FAR = shapely.box(12, 45, 12.1, 45.1), shapely.box(13, 45, 13.1, 45.1)
BOW = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])


def geojson(tmp_path, *features, **members):
    path = tmp_path / "areas"
    listed = [
        {
            "type": "Feature",
            "properties": said,
            "geometry": shape and mapping(shape),
        }
        for said, shape in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed} | members))
    return path


def written(path, shapes, names=("North", "South"), crs="EPSG:4326", layer=None, column="Name"):
    kind = "GPKG" if path.suffix == ".gpkg" else "ESRI Shapefile"
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(shapes, object)),
        field_data=[np.array(names[: len(shapes)], object)],
        fields=[column],
        geometry_type=shapes[0].geom_type,
        crs=crs,
        driver=kind,
        **({"layer": layer, "append": path.exists()} if layer else {}),
    )
    return path


def zipped(tmp_path, *shapefiles):
    path = tmp_path / "areas.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for shapefile in shapefiles:
            for part in shapefile.parent.glob(f"{shapefile.stem}.*"):
                archive.write(part, f"in/{part.name}")
    return path


def read(path, **answers):
    return polygons.read_areas(path, answers)


def names(found):
    return [area.name for area in found.areas]


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "shp"])
def test_names_and_shapes_of_each_kind(tmp_path, kind):
    if kind == "geojson":
        path = geojson(tmp_path, ({"NAME": "North"}, NEAR), ({"NAME": "South"}, FAR))
    elif kind == "gpkg":
        path = written(tmp_path / "a.gpkg", [NEAR, FAR])
    else:
        path = zipped(tmp_path, written(tmp_path / "a.shp", [NEAR, FAR]))
    found = read(path.rename(tmp_path / "without-an-ending"))
    assert names(found) == ["North", "South"]
    assert [area.geometry.bounds for area in found.areas] == [NEAR.bounds, FAR.bounds]
    assert all(area.crs.is_geographic for area in found.areas)
    assert found.notes == ()


def test_names_are_told_apart_or_made(tmp_path):
    said = [{"name": "Plot"}, {"name": "Plot"}, {}, {"name": None, "id": 7}, {"name": {"a": 1}}]
    found = read(geojson(tmp_path, *[(one, NEAR) for one in said]))
    assert names(found) == ["Plot", "Plot (2)", "Area 3", "7", "Area 5"]


def test_edges_that_cross_are_repaired_and_told(tmp_path):
    found = read(geojson(tmp_path, ({"name": "Bow"}, BOW), ({"name": "Plain"}, NEAR)))
    bow = found.areas[0].geometry
    assert (bow.is_valid, bow.area) == (True, pytest.approx(0.5))
    assert [note.code for note in found.notes] == ["SV-NUM-062"]
    assert "Bow" in found.notes[0]


def test_what_has_no_area_is_left_out_and_told(tmp_path):
    line = shapely.LineString([(0, 0), (1, 1)])
    found = read(geojson(tmp_path, ({}, NEAR), ({}, line), ({}, None)))
    assert names(found) == ["Area 1"]
    assert found.notes[0].startswith("2 features")
    with pytest.raises(Refused, match="SV-NUM-057"):
        read(geojson(tmp_path, ({}, line)))
    with pytest.raises(Refused, match="SV-NUM-057"):
        read(geojson(tmp_path))


def test_layers_are_asked_for(tmp_path):
    path = written(tmp_path / "a.gpkg", [NEAR], layer="north")
    written(path, [FAR], layer="south")
    with pytest.raises(Question) as asked:
        read(path)
    assert (asked.value.code, asked.value.key) == ("SV-NUM-060", "layer")
    assert list(asked.value.choices) == ["north", "south"]
    assert read(path, layer="south").areas[0].geometry.equals(FAR)
    both = zipped(tmp_path, *(written(tmp_path / f"{n}.shp", [NEAR]) for n in ("one", "two")))
    with pytest.raises(Question) as asked:
        read(both)
    assert names(read(both, layer="in/two")) == ["North"]
    assert list(asked.value.choices) == ["in/one", "in/two"]


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_file_without_a_crs_is_asked_for_one(tmp_path):
    path = zipped(tmp_path, written(tmp_path / "a.shp", [NEAR], crs=None))
    with pytest.raises(Question) as asked:
        read(path)
    assert (asked.value.code, asked.value.key) == ("SV-NUM-059", "crs")
    assert read(path, crs="EPSG:32633").areas[0].crs == CRS(32633)
    for wrong in ("EPSG:1", "any", "EPSG:5773", "a:b:c"):
        with pytest.raises(Refused, match="SV-NUM-058"):
            read(path, crs=wrong)


@pytest.mark.parametrize(
    "content",
    [b"", b"<kml/>", b"PK\x03\x04 no zip", b"SQLite format 3\x00" + bytes(100), b"\x00\x00\x27\x0a",
     b'<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTDataSource>'],
)  # fmt: skip
def test_what_is_none_of_the_three_is_refused(tmp_path, content):
    path = tmp_path / "areas.geojson"
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        read(path)
    assert refused.value.code in ("SV-NUM-055", "SV-MSK-047", "SV-ARC-002")


def test_a_damaged_geopackage_is_refused(tmp_path):
    path = written(tmp_path / "a.gpkg", [NEAR, FAR])
    whole = path.read_bytes()
    for cut in (200, 4096, len(whole) // 2):
        path.write_bytes(whole[:cut])
        with pytest.raises(Refused):
            read(path)


def test_a_view_of_a_geopackage_is_no_layer(tmp_path):
    """A view is a query, and one that counts for ever would hang the server."""
    path = written(tmp_path / "a.gpkg", [NEAR], layer="real")
    with sqlite3.connect(path) as connection:
        connection.execute("create view endless as select * from real")
        connection.execute(
            "insert into gpkg_contents (table_name, data_type, srs_id)"
            " values ('endless', 'features', 4326)"
        )
    assert names(read(path)) == ["North"]


def test_names_that_lead_out_of_an_archive(tmp_path):
    path = tmp_path / "areas.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.shp", b"")
    with pytest.raises(Refused, match="SV-ARC-004"):
        read(path)


def test_an_archive_without_a_shapefile(tmp_path):
    path = tmp_path / "areas.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(Refused, match="SV-NUM-055"):
        read(path)


def test_limits(tmp_path, monkeypatch):
    path = geojson(tmp_path, *[({}, NEAR)] * 3)
    monkeypatch.setattr(polygons, "MOST_AREAS", 2)
    with pytest.raises(Refused, match="3 features and 2"):
        read(path)
    with pytest.raises(Refused, match="3 features and 2"):
        read(written(tmp_path / "a.gpkg", [NEAR] * 3, names=list("abc")))
    monkeypatch.setattr(polygons, "MOST_AREAS", 5)
    monkeypatch.setattr(polygons, "MOST_POINTS", 14)
    with pytest.raises(Refused, match="SV-NUM-056"):
        read(path)
    monkeypatch.setattr(polygons, "MOST_BYTES", 100)
    with pytest.raises(Refused, match="SV-NUM-056"):
        read(path)


GRID = RasterGrid((100, 100), Affine(10, 0, 5e5, 0, -10, 5e6), CRS(32633))


def test_a_drawn_polygon_comes_back_from_its_record():
    drawn = polygons.from_cells("Area 1", [[10, 10], [60, 12], [30, 80]], GRID)
    kept = json.loads(json.dumps(polygons.to_geojson(drawn)))
    again = polygons.read_shape("Area 1", kept)
    assert again.crs.is_geographic
    from segviz.measure.outlines import onto

    cells = onto(GRID, again.crs)(again.geometry)
    assert shapely.hausdorff_distance(cells, shapely.Polygon([(10, 10), (60, 12), (30, 80)])) < 1e-4


@pytest.mark.parametrize("points", [[], [[1, 1], [2, 2]], [[1, 1], [2, 2], [3, float("nan")]],
                                    [[1, 1], [2, 2], [3, 3]]])  # fmt: skip
def test_drawn_points_that_span_no_area(points):
    with pytest.raises(Refused, match="SV-NUM-057"):
        polygons.from_cells("Area 1", points, GRID)


def test_longitude_and_latitude_are_kept_to_the_last_digit(tmp_path):
    exact = shapely.Polygon([(12.123456789012345, 45), (12.2, 45), (12.2, 45.1)])
    (area,) = read(geojson(tmp_path, ({}, exact))).areas
    assert polygons.to_geojson(area)["coordinates"][0][0] == (12.123456789012345, 45)
