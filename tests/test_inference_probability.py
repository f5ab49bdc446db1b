"""The threshold counts the same voxels everywhere."""

import numpy as np
import pytest

from segviz.errors import Refused
from segviz.inference import probability


def test_probabilities_become_bytes():
    shares = np.array([0, 0.001, 0.002, 0.5, 0.998, 1, 1.2, -0.1])
    assert probability.to_bytes(shares).tolist() == [0, 0, 1, 128, 254, 255, 255, 0]


@pytest.mark.parametrize(("threshold", "least"), [(0, 1), (0.5, 128), (0.2, 51), (1, 255)])
def test_the_least_byte_of_a_threshold(threshold, least):
    assert probability.least_byte(threshold) == least


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold):
    with pytest.raises(Refused) as error:
        probability.least_byte(threshold)
    assert error.value.code == "SV-RUN-011"


def test_a_higher_threshold_never_adds_a_voxel():
    found = np.arange(256, dtype=np.uint8)
    sizes = [int(probability.above(found, t).sum()) for t in np.linspace(0, 1, 101)]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (255, 1)
