"""Surroundings of a pixel: the pixel in the middle, free of any mark."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from segviz.render.chips import MARK, around, chip, inside


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(png)).convert("RGBA"))


@pytest.mark.parametrize(
    ("row", "column", "window", "seen"),
    [
        (50, 60, (48, 53, 58, 63), (48, 53, 58, 63)),
        (0, 99, (-2, 3, 97, 102), (0, 3, 97, 100)),
        (99, 0, (97, 102, -2, 3), (97, 100, 0, 3)),
    ],
)
def test_the_pixel_is_the_middle_of_its_window(
    row: int, column: int, window: tuple[int, ...], seen: tuple[int, ...]
) -> None:
    assert around(row, column, 5) == window
    assert inside(around(row, column, 5), (100, 100)) == seen


def test_the_middle_cell_is_as_bright_as_it_is() -> None:
    values = np.zeros((3, 9, 9), np.uint16)
    values[:, 4, 4] = 100, 50, 0
    picture = pixels(chip(values, np.ones((9, 9), bool), [(0, 100)] * 3, (0, 0), 9, 7))
    assert picture.shape == (63, 63, 4)
    cell = picture[28:35, 28:35].reshape(-1, 4)
    assert (cell == (255, 128, 0, 255)).all()


def test_a_frame_stands_around_the_cell_and_nothing_on_its_neighbours_middle() -> None:
    values = np.full((1, 9, 9), 50, np.uint8)
    picture = pixels(chip(values, np.ones((9, 9), bool), [(0, 100)], (0, 0), 9, 7))
    assert tuple(picture[27, 30, :3]) == MARK and tuple(picture[35, 30, :3]) == MARK
    assert tuple(picture[30, 27, :3]) == MARK and tuple(picture[30, 35, :3]) == MARK
    assert tuple(picture[31, 24]) == (128, 128, 128, 255)


def test_what_lies_beyond_the_raster_or_has_no_data_is_hatched() -> None:
    values = np.full((1, 3, 9), 50, np.uint8)
    valid = np.ones((3, 9), bool)
    valid[1, 1] = False
    picture = pixels(chip(values, valid, [(0, 100)], (4, 0), 9, 5))
    assert set(picture[:18, 0, 3]) == {0, 110}
    assert set(picture[25:30, 5:10, 3].ravel()) == {0, 110}
    assert picture[32, 42, 3] == 255
