"""A small slice of what the card of hippocampus-t1 says, on crops and on a whole head."""

import os
from pathlib import Path

import numpy as np
import pytest

from segviz import settings
from segviz.inference import catalog, networks, predict
from segviz.inference.runtime import TorchRuntime
from segviz.io import open_image
from segviz.training import hippocampus
from segviz.training.scores import hippocampus_t1

DATA = Path(os.environ.get("SEGVIZ_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
CROPS, HEADS = DATA / "medical" / "hippocampus", DATA / "medical" / "head-t1-2mm"


@pytest.fixture(scope="module")
def card():
    return catalog.card(settings.load(), "hippocampus-t1")


def test_the_overlap_of_a_mask_with_itself_is_one(card):
    labels = np.arange(24).reshape(2, 3, 4).astype(np.uint8) % 3
    assert set(hippocampus_t1.overlaps(card, labels, labels).values()) == {1.0}
    assert set(hippocampus_t1.ratio(card, labels, labels).values()) == {1.0}


@pytest.mark.skipif(not CROPS.exists(), reason="needs the hippocampus crops (SEGVIZ_TEST_DATA)")
def test_crops_come_out_about_as_the_card_says(card):
    """Four crops by the member that never saw them."""
    network = TorchRuntime(networks.load(card, 0))
    numbers = [number for number, fold in hippocampus.fold_of(CROPS).items() if fold == 0][:4]
    scores = [
        hippocampus_t1.overlaps(card, *hippocampus_t1.crop(card, network, CROPS, number))
        for number in numbers
    ]
    said = card.metrics[0]["values"]
    for name in said:
        assert np.mean([score[name] for score in scores]) > said[name] - 0.05


@pytest.mark.skipif(not HEADS.exists(), reason="needs the whole-head scans (SEGVIZ_TEST_DATA)")
def test_in_a_whole_head_both_sides_have_a_hippocampus(card):
    scan = open_image([next(iter(sorted((HEADS / "t1").iterdir())))])
    result = predict.segment_volume(scan, card)
    left, right = result.report["notes"]
    assert left.startswith("Left: anterior hippocampus ")
    assert right.startswith("Right: anterior hippocampus ")
    ml = (result.mask.data > 0).sum() * scan.grid.voxel_volume_ml
    assert 4 < ml < 9
