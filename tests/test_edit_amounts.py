import numpy as np
import pytest
from affine import Affine
from canvases import scene, volume

from segviz.edit.amounts import Length, Size, cell_at, require_label
from segviz.errors import Refused

BLOCK = volume(np.zeros((4, 5, 6)), (0.5, 1, 2.5))
FIELD = scene(np.zeros((4, 6)))


def length(canvas, mm=None, m=None, cells=None):
    return Length.of(canvas, mm=mm, m=m, cells=cells)


def size(canvas, ml=None, ha=None, cells=None):
    return Size.of(canvas, ml=ml, ha=ha, cells=cells)


@pytest.mark.parametrize(
    ("found", "reach", "text"),
    [
        (length(BLOCK, mm=2.5), (5, 2, 1), "2.5 mm"),
        (length(BLOCK, mm=2.49), (4, 2, 0), "2.49 mm"),
        (length(BLOCK, cells=2), (2, 2, 2), "2 cells"),
        (length(FIELD, m=35), (3, 3), "35 m"),
    ],
)
def test_cells_that_a_length_spans(found, reach, text):
    assert found.reach == reach
    assert str(found) == text


def test_sizes_in_ml():
    limit = size(BLOCK, ml=0.005)
    assert limit.weights == pytest.approx(0.00125)
    assert limit.exceeds(np.array([3, 4]) * limit.weights).tolist() == [True, False]
    assert limit.holds(np.array([4, 5]) * limit.weights).tolist() == [True, False]


def test_sizes_in_hectares_are_true():
    canvas = scene(np.zeros((4, 6)), 3857, Affine(10, 0, 0, 0, -10, 8_399_738))
    limit = size(canvas, ha=1)
    assert str(limit) == "1 ha"
    ha = limit.weights((slice(1, 3), slice(2, 6)))
    assert ha.shape == (2, 4)
    assert ha == pytest.approx(0.0025, rel=0.01)


@pytest.mark.parametrize(("canvas", "at", "cell"), [
    (BLOCK, [0, 0, 0], (0, 0, 0)),
    (BLOCK, [3.4, -0.5, 4.5], (3, 0, 5)),
    (FIELD, [0.5, 0.5], (0, 0)),
    (FIELD, [5.99, 1], (1, 5)),
])  # fmt: skip
def test_the_cell_under_a_place(canvas, at, cell):
    assert cell_at(canvas, at) == cell


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_what_is_no_amount(value):
    for call in (
        lambda: length(BLOCK, mm=value),
        lambda: size(FIELD, ha=value),
        lambda: size(FIELD, cells=value),
    ):
        with pytest.raises(Refused, match="SV-EDIT-052"):
            call()


@pytest.mark.parametrize("label", [0, -1, 256])
def test_what_is_no_label(label):
    with pytest.raises(Refused, match="SV-EDIT-058"):
        require_label(label)
