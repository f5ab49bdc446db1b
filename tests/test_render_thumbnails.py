from datetime import date
from io import BytesIO
from types import MappingProxyType

import numpy as np
import pytest
from affine import Affine
from PIL import Image

from segviz.grid import RasterGrid, VolumeGrid
from segviz.image import Scene, Volume
from segviz.mask import Legend, Mask
from segviz.render.thumbnails import largest_slice, thin, thumbnail


class Picture:
    """A scene in memory whose north half is red and whose last columns are no data."""

    grid = RasterGrid((400, 640), Affine(10, 0, 0, 0, -10, 0), None)
    channels = ("B2", "B3", "B4", "B8")
    dtype = np.dtype(np.uint16)
    when: date | None = None
    notes = ()
    tags = MappingProxyType({})
    sha256 = ""

    def read(self, window, bands=None, shape=None):
        assert window == (0, 400, 0, 640)
        assert shape == (200, 320)
        values = np.zeros((4, *shape), np.uint16)
        values[2, :100] = 3000
        valid = np.ones(shape, bool)
        valid[:, 300:] = False
        return values[list(bands)], valid


def opened(data):
    picture = Image.open(BytesIO(data))
    assert picture.size == (320, 200)
    return np.asarray(picture.convert("RGB"))


def test_a_scene_in_natural_colours():
    assert isinstance(Picture(), Scene)
    picture = opened(thumbnail(Picture()))
    assert picture[50, 100].tolist() == [255, 0, 0]
    assert picture[150, 100].tolist() == [0, 0, 0]
    assert picture[50, 310].tolist() == [0, 0, 0]


def test_a_scene_with_its_mask():
    labels = np.zeros((400, 640), np.uint8)
    labels[300:] = 2
    picture = opened(thumbnail(Picture(), Mask(Picture.grid, labels, Legend.named("a", "b"))))
    assert picture[150, 100].tolist() == [0x56, 0xB4, 0xE9]  # outline
    assert picture[180, 100].tolist() == pytest.approx([26, 54, 70], abs=1)  # fill
    assert picture[50, 100].tolist() == [255, 0, 0]


def test_a_volume_where_the_mask_is_largest():
    grid = VolumeGrid((32, 20, 9), np.eye(4))
    data = np.broadcast_to(np.arange(9), grid.shape)
    labels = np.zeros(grid.shape, np.uint8)
    labels[3, 3, 1] = labels[16, 10, 7] = labels[16, 11, 7] = 1
    mask = Mask(grid, labels, Legend.named("tumour"))
    assert largest_slice(mask, grid) == 7
    volume = Volume(grid, data, window=(0, 8))
    assert opened(thumbnail(volume, mask))[5, 5].tolist() == [223] * 3
    assert opened(thumbnail(volume))[5, 5].tolist() == [128] * 3


def test_thick_pixels_are_not_squeezed():
    grid = VolumeGrid((32, 10, 1), np.diag([1, 2, 1, 1.0]))  # 32 x 20 mm fills the thumbnail
    data = np.zeros(grid.shape)
    data[:16, :5] = 1  # left and posterior: bottom right on screen
    picture = opened(thumbnail(Volume(grid, data, window=(0, 1))))[..., 0]
    assert picture[110:, 170:].min() == 255
    assert picture[:90].max() == picture[:, :150].max() == 0


def test_a_tall_scan_is_cropped_about_its_middle():
    grid = VolumeGrid((16, 40, 1), np.eye(4))
    data = np.zeros(grid.shape)
    data[:, 14:26] = 1  # 10 of the 40 mm are seen
    picture = opened(thumbnail(Volume(grid, data, window=(0, 1))))[..., 0]
    assert picture.min() == 255


def test_thinning_takes_the_middle_of_each_part():
    data = np.arange(24, dtype=np.uint8).reshape(4, 6)
    assert thin(data, (2, 2)).tolist() == [[7, 10], [19, 22]]
    assert thin(data, (4, 6)).tolist() == data.tolist()
