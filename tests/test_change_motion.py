"""Turns and shifts."""

import numpy as np
import pytest

from segviz.change import motion
from segviz.errors import Refused
from segviz.grid import VolumeGrid


def test_a_quarter_turn_about_s_takes_r_to_a():
    matrix = motion.moved((0, 0, 90), (0, 0, 5), (0, 0, 0))
    assert (matrix @ [10, 0, 0, 1])[:3] == pytest.approx([0, 10, 5])


def test_the_centre_goes_where_it_is_shifted():
    matrix = motion.moved((12, -7, 30), (1, 2, 3), (40, 50, 60))
    assert (matrix @ [40, 50, 60, 1])[:3] == pytest.approx([41, 52, 63])


@pytest.mark.parametrize("seed", range(10))
def test_parts_are_what_was_put_together(seed):
    random = np.random.default_rng(seed)
    turns, shift, centre = random.uniform(-40, 40, (3, 3))
    found = motion.parts(motion.moved(turns, shift, centre), centre)
    assert found[0] == pytest.approx(turns) and found[1] == pytest.approx(shift)


def test_the_middle_of_a_grid():
    grid = VolumeGrid((3, 5, 1), np.diag([2.0, 1.0, 4.0, 1.0]))
    assert motion.middle_mm(grid).tolist() == [2.0, 2.0, 0.0]


@pytest.mark.parametrize(
    "rows",
    [np.diag([2.0, 1, 1, 1]), np.diag([-1.0, 1, 1, 1]), np.eye(3), np.full((4, 4), np.nan)],
)
def test_what_stretches_or_mirrors_is_refused(rows):
    with pytest.raises(Refused) as refused:
        motion.of_rows(rows)
    assert refused.value.code == "SV-NUM-032"
