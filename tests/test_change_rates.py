from datetime import date

import pytest

from segviz.change.rates import compound, puyravaud, yearly, years_between


def test_vector_of_the_reference():
    assert 100 * compound(100, 95, 5) == pytest.approx(-1.02062, abs=5e-6)
    assert 100 * puyravaud(100, 95, 5) == pytest.approx(-1.02587, abs=5e-6)


def test_a_compound_rate_leads_from_one_area_to_the_other():
    q = compound(123.0, 45.6, 7.25)
    assert 123.0 * (1 + q) ** 7.25 == pytest.approx(45.6)


@pytest.mark.parametrize(
    ("first", "second", "years"),
    [
        ("2015-07-15", "2020-07-15", 5.0),
        ("1985", "1991", 6.0),
        (date(2020, 2, 29), date(2021, 2, 28), 1.0),
        ("2019-01-01", "2019-07-02", 182 / 365),
        ("2020-12-31", "2021-01-01", 1 / 365),
        ("2021-06-01", "2020-06-01", -1.0),
        ("before the fire", "2020-01-01", None),
        (None, "2020-01-01", None),
    ],
)
def test_years(first, second, years):
    found = years_between(first, second)
    assert found is None if years is None else found == pytest.approx(years)


@pytest.mark.parametrize(
    ("before", "after", "years", "missing", "why"),
    [
        (10.0, 5.0, None, {"compound_percent", "puyravaud_percent", "a_year"}, "not known"),
        (10.0, 5.0, 0.0, {"compound_percent", "puyravaud_percent", "a_year"}, "not known"),
        (0.0, 5.0, 2.0, {"compound_percent", "puyravaud_percent"}, "first date"),
        (10.0, 0.0, 2.0, {"puyravaud_percent"}, "second date"),
    ],
)
def test_what_is_not_defined_is_null_with_a_why(before, after, years, missing, why):
    row = yearly(before, after, years)
    assert {key for key in row if row[key] is None and key != "years"} == missing
    assert why in row["why"]


def test_all_lost_is_a_hundred_percent_a_year():
    assert yearly(10.0, 0.0, 2.0)["compound_percent"] == -100.0
    assert yearly(10.0, 0.0, 2.0)["a_year"] == -5.0
