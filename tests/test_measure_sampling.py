"""How many points, how shared out, and that chance alone chooses them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2, chisquare

from segviz.errors import Refused
from segviz.grid import Window
from segviz.measure import sampling
from segviz.measure.sampling import (
    Points,
    at_least,
    draw,
    equal,
    expected_error,
    neyman,
    proportional,
    require_drawable,
    sample_size,
    spread,
)

W = (0.02, 0.015, 0.32, 0.645)
U = (0.7, 0.6, 0.9, 0.95)


def test_sample_size_of_olofsson_2014() -> None:
    exact = (np.asarray(W) @ spread(U) / 0.01) ** 2
    assert exact == pytest.approx(640.5, abs=0.05)
    assert sample_size(W, U, 0.01) == 641
    assert sample_size(np.asarray(W) * 9_000, U, 0.01) == 641


def test_the_error_that_was_asked_for_is_that_of_neyman_allocation() -> None:
    assert expected_error([1], [0.5], [100]) == pytest.approx(0.05)
    assert expected_error(W, U, neyman(641, W, U)) == pytest.approx(0.01, abs=1e-5)
    assert expected_error(W, U, proportional(641, W)) == pytest.approx(0.01024, abs=5e-5)


def test_a_whole_number_is_not_rounded_up() -> None:
    assert sample_size([1], [0.5], 0.05) == 100


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (equal(641, W), [161, 160, 160, 160]),
        (proportional(641, W), [13, 10, 205, 413]),
        (at_least(641, W, 100), [100, 100, 146, 295]),
        (at_least(641, W, 75), [75, 75, 163, 328]),
        (at_least(641, W, 50), [50, 50, 179, 362]),
        (neyman(641, W, U), [23, 19, 243, 356]),
        (at_least(90, (1, 1), 50), [50, 50]),
        (at_least(100, (1, 9), 50), [50, 50]),
        (at_least(20, (1, 1), 10), [10, 10]),
        (neyman(10, (1, 1), (1, 1)), [5, 5]),
        (proportional(0, (1, 1)), [0, 0]),
    ],
)
def test_points_are_shared_out(given: NDArray[np.int64], expected: list[int]) -> None:
    assert given.tolist() == expected


@pytest.mark.parametrize("users", [(1.2, 0.9), (-0.1, 0.9)])
def test_an_accuracy_is_a_share(users: tuple[float, float]) -> None:
    with pytest.raises(Refused, match="outside of 0 to 1") as refused:
        sample_size((1, 1), users, 0.01)
    assert refused.value.code == "SV-NUM-073"


@pytest.mark.parametrize("error", [0.0, -1.0, 1.0, float("nan")])
def test_a_standard_error_is_above_0(error: float) -> None:
    with pytest.raises(Refused, match="standard error") as refused:
        sample_size((1, 1), (0.9, 0.9), error)
    assert refused.value.code == "SV-NUM-073"


@pytest.mark.parametrize(("points", "said"), [(11, "has 10 pixels"), (1, "no interval")])
def test_an_allocation_that_gives_nothing_is_refused(points: int, said: str) -> None:
    require_drawable([10], [10], ["loss"])
    with pytest.raises(Refused, match=said) as refused:
        require_drawable([points], [10], ["loss"])
    assert refused.value.code == "SV-NUM-072"


def strata(shape: tuple[int, int] = (60, 70)) -> NDArray[np.uint8]:
    return np.random.default_rng(4).choice(4, shape, p=(0.3, 0.5, 0.15, 0.05)).astype(np.uint8)


def drawn(labels: NDArray[np.uint8], allocation: dict[int, int], seed: int) -> Points:
    def read(window: Window) -> NDArray[np.uint8]:
        return labels[window[0] : window[1], window[2] : window[3]]

    return draw(read, (labels.shape[0], labels.shape[1]), allocation, seed)


def cells(points: Points) -> list[tuple[int, int, int]]:
    return list(zip(points.rows, points.columns, points.strata, strict=True))


def test_points_lie_in_their_stratum_and_none_comes_twice() -> None:
    labels = strata()
    points = drawn(labels, {1: 40, 2: 30, 3: 20}, seed=1)
    assert len(points) == 90
    assert (labels[points.rows, points.columns] == points.strata).all()
    assert len(set(cells(points))) == 90
    assert np.bincount(points.strata).tolist() == [0, 40, 30, 20]


def test_a_stratum_can_be_drawn_to_its_last_cell() -> None:
    labels = strata()
    points = drawn(labels, {3: int((labels == 3).sum())}, seed=1)
    found = np.zeros_like(labels)
    found[points.rows, points.columns] = 1
    assert (found == (labels == 3)).all()


def test_more_points_than_cells_are_refused() -> None:
    with pytest.raises(Refused, match="stratum 3") as refused:
        drawn(strata(), {3: 5_000}, seed=1)
    assert refused.value.code == "SV-NUM-072"


def test_a_seed_gives_the_same_points_whatever_is_read_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels, allocation = strata(), {1: 40, 2: 30, 3: 20}
    once = cells(drawn(labels, allocation, seed=7))
    for strip_cells in (1, 70, 700, 1500, 10**6):
        monkeypatch.setattr(sampling, "STRIP_CELLS", strip_cells)
        assert cells(drawn(labels, allocation, seed=7)) == once
    assert cells(drawn(labels, allocation, seed=8)) != once


def test_each_cell_of_a_stratum_is_as_likely_as_any_other() -> None:
    """4,000 draws of 3 out of 35 cells: chi-square of the counts, corrected for draws without
    replacement, at p > 0.001 with fixed seeds; and of the order in which strata come up."""
    labels = np.zeros((6, 9), np.uint8)
    labels[1:, 1:8] = 1
    labels[0, :5] = 2
    total, first = np.zeros(labels.shape, int), 0
    for seed in range(4_000):
        points = drawn(labels, {1: 3, 2: 1}, seed)
        total[points.rows, points.columns] += 1
        first += int(points.strata[0] == 2)
    for value, wanted in ((1, 3), (2, 1)):
        seen = total[labels == value]
        corrected = chisquare(seen).statistic * (len(seen) - 1) / (len(seen) - wanted)
        assert chi2.sf(corrected, len(seen) - 1) > 0.001
    assert chisquare([first, 4_000 - first], [1_000, 3_000]).pvalue > 0.001


def test_a_scene_on_disk_is_drawn_from(tmp_path: Path) -> None:
    """A memory map of 3,000 x 2,000 cells with one rare cell in each 1,000."""
    path = tmp_path / "mask.u8"
    written = np.memmap(path, np.uint8, "w+", shape=(3_000, 2_000))
    written[:] = 1
    written.reshape(-1)[::1_000] = 2
    written.flush()
    points = drawn(np.memmap(path, np.uint8, "r", shape=(3_000, 2_000)), {1: 100, 2: 100}, 3)
    rare = points.strata == 2
    assert ((points.rows * 2_000 + points.columns)[rare] % 1_000 == 0).all()
    assert len(set(cells(points))) == 200
