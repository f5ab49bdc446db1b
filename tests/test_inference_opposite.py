"""The other side of a head."""

import numpy as np
import pytest
from scipy import ndimage

from segviz.inference import opposite

SPACING = (6.0, 2.0, 2.0)


def head(yaw_deg=0.0, shift_mm=0.0, lesion=True):
    """An ellipsoid with a pair of dark ventricles and one bright lesion, [slice, x, y]."""
    shape = (20, 110, 110)
    z, x, y = (
        (axis - (n - 1) / 2) * mm
        for axis, n, mm in zip(np.indices(shape), shape, SPACING, strict=True)
    )
    angle = np.deg2rad(yaw_deg)
    across = np.cos(angle) * x + np.sin(angle) * y - shift_mm
    along = -np.sin(angle) * x + np.cos(angle) * y
    inside = (across / 70) ** 2 + (along / 85) ** 2 + (z / 75) ** 2 < 1
    image = inside.astype(np.float32)
    image[((np.abs(across) - 15) / 8) ** 2 + (along / 25) ** 2 + (z / 12) ** 2 < 1] = 0.4
    if lesion:
        image[(across - 40) ** 2 + along**2 + z**2 < 12**2] = 1.6
    return image


@pytest.mark.parametrize(("yaw_deg", "shift_mm"), [(0, 0), (9, 6), (-17, -12)])
def test_a_symmetric_head_is_its_own_other_side(yaw_deg, shift_mm):
    image = head(yaw_deg, shift_mm, lesion=False)
    other = opposite.opposite(image, SPACING, 1, 1.0)
    soft = ndimage.gaussian_filter(image, [0, 0.5, 0.5])
    assert np.abs(other - soft).mean() < 0.03


def test_a_lesion_lies_on_one_side_alone():
    image = head(8, 5)
    other = opposite.opposite(image, SPACING, 1, 1.0)
    lesion = image > 1.5
    assert other[lesion].mean() == pytest.approx(1, abs=0.1)
    assert (other > 1.4).sum() > 0.5 * lesion.sum()


def test_the_plane_goes_through_the_middle():
    plane = opposite.symmetry_plane(head(10, 8), SPACING, 1)
    angle = np.deg2rad(10)
    assert plane.normal == pytest.approx([0, np.cos(angle), np.sin(angle)], abs=0.03)
    middle = plane.normal @ np.multiply((np.array([20, 110, 110]) - 1) / 2, SPACING)
    assert plane.distance - middle == pytest.approx(8, abs=1.5)


def test_air_has_its_plane_in_the_middle():
    plane = opposite.symmetry_plane(np.zeros((4, 5, 6), np.float32), SPACING, 1)
    assert plane.normal.tolist() == [0, 1, 0]
    assert plane.distance == 4
