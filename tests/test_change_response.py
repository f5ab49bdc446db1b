"""Ranges of response criteria at and around their thresholds."""

import pytest

from segviz.change.response import (
    CRITERIA,
    Size,
    amount,
    not_measurable,
    readings,
    relative,
    volume_equivalent,
)

RANO, LGG, RECIST = (CRITERIA[name] for name in ("rano-2010", "rano-lgg", "recist-1.1"))


def ranges(criterion, totals, new=None):
    return [r.range for r in readings(totals, new or [False] * len(totals), criterion)]


@pytest.mark.parametrize(
    ("criterion", "totals", "last"),
    [
        (RANO, [400, 200], "PR"),  # exactly -50 %
        (RANO, [400, 200.1], "SD"),
        (RANO, [400, 500], "PD"),  # exactly +25 %
        (RANO, [400, 499.9], "SD"),
        (RANO, [400, 400], "SD"),
        (RANO, [400, 0], "CR"),
        (RANO, [480, 288, 360], "PD"),  # -25 % from baseline, +25.0 % from nadir
        (RANO, [480, 288, 359], "SD"),
        (RANO, [480, 288], "SD"),  # -40 % is not PR
        (RANO, [480, 0, 10], "PD"),
        (RANO, [480, None], None),
        (RANO, [0, 100], None),
        (RANO, [None, 100], None),
        (LGG, [400, 300], "MinR"),  # exactly -25 %
        (LGG, [400, 300.1], "SD"),
        (LGG, [400, 200.1], "MinR"),
        (LGG, [400, 200], "PR"),
        (LGG, [400, 500], "PD"),
        (LGG, [480, 288, 360], "PD"),
        (RECIST, [100, 70], "PR"),  # exactly -30 %
        (RECIST, [100, 70.1], "SD"),
        (RECIST, [100, 120], "PD"),  # exactly +20 %, +20 mm
        (RECIST, [100, 119.9], "SD"),
        (RECIST, [20, 24], "SD"),  # +20 % but +4 mm
        (RECIST, [20, 24.9], "SD"),
        (RECIST, [20, 25], "PD"),  # +25 % and exactly +5 mm
        (RECIST, [100, 50, 60], "PD"),  # over the smallest sum so far; -40 % from baseline
        (RECIST, [100, 20, 24], "PR"),  # +20 % but +4 mm from nadir, -76 % from baseline
        (RECIST, [100, 0, 4], "PR"),
        (RECIST, [100, 0, 5], "PD"),
    ],
)
def test_the_range_of_the_last_visit(criterion, totals, last):
    assert ranges(criterion, totals)[-1] == last


@pytest.mark.parametrize("name", CRITERIA)
def test_a_new_lesion_is_progression(name):
    assert ranges(CRITERIA[name], [100, 20], [False, True]) == [None, "PD"]


def test_thresholds_hold_whatever_the_last_bit():
    """1.25 x a tenth of a millimetre is 25 % more, though not always in floating point."""
    for tenths in range(101, 900):
        assert ranges(RANO, [tenths / 10, tenths / 10 * 1.25])[-1] == "PD"
        assert ranges(RECIST, [tenths, tenths * 0.7])[-1] == "PR"


def test_the_vector_of_the_nadir():
    first, second, third = readings([480.0, 288.0, 360.0], [False] * 3, RANO)
    assert (first.from_baseline, first.from_nadir, first.nadir) == (None, None, None)
    assert (second.from_baseline, second.from_nadir, second.nadir) == (-0.4, -0.4, 480.0)
    assert (third.from_baseline, third.from_nadir, third.nadir) == (-0.25, 0.25, 288.0)
    assert third.why == "+25.0 % from the smallest sum so far."


@pytest.mark.parametrize(
    ("total", "change", "percent"),
    [("spd", -0.5, -64.6), ("spd", 0.25, 39.8), ("sld", -0.3, -65.7), ("sld", 0.2, 72.8)],
)
def test_geometric_equivalents_of_a_sphere(total, change, percent):
    assert round(100 * volume_equivalent(change, total), 1) == percent


@pytest.mark.parametrize(
    ("criterion", "size", "slice_mm", "measurable"),
    [
        (RANO, (10, 10, 2), 5.0, True),
        (RANO, (10, 9.9, 2), 5.0, False),
        (RANO, (9.9, 9.9, 2), 5.0, False),
        (RANO, (10, 10, 1), 5.0, False),
        (RANO, (13, 13, 2), 6.5, True),  # twice the slice distance above 5 mm
        (RANO, (12.9, 12.9, 2), 6.5, False),
        (RANO, (20, 12.9, 2), 6.5, False),
        (LGG, (10, 10, 2), 1.0, True),
        (RECIST, (10, 2, 1), 5.0, True),
        (RECIST, (9.9, 9.9, 3), 5.0, False),
    ],
)
def test_what_is_measurable(criterion, size, slice_mm, measurable):
    longest, perpendicular, slices = size
    said = not_measurable(Size(longest, perpendicular, slices, 1), slice_mm, criterion)
    assert (said is None) == measurable


@pytest.mark.parametrize(("short", "measurable"), [(15.0, True), (14.9, False)])
def test_a_node_is_measured_by_its_short_axis(short, measurable):
    size = Size(30.0, short, 1, 30 * short)
    assert (not_measurable(size, 5.0, RECIST, node=True) is None) == measurable
    assert amount(size, RECIST, node=True) == short


def test_what_is_added_up():
    size = Size(30.0, 16.0, 3, 480.0)
    assert [amount(size, criterion) for criterion in (RANO, LGG, RECIST)] == [480, 480, 30]
    assert amount(None, RANO) == 0


def test_relative_changes():
    assert relative(20, 25) == 0.25 and relative(0, 5) is None and relative(None, 5) is None
