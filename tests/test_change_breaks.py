from datetime import date, timedelta

import numpy as np
import pytest

from segviz.change.breaks import breaks_in
from segviz.errors import Refused


def days(count: int, years: float = 6.0) -> list[date]:
    return [
        date(2015, 3, 1) + timedelta(days=int(365.25 * years * n / count)) for n in range(count)
    ]


def noise(count: int, seed: int, size: float = 0.05) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, size, count)


@pytest.mark.parametrize("count", [10, 20, 60])
@pytest.mark.parametrize("step", [-0.4, 0.3])
def test_a_step_is_found_where_it_is(count, step):
    values = 0.6 + noise(count, 1, 0.03)
    values[count // 2 :] += step
    found = breaks_in(days(count), values)
    assert found.breaks == (count // 2,)
    assert found.steps == pytest.approx([step], abs=0.05)


def test_two_steps_are_found_where_they_are():
    values = np.repeat([0.8, 0.3, 0.6], 12) + noise(36, 2, 0.04)
    assert breaks_in(days(36), values).breaks == (12, 24)


def test_a_clean_step_is_found_exactly():
    found = breaks_in(days(12), [0.8] * 6 + [0.2] * 6)
    assert found.breaks == (6,)
    assert found.levels == pytest.approx((0.8, 0.2))
    assert found.fitted == pytest.approx([0.8] * 6 + [0.2] * 6)


@pytest.mark.parametrize("count", [10, 15, 40, 140])
def test_noise_alone_has_no_break_in_95_of_100_series(count):
    found = [bool(breaks_in(days(count), 0.7 + noise(count, seed)).breaks) for seed in range(100)]
    assert sum(found) < 5


def test_one_outlier_is_no_break():
    values = 0.7 + noise(20, 3, 0.02)
    values[9] = 0.1
    assert breaks_in(days(20), values).breaks == ()


def test_the_year_is_no_break_and_hides_none():
    when = days(120)
    wave = 0.25 * np.sin(2 * np.pi * np.array([day.toordinal() for day in when]) / 365.25)
    quiet = breaks_in(when, 0.6 + wave + noise(120, 4, 0.03))
    assert quiet.breaks == () and quiet.seasonal
    cleared = 0.6 + wave + noise(120, 5, 0.03)
    cleared[70:] -= 0.3
    assert breaks_in(when, cleared).breaks == (70,)


def test_a_small_step_is_no_break():
    assert breaks_in(days(40), [0.70] * 20 + [0.66] * 20).breaks == ()


def test_nothing_changes_nothing_breaks():
    found = breaks_in(days(12), [0.5] * 12)
    assert (found.breaks, found.levels) == ((), (0.5,))


def test_few_dates_are_refused_with_a_sentence():
    with pytest.raises(Refused, match="seen clearly on 5 dates"):
        breaks_in(days(5), [0.8, 0.8, 0.2, 0.2, 0.2])
