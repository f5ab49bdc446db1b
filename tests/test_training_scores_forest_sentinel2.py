"""Forest by reflectance: overlap and area, and the rules beside the network."""

import numpy as np
import pytest

from segviz.training.forest_sentinel2 import Ground
from segviz.training.scores import forest_sentinel2


def ground():
    """Forest in the left half: dark in red, bright in the near infrared."""
    forest = np.zeros((20, 20), np.int64)
    forest[:, :10] = 1
    red = np.where(forest, 250, 900)
    infrared = np.where(forest, 3600, 2500)
    return Ground(np.stack([red, red, red, infrared]).astype(np.float32), forest)


def test_figures_by_hand():
    found = np.zeros((20, 20), bool)
    found[:, :5] = True
    values = forest_sentinel2.half_row(found, ground(), "test")["values"]
    assert values == {
        "forest IoU": 0.5,
        "not forest IoU": pytest.approx(200 / 300, abs=1e-3),
        "area bias %": -50,
    }


def test_the_border_of_the_index_parts_what_it_can():
    place = ground()
    border = forest_sentinel2.ndvi_border(place)
    assert ((forest_sentinel2.ndvi(place) > border) == (place.forest == 1)).all()


def test_boosting_tells_dark_from_bright():
    place = ground()
    model = forest_sentinel2.fit_boosting([place])
    assert (forest_sentinel2.by_boosting(model, place) == (place.forest == 1)).mean() > 0.95
