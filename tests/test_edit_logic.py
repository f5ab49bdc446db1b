import numpy as np
import pytest
from canvases import after, canvas_of

from segviz.edit import around
from segviz.edit.logic import copy, intersect, subtract, union
from segviz.errors import Refused

MINE = [[1, 1, 2, 0, 0, 1]]
THEIRS = [[1, 3, 3, 3, 0, 0]]


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch):
    monkeypatch.setattr(around, "WINDOW", {2: 7, 3: 5})


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        (union, {"other_label": 3}, [1, 1, 2, 1, 0, 1]),
        (union, {"other_label": 3, "over": True}, [1, 1, 1, 1, 0, 1]),
        (intersect, {"other_label": 3}, [0, 1, 2, 0, 0, 0]),
        (subtract, {"other_label": 3}, [1, 0, 2, 0, 0, 1]),
        (copy, {"other_label": 3}, [0, 1, 2, 1, 0, 0]),
        (copy, {"other_label": 3, "over": True}, [0, 1, 1, 1, 0, 0]),
        (copy, {}, [1, 0, 2, 0, 0, 0]),
    ],
)
def test_one_label_with_another_mask(tool, arguments, expected):
    canvas = canvas_of(MINE)
    edit = tool(canvas, label=1, other=np.array(THEIRS, np.uint8), **arguments)
    assert after(canvas, edit).tolist() == [expected]


def test_all_labels_are_copied():
    canvas = canvas_of(MINE)
    edit = copy(canvas, label=0, other=np.array(THEIRS, np.uint8))
    assert after(canvas, edit).tolist() == THEIRS
    assert edit.what == "Copy all labels"


def test_two_labels_of_one_mask_are_united():
    canvas = canvas_of(MINE)
    assert after(canvas, union(canvas, label=1, other_label=2)).tolist() == [[1, 1, 1, 0, 0, 1]]


@pytest.mark.parametrize("shape", [(20, 33), (9, 11, 12)])
@pytest.mark.parametrize("seed", range(5))
def test_sets_of_cells(shape, seed):
    mine, theirs = np.random.default_rng(seed).integers(0, 4, (2, *shape)).astype(np.uint8)
    canvas, a, b = canvas_of(mine), mine == 1, theirs == 2
    cases = [
        (union(canvas, label=1, other_label=2, other=theirs, over=True), a | b),
        (intersect(canvas, label=1, other_label=2, other=theirs), a & b),
        (subtract(canvas, label=1, other_label=2, other=theirs), a & ~b),
        (copy(canvas, label=1, other_label=2, other=theirs, over=True), b),
    ]
    for edit, expected in cases:
        result = after(canvas, edit)
        assert ((result == 1) == expected).all()
        others = ~(a | b)
        assert (result[others] == mine[others]).all()


@pytest.mark.parametrize("tool", [intersect, subtract])
def test_two_labels_of_one_mask_share_nothing(tool):
    with pytest.raises(Refused, match="SV-EDIT-057"):
        tool(canvas_of(MINE), label=1, other_label=2, other=None)


@pytest.mark.parametrize("tool", [union, intersect, subtract, copy])
def test_a_mask_of_another_image(tool):
    with pytest.raises(Refused, match=r"1 x 5 cells and this one 1 x 6.*SV-EDIT-056"):
        tool(canvas_of(MINE), label=1, other_label=2, other=np.zeros((1, 5), np.uint8))


@pytest.mark.parametrize("tool", [union, intersect, subtract])
@pytest.mark.parametrize(("label", "other_label"), [(0, 1), (1, 0)])
def test_without_a_label_there_is_nothing_to_combine(tool, label, other_label):
    with pytest.raises(Refused, match="SV-EDIT-058"):
        tool(
            canvas_of(MINE), label=label, other_label=other_label, other=np.array(THEIRS, np.uint8)
        )
