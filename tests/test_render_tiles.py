from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from segviz.change.map import GAIN, LOSS, NEITHER, STABLE
from segviz.mask import Legend
from segviz.render.tiles import CIVIDIS, HEAT, LOSS_GAIN, loss_legend, mask_tile, rgb_tile

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


def test_loss_and_gain_are_drawn_as_their_legend_says():
    assert [(label.value, label.name) for label in LOSS_GAIN] == [
        (STABLE, "stable"),
        (LOSS, "loss"),
        (GAIN, "gain"),
    ]
    tile = mask_tile(np.array([[NEITHER, STABLE, LOSS, GAIN]], np.uint8), LOSS_GAIN)
    (row,) = np.asarray(opened(tile).convert("RGBA")).tolist()
    assert row == [
        [0, 0, 0, 0],
        [0x00, 0x9E, 0x73, 255],
        [0xD5, 0x5E, 0x00, 255],
        [0x00, 0x72, 0xB2, 255],
    ]


@pytest.mark.parametrize(("ramp", "ends"), [("heat", HEAT), ("cividis", CIVIDIS)])
def test_years_of_loss_run_through_a_ramp(ramp, ends):
    legend = loss_legend(["2016", "2017", "2018", "2019"], ramp)
    assert [label.name for label in legend] == ["still there", "2017", "2018", "2019"]
    colors = [label.color for label in legend][1:]
    assert (colors[0], colors[1], colors[2]) == (ends[0], ends[3], ends[-1])
    lightness = [sum(bytes.fromhex(color[1:])) for color in colors]
    assert lightness == sorted(lightness, reverse=True)


def test_two_dates_have_one_year_of_loss():
    assert [label.name for label in loss_legend(["2016", "2020"])] == ["still there", "2020"]
