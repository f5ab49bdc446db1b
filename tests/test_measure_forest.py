import numpy as np
import pytest
from affine import Affine
from pyproj import CRS
from rasterio.features import sieve as rasterio_sieve
from scipy import ndimage

from segviz.errors import Refused
from segviz.grid import RasterGrid
from segviz.mask import Legend, Mask
from segviz.measure import connected, forest
from segviz.measure.ellipsoid import cell_area_m2

EQUAL_AREA = CRS(6933)
TEN_METRES = Affine(10, 0, 1e6, 0, -10, 3e6)


def scene(labels, crs=EQUAL_AREA, transform=TEN_METRES):
    labels = np.array(labels, np.uint8)
    return Mask(RasterGrid(labels.shape, transform, crs), labels, Legend.named("forest", "other"))


def hansen(south, labels):
    """0.00025 degrees; the middle row of cells begins at a latitude."""
    labels = np.array(labels, np.uint8)
    north = south + 0.00025 * (len(labels) // 2 + 1)
    return scene(labels, CRS(4326), Affine(0.00025, 0, 12, 0, -0.00025, north))


def row_of(cells, width=1000, label=1, other=2):
    labels = np.full((3, width), other)
    labels[1, 1 : 1 + cells] = label
    return labels


@pytest.mark.parametrize(("area_ha", "pixels"), [(0.5, 50), (1, 100), (3, 300), (6.25, 625)])
def test_smallest_areas_in_pixels_of_ten_metres(area_ha, pixels):
    kept = forest.sieve(scene(row_of(pixels)), 1, area_ha)
    assert (kept.removed, kept.pixels_after) == (0, pixels)
    gone = forest.sieve(scene(row_of(pixels - 1)), 1, area_ha)
    assert (gone.removed, gone.after_ha) == (1, 0)
    assert (gone.labels == 2).all()
    assert kept.cells == pytest.approx(pixels, rel=1e-7)


@pytest.mark.parametrize(("south", "pixels"), [(0, 6.50), (60, 12.87)])
def test_half_a_hectare_in_hansen_pixels(south, pixels):
    mask = hansen(south, row_of(8, 10))
    assert forest.cells_of(0.5, mask.grid) == pytest.approx(pixels, abs=0.005)


@pytest.mark.parametrize(("south", "area_ha", "kept"), [(0, 0.6155, True), (60, 0.3108, False)])
def test_eight_hansen_pixels_by_true_area(south, area_ha, kept):
    found = forest.sieve(hansen(south, row_of(8, 10)), 1, 0.5)
    assert found.before_ha == pytest.approx(area_ha, abs=5e-5)
    assert found.after_ha == (found.before_ha if kept else 0)


DIAGONAL = [[2, 2, 2, 2], [2, 1, 2, 2], [2, 2, 1, 2], [2, 2, 2, 2]]
SQUARE = [[2, 2, 2, 2], [2, 1, 1, 2], [2, 1, 1, 2], [2, 2, 2, 2]]


@pytest.mark.parametrize(
    ("labels", "size", "connectivity", "kept"),
    [(DIAGONAL, 2, 4, 0), (DIAGONAL, 2, 8, 2), (SQUARE, 4, 4, 4), (SQUARE, 5, 4, 0)],
)
def test_as_rasterio_sieves(labels, size, connectivity, kept):
    mask = scene(labels)
    expected = rasterio_sieve(mask.data, size, connectivity=connectivity)
    assert (expected == 1).sum() == kept
    found = forest.sieve(mask, 1, size / 100, connectivity)
    assert (found.labels == expected).all()
    assert (found.pixels_before, found.pixels_after) == ((mask.data == 1).sum(), kept)


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("strip", [150, 1 << 21])
def test_random_maps_against_scipy(connectivity, strip, monkeypatch):
    monkeypatch.setattr(connected, "STRIP_CELLS", strip)
    labels = np.random.default_rng(0).integers(1, 3, (60, 47)).astype(np.uint8)
    mask = scene(labels, CRS(4326), Affine(0.01, 0, 12, 0, -0.01, 60))
    areas = cell_area_m2(mask.grid, *np.mgrid[:60, :47]) / 1e4
    numbers, _ = ndimage.label(labels == 1, np.ones((3, 3)) if connectivity == 8 else None)
    sizes = np.bincount(numbers.ravel(), areas.ravel())
    limit = np.sort(sizes[1:])[-3] - 1
    found = forest.sieve(mask, 1, limit, connectivity)
    assert ((found.labels == 1) == ((sizes >= limit)[numbers] & (labels == 1))).all()
    assert found.before_ha == pytest.approx(areas[labels == 1].sum())
    assert found.after_ha == pytest.approx(areas[found.labels == 1].sum())
    assert (found.patches - found.removed, found.patches) == (3, len(sizes) - 1)


def test_a_patch_becomes_what_is_around_it_and_no_data_last():
    labels = [[0, 0, 0, 0], [0, 1, 2, 0], [0, 0, 0, 1]]
    found = forest.sieve(scene(labels), 1, 1, connectivity=4)
    assert found.labels.tolist() == [[0, 0, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0]]
    assert forest.sieve(scene(labels), 1, 1, into=3).labels[1, 1] == 3


def test_a_scene_that_is_one_patch_stays():
    found = forest.sieve(scene([[1, 1]]), 1, 1)
    assert (found.removed, found.pixels_after) == (0, 2)


def test_areas_that_cannot_be_told():
    with pytest.raises(Refused, match="SV-NUM-051"):
        forest.sieve(scene([[1]], None), 1, 0.5)
    for area_ha in (0, -1, float("nan"), float("inf")):
        with pytest.raises(Refused, match="SV-NUM-052"):
            forest.sieve(scene([[1]]), 1, area_ha)


def test_presets_say_what_they_mean():
    areas = {key: preset.mmu_ha for key, preset in forest.PRESETS.items()}
    assert areas == {"fao": 0.5, "eudr": 0.5, "hansen": None, "prodes": 6.25}
    assert str(forest.preset("eudr").cut_off) == "2020-12-31"
    assert "Harvest with regrowth is not deforestation." in forest.preset("fao").notes
    assert forest.NOT_DEFORESTATION in forest.preset("hansen").notes
    with pytest.raises(Refused, match="SV-NUM-050"):
        forest.preset("any")


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["water", "Forest"], 2),
        (["trees", "grass"], 1),
        (["trees", "forest"], 2),
        (["crops"], None),
    ],
)
def test_which_label_is_forest(names, label):
    assert forest.forest_of(Legend.named(*names)) == label
