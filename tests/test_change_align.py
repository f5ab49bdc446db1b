import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from segviz.change.align import describe, nearest
from segviz.errors import Refused
from segviz.grid import RasterGrid, VolumeGrid
from segviz.mask import Legend, Mask

UTM = Affine(10, 0, 5e5, 0, -10, 5e6)


def volume_grid(shape=(4, 5, 6), affine=None):
    return VolumeGrid(shape, np.diag([1, 1, 2, 1.0]) if affine is None else affine)


def raster(shape=(40, 50), transform=UTM, crs: int | None = 32633):
    return RasterGrid(shape, transform, CRS(crs) if crs else None)


def mask(grid, seed=0):
    labels = np.random.default_rng(seed).integers(0, 4, grid.shape).astype(np.uint8)
    return Mask(grid, labels, Legend.named("a"), "somebody")


def test_the_same_grid_changes_nothing():
    for grid in (volume_grid(), raster()):
        moved = nearest(mask(grid), grid)
        assert (moved.data == mask(grid).data).all()
        assert (moved.legend, moved.source) == (Legend.named("a"), "somebody")


def test_a_mirrored_volume_is_turned_back():
    mirrored = np.diag([-1, 1, 2, 1.0])
    mirrored[0, 3] = 3
    source = mask(volume_grid())
    assert (nearest(source, volume_grid(affine=mirrored)).data == source.data[::-1]).all()


def test_an_oblique_grid_takes_the_voxel_its_centre_lies_in():
    angle = np.radians(20)
    turned = np.eye(4)
    turned[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    source, target = mask(volume_grid((9, 9, 2))), volume_grid((9, 9, 2), turned)
    moved = nearest(source, target)
    for cell in ((4, 3, 1), (0, 8, 0), (8, 0, 0)):
        place = np.linalg.inv(source.grid.affine) @ turned @ (*cell, 1)
        old = tuple(np.floor(place[:3] + 0.5).astype(int))
        outside = min(old) < 0 or any(n >= size for n, size in zip(old, (9, 9, 2), strict=True))
        assert moved.data[cell] == (0 if outside else source.data[old])


def test_outside_the_old_grid_is_no_data():
    source = Mask(raster(), np.ones((40, 50), np.uint8), Legend(()))
    moved = nearest(source, raster(transform=UTM @ Affine.translation(-10, 5)))
    assert moved.data[:35, 10:].all()
    assert not moved.data[35:].any()
    assert not moved.data[:, :10].any()


def test_another_crs_keeps_places():
    source = np.zeros((40, 50), np.uint8)
    source[10:20, 30:40] = 1
    degrees = raster((300, 300), Affine(2e-5, 0, 15.0, 0, -2e-5, 45.1534), 4326)
    moved = nearest(Mask(raster(), source, Legend(())), degrees).data
    x, y = degrees.transform @ (*np.argwhere(moved == 1)[:, ::-1].mean(axis=0) + 0.5,)
    from pyproj import Transformer

    easting, northing = Transformer.from_crs(4326, 32633, always_xy=True).transform(x, y)
    column, row = ~UTM @ (easting, northing)
    assert (row, column) == pytest.approx((15, 35), abs=0.2)


def test_a_scene_that_is_nowhere_is_refused():
    with pytest.raises(Refused, match="SV-PAIR-004"):
        nearest(mask(raster()), raster(crs=None))


def test_a_volume_does_not_fit_a_scene():
    with pytest.raises(TypeError):
        nearest(mask(raster()), volume_grid())


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        (volume_grid(), volume_grid(), None),
        (raster(), raster(), None),
        (volume_grid(), volume_grid(affine=np.diag([1, 1, 3, 1.0])), "1 x 1 x 3 mm"),
        (volume_grid(), volume_grid(affine=np.diag([1, 1, 2, 1.0]) + np.eye(4, k=3) * 2), "2 mm"),
        (raster(), raster(crs=32632), "EPSG:32632"),
        (raster(), raster(transform=UTM @ Affine.translation(3, 2)), "2 rows and 3 columns"),
        (raster(), volume_grid(), "volume"),
    ],
)
def test_the_difference_in_words(one, two, words):
    sentence = describe(one, two)
    assert sentence is None if words is None else words in sentence
