import pytest

from segviz.render.bands import find_bands, natural


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (("B2", "B3", "B4", "B8"), (2, 1, 0)),
        (("B02", "B03", "B04"), (2, 1, 0)),
        (("Blue", "Green", "Red"), (2, 1, 0)),
        (("SWIR1", "NIR", "Red", "Green"), (1, 2, 3)),
        (("band 1", "band 2", "band 3", "band 4"), (0, 1, 2)),
        (("band 1", "band 2"), (0,)),
        (("NDVI",), (0,)),
    ],
)
def test_natural_colours(channels, expected):
    assert natural(channels) == expected


@pytest.mark.parametrize(
    ("channels", "found"),
    [
        (("B2", "B3", "B4", "B8"), [2, 1, 0]),
        (("Red", " green ", "BLUE"), [0, 1, 2]),
        (("B02", "B03", "B04"), [2, 1, 0]),
        (("band 1", "band 2", "band 3"), None),
        (("red", "green"), None),
        (("B2, central wavelength 490 nm", "T35_B03_10m", "B04 (red)"), [2, 1, 0]),
    ],
)
def test_bands_are_found_by_name(channels, found):
    assert find_bands(channels, ("red", "green", "blue")) == found


def test_the_best_name_of_a_band_wins():
    assert find_bands(("B8A", "B8"), ("near infrared",)) == [1]
    assert find_bands(("B8A", "B4"), ("near infrared",)) == [0]
    wanted = ("red edge 1", "red edge 3", "short-wave infrared 1", "short-wave infrared 2")
    assert find_bands(("SWIR2", "swir_1", "RE3", "red-edge 1"), wanted) == [3, 2, 1, 0]
    assert find_bands(("B12", "B11", "B07", "B05"), wanted) == [3, 2, 1, 0]
