import numpy as np
import pytest

from segviz.change.indices import INDICES, positions, possible

SENTINEL = ("B2", "B3", "B4", "B8", "B11", "B12")


@pytest.mark.parametrize(
    ("name", "bands", "value"),
    [
        ("NDVI", (0.35, 0.03), 0.842105),
        ("NDVI", (0.45, 0.13), 0.551724),
        ("NBR", (0.3, 0.1), 0.5),
        ("NDMI", (0.3, 0.2), 0.2),
        ("NDWI", (0.1, 0.3), -0.5),
        ("EVI", (0.4, 0.05, 0.03), 2.5 * 0.35 / 1.475),
        ("SAVI", (0.4, 0.1), 0.45),
    ],
)
def test_values_by_hand(name, bands, value):
    """4500 and 1300 as stored with baseline 04.00: its offset taken off, and left in."""
    assert float(INDICES[name].of(*bands)) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("name", ["NDVI", "NBR", "NDMI", "NDWI"])
def test_nothing_by_nothing_is_no_value(name):
    found = INDICES[name].of([0.0, 0.2], [0.0, 0.0])
    assert np.isnan(found[0]) and abs(found[1]) == 1.0


def test_bands_are_found_by_name_and_by_number():
    assert positions(SENTINEL, INDICES["EVI"]) == [3, 2, 0]
    assert positions(("red", "nir", "swir2"), INDICES["NBR"]) == [1, 2]
    assert positions(("SR_B2", "SR_B4", "SR_B5", "SR_B7"), INDICES["NBR"], landsat=True) == [2, 3]
    assert positions(("B4", "B5"), INDICES["NDVI"], landsat=True) == [1, 0]
    assert positions(("B4", "B5"), INDICES["NDVI"]) is None


def test_what_the_bands_allow():
    assert possible(SENTINEL) == list(INDICES)
    assert possible(("B2", "B3", "B4", "B8")) == ["NDVI", "NDWI", "EVI", "SAVI"]
    assert possible(("red", "green", "blue")) == []
