import numpy as np
import pytest

from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume, require_finite, windows


def test_windows_cover_every_cell_once() -> None:
    covered = np.zeros((5, 7), int)
    for r0, r1, c0, c1 in windows((5, 7), 3):
        covered[r0:r1, c0:c1] += 1
    assert (covered == 1).all()


def test_an_array_never_travels_without_its_grid() -> None:
    with pytest.raises(ValueError, match="does not lie on grid"):
        Volume(VolumeGrid((2, 2, 2), np.eye(4)), np.zeros((2, 2, 3)))


def test_voxels_without_a_number_are_refused_before_a_network_sees_them() -> None:
    data = np.zeros((10, 10, 10), np.float32)
    grid = VolumeGrid(data.shape, np.eye(4))
    require_finite(Volume(grid, data))
    data[0, 0, :5] = np.nan
    with pytest.raises(Refused, match=r"0\.50%"):
        require_finite(Volume(grid, data))
