import numpy as np
import pytest

from segviz.render import stretch
from segviz.render.stretch import default_window, percentiles, to_uint8


def test_percentiles_of_the_valid_cells():
    values = np.arange(101, dtype=np.uint16).reshape(1, 101)
    assert percentiles(values) == (2.0, 98.0)
    assert percentiles(values, values <= 50, 0, 100) == (0.0, 50.0)


def test_what_is_not_finite_is_left_out():
    assert percentiles(np.array([np.nan, -np.inf, 3.0, 5.0]), low=0, high=100) == (3.0, 5.0)


@pytest.mark.parametrize("values", [np.array([]), np.array([np.nan])])
def test_nothing_to_look_at(values):
    assert percentiles(values) == (0.0, 1.0)


def test_a_flat_picture_has_a_range_of_one():
    assert percentiles(np.full(9, 7)) == (7.0, 8.0)


def test_the_default_window_cuts_a_thousandth_off_both_ends():
    volume = np.arange(10_001, dtype=np.int16).reshape(1, 10_001, 1)
    assert default_window(volume) == pytest.approx((10, 9_990))


def test_a_sample_sees_all_columns(monkeypatch):
    monkeypatch.setattr(stretch, "SAMPLE", 6000)
    volume = np.broadcast_to(np.arange(30.0), (30, 20, 30))
    assert default_window(volume) == (0, 29)


def test_grey_levels():
    grey = to_uint8(np.array([-5, 0, 50, 100, 900, np.nan, np.inf]), 0, 100)
    assert grey.tolist() == [0, 0, 128, 255, 255, 0, 255]
    assert grey.dtype == np.uint8
    assert to_uint8(np.array([1, 2], np.uint16), 1, 1).tolist() == [0, 255]
