from dataclasses import replace
from datetime import date

import pytest
from affine import Affine
from pyproj import CRS

from segviz.change import comparability as checks
from segviz.change.comparability import Facts
from segviz.change.shift import Shift
from segviz.grid import RasterGrid

GRID = RasterGrid((50, 60), Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32718))
ONE = Facts(
    "2018", date(2018, 7, 1), GRID, "aa", "forest-sentinel2 1.0", bands=("B4", "B8"),
    sensor="Sentinel-2", baseline="03.01", offset=0.0, cloud=0.0,
)  # fmt: skip
TWO = replace(ONE, name="2020", when=date(2020, 7, 11), sha256="bb")
STILL = Shift(0.05, -0.02, 0.01, 9)


def outcomes(one: Facts, two: Facts, shift: Shift | None = STILL) -> dict[str, str]:
    found = [*checks.of_masks(one, two), *checks.of_images(one, two, shift, ("forest", 0.01))]
    assert all(check.why.endswith(".") for check in found)
    return {check.name: check.outcome for check in found}


def test_like_dates_pass_everything():
    assert set(outcomes(ONE, TWO).values()) == {"passed"}


MOVED = RasterGrid((50, 60), GRID.transform @ Affine.translation(0.5, 0), GRID.crs)


@pytest.mark.parametrize(
    ("changed", "name", "outcome"),
    [
        ({"grid": MOVED}, "Grid", "warned"),
        ({"sha256": "aa"}, "Two files", "failed"),
        ({"source": "forest-sentinel2 1.1"}, "Model", "failed"),
        ({"source": ""}, "Model", "failed"),
        ({"edited": True}, "Model", "warned"),
        ({"missing": 0.05}, "Data", "warned"),
        ({"missing": 0.5}, "Data", "failed"),
        ({"cloud": 0.04}, "Clouds", "warned"),
        ({"cloud": 0.4}, "Clouds", "failed"),
        ({"cloud": None}, "Clouds", "warned"),
        ({"when": date(2020, 8, 20)}, "Season", "warned"),
        ({"when": date(2020, 12, 1)}, "Season", "failed"),
        ({"when": None}, "Season", "warned"),
        ({"bands": ("B4", "B5")}, "Sensor", "failed"),
        ({"sensor": "Landsat 8"}, "Sensor", "failed"),
        ({"sensor": ""}, "Sensor", "warned"),
        ({"baseline": "04.00"}, "Processing", "warned"),
        ({"baseline": "04.00", "offset": 1000.0}, "Processing", "failed"),
        ({"baseline": "", "offset": None}, "Processing", "warned"),
        ({"baseline": ""}, "Processing", "passed"),
        ({"eight_bit": True}, "Values", "warned"),
    ],
)
def test_each_difference_is_told_by_its_check_alone(changed, name, outcome):
    found = outcomes(ONE, replace(TWO, **changed))
    assert found.pop(name) == outcome
    assert set(found.values()) == {"passed"}


@pytest.mark.parametrize(
    ("shift", "outcome"),
    [
        (Shift(0.0, 0.2, 0.0, 4), "passed"),
        (Shift(0.2, 0.2, 0.0, 4), "warned"),
        (Shift(0.6, 0.8, 0.0, 1), "failed"),
        (None, "warned"),
    ],
)
def test_thresholds_of_the_shift(shift, outcome):
    assert outcomes(ONE, TWO, shift)["Shift"] == outcome


def test_the_effect_of_a_shift_is_said_in_percent():
    why = checks.no_shift(Shift(0.0, 1.0, 0.0, 4), ("forest", 0.05)).why
    assert "1.00 pixels" in why and "5.00% of forest as lost and as much as gained" in why


@pytest.mark.parametrize(
    ("one", "two", "outcome"),
    [
        ("ESA WorldCover 2020", "ESA WorldCover 2021", "failed"),
        ("ESA_WorldCover_10m_2020_v100", "ESA_WorldCover_10m_2021_v200", "failed"),
        ("ESA WorldCover v200", "ESA WorldCover v200", "passed"),
        ("Dynamic World", "ESA WorldCover v200", "passed"),
    ],
)
def test_two_versions_of_a_map_are_no_change(one, two, outcome):
    found = checks.same_map_version(replace(ONE, source=one), replace(TWO, source=two))
    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("one", "two", "days"),
    [
        (date(2019, 7, 1), date(2020, 7, 1), 1),
        (date(2019, 12, 20), date(2021, 1, 10), 21),
        (date(2020, 1, 1), date(2020, 7, 1), 182),
    ],
)
def test_days_of_the_year_apart(one, two, days):
    assert checks.season_gap(one, two) == checks.season_gap(two, one) == days


@pytest.mark.parametrize(
    ("tags", "sensor"),
    [
        ({"SPACECRAFT_NAME": "Sentinel-2A"}, "Sentinel-2"),
        ({"SPACECRAFT_ID": "LANDSAT_8"}, "LANDSAT_8"),
        ({"PRODUCT_URI": "S2B_MSIL2A_20200101"}, "Sentinel-2"),
        ({"PLATFORM": " "}, ""),
        ({}, ""),
    ],
)
def test_sensors_by_their_tags(tags, sensor):
    assert checks.sensor_of(tags) == sensor
