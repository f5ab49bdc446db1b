import numpy as np
import pytest
from affine import Affine
from pyproj import CRS
from scipy.ndimage import gaussian_filter

from segviz.grid import RasterGrid
from segviz.image import windows
from segviz.mask import Legend, Mask
from segviz.measure.areas import AreaTally, cell_area_m2, cell_areas_m2, measure_scene

SHAPE = (300, 270)
WHOLE = (0, SHAPE[0], 0, SHAPE[1])

GRIDS = [
    pytest.param(32633, Affine(10, 0, 2e5, 0, -10, 5e6), id="UTM"),
    pytest.param(32722, Affine(30, 0, 166_000, 0, -30, 9_999_000), id="zone edge"),
    pytest.param(32633, Affine(10, 0, 5e5, 0, -10, 5e6) @ Affine.rotation(30), id="UTM, rotated"),
    pytest.param(3857, Affine(30, 0, -5e6, 0, -30, 1e7), id="Web Mercator"),
    pytest.param(3857, Affine(600, 0, -5e6, 0, -600, 1e7), id="Web Mercator, coarse"),
    pytest.param(4326, Affine(0.001, 0, 20, 0, -0.001, 60), id="degrees"),
    pytest.param(
        4326, Affine(0.001, 0, 20, 0, -0.001, 60) @ Affine.rotation(20), id="degrees, rotated"
    ),
    pytest.param(2263, Affine(98, 0, 9e5, 0, -98, 2e5), id="US feet"),
    pytest.param(3413, Affine(1000, 0, -1e6, 0, -1000, -1e6), id="polar"),
    pytest.param(6933, Affine(9000, 0, 1e6, 0, -9000, 3e6), id="cells larger than a block"),
]


def grid(crs, transform, shape=SHAPE):
    return RasterGrid(shape, transform, CRS(crs) if crs else None)


def patches(seed=0, shape=SHAPE):
    field = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 9)
    return np.digitize(field / field.std(), [-1, 0, 1]).astype(np.uint8) * 3


def counted(scene, labels, size=1024):
    tally = AreaTally(scene)
    for window in windows(labels.shape, size):
        tally.add(window, labels[window[0] : window[1], window[2] : window[3]])
    return tally


def same(one, two):
    return one.pixels() == two.pixels() and all(
        (one.moments[label] == two.moments[label]).all() for label in one.pixels()
    )


@pytest.mark.parametrize(("crs", "transform"), GRIDS)
def test_sums_of_blocks_equal_sums_of_pixels(crs, transform):
    scene, labels = grid(crs, transform), patches()
    cells = cell_area_m2(scene, *np.mgrid[: SHAPE[0], : SHAPE[1]])
    expected = {value: cells[labels == value].sum() / 1e4 for value in (3, 6, 9)}
    assert counted(scene, labels).area_ha() == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("crs", "transform"), GRIDS)
def test_areas_of_a_window_are_those_of_its_pixels(crs, transform):
    scene = grid(crs, transform)
    window = (37, 290, 5, 261)
    expected = cell_area_m2(scene, *np.mgrid[37:290, 5:261])
    assert cell_areas_m2(scene)(window) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("crs", "transform"), GRIDS)
def test_totals_do_not_depend_on_windows(crs, transform):
    scene, labels = grid(crs, transform), patches(1)
    assert same(counted(scene, labels), counted(scene, labels, 97))


@pytest.mark.parametrize(("crs", "transform"), GRIDS)
def test_a_followed_change_equals_a_new_count(crs, transform):
    scene, labels = grid(crs, transform), patches(2)
    tally = counted(scene, labels)
    rows, columns = (part.ravel() for part in np.mgrid[100:180, 20:90])
    after = np.random.default_rng(3).integers(0, 5, len(rows)).astype(np.uint8)
    tally.change(rows, columns, labels[rows, columns], after)
    labels[rows, columns] = after
    assert same(tally, counted(scene, labels))


def test_two_workers_add_up():
    scene, labels = grid(32633, Affine(10, 0, 2e5, 0, -10, 5e6)), patches()
    north, south = AreaTally(scene), AreaTally(scene)
    north.add((0, 111, 0, SHAPE[1]), labels[:111])
    south.add((111, SHAPE[0], 0, SHAPE[1]), labels[111:])
    assert same(north + south, counted(scene, labels))
    assert (north + south).area_ha() == (south + north).area_ha()


def test_counts_of_different_grids_do_not_add_up():
    utm = Affine(10, 0, 2e5, 0, -10, 5e6)
    with pytest.raises(ValueError, match="do not add up"):
        AreaTally(grid(32633, utm)) + AreaTally(grid(32632, utm))


def test_twenty_kilometres_beside_a_zone_edge():
    """Nominal pixels would say 40,000 ha; EPSG:6933 is independent and good to 1e-4."""
    scene = grid(32622, Affine(100, 0, 2e5, 0, -100, 1e6), (200, 200))
    tally = AreaTally(scene)
    tally.add((0, 200, 0, 200), np.ones((200, 200), np.uint8))
    assert tally.area_ha()[1] == pytest.approx(40_000 / 1.00128, rel=1e-5)


def test_codes_beyond_a_byte_are_counted():
    tally = AreaTally(grid(6933, Affine(100, 0, 0, 0, -100, 0), (1, 2)))
    tally.add((0, 1, 0, 2), np.array([[0, 515]], np.uint16))
    assert tally.pixels() == {515: 1}


def test_rows_without_a_crs_are_in_pixels():
    tally = AreaTally(grid(None, Affine(1, 0, 0, 0, -1, 0), (1, 2)))
    tally.add((0, 1, 0, 2), np.array([[0, 1]], np.uint8))
    assert tally.area_ha() is None
    assert tally.rows(Legend.named("forest")) == [
        {
            "value": 1,
            "name": "forest",
            "color": "#E69F00",
            "count": 1,
            "amount": None,
            "unit": "pixels",
            "longest_diameter_mm": None,
            "perpendicular_diameter_mm": None,
        }
    ]


def hectares(labels):
    """A mask of one-hectare pixels in an equal-area CRS."""
    labels = np.array(labels, np.uint8)
    scene = grid(6933, Affine(100, 0, 1e6, 0, -100, 3e6), labels.shape)
    return Mask(scene, labels, Legend.named("forest", "other"))


def test_scene_in_the_words_of_the_command_line():
    found = measure_scene(hectares([[1, 1, 2], [1, 0, 0]]))
    assert found["grid"] == {
        "shape": [2, 3],
        "crs": "EPSG:6933",
        "transform": [100.0, 0.0, 1e6, 0.0, -100.0, 3e6],
    }
    assert found["valid_pixels"] == 4
    forest, other = found["labels"]
    assert (forest["label"], forest["name"], forest["pixels"]) == (1, "forest", 3)
    assert forest["area_ha"] == pytest.approx(3)
    assert forest["share"] == pytest.approx(0.75)
    assert other["share"] == pytest.approx(0.25)


def test_the_image_says_what_is_valid():
    def valid(window):
        assert window == (0, 2, 0, 3)
        return np.array([[True, True, True], [False, True, False]])

    found = measure_scene(hectares([[1, 1, 2], [1, 0, 0]]), valid)
    assert found["valid_pixels"] == 4
    assert [row["pixels"] for row in found["labels"]] == [2, 1]
    assert [row["share"] for row in found["labels"]] == pytest.approx([0.5, 0.25])


def test_no_hectares_without_a_crs():
    labels = np.array([[1, 1, 2, 0]], np.uint8)
    mask = Mask(grid(None, Affine(1, 0, 0, 0, -1, 0), (1, 4)), labels, Legend.named("a", "b"))
    first = measure_scene(mask)["labels"][0]
    assert first["area_ha"] is None
    assert first["share"] == pytest.approx(2 / 3)
    assert "coordinate system" in first["why"]


def test_an_empty_mask_has_no_share():
    assert measure_scene(hectares([[0, 0]]))["labels"][0]["share"] == 0.0


def test_a_file_larger_than_a_window(tmp_path):
    labels = np.memmap(tmp_path / "mask.u8", np.uint8, "w+", shape=(1030, 1100))
    labels[1000:] = 2
    scene = grid(4326, Affine(0.001, 0, 0, 0, -0.001, 45), labels.shape)
    found = measure_scene(Mask(scene, labels, Legend(())))
    rows = cell_area_m2(scene, np.arange(1000, 1030), 0)
    assert found["labels"][0]["pixels"] == 30 * 1100
    assert found["labels"][0]["area_ha"] == pytest.approx(rows.sum() * 1100 / 1e4, rel=1e-12)


def test_never_on_overviews():
    """40,000 clearings of 2-8 cells are 11,501.8 ha; a mode of 10 x 10 cells loses most of it."""
    size, rng = 10_980, np.random.default_rng(1)
    labels = np.full((size, size), 2, np.uint8)
    for _ in range(40_000):
        row, column = rng.integers(0, size - 30), rng.integers(0, size - 30)
        edge = rng.integers(2, 9)
        labels[row : row + edge, column : column + edge] = 1
    scene = grid(6933, Affine(10, 0, 1e6, 0, -10, 3e6), labels.shape)
    found = measure_scene(Mask(scene, labels, Legend.named("clearing", "forest")))
    assert found["labels"][0]["area_ha"] == pytest.approx(11_501.8, abs=0.05)
    tenths = (labels == 1).reshape(1098, 10, 1098, 10).sum(axis=(1, 3), dtype=np.uint8)
    assert (tenths > 50).sum() < 0.2 * found["labels"][0]["area_ha"]
