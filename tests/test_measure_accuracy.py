"""Accuracy and areas from points: the published examples, independent sums, and chance itself."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.measure.accuracy import Assessment, Estimate, Z, olofsson, post_stratified, stehman

FOUR = [[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]]
FOUR_PIXELS = np.array([200_000, 150_000, 3_200_000, 6_450_000])
HA = 0.09
"""Of a pixel of 30 m."""

THREE = [[97, 0, 3], [3, 279, 18], [2, 1, 97]]
THREE_PIXELS = np.array([22_353, 1_122_543, 610_228])
SHARES = [[127, 66, 54], [2, 322, 17], [0, 15, 540]]

STRATA = "A" * 10 + "B" * 10 + "C" * 10 + "D" * 10
MAP = "A" * 7 + "BBB" + "A" + "B" * 11 + "C" * 6 + "BB" + "D" * 10
REFERENCE = "AAAAA" + "CBABCA" + "BBBBB" + "AABB" + "CCCCC" + "DDBBA" + "DDDDDDD" + "CCB"
STEHMAN_PIXELS = (40_000, 30_000, 20_000, 10_000)


def stehman_cube() -> NDArray[np.int64]:
    """The 40 points of Stehman's numerical example."""
    cube = np.zeros((4, 4, 4), np.int64)
    for point in zip(STRATA, MAP, REFERENCE, strict=True):
        cube[tuple("ABCD".index(letter) for letter in point)] += 1
    return cube


def values(estimates: tuple[Estimate, ...]) -> list[float | None]:
    return [estimate.value for estimate in estimates]


def errors(estimates: tuple[Estimate, ...]) -> list[float | None]:
    return [estimate.se for estimate in estimates]


def margins(estimates: tuple[Estimate, ...]) -> list[float | None]:
    return [estimate.margin for estimate in estimates]


def test_olofsson_2014_table_8() -> None:
    found = olofsson(FOUR, FOUR_PIXELS)
    total = FOUR_PIXELS.sum() * HA
    areas = [(e.value * total, e.margin * total) for e in found.areas if e.value and e.margin]
    assert areas == [
        pytest.approx((21157.76, 6157.52), abs=0.005),
        pytest.approx((11686.15, 3755.76), abs=0.005),
        pytest.approx((285769.93, 15509.55), abs=0.005),
        pytest.approx((581386.15, 16281.36), abs=0.005),
    ]
    assert values(found.users) == pytest.approx([0.8800, 0.7333, 0.9273, 0.9631], abs=5e-5)
    assert margins(found.users) == pytest.approx([0.0740, 0.1008, 0.0397, 0.0205], abs=5e-5)
    assert values(found.producers) == pytest.approx([0.7487, 0.8472, 0.9345, 0.9616], abs=5e-5)
    assert margins(found.producers) == pytest.approx([0.2133, 0.2544, 0.0343, 0.0184], abs=5e-5)
    assert found.overall.value == pytest.approx(0.9465, abs=5e-5)
    assert found.overall.margin == pytest.approx(0.0185, abs=5e-5)
    assert found.raw_overall == pytest.approx(0.9172, abs=5e-5)
    assert found.counts.tolist() == FOUR
    assert (FOUR_PIXELS * HA).tolist() == [18_000, 13_500, 288_000, 580_500]


def test_the_mapped_area_of_table_8_is_15_percent_low_and_inside_the_interval() -> None:
    deforestation = olofsson(FOUR, FOUR_PIXELS).areas[0]
    estimate, margin = deforestation.value or 0, deforestation.margin or 0
    total = FOUR_PIXELS.sum() * HA
    assert 1 - 18_000 / (estimate * total) == pytest.approx(0.15, abs=0.005)
    assert abs(18_000 / total - estimate) < margin


def test_with_z_of_1_96_the_first_interval_is_that_of_the_paper() -> None:
    se = olofsson(FOUR, FOUR_PIXELS).areas[0].se or 0
    assert pytest.approx(6157.63, abs=0.005) == 1.96 * se * FOUR_PIXELS.sum() * HA
    assert Z == 1.959964


def test_olofsson_2013_example_1() -> None:
    found = olofsson(THREE, THREE_PIXELS)
    total = THREE_PIXELS.sum()
    first = found.areas[0]
    assert first.value is not None and first.se is not None and first.margin is not None
    assert first.value * total == pytest.approx(45112.4, abs=0.05)
    assert first.se * total == pytest.approx(10751.40, abs=0.01)
    assert (first.value - first.margin) * total == pytest.approx(24040.0, abs=0.1)
    assert (first.value + first.margin) * total == pytest.approx(66184.8, abs=0.1)
    assert values(found.users) == pytest.approx([0.97, 0.93, 0.97], abs=1e-9)
    assert values(found.producers) == pytest.approx([0.48063, 0.99419, 0.89693], abs=5e-6)
    assert found.overall.value == pytest.approx(0.94442, abs=5e-6)


def test_olofsson_2013_example_2() -> None:
    found = olofsson(SHARES, [0.007, 0.295, 0.698])
    assert found.overall.value == pytest.approx(0.96130, abs=5e-6)
    assert found.overall.margin == pytest.approx(0.01186, abs=5e-6)
    assert values(found.users) == pytest.approx([0.51417, 0.94428, 0.97297], abs=5e-6)
    assert values(found.producers) == pytest.approx([0.67535, 0.93072, 0.97665], abs=5e-6)
    assert found.producers[0].margin == pytest.approx(0.30458, abs=5e-6)


def test_stehman_2014_numerical_example() -> None:
    found = stehman(stehman_cube(), STEHMAN_PIXELS)
    assert values(found.areas) == pytest.approx([0.35, 0.34, 0.20, 0.11], abs=1e-9)
    assert errors(found.areas) == pytest.approx([0.082248, 0.075853, 0.064280, 0.030722], abs=5e-7)
    assert values(found.users) == pytest.approx([0.741935, 0.574468, 0.5, 0.7], abs=5e-7)
    assert errors(found.users) == pytest.approx([0.164542, 0.124782, 0.215112, 0.152676], abs=5e-7)
    assert values(found.producers) == pytest.approx([0.657143, 0.794118, 0.3, 0.636364], abs=5e-7)
    assert errors(found.producers) == pytest.approx(
        [0.147710, 0.116548, 0.150411, 0.162280], abs=5e-7
    )
    assert found.overall.value == pytest.approx(0.63, abs=1e-9)
    assert found.overall.se == pytest.approx(0.084642, abs=5e-7)
    assert found.shares is not None
    assert found.shares == pytest.approx(
        np.array([[23, 4, 4, 0], [12, 27, 8, 0], [0, 2, 6, 4], [0, 1, 2, 7]]) / 100, abs=1e-9
    )


def by_equations_5_to_11(n: NDArray[np.int64], sizes: NDArray[np.float64]) -> Assessment:
    """Olofsson 2014 written out term by term, as an independent witness."""
    q, total = len(n), sizes.sum()
    w, n_i = sizes / total, n.sum(axis=1)
    p = w[:, None] * n / n_i[:, None]
    users, producers, areas = [], [], []
    for i in range(q):
        u = n[i, i] / n_i[i]
        users.append(Estimate(u, sqrt(u * (1 - u) / (n_i[i] - 1))))
    for j in range(q):
        share = n[:, j] / n_i
        areas.append(Estimate(p[:, j].sum(), sqrt((w**2 * share * (1 - share) / (n_i - 1)).sum())))
        right, there = p[j, j] / p[:, j].sum(), (sizes * share).sum()
        own = sizes[j] ** 2 * (1 - right) ** 2 * share[j] * (1 - share[j]) / (n_i[j] - 1)
        others = sum(
            sizes[i] ** 2 * share[i] * (1 - share[i]) / (n_i[i] - 1) for i in range(q) if i != j
        )
        producers.append(Estimate(right, sqrt((own + right**2 * others) / there**2)))
    u = np.diag(n) / n_i
    overall = Estimate(np.trace(p), sqrt((w**2 * u * (1 - u) / (n_i - 1)).sum()))
    raw = np.trace(n) / n.sum()
    return Assessment(n, p, tuple(areas), tuple(users), tuple(producers), overall, raw)


def test_random_matrices_agree_with_the_equations_written_out() -> None:
    random = np.random.default_rng(1)
    for classes in (2, 3, 5, 8):
        n = random.integers(1, 60, (classes, classes))
        sizes = random.uniform(1, 1e6, classes)
        one, two = olofsson(n, sizes), by_equations_5_to_11(n, sizes)
        assert one.shares == pytest.approx(two.shares, rel=1e-9)
        for part in ("areas", "users", "producers"):
            assert values(getattr(one, part)) == pytest.approx(values(getattr(two, part)), rel=1e-9)
            assert errors(getattr(one, part)) == pytest.approx(errors(getattr(two, part)), rel=1e-9)
        assert one.overall.se == pytest.approx(two.overall.se, rel=1e-9)
        assert one.raw_overall == two.raw_overall


def test_stehman_equals_olofsson_where_the_strata_are_the_classes_of_a_large_map() -> None:
    cube = np.zeros((4, 4, 4), np.int64)
    for n, row in enumerate(FOUR):
        cube[n, n] = row
    one, two = stehman(cube, FOUR_PIXELS * 10**6), olofsson(FOUR, FOUR_PIXELS)
    for part in ("areas", "users", "producers"):
        assert errors(getattr(one, part)) == pytest.approx(errors(getattr(two, part)), rel=1e-6)


def test_a_stratum_read_to_its_last_pixel_has_no_error() -> None:
    cube = np.zeros((2, 2, 2), np.int64)
    cube[0, 0] = [3, 1]
    cube[1, 1] = [1, 3]
    whole = stehman(cube, (4, 4))
    assert errors(whole.areas) == [0, 0]
    assert values(whole.areas) == [0.5, 0.5]


def test_one_point_has_no_variance() -> None:
    with pytest.raises(Refused, match="where the map has 'loss'") as refused:
        olofsson([[1, 0], [0, 9]], (10, 90), ("loss", "forest"))
    assert refused.value.code == "SV-NUM-070"


def test_points_without_area_are_refused() -> None:
    with pytest.raises(Refused, match="no area of it") as refused:
        olofsson([[2, 0], [0, 9]], (0, 90), ("loss", "forest"))
    assert refused.value.code == "SV-NUM-071"


def test_a_mapped_class_without_points_takes_only_what_depends_on_it() -> None:
    found = olofsson([[0, 0, 0], [1, 8, 1], [0, 2, 8]], (10, 50, 40), ("loss", "forest", "other"))
    missing = "no point was read where the map has loss"
    assert found.users[0] == Estimate(None, None, missing)
    assert found.areas[0] == Estimate(None, None, missing)
    assert found.overall == Estimate(None, None, missing)
    assert found.overall.margin is None
    assert found.shares is None
    assert found.users[1].value == pytest.approx(0.8)
    assert found.raw_overall == pytest.approx(0.8)


def test_a_class_that_only_the_map_or_only_the_reference_has() -> None:
    only_seen = olofsson([[0, 0], [2, 8]], (0, 90))
    assert only_seen.users[0] == Estimate(None, None, "the map does not have this class")
    assert only_seen.producers[0].value == 0
    assert only_seen.areas[0].value == pytest.approx(0.2)
    only_mapped = olofsson([[0, 5], [0, 8]], (10, 90))
    assert only_mapped.users[0].value == 0
    assert only_mapped.producers[0] == Estimate(None, None, "no point was read as this class")


def test_no_points_at_all() -> None:
    found = olofsson([[0, 0], [0, 0]], (10, 90), ("loss", "forest"))
    assert found.raw_overall is None
    assert values(found.areas) == [None, None]


PIXELS = np.array([2_000, 38_000, 60_000])
TRUTH = np.array([[0.85, 0.05, 0.10], [0.03, 0.92, 0.05], [0.02, 0.04, 0.94]])
"""Of each class of a made-up map, the share that truly is each class."""

TRUE_AREAS = PIXELS / PIXELS.sum() @ TRUTH
ROUNDS = 2000
POINTS = 400
"""In each stratum; with 50 the interval of the rare class holds the truth 82 times in 100."""


def stratified(random: np.random.Generator) -> Assessment:
    reference = (PIXELS[:, None] * TRUTH).round().astype(int)
    drawn = [random.multivariate_hypergeometric(row, POINTS) for row in reference]
    return olofsson(drawn, PIXELS)


def moved(random: np.random.Generator) -> Assessment:
    """The map was edited after the draw: a tenth of each stratum is now the next class."""
    cube = np.zeros((3, 3, 3), np.int64)
    for stratum, (pixels, truth) in enumerate(zip(PIXELS, TRUTH, strict=True)):
        now = np.zeros(3)
        now[stratum], now[(stratum + 1) % 3] = 0.9, 0.1
        population = (pixels * np.outer(now, truth)).round().astype(int)
        cube[stratum] = random.multivariate_hypergeometric(population.ravel(), POINTS).reshape(3, 3)
    return stehman(cube, PIXELS)


def simple(random: np.random.Generator) -> Assessment:
    population = (PIXELS[:, None] * TRUTH).round().astype(int)
    drawn = random.multivariate_hypergeometric(population.ravel(), 1500).reshape(3, 3)
    return post_stratified(drawn, PIXELS)


@pytest.mark.parametrize("sample", [stratified, moved, simple])
def test_chance_keeps_the_promise_of_the_interval(
    sample: Callable[[np.random.Generator], Assessment],
) -> None:
    """Over 2,000 samples estimates centre on the truth and 95 % intervals hold it 93 to 97 %."""
    random = np.random.default_rng(2014)
    found = [sample(random) for _ in range(ROUNDS)]
    areas = np.array([values(one.areas) for one in found], float)
    reach = np.array([margins(one.areas) for one in found], float)
    error_of_mean = areas.std(axis=0) / sqrt(ROUNDS)
    assert (np.abs(areas.mean(axis=0) - TRUE_AREAS) < 4 * error_of_mean).all()
    covered = (np.abs(areas - TRUE_AREAS) <= reach).mean(axis=0)
    assert ((covered > 0.93) & (covered < 0.97)).all(), covered


def test_stated_errors_happen_within_a_tenth() -> None:
    """Producer's accuracy is a ratio: its stated standard error is that of 2,000 samples."""
    random = np.random.default_rng(5)
    found = [stratified(random) for _ in range(ROUNDS)]
    producers = np.array([values(one.producers) for one in found], float)
    stated = np.array([errors(one.producers) for one in found], float).mean(axis=0)
    assert stated == pytest.approx(producers.std(axis=0), rel=0.1)


def test_a_simple_random_sample_sorted_afterwards_errs_more_than_a_stratified_one() -> None:
    counts, pixels = [[8, 2], [10, 80]], (8_000, 92_000)
    one, two = olofsson(counts, pixels), post_stratified(counts, pixels)
    assert values(one.areas) == values(two.areas)
    assert (two.areas[0].se or 0) > (one.areas[0].se or 0)
    within = np.array([8 * 2 / 10 / 9, 10 * 80 / 90 / 89])
    by_hand = (1 - 100 / 1e5) / 100 * (within @ [0.08, 0.92]) + within @ [0.92, 0.08] / 100**2
    assert two.areas[0].se == pytest.approx(sqrt(by_hand), rel=1e-9)
