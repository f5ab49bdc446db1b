from io import BytesIO

import numpy as np
from PIL import Image

from segviz.change.map import GAIN, LOSS, NEITHER, STABLE
from segviz.mask import Legend
from segviz.render.tiles import LOSS_GAIN, loss_gain_tile, mask_tile, rgb_tile

STRETCH = [(0, 100), (0, 200), (0, 400)]


def opened(data):
    return Image.open(BytesIO(data))


def bands(count=3, value=100):
    return np.full((count, 16, 16), value, np.uint16)


def test_a_full_tile_is_a_jpeg_in_its_stretch():
    tile = opened(rgb_tile(bands(), np.ones((16, 16), bool), STRETCH))
    assert (tile.format, tile.mode, tile.size) == ("JPEG", "RGB", (16, 16))
    assert np.abs(np.asarray(tile)[8, 8].astype(int) - (255, 128, 64)).max() <= 3


def test_a_tile_with_holes_is_a_png_that_is_clear_there():
    valid = np.ones((16, 16), bool)
    valid[:4] = False
    tile = opened(rgb_tile(bands(), valid, STRETCH))
    assert (tile.format, tile.mode) == ("PNG", "RGBA")
    assert np.asarray(tile)[3, 0, 3] == 0
    assert np.asarray(tile)[4, 0].tolist() == [255, 128, 64, 255]


def test_one_band_is_grey():
    whole, nothing = np.ones((16, 16), bool), np.zeros((16, 16), bool)
    assert opened(rgb_tile(bands(1), whole, STRETCH[:1])).mode == "L"
    assert opened(rgb_tile(bands(1), nothing, STRETCH[:1])).mode == "LA"


def test_mask_tile():
    tile = opened(mask_tile(np.array([[0, 1]], np.uint8), Legend.named("forest"))).convert("RGBA")
    assert np.asarray(tile)[0].tolist() == [[0, 0, 0, 0], [0xE6, 0x9F, 0x00, 255]]


def test_loss_and_gain_have_the_codes_of_the_change_map():
    assert [label.value for label in LOSS_GAIN] == [STABLE, LOSS, GAIN]
    assert [label.name for label in LOSS_GAIN] == ["stable", "loss", "gain"]
    codes = np.array([[NEITHER, STABLE, LOSS, GAIN]], np.uint8)
    alpha = np.asarray(opened(loss_gain_tile(codes)).convert("RGBA"))[0, :, 3]
    assert alpha.tolist() == [0, 255, 255, 255]
