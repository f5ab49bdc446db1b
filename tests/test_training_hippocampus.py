"""What the hippocampus recipe shows its networks."""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

from segviz import settings
from segviz.inference import catalog, regions
from segviz.io import open_image
from segviz.training import hippocampus
from segviz.training.hippocampus import BOX, Crop

DATA = Path(os.environ.get("SEGVIZ_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
CROPS = DATA / "medical" / "hippocampus"

needs_crops = pytest.mark.skipif(
    not CROPS.exists(), reason="needs the hippocampus crops (SEGVIZ_TEST_DATA)"
)


def crop(shape=(35, 50, 36)):
    """Two blocks behind one another, brighter than what is around them."""
    labels = np.zeros(shape, np.uint8)
    labels[10:25, 26:42, 10:25], labels[10:25, 10:26, 10:25] = 1, 2
    return Crop(1, (labels > 0).astype(np.float32), labels)


def test_both_sides_of_a_person_are_one_person():
    assert [Crop(n, *[np.zeros(0)] * 2).person for n in (1, 2, 3, 4, 375)] == [1, 1, 2, 2, 188]


def test_folds_keep_persons_together(tmp_path):
    (tmp_path / "images").mkdir()
    for number in (1, 2, 3, 7, 8, 9, 11, 13, 14):
        (tmp_path / "images" / f"hippocampus_{number:03d}.nii.gz").touch()
    assert hippocampus.fold_of(tmp_path) == {
        1: 0,
        2: 0,
        3: 1,
        7: 2,
        8: 2,
        9: 3,
        11: 4,
        13: 0,
        14: 0,
    }


def test_a_draw_shows_what_it_is_labelled_with():
    rng = np.random.default_rng(1)
    for _ in range(5):
        image, labels = hippocampus.draw(rng, crop())
        assert image.shape == (4, *BOX)
        assert labels.shape == BOX
        inside, outside = image[0][labels > 0], image[0][labels == 0]
        assert inside.mean() > outside.mean() + 0.5
        assert set(labels.unique().tolist()) == {0, 1, 2}
        front, back = ((labels == label).nonzero()[:, 1].float().mean() for label in (1, 2))
        assert front > back


def test_the_same_seed_draws_the_same():
    first, second = (hippocampus.draw(np.random.default_rng(3), crop()) for _ in range(2))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()


def test_the_card_lays_the_boxes_of_the_recipe():
    card = catalog.card(settings.load(), "hippocampus-t1")
    region = regions.Region.of(card)
    assert region.box_mm == BOX
    finder = catalog.card(settings.load(), region.finder)
    assert sum(label.name.startswith(region.structure) for label in finder.legend) == 2


@needs_crops
def test_files_of_one_person_share_the_step_between_grey_values():
    """Pairs in one file order have one step; neighbours that are no pair hardly ever."""

    def step(number):
        image = open_image([CROPS / "images" / f"hippocampus_{number:03d}.nii.gz"])
        return np.median(np.diff(np.unique(image.data).astype(float)))

    numbers = [n for n in hippocampus.numbers(CROPS) if step(n) != 1][:60]
    same, other = [], []
    for one, two in itertools.pairwise(numbers):
        alike = np.isclose(step(one), step(two), rtol=1e-4)
        (same if (one + 1) // 2 == (two + 1) // 2 else other).append(alike)
    assert len(same) > 15
    assert all(same)
    assert not any(other)


@needs_crops
def test_folds_are_of_about_one_size():
    folds = hippocampus.fold_of(CROPS)
    assert len(folds) == 200
    assert all(35 <= list(folds.values()).count(fold) <= 45 for fold in range(hippocampus.MEMBERS))
