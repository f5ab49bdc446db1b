import numpy as np
import pytest
import torch

from segviz.inference.pixel_network import PixelNetwork, feature_count, halo

BANDS, SIZES = 2, (3,)


def features(image: np.ndarray, **changes: object) -> np.ndarray:
    """[feature, row, column] of [band, row, column], without the perceptron."""
    network = PixelNetwork(len(image), 2, sizes=SIZES, **changes)  # type: ignore[arg-type]
    with torch.inference_mode():
        found = network.features(torch.from_numpy(image.astype(np.float32))[None])[0]
    assert len(found) == feature_count(
        len(image),
        len(changes.get("indices", ())),
        len(SIZES),  # type: ignore[arg-type]
    )
    return found.numpy()


def test_features_by_hand() -> None:
    band = np.arange(25.0).reshape(5, 5) ** 2
    value, gradient, mean, deviation = features(band[None])[:, 2, 2]
    around = band[1:4, 1:4]
    assert value == 144
    assert gradient == pytest.approx(np.hypot(17**2 - 7**2, 13**2 - 11**2) / 2)
    assert mean == pytest.approx(around.mean())
    assert deviation == pytest.approx(around.std())


def test_a_normalised_difference_is_of_the_raw_values() -> None:
    image = np.stack([np.full((5, 5), 3000.0), np.full((5, 5), 1000.0)])
    assert features(image, indices=[[0, 1]])[-1, 2, 2] == pytest.approx(0.5)
    assert features(np.zeros((2, 5, 5)), indices=[[0, 1]])[-1, 2, 2] == 0


def test_cells_without_data_are_left_out_of_means() -> None:
    image = np.full((1, 5, 5), 8.0)
    image[0, :, 3:] = 0
    _, _, mean, deviation = features(image, gaps=True)[:, 2, 2]
    assert (mean, deviation) == (pytest.approx(8.0), pytest.approx(0.0, abs=1e-2))
    assert features(image)[2, 2, 2] == pytest.approx(8 * 6 / 9)


def test_features_never_reach_further_than_the_halo() -> None:
    image = np.random.default_rng(0).normal(size=(1, 1, 41, 41)).astype(np.float32)
    network = PixelNetwork(1, 3)
    changed = image.copy()
    changed[..., 20, 20] += 100
    with torch.inference_mode():
        moved = network.features(torch.from_numpy(image)) != network.features(
            torch.from_numpy(changed)
        )
    rows, columns = np.nonzero(moved[0].any(0).numpy())
    assert np.abs(rows - 20).max() == np.abs(columns - 20).max() == halo((5, 15)) == 7


def test_an_index_of_a_band_that_is_not_there_makes_no_network() -> None:
    with pytest.raises(ValueError, match="not there"):
        PixelNetwork(2, 2, indices=[[0, 2]])
