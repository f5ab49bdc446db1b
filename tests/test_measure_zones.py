"""Hectares within polygons: conventions by hand, exactextract and pyproj as independent oracles."""

import numpy as np
import pytest
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from pyproj import CRS, Geod, Transformer
from rasterio.features import geometry_mask
from shapely.geometry import mapping

from segviz.errors import Refused
from segviz.grid import RasterGrid
from segviz.mask import Legend, Mask
from segviz.measure.areas import AreaTally
from segviz.measure.ellipsoid import cell_area_m2
from segviz.measure.zones import Area, measure_areas

EQUAL_AREA = CRS(6933)
PIXEL = 10
CORNER = (1_000_000, 3_000_000)
NORTH_UP = Affine(PIXEL, 0, CORNER[0], 0, -PIXEL, CORNER[1])

THREE = [[1, 1, 2], [1, 2, 2], [3, 3, 0]]


def scene(labels, transform=NORTH_UP, crs=EQUAL_AREA):
    labels = np.array(labels, np.uint8)
    return Mask(RasterGrid(labels.shape, transform, crs), labels, Legend.named("a", "b", "c"))


def box(left, top, right, bottom):
    """In metres from the corner of the scene, down and to the right."""
    x, y = CORNER
    return Area("box", shapely.box(x + left, y - bottom, x + right, y - top), EQUAL_AREA)


def measured(mask, area, **options):
    return measure_areas(mask, [area], **options)[0]


def by_label(row, key):
    return {label["label"]: label[key] for label in row["labels"]}


HALF = box(5, 5, 25, 25)
"""20 m wide, from the middle of the first cells to the middle of the last."""


def test_coverage_fractions_by_hand():
    row = measured(scene(THREE), HALF)
    assert by_label(row, "pixels") == pytest.approx({1: 1.25, 2: 1.75, 3: 0.75})
    assert row["pixels"] == pytest.approx(3.75)
    assert by_label(row, "share") == pytest.approx({1: 1 / 3, 2: 7 / 15, 3: 0.2})
    assert by_label(row, "area_ha") == pytest.approx({1: 0.0125, 2: 0.0175, 3: 0.0075})
    assert row["polygon_ha"] == pytest.approx(0.04)
    assert row["inside_ha"] == pytest.approx(0.04)
    assert row["valid_ha"] == pytest.approx(0.0375)
    assert row["nodata_share"] == pytest.approx(0.0625)


def test_as_exactextract_has_it():
    """Its fractions, paired with their values, which it gives in an order of its own."""
    source = NumPyRasterSource(np.array(THREE), 0, 0, 30, 30, nodata=0)
    feature = {"type": "Feature", "properties": {}, "geometry": mapping(shapely.box(5, 5, 25, 25))}
    ops = ["coverage", "count", "sum", "frac", "unique"]
    (found,) = exact_extract(source, feature, ops)
    found = found["properties"]
    assert found["coverage"] == pytest.approx([0.25, 0.5, 0.25, 0.5, 1, 0.5, 0.25, 0.5])
    assert (found["count"], found["sum"]) == (3.75, 7.0)
    row = measured(scene(THREE), HALF)
    expected = dict(zip(found["unique"].tolist(), found["frac"].tolist(), strict=True))
    assert by_label(row, "share") == pytest.approx(expected)
    (least,) = exact_extract(source, feature, ["count(min_coverage_frac=0.5)"])
    assert list(least["properties"].values()) == [3.0]
    (touched,) = exact_extract(source, feature, ["count(coverage_weight=none)"])
    assert list(touched["properties"].values()) == [8.0]


def test_all_touched_counts_cells_whole():
    row = measured(scene(THREE), HALF, rule="touched")
    assert by_label(row, "pixels") == {1: 3, 2: 3, 3: 2}
    assert row["pixels"] == 8
    assert row["inside_ha"] == pytest.approx(0.09)
    inside = geometry_mask([HALF.geometry], (3, 3), NORTH_UP, all_touched=True, invert=True)
    assert inside.sum() == 9


@pytest.mark.parametrize(("area", "pixels"), [(box(6, 6, 24, 24), 1), (box(4, 4, 26, 26), 8)])
def test_cell_centres(area, pixels):
    row = measured(scene(THREE), area, rule="centre")
    assert row["pixels"] == pixels
    inside = geometry_mask([area.geometry], (3, 3), NORTH_UP, invert=True)
    assert row["inside_ha"] == pytest.approx(inside.sum() / 100)


def test_edges_through_centres_have_no_right_answer():
    """rasterio takes 6 of the 9 centres that lie on the edges; here none of them is inside."""
    assert geometry_mask([HALF.geometry], (3, 3), NORTH_UP, invert=True).sum() == 6
    assert measured(scene(THREE), HALF, rule="centre")["pixels"] == 1


def test_the_area_is_that_of_the_ellipsoid_not_of_a_sphere():
    """0.00025 degrees below 3 degrees south: 768.2908 m2; exactextract's sphere has 0.67 % more."""
    degree = Affine(0.00025, 0, 12, 0, -0.00025, -3)
    mask = scene([[1]], degree, CRS(4326))
    cell = Area("cell", shapely.box(12, -3.00025, 12.00025, -3), CRS(4326))
    row = measured(mask, cell)
    assert row["inside_ha"] * 1e4 == pytest.approx(768.2908, abs=5e-5)
    source = NumPyRasterSource(
        np.ones((1, 1)), 12, -3.00025, 12.00025, -3, srs_wkt=CRS(4326).to_wkt()
    )
    feature = {"type": "Feature", "properties": {}, "geometry": mapping(cell.geometry)}
    (sphere,) = exact_extract(source, feature, ["count(coverage_weight=area_spherical_m2)"])
    (sphere,) = sphere["properties"].values()
    assert sphere == pytest.approx(773.4403, abs=5e-4)


def test_a_polygon_in_another_crs_is_brought_to_the_scene():
    """exactextract only warns and counts 0. PROJ itself is 2 mm off on the way there and back."""
    to_degrees = Transformer.from_crs(EQUAL_AREA, 4326, always_xy=True)
    there = shapely.transform(
        shapely.segmentize(HALF.geometry, 1),
        lambda p: np.column_stack(to_degrees.transform(p[:, 0], p[:, 1])),
    )
    row = measured(scene(THREE), Area("box", there, CRS(4326)))
    assert by_label(row, "pixels") == pytest.approx({1: 1.25, 2: 1.75, 3: 0.75}, rel=1e-3)


def test_a_polygon_beside_the_scene_has_no_numbers_and_says_why():
    row = measured(scene(THREE), box(100, 100, 120, 120))
    assert row["inside_ha"] == 0
    assert row["polygon_ha"] == pytest.approx(0.04)
    assert (row["nodata_share"], row["cloud_share"]) == (None, None)
    assert "outside the scene" in row["why"]


def test_part_of_a_polygon_lies_beside_the_scene():
    row = measured(scene(THREE), box(-10, 0, 10, 10))
    assert row["polygon_ha"] == pytest.approx(0.02)
    assert row["inside_ha"] == pytest.approx(0.01)


def test_an_area_without_data_has_no_shares():
    row = measured(scene([[0, 0], [0, 1]]), box(0, 0, 10, 10))
    assert (row["valid_ha"], row["nodata_share"]) == (0, 1)
    assert [label for label in row["labels"] if label["area_ha"] is not None] == []
    assert "no data" in row["why"]


def test_what_the_image_knows_of_data_and_clouds():
    valid = np.array([[1, 1, 0], [1, 1, 1], [1, 1, 1]], bool)
    cloud = np.array([[1, 0, 1], [0, 0, 0], [0, 0, 0]], bool)

    def of(values):
        return lambda window: values[window[0] : window[1], window[2] : window[3]]

    row = measured(scene(THREE), box(0, 0, 30, 30), valid=of(valid), clouds=of(cloud))
    assert row["valid_ha"] == pytest.approx(0.08)
    assert row["nodata_share"] == pytest.approx(1 / 9)
    assert row["cloud_share"] == pytest.approx(1 / 9)
    assert row["unlabelled_ha"] == pytest.approx(0.01)
    assert by_label(row, "share") == pytest.approx({1: 3 / 8, 2: 2 / 8, 3: 2 / 8})
    silent = measured(scene(THREE), box(0, 0, 30, 30))
    assert silent["cloud_share"] is None
    assert "cloud" in silent["cloud_why"]


GRIDS = [
    pytest.param(32633, (450_000, 5_000_000), 10, id="UTM"),
    pytest.param(32722, (166_000, 9_990_000), 10, id="UTM at the edge of its zone"),
    pytest.param(3857, (-6_000_000, 8_399_738), 20, id="Web Mercator at 60 degrees"),
    pytest.param(4326, (12, 60), 0.0002, id="degrees"),
    pytest.param(3035, (4_321_000, 3_210_000), 10, id="Lambert equal-area"),
    pytest.param(5070, (-1_500_000, 2_000_000), 10, id="Albers"),
    pytest.param(2154, (700_000, 6_600_000), 10, id="Lambert conformal"),
    pytest.param(2263, (980_000, 200_000), 33, id="US feet"),
]


@pytest.mark.parametrize(("code", "corner", "cell"), GRIDS)
def test_a_square_of_known_hectares(code, corner, cell):
    """Drawn in longitude and latitude on a tilt; its truth is the geodesic polygon's area."""
    crs, grid = CRS(code), Affine(cell, 0, corner[0], 0, -cell, corner[1])
    mask = scene(np.ones((120, 130)), grid, crs)
    to_degrees = Transformer.from_crs(crs, 4326, always_xy=True)
    middle = to_degrees.transform(*(grid @ (65, 60)))
    geod = Geod(ellps="WGS84")
    corners = [geod.fwd(*middle, azimuth, 400)[:2] for azimuth in (20, 110, 200, 290)]
    area = Area("square", shapely.Polygon(corners), CRS(4326))
    true_ha = abs(geod.polygon_area_perimeter(*zip(*corners, strict=True))[0]) / 1e4
    assert true_ha == pytest.approx(32, rel=1e-6)
    row = measured(mask, area)
    assert row["inside_ha"] == pytest.approx(true_ha, rel=1e-4)
    assert row["polygon_ha"] == pytest.approx(true_ha, rel=1e-5)


def blobs(shape=(150, 170), seed=0):
    return np.random.default_rng(seed).integers(0, 4, shape).astype(np.uint8)


def star(seed, scale=1500):
    rng = np.random.default_rng(seed)
    turn, reach = np.sort(rng.random(30)) * 2 * np.pi, scale * (0.3 + 0.2 * rng.random(30))
    x, y = CORNER[0] + 850 + reach * np.cos(turn), CORNER[1] - 750 + reach * np.sin(turn)
    shape = shapely.make_valid(shapely.Polygon(np.column_stack([x, y])))
    return Area(f"star {seed}", shape, EQUAL_AREA)


@pytest.mark.parametrize("seed", range(3))
def test_random_polygons_against_clipped_cells(seed):
    """Each cell cut by shapely, its share times its ellipsoidal area."""
    mask, area = scene(blobs()), star(seed)
    row = measured(mask, area)
    rows, columns = np.mgrid[:150, :170]
    x, y = CORNER[0] + columns * PIXEL, CORNER[1] - rows * PIXEL
    cut = shapely.area(shapely.intersection(shapely.box(x, y - PIXEL, x + PIXEL, y), area.geometry))
    true = cut / PIXEL**2 * cell_area_m2(mask.grid, rows, columns) / 1e4
    expected = {value: true[mask.data == value].sum() for value in (1, 2, 3)}
    assert by_label(row, "area_ha") == pytest.approx(expected, rel=1e-8)


def test_flips_and_crops_do_not_matter():
    labels, area = blobs(), star(5)
    plain = by_label(measured(scene(labels), area), "area_ha")
    rows, columns = labels.shape
    flipped = NORTH_UP @ Affine.translation(0, rows) @ Affine.scale(1, -1)
    assert by_label(measured(scene(labels[::-1], flipped), area), "area_ha") == pytest.approx(plain)
    mirrored = NORTH_UP @ Affine.translation(columns, 0) @ Affine.scale(-1, 1)
    other = measured(scene(labels[:, ::-1], mirrored), area)
    assert by_label(other, "area_ha") == pytest.approx(plain)
    cropped = NORTH_UP @ Affine.translation(7, 11)
    crop = measured(scene(labels[11:], cropped), box(300, 300, 900, 900))
    whole = measured(scene(labels), box(300, 300, 900, 900))
    shifted = scene(labels[11:, 7:], cropped)
    assert by_label(measured(shifted, box(300, 300, 900, 900)), "area_ha") == pytest.approx(
        by_label(whole, "area_ha")
    )
    assert crop["inside_ha"] == pytest.approx(whole["inside_ha"])


@pytest.mark.parametrize("cells", [1, 333, 1 << 20])
def test_window_size_does_not_matter(cells, monkeypatch):
    from segviz.measure import coverage

    plain = by_label(measured(scene(blobs()), star(6)), "area_ha")
    monkeypatch.setattr(coverage.Coverage.strips, "__defaults__", (cells,))
    assert by_label(measured(scene(blobs()), star(6)), "area_ha") == pytest.approx(plain, rel=1e-11)


def test_the_order_of_polygons_is_kept():
    areas = [star(seed, 1500 - 300 * seed) for seed in range(4)]
    together = measure_areas(scene(blobs()), areas)
    assert [row["name"] for row in together] == [area.name for area in areas]
    alone = [measured(scene(blobs()), area)["inside_ha"] for area in areas]
    assert [row["inside_ha"] for row in together] == pytest.approx(alone)


def test_the_whole_scene_as_a_polygon_is_the_tally():
    mask = scene(blobs(), Affine(0.001, 0, 20, 0, -0.001, 60), CRS(4326))
    tally = AreaTally(mask.grid)
    tally.add((0, 150, 0, 170), mask.data)
    row = measured(mask, Area("all", shapely.box(19, 59, 21, 61), CRS(4326)))
    assert {k: v for k, v in by_label(row, "area_ha").items() if v} == pytest.approx(
        tally.area_ha()
    )


def test_a_scene_that_lies_nowhere_and_a_crs_that_does_not_reach_it():
    with pytest.raises(Refused, match="SV-NUM-053"):
        measured(scene(THREE, NORTH_UP, None), HALF)
    far = CRS("+proj=ortho +lat_0=0 +lon_0=-170 +ellps=WGS84")
    with pytest.raises(Refused, match="SV-NUM-054"):
        measured(scene(THREE), Area("far", shapely.box(0, 0, 1, 1), far))
