import pytest

from segviz.render.bands import natural


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
