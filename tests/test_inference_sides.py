"""Left and right by the plane of symmetry."""

import numpy as np
import pytest
from scipy import ndimage

from segviz.inference.sides import symmetry_plane, tell_apart


def head(spacing=(2.0, 2.0, 2.0), middle=(0.0, 0.0, 0.0), turn_deg=(0.0, 0.0)):
    """A symmetric head: a ball (1), two balls in its halves (2), one in front (3); its sides."""
    sizes = [round(180 / s) for s in spacing]
    mm = np.meshgrid(
        *(s * (np.arange(n) - (n - 1) / 2) for s, n in zip(spacing, sizes, strict=True)),
        indexing="ij",
    )
    x, y, z = (axis - m for axis, m in zip(mm, middle, strict=True))
    yaw, roll = np.deg2rad(turn_deg)
    x, y = x * np.cos(yaw) + y * np.sin(yaw), y * np.cos(yaw) - x * np.sin(yaw)
    x, z = x * np.cos(roll) + z * np.sin(roll), z * np.cos(roll) - x * np.sin(roll)
    labels = np.where(x**2 + (y / 1.2) ** 2 + (z / 0.9) ** 2 < 60**2, 1, 0)
    labels[(abs(x) - 25) ** 2 + y**2 + (z - 10) ** 2 < 12**2] = 2
    labels[x**2 + (y - 35) ** 2 + (z + 20) ** 2 < 14**2] = 3
    return labels.astype(np.uint8), x


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"middle": (7.0, -4.0, 3.0)},
        {"turn_deg": (15.0, -8.0)},
        {"middle": (-6.0, 0.0, 5.0), "turn_deg": (-22.0, 12.0)},
        {"spacing": (0.9, 0.9, 6.5), "turn_deg": (10.0, 5.0)},
    ],
    ids=str,
)
def test_halves_are_told_apart(case):
    labels, x = head(**case)
    told = tell_apart(labels, case.get("spacing", (2.0, 2.0, 2.0)), {1: 11, 2: 12})
    sided = np.isin(labels, (1, 2))
    right = told[sided] > 10
    assert (right == (x[sided] > 0)).mean() > 0.98
    pieces, count = ndimage.label(np.isin(told, (2, 12)))
    assert count == 2
    assert all(len(np.unique(told[pieces == n])) == 1 for n in (1, 2))
    assert set(np.unique(told[labels == 3])) == {3}


def test_a_middle_plane_is_found_where_it_is():
    labels, _ = head(middle=(7.0, 0.0, 0.0))
    plane = symmetry_plane(labels, (2.0, 2.0, 2.0))
    assert plane.normal == pytest.approx((1, 0, 0), abs=0.03)
    assert plane.distance == pytest.approx(89 + 7, abs=3)


def test_nothing_stays_nothing():
    nothing = np.zeros((5, 5, 5), np.uint8)
    assert tell_apart(nothing, (1.0, 1.0, 1.0), {1: 2}) is nothing


def test_one_cell_is_on_some_side():
    labels = np.zeros((5, 5, 5), np.uint8)
    labels[2, 2, 2] = 1
    assert tell_apart(labels, (1.0, 1.0, 1.0), {1: 2}).sum() in (1, 2)
