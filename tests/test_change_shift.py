import numpy as np
import pytest
from scipy import ndimage

from segviz.change.shift import Shift, estimate, false_change, sample_windows, shift_of

SIDE = 160


def ground(seed: int = 3, side: int = SIDE) -> np.ndarray:
    """Fields of different brightness with some texture, twice as large as needed."""
    random = np.random.default_rng(seed)
    coarse = np.kron(random.uniform(200, 2000, (2 * side // 16,) * 2), np.ones((16, 16)))
    return coarse + 150 * ndimage.gaussian_filter(random.standard_normal(coarse.shape), 1.5)


def seen_from(rows: float, columns: float, seed: int = 3, noise: int = 1) -> np.ndarray:
    """The ground, so many pixels lower and further right, as a sensor with noise sees it."""
    moved = ndimage.shift(ndimage.gaussian_filter(ground(seed), 0.7), (rows, columns), order=3)
    middle = moved[SIDE // 2 : -SIDE // 2, SIDE // 2 : -SIDE // 2]
    return middle + np.random.default_rng(noise).normal(0, 15, middle.shape)


SEEN = np.ones((SIDE, SIDE), bool)


@pytest.mark.parametrize(
    "shift", [(0, 0), (0.25, 0), (0, -0.5), (1.3, 0.4), (-2.75, 1.1), (5, -4), (0.1, 0.1)]
)
def test_a_known_shift_is_found_to_a_twentieth_of_a_pixel(shift):
    found = shift_of(seen_from(0, 0), seen_from(*shift, noise=2), SEEN)
    assert found == pytest.approx(shift, abs=0.05)


def test_another_brightness_and_what_truly_changed_do_not_move_it():
    later = 0.6 * seen_from(0.4, -0.3, noise=2) + 300
    later[30:70, 40:90] = 900
    assert shift_of(seen_from(0, 0), later, SEEN) == pytest.approx((0.4, -0.3), abs=0.08)


def test_the_median_of_the_windows_counts():
    pairs = [(seen_from(0, 0, seed), seen_from(0.5, 0.25, seed, 2), SEEN) for seed in (1, 2, 3)]
    elsewhere = (seen_from(0, 0, 4), seen_from(3, -3, 4, 2), SEEN)
    found = estimate([*pairs, elsewhere])
    assert found is not None
    assert (found.rows, found.columns) == pytest.approx((0.5, 0.25), abs=0.05)
    assert found.windows == 4 and found.spread < 0.1
    assert Shift(0.3, -0.4, 0.0, 1).pixels == pytest.approx(0.5)


def test_windows_without_ground_or_without_edges_say_nothing():
    cloudy = SEEN.copy()
    cloudy[: SIDE // 4] = False
    flat = np.full((SIDE, SIDE), 400.0)
    assert shift_of(seen_from(0, 0), seen_from(0, 0), cloudy) is None
    assert shift_of(flat, flat, SEEN) is None
    assert estimate([(flat, flat, SEEN)]) is None
    assert estimate([]) is None


def test_what_does_not_match_has_no_shift():
    one, two = (
        ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((SIDE, SIDE)), 3)
        for seed in (1, 2)
    )
    assert shift_of(one, two, SEEN) is None
    assert shift_of(one, one, SEEN) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("shape", "size", "count"),
    [((100, 90), 128, 1), ((150, 5000), 128, 4), ((10980, 10980), 128, 16), ((256, 256), 128, 4)],
)
def test_windows_lie_inside_and_apart(shape, size, count):
    windows = sample_windows(shape, size)
    assert len(windows) == count
    covered = np.zeros(shape, np.uint8)
    for r0, r1, c0, c1 in windows:
        assert 0 <= r0 < r1 <= shape[0] and 0 <= c0 < c1 <= shape[1]
        covered[r0:r1, c0:c1] += 1
    assert covered.max() == 1


@pytest.mark.parametrize(
    ("side", "shift", "share"),
    [
        (20, (0, 1), 0.05),
        (20, (0, -2), 0.10),
        (10, (1, 0), 0.10),
        (20, (0, 0.5), 0.025),
        (20, (0, 0), 0.0),
    ],
)
def test_checkerboards_of_the_reference(side, shift, share):
    """Squares of 20 px moved by 1 px: 5 % seem lost and 5 % gained; by 2 px, or of 10 px: 10 %."""
    down, right = (int(np.ceil(abs(part))) for part in shift)
    row, column = np.indices((2 * side * 10 + down, 2 * side * 10 + right)) // side
    board = (1 + (row + column) % 2).astype(np.uint8)
    assert false_change([board], 1, shift) == pytest.approx(share, abs=1e-3)
    assert false_change([board], 2, shift) == pytest.approx(share, abs=1e-3)


def test_a_forest_of_small_patches_changes_by_percents():
    """About 200 m patches at 10 m: 2.5 % at 1 px and 5 % at 2 px in the reference."""
    rough = np.random.default_rng(0).standard_normal((1000, 1000))
    forest = (1 + (ndimage.gaussian_filter(rough, 9.5) > 0)).astype(np.uint8)
    one, two = (false_change([forest], 1, (0, pixels)) for pixels in (1, 2))
    assert one == pytest.approx(0.0249, abs=0.001)
    assert two == pytest.approx(2 * one, rel=0.05)


def test_a_label_that_is_not_there_has_no_share():
    assert false_change([np.full((9, 9), 2, np.uint8)], 1, (0, 1)) is None


def test_nodata_is_not_taken_for_a_loss():
    labels = np.zeros((20, 20), np.uint8)
    labels[:, :10] = 1
    assert false_change([labels], 1, (0, 1)) == 0.0
