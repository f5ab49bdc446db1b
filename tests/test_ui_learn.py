import numpy as np

from segviz.edit.samples import Samples
from segviz.mask import Legend
from segviz.ui import learn


def samples(strokes: list[int]) -> Samples:
    cells = np.arange(len(strokes)) * 5000 + 40_000
    return Samples(cells, np.ones(len(strokes), np.uint8), np.array(strokes))


def test_strokes_of_all_dates_are_counted_together() -> None:
    assert learn.counted([samples([1, 1, 2]), samples([5])]) == {1: (3, 4)}


def test_a_view_is_cut_to_what_is_quick_and_to_the_scene() -> None:
    assert learn.clipped((-50, 300, 10, 400), (10_000, 10_000)) == (0, 300, 10, 400)
    assert learn.clipped((0, 10_000, 0, 10_000), (10_000, 10_000)) == (3976, 6024, 3976, 6024)
    assert learn.clipped((50, 60, 200, 300), (100, 100)) is None


def test_the_view_is_around_the_last_stroke_where_the_map_did_not_tell_it() -> None:
    cells = np.array([5 * 3000 + 7, 2000 * 3000 + 1000, 2002 * 3000 + 1010])
    painted = Samples(cells, np.ones(3, np.uint8), np.array([1, 9, 9]))
    assert learn.around_last(painted, (3000, 3000)) == (1488, 2514, 488, 1522)


def test_advice_says_what_to_paint_next() -> None:
    legend = Legend.named("forest", "water")
    assert "second label" in learn.advice({1: (3, 40)}, legend, None)
    assert "Only one stroke of water" in learn.advice({1: (3, 40), 2: (1, 9)}, legend, None)
    assert "held back in turn" in learn.advice({1: (3, 40), 2: (2, 9)}, legend, None)
