from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from segviz.mask import Label, Legend
from segviz.render.picture import jpeg, media_type, palette, paletted_png, png

LEGEND = Legend((Label(3, "lake", "#0064C8"),))


def opened(data):
    return Image.open(BytesIO(data))


@pytest.mark.parametrize(
    ("depth", "mode"), [((), "L"), ((2,), "LA"), ((3,), "RGB"), ((4,), "RGBA")]
)
def test_png_keeps_every_value(depth, mode):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, *depth)).astype(np.uint8)
    picture = opened(png(pixels))
    assert (picture.format, picture.mode) == ("PNG", mode)
    assert (np.asarray(picture) == pixels).all()


def test_media_types():
    grey = np.zeros((4, 4), np.uint8)
    assert media_type(png(grey)) == "image/png"
    assert media_type(jpeg(grey)) == "image/jpeg"


def test_labels_have_their_colours_and_0_is_clear():
    picture = opened(paletted_png(np.array([[0, 3], [1, 255]], np.uint8), LEGEND, 0.6))
    assert picture.mode == "P"
    colours = np.asarray(picture.convert("RGBA")).reshape(4, 4).tolist()
    assert colours[0] == [0, 0, 0, 0]
    assert colours[1] == [0, 0x64, 0xC8, 153]
    assert colours[2] == [0xE6, 0x9F, 0x00, 153]
    assert colours[3][3] == 153


def test_every_label_has_a_colour():
    assert palette(LEGEND).shape == (256, 3)
    assert palette(LEGEND)[0].tolist() == [0, 0, 0]
    assert palette(LEGEND)[1:].any(axis=1).all()
