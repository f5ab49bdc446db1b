"""Which way round: one bright voxel block at a known place in the patient."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.mask import Legend, Mask
from segviz.render.slices import aligned_png, outline, plane, range_mm, slice_png

LPS = np.diag([-2.0, -2.0, 5.0, 1.0])
LPS[:3, 3] = (19, 19, 0)
PSR = np.array([[0, 0, 2.0, 0], [-2, 0, 0, 38], [0, 5, 0, 0], [0, 0, 0, 1]])


def patient(affine, shape):
    """Bright where right, anterior and superior of the middle."""
    grid = VolumeGrid(shape, affine)
    cells = np.stack([*np.indices(shape), np.ones(shape)], axis=-1)
    place = cells @ grid.affine.T
    middle = place.reshape(-1, 4).mean(axis=0)
    bright = (place > middle)[..., :3].all(axis=-1)
    return Volume(grid, np.where(bright, 100, 0).astype(np.int16))


def opened(data):
    return np.asarray(Image.open(BytesIO(data)))


def quadrant(picture):
    """The quarter of the picture that is bright."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    halves = picture[: 2 * rows, : 2 * columns].reshape(2, rows, 2, columns).mean(axis=(1, 3))
    row, column = np.unravel_index(halves.argmax(), (2, 2))
    return ("top", "bottom")[row], ("left", "right")[column]


@pytest.mark.parametrize(
    ("affine", "shape"),
    [(np.diag([2.0, 2.0, 5.0, 1.0]), (20, 20, 8)), (LPS, (20, 20, 8)), (PSR, (20, 8, 20))],
)
@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("axial", ("top", "left")),  # anterior up, patient right on screen left
        ("coronal", ("top", "left")),  # superior up, patient right on screen left
        ("sagittal", ("top", "left")),  # superior up, anterior on screen left
    ],
)
def test_radiological_from_any_orientation(affine, shape, name, where):
    volume = patient(affine, shape)
    last = range_mm(volume.grid, name)[1]  # the right, anterior or superior end
    assert quadrant(opened(slice_png(volume, None, name, last))) == where
    first = range_mm(volume.grid, name)[0]
    assert not opened(slice_png(volume, None, name, first, window=(0, 100))).any()


def test_pixels_are_square_in_mm():
    volume = patient(np.diag([2.0, 2.0, 5.0, 1.0]), (20, 20, 4))  # 40 x 40 x 20 mm
    assert opened(slice_png(volume, None, "axial", 5, size=200)).shape == (200, 200)
    assert opened(slice_png(volume, None, "coronal", 5, size=200)).shape == (100, 200)


def test_the_nearest_slice_and_the_ends():
    grid = VolumeGrid((2, 2, 3), np.diag([1, 1, 4, 1.0]))
    array = np.broadcast_to([10, 20, 30], (2, 2, 3))
    found = [int(plane(array, grid, "axial", mm)[0, 0]) for mm in (-99, 1.9, 2.1, 8, 99)]
    assert found == [10, 10, 20, 30, 30]


def test_range_of_slices():
    grid = VolumeGrid((20, 20, 8), LPS)
    assert range_mm(grid, "sagittal") == (-19.0, 19.0, 2.0)
    assert range_mm(grid, "axial") == (0.0, 35.0, 5.0)


def test_positions_of_an_oblique_scan_are_those_of_its_middle():
    tilt = np.radians(30)
    affine = np.eye(4)
    affine[1:3, 1:3] = [[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]]
    grid = VolumeGrid((5, 11, 4), affine)
    first, last, step = range_mm(grid, "axial")
    assert first == pytest.approx((affine @ (2, 5, 0, 1))[2])
    assert last == pytest.approx((affine @ (2, 5, 3, 1))[2])
    assert step == pytest.approx(np.cos(tilt))


def test_black_beyond_the_volume():
    volume = Volume(VolumeGrid((4, 4, 4), np.eye(4)), np.ones((4, 4, 4)))
    inside = opened(slice_png(volume, None, "axial", 3.4, window=(0, 1)))
    beyond = opened(slice_png(volume, None, "axial", 3.6, window=(0, 1)))
    assert inside.all()
    assert beyond.shape == inside.shape
    assert not beyond.any()


def test_the_mask_has_an_outline_and_a_light_fill():
    grid = VolumeGrid((20, 20, 1), np.eye(4))
    labels = np.zeros(grid.shape, np.uint8)
    labels[12:18, 12:18] = 1  # right and anterior: top left on screen
    volume = Volume(grid, np.zeros(grid.shape))
    mask = Mask(grid, labels, Legend.named("tumour"))
    picture = opened(slice_png(volume, mask, "axial", 0, size=200, window=(0, 1)))
    assert picture[20, 20].tolist() == [0xE6, 0x9F, 0x00]
    assert picture[50, 50].tolist() == pytest.approx([69, 48, 0], abs=1)  # 30 % of the colour
    assert picture[19, 50].tolist() == picture[50, 80].tolist() == [0, 0, 0]


def test_outline_of_two_labels_that_touch():
    labels = np.array(
        [[0, 0, 0, 0, 0], [1, 1, 1, 2, 2], [1, 1, 1, 2, 2], [1, 1, 1, 2, 2]], np.uint8
    )
    assert outline(labels).astype(int).tolist() == [
        [0, 0, 0, 0, 0],
        [1, 1, 1, 1, 1],
        [1, 0, 1, 1, 1],
        [1, 1, 1, 1, 1],
    ]


@pytest.mark.parametrize("name", ["axial", "coronal", "sagittal"])
def test_an_aligned_scan_is_seen_on_the_planes_of_the_first(name):
    """The head lay further to the left and back; aligned, it looks the same."""
    first = patient(np.diag([2.0, 2.0, 2.0, 1.0]), (20, 20, 20))
    there = first.grid.affine.copy()
    there[:3, 3] = [-6, -4, 0]
    second = Volume(VolumeGrid((20, 20, 20), there), first.data)
    labels = Mask(first.grid, (first.data > 0).astype(np.uint8), Legend.named("bright"))
    same = Mask(second.grid, labels.data, labels.legend)
    matrix = np.eye(4)
    matrix[:2, 3] = 6, 4
    window = (0.0, 100.0)
    seen = aligned_png(second, same, first.grid, matrix, name, 22.0, 64, window)
    assert np.array_equal(opened(seen), opened(slice_png(first, labels, name, 22.0, 64, window)))
    left = aligned_png(second, same, first.grid, np.eye(4), name, 22.0, 64, window)
    assert not np.array_equal(opened(left), opened(seen))
