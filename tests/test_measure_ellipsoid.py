"""Vectors of the geospatial reference, and pyproj's geodesics as an independent oracle."""

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS, Transformer

from segviz.grid import RasterGrid
from segviz.measure.ellipsoid import cell_area_m2, cell_steps_m, is_on_earth


def grid(crs, transform, shape=(200, 400)):
    return RasterGrid(shape, transform, CRS(crs) if crs else None)


def test_the_whole_earth():
    world = grid(4326, Affine(1, 0, -180, 0, -1, 90), (180, 360))
    assert cell_area_m2(world, np.arange(180), 0).sum() * 360 / 1e6 == pytest.approx(
        510_065_621.724, abs=1e-3
    )


@pytest.mark.parametrize(
    ("south", "area_ha"), [(0, 1_230_846.3894), (30, 1_064_239.3439), (60, 612_314.0879)]
)
def test_one_degree_cells(south, area_ha):
    world = grid(4326, Affine(1, 0, -180, 0, -1, 90), (180, 360))
    assert cell_area_m2(world, 89 - south, 7) / 1e4 == pytest.approx(area_ha, abs=6e-5)


@pytest.mark.parametrize(
    ("south", "area_m2", "authalic", "equatorial", "nominal"),
    [
        (0, 769.3170, 0.449, 0.674, 17.0),
        (-3.5, 767.9205, 0.444, 0.669, 17.2),
        (-10, 757.9356, 0.408, 0.633, 18.7),
        (30, 668.4829, 0.113, 0.337, 34.6),
        (45, 547.6481, -0.222, 0.001, 64.3),
        (60, 388.5489, -0.557, -0.334, 131.6),
    ],
)
def test_thirty_metre_pixels_in_degrees(south, area_m2, authalic, equatorial, nominal):
    """And by how many per cent a sphere of either radius, or 900 m², is wrong."""
    pixel = 0.00025
    scene = grid(4326, Affine(pixel, 0, 12, 0, -pixel, south + pixel))
    found = cell_area_m2(scene, 0, 0)
    assert found == pytest.approx(area_m2, abs=6e-5)
    edges = np.sin(np.radians([south, south + pixel]))
    on_unit_sphere = np.radians(pixel) * np.diff(edges).item()
    for radius, percent in ((6_371_007.181, authalic), (6_378_137, equatorial)):
        assert 100 * (radius**2 * on_unit_sphere / found - 1) == pytest.approx(percent, abs=6e-4)
    assert 100 * (900 / found - 1) == pytest.approx(nominal, abs=0.06)


@pytest.mark.parametrize(
    ("crs", "easting", "northing", "area_m2", "nominal"),
    [
        (32633, 500_000, 5_000_000, 100.0800, -0.080),
        (32633, 300_000, 5_000_000, 99.9816, 0.018),
        (32633, 200_000, 5_000_000, 99.8588, 0.141),
        (32633, 320_000, 1_000_000, 99.9998, 0.0),
        (32722, 166_000, 9_999_000, 99.8040, 0.196),
        (6933, 1_000_000, 3_000_000, 100.0, 0.0),
        (3035, 4_000_000, 3_000_000, 100.0, 0.0),
    ],
)
def test_ten_metre_pixels_of_a_projection(crs, easting, northing, area_m2, nominal):
    """And by how many per cent the nominal 100 m² are wrong."""
    scene = grid(crs, Affine(10, 0, easting, 0, -10, northing + 10))
    found = cell_area_m2(scene, 0, 0)
    assert found == pytest.approx(area_m2, abs=1e-4)
    assert 100 * (100 / found - 1) == pytest.approx(nominal, abs=6e-4)


@pytest.mark.parametrize(
    ("latitude", "area_m2", "nominal"),
    [
        (0, 99.3306, 0.67), (10, 96.3743, 3.76), (20, 87.8486, 13.83),
        (30, 74.7478, 33.78), (45, 49.9994, 100.00), (60, 25.0839, 298.66),
    ],
)  # fmt: skip
def test_web_mercator(latitude, area_m2, nominal):
    _, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(0, latitude)
    scene = grid(3857, Affine(10, 0, 0, 0, -10, y + 10))
    found = cell_area_m2(scene, 0, 0)
    assert found == pytest.approx(area_m2, abs=1e-4)
    assert 100 * (100 / found - 1) == pytest.approx(nominal, abs=6e-3)


def geodesic_area_m2(scene, row, column, parts=60):
    """Area of a cell whose edges are cut into many geodesics."""
    step, zero = np.linspace(0, 1, parts, endpoint=False), np.zeros(parts)
    columns = column + np.concatenate([step, zero + 1, 1 - step, zero])
    rows = row + np.concatenate([zero, step, zero + 1, 1 - step])
    geodetic = scene.crs.geodetic_crs
    place = Transformer.from_crs(scene.crs, geodetic, always_xy=True)
    longitude, latitude = place.transform(*(scene.transform @ (columns, rows)))
    degrees = np.degrees(geodetic.axis_info[0].unit_conversion_factor)
    area, _ = geodetic.get_geod().polygon_area_perimeter(longitude * degrees, latitude * degrees)
    return abs(area)


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        pytest.param(32633, Affine(1000, 0, 2e5, 0, -1000, 5e6), id="UTM"),
        pytest.param(
            32633, Affine(1000, 0, 2e5, 0, -1000, 5e6) @ Affine.rotation(30), id="UTM, rotated"
        ),
        pytest.param(
            4326, Affine(0.01, 0, 20, 0, -0.01, 60) @ Affine.rotation(20), id="degrees, rotated"
        ),
        pytest.param(4326, Affine(0.01, 0, 20, 0, 0.01, 60), id="degrees, south up"),
        pytest.param(2263, Affine(3280, 0, 9e5, 0, -3280, 2e5), id="US feet"),
        pytest.param(3857, Affine(1000, 0, -5e6, 0, -1000, 8e6), id="Web Mercator"),
        pytest.param(5070, Affine(1000, 0, 1e6, 0, -1000, 1.5e6), id="equal-area conic"),
        pytest.param(3413, Affine(1000, 0, -1e6, 0, -1000, -1e6), id="polar"),
        pytest.param(4807, Affine(0.01, 0, 1, 0, -0.01, 50), id="grads from Paris"),
        pytest.param(27572, Affine(1000, 0, 6e5, 0, -1000, 2.4e6), id="geodetic CRS in grads"),
        pytest.param(
            "+proj=sinu +R=6371007.181 +units=m", Affine(463, 0, -6e6, 0, -463, -1e6), id="sphere"
        ),
        pytest.param(3832, Affine(1000, 0, 3.33e6, 0, -1000, -2e6), id="across 180 degrees"),
        pytest.param(
            "EPSG:32633+5773", Affine(1000, 0, 2e5, 0, -1000, 5e6), id="with a vertical CRS"
        ),
    ],
)
def test_any_crs_against_geodesics(crs, transform):
    scene = grid(crs, transform)
    rows, columns = np.array([0, 70, 150]), np.array([3, 8, 20])
    expected = [geodesic_area_m2(scene, *cell) for cell in zip(rows, columns, strict=True)]
    assert cell_area_m2(scene, rows, columns) == pytest.approx(expected, rel=3e-8)


def test_large_cells_are_integrated():
    scene = grid(3857, Affine(20_000, 0, -5e6, 0, -20_000, 8e6))
    assert cell_area_m2(scene, 3, 4) == pytest.approx(geodesic_area_m2(scene, 3, 4), rel=1e-8)


def test_rows_and_columns_broadcast():
    scene = grid(32633, Affine(10, 0, 2e5, 0, -10, 5e6))
    areas = cell_area_m2(scene, np.arange(3)[:, None], np.arange(4))
    assert areas.shape == (3, 4)
    assert areas[2, 3] == cell_area_m2(scene, 2, 3)


def test_cells_beyond_a_pole_or_off_the_earth_have_no_area():
    beyond = grid(4326, Affine(1, 0, -180, 0, -1, 90.5), (181, 360))
    half, whole = cell_area_m2(beyond, [0, 1], 0)
    assert 0 < half < whole
    corner = grid("+proj=moll +datum=WGS84", Affine(1e4, 0, -1.8e7, 0, -1e4, 9e6))
    assert cell_area_m2(corner, 0, 0) == 0


@pytest.mark.parametrize("crs", [None, 'LOCAL_CS["paper",UNIT["metre",1]]'])
def test_a_grid_that_is_nowhere_has_no_area(crs):
    scene = grid(crs, Affine(10, 0, 0, 0, -10, 0))
    assert not is_on_earth(scene.crs)
    with pytest.raises(ValueError, match="without a CRS"):
        cell_area_m2(scene, 0, 0)


@pytest.mark.parametrize("latitude", [-70, -33.3, 0.5, 47, 61])
def test_a_step_in_degrees_is_the_geodesic_between_neighbouring_centres(latitude):
    pixel = 0.00025
    scene = grid(4326, Affine(pixel, 0, 12, 0, -pixel, latitude), (101, 201))
    longitude, middle = 12 + 100.5 * pixel, latitude - 50.5 * pixel
    geod = CRS(4326).get_geod()
    down = geod.inv(longitude, middle + pixel / 2, longitude, middle - pixel / 2)[2]
    right = geod.inv(longitude - pixel / 2, middle, longitude + pixel / 2, middle)[2]
    assert cell_steps_m(scene) == pytest.approx((down, right), rel=1e-6)


def test_steps_of_oblong_cells_in_degrees():
    scene = grid(4326, Affine(0.002, 0, 12, 0, -0.001, 60.05), (100, 100))
    down, right = cell_steps_m(scene)
    assert (down, right) == pytest.approx((111.41, 2 * 55.80), abs=0.02)


def test_three_pixels_of_a_true_projection_are_three_times_their_size():
    scene = grid(32633, Affine(10, 0, 500_000, 0, -20, 5_000_000))
    assert cell_steps_m(scene) == (20, 10)
    feet = grid(2263, Affine(10, 0, 980_000, 0, -10, 200_000))
    assert cell_steps_m(feet) == pytest.approx((3.048, 3.048), rel=1e-5)


def test_web_mercator_is_half_as_large_on_the_ground_at_60_degrees():
    north = 8_399_737.9
    scene = grid(3857, Affine(10, 0, 0, 0, -10, north + 1000))
    assert cell_steps_m(scene) == pytest.approx((5.0, 5.0), rel=0.005)


def test_a_rotated_grid_keeps_its_steps():
    turned = Affine.translation(500_000, 5_000_000) @ Affine.rotation(30) @ Affine.scale(10, -20)
    assert cell_steps_m(grid(32633, turned)) == pytest.approx((20, 10))


def test_a_grid_without_a_place_on_the_earth_has_no_metres():
    with pytest.raises(ValueError, match="CRS"):
        cell_steps_m(grid(None, Affine(10, 0, 0, 0, -10, 0)))
