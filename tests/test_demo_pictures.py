"""The pictures on the cards: drawn as the caption says, and of the weights that are shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segviz.demo import pictures as demo
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import catalog, pictures
from segviz.mask import Legend, Mask

MODELS = Path(__file__).parents[1] / "models"
SHIPPED = sorted(path.parent for path in MODELS.glob("*/pictures.json"))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_pictures_are_small_and_of_the_shipped_weights(folder: Path) -> None:
    card = catalog.read_card(folder)
    if not card.fetched:
        assert pictures.weights_of(folder) == card.sha256, f"segviz models picture {card.name}"
    assert {picture.kind for picture in pictures.of(folder)} == {"example", "failure"}
    for picture in pictures.of(folder):
        assert (folder / picture.file).stat().st_size < 100_000
        assert picture.caption.endswith(".") and picture.credit


def test_every_model_of_the_gallery_is_shipped_with_pictures() -> None:
    missing = [name for name in demo.GALLERY if (MODELS / name / "model.safetensors").exists()]
    assert set(missing) <= {folder.name for folder in SHIPPED}


def test_slices_stand_side_by_side_with_square_millimetres() -> None:
    data = np.zeros((20, 10, 5), np.float32)
    data[4:16, 2:8, 1:4] = 100
    grid = VolumeGrid(data.shape, np.diag([1.0, 2.0, 4.0, 1.0]))
    labels = (data > 0).astype(np.uint8)
    mask = Mask(grid, labels, Legend.named("box"))
    plate = demo.planes(Volume(grid, data), mask, (("axial", 8.0), ("coronal", 10.0)))
    assert plate.shape == (demo.HEIGHT, demo.WIDTH, 3)
    orange = (plate[..., 0] > 120) & (plate[..., 2] < 120)
    rows, columns = np.flatnonzero(orange[:, :290].any(1)), np.flatnonzero(orange[:, :290].any(0))
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=4)


def test_dice_of_halves() -> None:
    assert demo.dice(np.array([True, True, False]), np.array([True, False, False])) == 2 / 3
