"""The recipe of enhancing-tumour-t1c."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from segviz import settings
from segviz.grid import VolumeGrid
from segviz.inference import catalog, networks
from segviz.inference.slices import Planes
from segviz.training import enhancing_tumour, loop
from segviz.training.brain_anatomy import Tissues
from segviz.training.enhancing_tumour import INPUT, PATIENTS, WIDE, Scan
from segviz.training.synthesis import Head

DATA = Path(os.environ.get("SEGVIZ_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
PRIORS = DATA / "medical" / "head-label-maps"

needs_scans = pytest.mark.skipif(
    not (DATA / "medical" / "glioma-progression").exists(),
    reason="needs the scans of Brain-Tumor-Progression (SEGVIZ_TEST_DATA)",
)
needs_priors = pytest.mark.skipif(
    not PRIORS.exists(), reason="needs the brightness priors of SynthSeg (SEGVIZ_TEST_DATA)"
)


def scan(patient="03"):
    """A head of 1 with a tumour of 1.5 in it, eight slices."""
    image = np.zeros((8, 120, 110), np.float32)
    image[:, 10:-10, 10:-10] = 1
    tumour = np.zeros_like(image)
    tumour[3:5, 40:52, 50:60] = 1
    image[tumour > 0] = 1.5
    planes = Planes.of(VolumeGrid((120, 110, 8), np.diag([1.0, 1, 6, 1])), dict(INPUT))
    return Scan.of(patient, "Pre", image, tumour, planes)


def test_the_card_says_how_the_recipe_cuts_its_slices():
    card = catalog.card(settings.load(), "enhancing-tumour-t1c")
    settings_of_card = dict(card.metadata["volume_input"])
    settings_of_card.pop("surely")
    assert settings_of_card == dict(enhancing_tumour.INPUT)


def test_no_member_learns_from_its_own_patient():
    for member, patient in enumerate(PATIENTS):
        others = enhancing_tumour.patients_of(member)
        assert patient not in others
        assert len(others) == len(PATIENTS) - 1


def test_the_recipe_overfits_one_batch():
    rng = np.random.default_rng(0)
    drawn = [enhancing_tumour.draw_real(rng, [scan()], True) for _ in range(2)]
    images = torch.from_numpy(np.stack([image for image, _ in drawn]))[..., 64:128, 64:128]
    labels = torch.from_numpy(np.stack([share[1] > 0.5 for _, share in drawn])).long()
    labels = labels[..., 64:128, 64:128]
    torch.manual_seed(0)
    losses = []
    loop.fit(
        enhancing_tumour_network(),
        lambda done: (images, labels),
        torch.tensor(enhancing_tumour.CLASS_WEIGHTS),
        steps=60,
        rate=0.02,
        average=0.9,
        freeze_at=0.4,
        progress=lambda done, steps, loss: losses.append(loss),
    )
    assert (losses[-1] - 0.98 * losses[-2]) / 0.02 < 0.1


def enhancing_tumour_network():
    kwargs = {**enhancing_tumour.NETWORK["kwargs"], "channels": [8, 16], "strides": [2]}
    return networks.build({**enhancing_tumour.NETWORK, "kwargs": {**kwargs, "norm": "BATCH"}})


def test_brain_lies_deep_in_the_head_and_outside_of_the_tumour():
    made = scan()
    plane, first, second = made.brain.T
    assert (made.image[plane, 1, first, second] == 1).all()
    assert (made.filled[plane, 1, first, second] < 0.01).all()
    assert first.min() >= 24
    assert plane.min() == 2
    assert len(made.bright) == 0


def test_the_last_channel_is_the_other_side():
    made = scan()
    assert made.image.shape == (8, 4, 120, 110)
    assert made.image[3, 1, 45, 55] == pytest.approx(1.5)
    assert made.image[3, 3, 45, 55] == pytest.approx(1, abs=0.05)
    assert made.image[3, 3, 119 - 45, 55] > 1.3


def test_a_crop_past_the_edge_holds_nothing_there():
    values = np.ones((2, 10, 10), np.float32)
    part = enhancing_tumour.crop(values, np.array([1, 8]), 8)
    assert part.shape == (2, 8, 8)
    assert part[0].sum() == 5 * 6
    assert enhancing_tumour.crop(values, np.array([-20, 4]), 8).sum() == 0


@pytest.mark.parametrize("draw", ["draw_pasted", "draw_ring"])
def test_a_tumour_in_the_brain_of_a_real_scan_is_brighter_than_the_brain(draw):
    rng = np.random.default_rng(1)
    scans = [scan("03"), scan("04")]
    for _ in range(5):
        image, tumour = getattr(enhancing_tumour, draw)(rng, scans)
        assert (image.shape, tumour.shape) == ((4, WIDE, WIDE), (3, WIDE, WIDE))
        assert (tumour > 0.9).any()
        assert np.median(image[:3][tumour > 0.9]) > 1.05


def test_a_batch_has_images_and_labels_of_one_size():
    rng = np.random.default_rng(2)
    image, share = enhancing_tumour.turn(rng, *enhancing_tumour.draw_real(rng, [scan()], True))
    lit = enhancing_tumour.change_light(rng, image)
    size = enhancing_tumour.CROP
    assert (lit.shape, share.shape) == ((4, size, size), (size, size))
    assert torch.isfinite(lit).all()
    assert lit.min() >= 0


@needs_priors
def test_a_head_made_from_labels_has_its_tumour_in_the_brain():
    tissues = Tissues(PRIORS)
    labels = np.zeros((90, 90, 90), np.int64)
    labels[5:-5, 5:-5, 5:-5] = 2
    head = Head(tissues.positions(labels), np.full(3, 45, np.float32))
    rng = np.random.default_rng(0)
    drawn = [enhancing_tumour.draw_head(rng, head, tissues) for _ in range(12)]
    there = [bool((tumour > 0.5).any()) for _, tumour in drawn]
    assert any(there)
    assert not all(there)
    for image, tumour in drawn:
        assert (image.shape, tumour.shape) == ((4, WIDE, WIDE), (3, WIDE, WIDE))
        lit = image[:3][tumour > 0.5]
        assert lit.size == 0 or lit.mean() > 1


@needs_scans
def test_scans_have_their_true_voxel_size():
    volume, mask = enhancing_tumour.read_scan(DATA / "medical", "03", "Pre")
    assert volume.grid.spacing_mm == pytest.approx((0.859, 0.859, 6.5))
    assert mask.sum() * volume.grid.voxel_volume_ml == pytest.approx(10.54, abs=0.01)
