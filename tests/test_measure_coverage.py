"""Shares of cells by hand, and against exactextract and shapely on random polygons."""

import numpy as np
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from shapely.geometry import mapping

from segviz.measure.coverage import Coverage

FLOAT32 = 2e-6
"""exactextract keeps shares as float32."""


def laid(polygon, shape, cells=1 << 17):
    """Share of each cell of a grid."""
    share = np.zeros(shape)
    for (row, row_stop, column, column_stop), part in Coverage.of(polygon).strips(cells):
        share[row:row_stop, column:column_stop] += part
    return share


def by_exactextract(polygon, shape):
    rows, columns = shape
    source = NumPyRasterSource(np.zeros(shape), 0, -rows, columns, 0)
    flipped = mapping(shapely.transform(polygon, lambda p: p * (1, -1)))
    feature = {"type": "Feature", "properties": {}, "geometry": flipped}
    (found,) = exact_extract(source, feature, ["cell_id", "coverage"])
    share = np.zeros(shape)
    share.flat[found["properties"]["cell_id"]] = found["properties"]["coverage"]
    return share


@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        (shapely.box(0.5, 0.5, 2.5, 2.5), [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]]),
        (shapely.box(1, 0, 3, 2), [[0, 1, 1], [0, 1, 1], [0, 0, 0]]),
        (shapely.Polygon([(0, 0), (2, 0), (0, 2)]), [[1, 0.5, 0], [0.5, 0, 0], [0, 0, 0]]),
        (
            shapely.box(0, 0, 3, 3) - shapely.box(0.5, 1, 2, 2),
            [[1, 1, 1], [0.5, 0, 1], [1, 1, 1]],
        ),
        (
            shapely.MultiPolygon([shapely.box(0, 0, 1, 0.5), shapely.box(2, 2, 2.5, 3)]),
            [[0.5, 0, 0], [0, 0, 0], [0, 0, 0.5]],
        ),
        (shapely.Polygon(), np.zeros((3, 3))),
        (shapely.LineString([(0, 0), (3, 3)]), np.zeros((3, 3))),
    ],
)
def test_shares_by_hand(polygon, expected):
    assert laid(polygon, (3, 3)) == pytest.approx(np.array(expected, float), abs=1e-12)


def random_polygon(seed):
    """Stars that cross themselves until repaired, some with holes, some on whole corners."""
    rng = np.random.default_rng(seed)
    points = rng.random((rng.integers(3, 40), 2)) * rng.choice([3, 30, 90])
    if seed % 5 == 0:
        points = np.round(points)
    repaired = shapely.get_parts(shapely.make_valid(shapely.Polygon(points)))
    polygon = shapely.union_all([part for part in repaired if "Polygon" in part.geom_type])
    return polygon - shapely.Point(15, 15).buffer(9) if seed % 3 == 0 else polygon


@pytest.mark.parametrize("seed", range(40))
def test_random_polygons(seed):
    polygon = random_polygon(seed)
    share = laid(polygon, (95, 95))
    assert share == pytest.approx(by_exactextract(polygon, (95, 95)), abs=FLOAT32)
    assert share.sum() == pytest.approx(polygon.area, rel=1e-10, abs=1e-10)
    assert share.min() > -1e-11
    assert share.max() < 1 + 1e-11


@pytest.mark.parametrize("cells", [1, 50, 1000])
def test_strips_do_not_matter(cells):
    polygon = random_polygon(7)
    assert laid(polygon, (95, 95), cells) == pytest.approx(laid(polygon, (95, 95)), abs=1e-11)


@pytest.mark.parametrize("turn", [(-1, 1), (1, -1), (-1, -1)])
def test_a_mirrored_polygon_has_mirrored_shares(turn):
    polygon = random_polygon(9)
    mirrored = shapely.transform(polygon, lambda p: (p - 47.5) * turn + 47.5)
    share = laid(polygon, (95, 95))
    assert laid(mirrored, (95, 95)) == pytest.approx(share[:: turn[1], :: turn[0]], abs=1e-10)
