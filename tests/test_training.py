"""Recipes: each must be able to learn, and its pieces must do what they say."""

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_models
import torch

from segviz import settings
from segviz.errors import NotFound
from segviz.inference import catalog, networks, regions
from segviz.training import (
    RECIPES,
    brain_anatomy,
    forest_rgb,
    forest_sentinel2,
    hippocampus,
    loop,
    recipes,
    synthesis,
    train,
)
from segviz.training.synthesis import Contrast, Head

DATA = Path(os.environ.get("SEGVIZ_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
LABEL_MAPS = DATA / "medical" / "head-label-maps"
CHIPS = DATA / "geo" / "amazon-forest-chips"

needs_label_maps = pytest.mark.skipif(
    not LABEL_MAPS.exists(), reason="needs the head label maps (SEGVIZ_TEST_DATA)"
)
needs_chips = pytest.mark.skipif(
    not CHIPS.exists(), reason="needs the Amazon forest chips (SEGVIZ_TEST_DATA)"
)


def small(definition, **changes):
    return {**definition, "kwargs": {**definition["kwargs"], **changes}}


def nested_boxes(shape):
    """An image whose classes are boxes in boxes, each of its own brightness, and the classes."""
    labels = np.zeros(shape, np.int64)
    for number, margin in enumerate((2, 4, 6), 1):
        labels[(slice(margin, -margin),) * len(shape)] = number
    image = labels + np.random.default_rng(0).normal(0, 0.1, shape)
    return torch.from_numpy(image.astype(np.float32)), torch.from_numpy(labels)


def overfit(definition, image, labels, classes):
    torch.manual_seed(0)
    losses = []
    loop.fit(
        networks.build(definition),
        lambda done: (image, labels),
        torch.ones(classes),
        steps=60,
        rate=0.02,
        average=0.9,
        freeze_at=0.4,
        progress=lambda done, steps, loss: losses.append(loss),
        checkpoint=None,
    )
    # the loop reports a smoothed loss; undo the smoothing of its last step
    return (losses[-1] - 0.98 * losses[-2]) / 0.02


def test_the_brain_recipe_overfits_one_batch():
    image, labels = nested_boxes((16, 16, 16))
    definition = small(brain_anatomy.NETWORK, channels=[16, 32], strides=[2], norm="BATCH")
    assert overfit(definition, image[None, None], labels[None], 8) < 0.1


def test_the_forest_recipe_overfits_one_batch():
    image, labels = nested_boxes((40, 40))
    definition = small(forest_rgb.NETWORK, channels=[16, 16])
    assert overfit(definition, image.expand(1, 3, 40, 40), (labels > 1).long()[None], 2) < 0.1


def test_the_sentinel_recipe_overfits_one_batch():
    image, labels = nested_boxes((40, 40))
    image = torch.sigmoid(image).expand(1, 4, 40, 40)
    assert overfit(forest_sentinel2.NETWORK, image, (labels > 1).long()[None], 2) < 0.1


def test_the_hippocampus_recipe_overfits_one_batch():
    image, labels = nested_boxes((16, 16, 16))
    definition = small(hippocampus.NETWORK, channels=[8, 16], strides=[2], norm="BATCH")
    batch = torch.from_numpy(regions.with_places(image.numpy()))[None]
    assert overfit(definition, batch, labels[None].clamp(max=2), 3) < 0.1


@pytest.mark.parametrize("name", RECIPES)
def test_a_published_card_describes_the_network_of_its_recipe(name):
    card = catalog.card(settings.load(), name)
    assert card.metadata["network_def"] == recipes.definition(RECIPES[name])
    assert len(RECIPES[name].CLASS_WEIGHTS) == RECIPES[name].NETWORK["kwargs"]["out_channels"]


def test_the_brain_card_names_the_groups_and_the_spacing():
    card = catalog.card(settings.load(), "brain-anatomy-mr")
    right = card.metadata["volume_input"]["right"]
    left = [label for label in card.legend if label.value not in right.values()]
    assert [label.name.removesuffix(", left") for label in left] == list(brain_anatomy.GROUPS)
    names = {label.value: label.name for label in card.legend}
    assert all(names[right[n]] == names[int(n)].replace("left", "right") for n in right)
    assert card.metadata["volume_input"]["spacing_mm"] == brain_anatomy.SPACING_MM


def test_the_loss_is_zero_for_a_sure_and_right_answer():
    labels = torch.tensor([[0, 1, 1, 0]])
    logits = torch.nn.functional.one_hot(labels, 2).movedim(-1, 1).float() * 100
    assert loop.dice_cross_entropy(logits, labels, torch.ones(2)).item() == pytest.approx(
        0, abs=1e-4
    )
    wrong = loop.dice_cross_entropy(-logits, labels, torch.ones(2)).item()
    assert wrong > 50


def test_the_loss_is_finite_where_only_background_is():
    logits = torch.zeros(1, 3, 4, requires_grad=True)
    loss = loop.dice_cross_entropy(logits, torch.zeros(1, 4, dtype=torch.long), torch.ones(3))
    loss.backward()
    assert loss.item() == pytest.approx(np.log(3))
    assert torch.isfinite(logits.grad).all()


def test_the_rate_rises_then_falls():
    rates = [loop.rate_at(step / 1000, 1000) for step in range(1000)]
    assert np.argmax(rates) in range(28, 32)
    assert max(rates) == pytest.approx(1)
    assert rates[-1] == pytest.approx(0.01, abs=1e-3)


def test_shifting_logits_adds_to_each_class():
    torch.manual_seed(0)
    for recipe, axes in ((brain_anatomy, 3), (forest_rgb, 2)):
        network = networks.build(recipe.NETWORK).eval()
        image = torch.rand(1, recipe.NETWORK["kwargs"]["in_channels"], *(16,) * axes)
        shift = torch.arange(recipe.NETWORK["kwargs"]["out_channels"], dtype=torch.float32)
        with torch.inference_mode():
            before = network(image)
            loop.shift_logits(network, shift)
            moved = network(image) - before
        assert moved.flatten(2).mean(2)[0] == pytest.approx(shift, abs=1e-5)


def test_a_synthetic_window_shows_the_tissues_that_it_is_labelled_with():
    """Two tissues of different brightness stay apart through turning, bending and the scanner."""
    tissues = np.zeros((62, 62, 62), np.uint8)
    tissues[1:61, 1:61, 1:31], tissues[1:61, 1:61, 31:61] = 1, 2
    contrast = Contrast(np.array([0, 50, 200], np.float32), np.full(3, 2, np.float32))
    rng = np.random.default_rng(3)
    head = Head(tissues, np.array([31, 31, 31], np.float32))
    for _ in range(5):
        image, labels = synthesis.draw_image(
            rng, head, head.brain_center, contrast, np.zeros(3, bool), (12, 12, 12), 2.0
        )
        assert image.shape == labels.shape == (12, 12, 12)
        assert image.dtype == np.float32
        assert set(np.unique(labels)) == {1, 2}
        assert image[labels == 2].mean() > 2 * image[labels == 1].mean()


def test_the_same_seed_draws_the_same_window():
    tissues = np.random.default_rng(0).integers(0, 3, (20, 20, 20)).astype(np.uint8)
    head = Head(tissues, np.array([10, 10, 10], np.float32))
    contrast = Contrast(np.array([0, 90, 180], np.float32), np.full(3, 9, np.float32))
    first, second = (
        synthesis.draw_image(
            np.random.default_rng(7), head, head.brain_center, contrast, np.ones(3, bool),
            (8, 8, 8), 2.0,
        )
        for _ in range(2)
    )  # fmt: skip
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()


def test_outside_of_a_label_map_there_is_nothing():
    tissues = np.zeros((4, 4, 4), np.uint8)
    tissues[1:3, 1:3, 1:3] = 5
    points = np.array([[-50.0, 1, 1.4, 99], [1, 1, 2.4, 1], [1, 1, 2, 1]], np.float32)
    found = synthesis.look_up(tissues, points.reshape(3, 4, 1, 1))
    assert found.ravel().tolist() == [0, 5, 5, 0]


def test_a_random_affine_keeps_volumes_within_reason():
    rng = np.random.default_rng(0)
    volumes = [abs(np.linalg.det(synthesis.random_affine(rng))) for _ in range(200)]
    assert min(volumes) >= 0.85**3
    assert max(volumes) <= 1.15**3


def test_an_unknown_recipe_lists_those_there_are(tmp_path):
    with pytest.raises(NotFound, match=r"brain-anatomy-mr, .*forest-rgb"):
        train("hearts", tmp_path, tmp_path / "out")


@pytest.mark.parametrize("name", RECIPES)
def test_a_folder_without_data_is_said(name, tmp_path):
    with pytest.raises(NotFound) as error:
        train(name, tmp_path, tmp_path / "out", steps=1)
    assert error.value.code == "SV-MDL-010"


@needs_label_maps
def test_label_maps_become_windows_with_all_groups():
    tissues = brain_anatomy.Tissues(LABEL_MAPS)
    path = LABEL_MAPS / "training_label_maps" / brain_anatomy.HELD_OUT[0]
    head = brain_anatomy.read_head(path, tissues)
    assert (head.tissues[0] == 0).all()
    rng = np.random.default_rng(2)
    image, labels = brain_anatomy.draw_window(rng, [head], tissues, 0.0)
    assert image.shape == (1, 1, *brain_anatomy.SHAPE)
    assert labels.shape == (1, *brain_anatomy.SHAPE)
    assert set(labels.unique().tolist()) == set(range(8))


@needs_chips
def test_each_chip_is_tested_by_the_member_that_does_not_learn_from_it():
    chips = forest_rgb.read_chips(CHIPS)
    assert all(chip.picture.shape == (3, *chip.forest.shape) for chip in chips)
    tested = []
    for member in range(forest_rgb.MEMBERS):
        learn, test = forest_rgb.fold(chips, member)
        assert not {chip.name for chip in learn} & {chip.name for chip in test}
        assert len(learn) + len(test) == len(chips)
        tested += [chip.name for chip in test]
    assert sorted(tested) == [chip.name for chip in chips]


@needs_chips
def test_training_writes_a_model_folder_that_runs(tmp_path, monkeypatch):
    chips = forest_rgb.read_chips(CHIPS)[:4]
    monkeypatch.setattr(forest_rgb, "read_chips", lambda data: chips)
    monkeypatch.setattr(forest_rgb, "MEMBERS", 2)
    folder = train("forest-rgb", CHIPS, tmp_path / "forest-rgb", steps=2, seed=3)
    card = catalog.read_card(folder)
    catalog.verify(card)
    assert card.metadata["training"]["steps"] == 2
    assert card.metrics == []
    assert networks.load(card)(torch.zeros(1, 3, 64, 64)).shape == (1, 2, 64, 64)


def test_the_halves_of_the_ground_do_not_meet():
    numbers = np.arange(200).reshape(2, 100)
    ground = forest_sentinel2.Ground(np.zeros((4, 2, 100), np.float32), numbers)
    west, east = (ground.half(member).forest for member in (0, 1))
    assert west[0].tolist() == list(range(48))
    assert east[0].tolist() == list(range(52, 100))


def test_members_are_trained_one_by_one_and_joined(tmp_path, monkeypatch):
    """Two steps of a tiny recipe; what was trained before the interruption is kept."""
    drawn = []

    def drawer(data, rng, member):
        drawn.append(member)
        image = torch.from_numpy(rng.standard_normal((1, 3, 8, 8), np.float32))
        return lambda done: (image, torch.ones(1, 8, 8, dtype=torch.long))

    recipe = SimpleNamespace(
        FOLDER="none",
        NETWORK=tiny_models.UNET_2D,
        MEMBERS=2,
        CLASS_WEIGHTS=(1.0, 1.0),
        STEPS=2,
        SEED=5,
        RATE=1e-3,
        AVERAGE=0.5,
        FREEZE_AT=0.4,
        drawer=drawer,
        finish=lambda network, data, member: None,
    )
    monkeypatch.setattr("segviz.training.recipes.RECIPES", {"forest-rgb": recipe})
    folder = train("forest-rgb", tmp_path, tmp_path / "forest-rgb", member=1)
    assert not (folder / catalog.METADATA).exists()
    train("forest-rgb", tmp_path, folder)
    assert drawn == [1, 0]
    card = catalog.read_card(folder)
    catalog.verify(card)
    alone = networks.read_weights(folder / "member-1.safetensors")
    assert torch.equal(networks.load(card, 1).state_dict()["head.1.bias"], alone["head.1.bias"])
