from dataclasses import dataclass

import numpy as np
import pytest

from segviz.grid import VolumeGrid
from segviz.mask import Legend, Mask
from segviz.measure.volumes import VolumeTally, components, measure_volume

SHEARED = np.array([[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1.0]])
PSR = np.array([[0, 0, 0.5, 0], [-1, 0, 0, 9], [0, 3, 0, 0], [0, 0, 0, 1.0]])


@dataclass
class Change:
    cells: np.ndarray
    before: np.ndarray
    after: np.ndarray


def mask_of(data, affine=None, legend=None):
    grid = VolumeGrid(data.shape, np.eye(4) if affine is None else affine)
    return Mask(grid, data.astype(np.uint8), legend or Legend.named("tumour"))


def ball(shape, centre, radius_mm, spacing=(1, 1, 1)):
    place = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return (((place - centre) * spacing) ** 2).sum(axis=-1) <= radius_mm**2


@pytest.mark.parametrize(
    ("data", "spacing", "volume_mm3"),
    [
        (ball((48, 48, 48), (22, 22, 22), 10), (1, 1, 1), 4169),
        (ball((24, 80, 80), (12, 40, 40), 10, (3, 0.5, 0.5)), (3, 0.5, 0.5), 4205.25),
    ],
)
def test_volumes_of_the_reference(data, spacing, volume_mm3):
    row = measure_volume(mask_of(data, np.diag([*spacing, 1.0])))["labels"][0]
    assert row["volume_ml"] == pytest.approx(volume_mm3 / 1000, rel=1e-12)
    assert row["components"] == 1
    assert row["longest_diameter_mm"] == pytest.approx(20.0)


def test_shear_does_not_change_a_volume():
    assert measure_volume(mask_of(np.ones((1, 1, 1)), SHEARED))["labels"][0]["volume_ml"] == 0.002


def test_keys_and_order():
    data = np.zeros((4, 4, 4))
    data[0, 0, 0], data[3, 3, 3] = 5, 1
    found = measure_volume(mask_of(data, legend=Legend.named("a", "b")))
    assert found["grid"] == {
        "shape": [4, 4, 4],
        "spacing_mm": [1.0, 1.0, 1.0],
        "voxel_volume_mm3": 1.0,
    }
    assert [row["label"] for row in found["labels"]] == [1, 2, 5]
    assert found["labels"][1] == {
        "label": 2,
        "name": "b",
        "voxels": 0,
        "volume_ml": 0.0,
        "components": 0,
        "longest_diameter_mm": None,
        "perpendicular_diameter_mm": None,
    }
    assert found["labels"][2]["longest_diameter_mm"] == 0.0


def test_corners_connect():
    touching = np.zeros((4, 4, 4), bool)
    touching[0, 0, 0] = touching[1, 1, 1] = True
    assert components(touching) == 1
    touching[3, 3, 3] = True
    assert components(touching) == 2


def test_diameters_lie_in_the_canonical_axial_plane():
    data = np.zeros((4, 5, 6))
    data[1, :, 1] = 1  # j runs to S: one voxel in each axial slice
    data[1, 2, :] = 1  # k runs to R in steps of 0.5 mm
    row = measure_volume(mask_of(data, PSR))["labels"][0]
    assert row["longest_diameter_mm"] == 2.5
    assert row["perpendicular_diameter_mm"] == 0.0


def test_equal_slices_the_greater_perpendicular_counts():
    data = np.zeros((7, 7, 3))
    data[:, 3, 0] = 1
    data[:, 3, 1] = data[3, 1:6, 1] = 1
    data[:, 3, 2] = 1
    row = measure_volume(mask_of(data))["labels"][0]
    assert (row["longest_diameter_mm"], row["perpendicular_diameter_mm"]) == (6.0, 4.0)


@pytest.mark.parametrize("affine", [np.eye(4), PSR])
@pytest.mark.parametrize("seed", range(3))
def test_a_followed_change_equals_a_new_count(affine, seed):
    random = np.random.default_rng(seed)
    data = random.integers(0, 4, (8, 9, 7)).astype(np.uint8)
    grid = VolumeGrid(data.shape, affine)
    tally = VolumeTally.of(data, grid)
    cells = np.flatnonzero(random.random(data.size) < 0.05)
    before = data.reshape(-1)[cells]
    after = random.integers(0, 6, len(cells)).astype(np.uint8)
    data.reshape(-1)[cells] = after
    tally.change(data, Change(cells, before, after))
    fresh = VolumeTally.of(data, grid)
    assert tally.rows(Legend(())) == fresh.rows(Legend(()))
    assert (tally.diameters == fresh.diameters).all()


def test_rows_of_an_erased_label_stay_in_the_legend():
    data = np.zeros((3, 3, 3), np.uint8)
    data[1, 1, 1] = 1
    tally = VolumeTally.of(data, VolumeGrid(data.shape, np.eye(4)))
    data[1, 1, 1] = 0
    tally.change(data, Change(np.array([13]), np.array([1], np.uint8), np.array([0], np.uint8)))
    assert tally.rows(Legend.named("tumour")) == [
        {
            "value": 1,
            "name": "tumour",
            "color": "#E69F00",
            "count": 0,
            "amount": 0.0,
            "unit": "ml",
            "longest_diameter_mm": None,
            "perpendicular_diameter_mm": None,
        }
    ]


def test_a_scene_has_no_ml(scene_mask):
    with pytest.raises(TypeError, match="hectares"):
        measure_volume(scene_mask)


@pytest.fixture
def scene_mask():
    from affine import Affine

    from segviz.grid import RasterGrid

    grid = RasterGrid((2, 2), Affine(10, 0, 0, 0, -10, 0), None)
    return Mask(grid, np.zeros((2, 2), np.uint8), Legend(()))
