import numpy as np
import pytest
import torch

from segviz.inference.pixel_network import PixelNetwork
from segviz.training.perceptrons import bordered, classes_of, fit


def test_features_beside_a_border_are_those_of_a_picture_with_one() -> None:
    network = PixelNetwork(1, 2, sizes=(3, 5))
    grounds = np.array([100.0, 300.0], np.float32)

    def at(image: np.ndarray, column: int) -> torch.Tensor:
        with torch.inference_mode():
            return network.features(torch.from_numpy(image)[None, None])[0, :, 10, column]

    here, there = (at(np.full((21, 21), level, np.float32), 10) for level in grounds)
    picture = np.full((21, 21), grounds[0], np.float32)
    picture[:, 12:] = grounds[1]
    # the border lies between columns 11 and 12, 1.5 cells from the middle of column 10
    seen = bordered(network, here, there, torch.tensor(1.5))
    assert seen.numpy() == pytest.approx(at(picture, 10).numpy(), abs=1e-3)
    far = bordered(network, here, there, torch.tensor(9.0))
    assert far.numpy() == pytest.approx(here.numpy(), abs=1e-3)


def test_side_by_side_each_learns_from_its_own_samples() -> None:
    network = PixelNetwork(1, 2)
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 400)
    features = rng.normal(0, 0.3, (400, len(network.mean))).astype(np.float32)
    features[:, 0] += 2 * classes
    swapped = np.flatnonzero(rng.random(400) < 0.5)
    wrong = classes.copy()
    wrong[swapped] = 1 - wrong[swapped]
    kept = np.setdiff1d(np.arange(400), swapped)
    right, turned = fit(network, features, wrong, [kept, swapped])
    assert (classes_of(network, right, features) == classes).mean() > 0.95
    assert (classes_of(network, turned, features) == classes).mean() < 0.05
