"""Networks on slices with their neighbours."""

from itertools import permutations, product

import numpy as np
import pytest
import tiny_models

from segviz.errors import Cancelled, Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import predict, run, slices
from segviz.inference.run import Run
from segviz.inference.slices import Planes

THICK = VolumeGrid((50, 40, 12), np.diag([1.0, 1, 6, 1]))


@pytest.fixture
def card(tmp_path):
    return tiny_models.threshold_card(tmp_path / "one-lesion")


class Bright:
    """A network that needs no training: class 1 where the slice itself is twice the head."""

    name = "bright"

    def __call__(self, batch):
        more = 20 * (batch[:, 1] - 2)
        return np.stack([-more, more], 1)


@pytest.fixture
def bright(monkeypatch):
    monkeypatch.setattr(slices.runtime, "choose", lambda *_: Bright())


def place_mm(grid):
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    return index @ grid.affine[:3, :3].T + grid.affine[:3, 3]


def lesion(grid, radius_mm=9.0):
    middle = (np.array(grid.canonical.shape) - 1) / 2
    centre = grid.canonical.affine[:3, :3] @ middle + grid.canonical.affine[:3, 3]
    return np.linalg.norm(place_mm(grid) - centre - (3, 2, 1), axis=-1) < radius_mm


def scan(grid=THICK, radius_mm=9.0):
    """Air of 0 around a head of 100, in it a ball of 300."""
    data = np.zeros(grid.canonical.shape, np.float32)
    data[4:-4, 4:-4, 1:-1] = 100
    data = np.ascontiguousarray(grid.from_canonical(data))
    data[lesion(grid, radius_mm)] = 300
    return Volume(grid, data, channel="MR")


def dice(mask, truth):
    return 2 * (mask & truth).sum() / (mask.sum() + truth.sum())


def turned(grid, order, flips):
    """The same voxels in another order of the axes."""
    affine = grid.affine.copy()
    shape = np.array(grid.shape)
    matrix = affine[:3, :3][:, order]
    origin = affine[:3, 3] + sum(matrix[:, n] * (shape[order[n]] - 1) for n in range(3) if flips[n])
    affine[:3, :3], affine[:3, 3] = matrix * np.where(flips, -1, 1), origin
    return VolumeGrid(tuple(shape[list(order)]), affine)


def test_any_order_of_the_axes_gives_the_same_voxels(card, bright):
    plain = slices.find(scan(), card, Run())
    assert dice(plain > 127, lesion(THICK)) > 0.95
    for order, flips in product(permutations(range(3)), product([0, 1], repeat=3)):
        grid = turned(THICK, order, flips)
        found = slices.find(scan(grid), card, Run())
        assert np.array_equal(grid.to_canonical(found), THICK.to_canonical(plain))


@pytest.mark.parametrize("dtype", [np.float64, np.int16, ">i2", ">f4"])
def test_any_type_of_number_gives_the_same_voxels(card, bright, dtype):
    volume = scan()
    other = Volume(volume.grid, volume.data.astype(dtype), channel="MR")
    plain = predict.segment_volume(volume, card).mask.data
    assert (predict.segment_volume(other, card).mask.data == plain).all()


@pytest.mark.parametrize(
    ("shape", "spacing", "radius_mm"),
    [((60, 50, 60), (1, 1, 1), 12), ((12, 50, 50), (6, 1, 1), 12), ((50, 12, 50), (1, 5, 1), 12)],
    ids=["1 mm", "sagittal", "coronal"],
)
def test_a_lesion_comes_back_where_it_was(card, bright, shape, spacing, radius_mm):
    grid = VolumeGrid(shape, np.diag([*spacing, 1.0]))
    found = predict.segment_volume(scan(grid, radius_mm), card).mask.data == 1
    truth = lesion(grid, radius_mm)
    assert dice(found, truth) > 0.85
    assert (found & ~truth).sum() < 0.15 * truth.sum()


def test_thick_slices_stay_as_they_are_and_thin_ones_become_thick():
    settings = {"spacing_mm": 1.0, "apart_mm": 6.0, "thick_mm": 4.0}
    thick = Planes.of(THICK, settings)
    assert (thick.axis, thick.across.other_size, thick.step) == (2, 12, 1)
    thin = Planes.of(VolumeGrid((30, 30, 30), np.eye(4)), settings)
    assert (thin.axis, thin.across.other_size, thin.step) == (2, 10, 2)
    values = np.random.default_rng(0).random(THICK.shape).astype(np.float32)
    assert thick.shown(values) == pytest.approx(np.moveaxis(values, 2, 0), abs=1e-5)


def test_neighbours_are_held_at_both_ends():
    image = np.arange(5, dtype=np.float32).reshape(5, 1, 1)
    assert slices.stack(image, 0, 2).ravel().tolist() == [0, 0, 2]
    assert slices.stack(image, 4, 1).ravel().tolist() == [3, 4, 4]


def test_the_scale_follows_the_head_and_neither_air_nor_fat():
    head = np.r_[np.zeros(900), np.full(80, 100.0), np.full(20, 400.0)].astype(np.float32)
    assert slices.by_median(head).max() == pytest.approx(4)
    assert np.unique(slices.by_median(np.r_[head, np.zeros(500)])).tolist() == [0, 1, 4]
    assert np.unique(slices.by_median(3 * head + 50)).tolist() == [0, 1, 4]


def test_the_mask_is_what_reaches_the_threshold(card, bright):
    for threshold in (0.05, 0.3, 0.5, 0.93):
        result = predict.segment_volume(scan(), card, options={"threshold": str(threshold)})
        least = result.report["threshold"]["least_byte"]
        assert (result.mask.data == (result.probability >= least)).all()
        assert result.report["threshold"]["value"] == threshold
        (row,) = result.report["labels"]
        assert row["ml"] == pytest.approx(result.mask.data.sum() * 0.006, abs=1e-3)


def test_without_the_structure_none_is_found(card, bright):
    volume = scan()
    empty = Volume(volume.grid, np.minimum(volume.data, 100), channel="MR")
    result = predict.segment_volume(empty, card)
    assert not result.mask.data.any()
    assert result.report["labels"][0]["ml"] == 0
    assert "None found" in result.report["notes"][-1]


def test_a_constant_volume_has_no_probability_of_anything(card):
    flat = Volume(THICK, np.full(THICK.shape, 7, np.int16))
    result = predict.segment_volume(flat, card)
    assert result.probability is not None
    assert not result.probability.any()
    assert "None found" in result.report["notes"][-1]


@pytest.mark.parametrize("threshold", ["high", "2", "nan"])
def test_a_threshold_must_be_a_probability(card, threshold):
    with pytest.raises(Refused) as error:
        predict.segment_volume(scan(), card, options={"threshold": threshold})
    assert error.value.code == "SV-RUN-011"


def test_mirroring_makes_a_network_even_handed(card, monkeypatch):
    """The network is surer of what lies left; with its mirror no side is preferred."""

    class Lopsided:
        name = "lopsided"

        def __call__(self, batch):
            more = np.zeros_like(batch[:, 1]) + np.linspace(-3, 3, batch.shape[2])[:, None]
            return np.stack([-more, more], 1).astype(np.float32)

    image = np.ones((4, 3, 8, 6), np.float32)
    planes = Planes.of(THICK, card.metadata["volume_input"])
    shares = slices.plane_shares(image, planes, Lopsided(), card, Run())
    assert shares == pytest.approx(0.5)


def test_pieces_that_are_nowhere_sure_are_taken_out():
    shares = np.zeros((3, 9, 9), np.float32)
    shares[1, 1:4, 1:4] = 0.6
    shares[1, 2, 2] = 0.99
    shares[1, 6:8, 6:8] = 0.8
    shares[0, 0, 8] = 0.1
    sure = slices.sure_pieces(shares, piece=0.3, peak=0.95)
    assert (sure[1, :5] == shares[1, :5]).all()
    assert sure[1, 6, 6] == 0
    assert sure[0, 0, 8] == np.float32(0.1)


def test_the_other_side_is_a_fourth_channel():
    planes = Planes.of(THICK, {"spacing_mm": 1.0, "apart_mm": 6.0, "thick_mm": 4.0})
    image = planes.shown(slices.by_median(scan().data))
    assert planes.channels(image, None).shape == (12, 3, 50, 40)
    channels = planes.channels(image, 1.0)
    assert channels.shape == (12, 4, 50, 40)
    assert (channels[:, :3] == planes.channels(image, None)).all()
    assert channels[:, 3].mean() == pytest.approx(image.mean(), rel=0.1)


def test_a_real_network_runs_to_a_report(card):
    said = []
    result = predict.segment_volume(scan(), card, progress=lambda *step: said.append(step))
    assert result.probability.shape == THICK.shape
    assert said[-1] == (12, 12)
    assert set(result.report["seconds"]) >= {"prepare", "network", "back to the native grid"}


def test_a_run_can_be_stopped(card):
    with pytest.raises(Cancelled):
        predict.segment_volume(scan(), card, cancelled=lambda: True)


def test_a_scan_too_large_for_the_memory_is_refused(card, monkeypatch):
    memory = type("M", (), {"available": 1000, "total": 2**34})
    monkeypatch.setattr(run.psutil, "virtual_memory", lambda: memory)
    with pytest.raises(Refused, match="crop the scan") as error:
        predict.segment_volume(scan(), card)
    assert error.value.code == "SV-RUN-007"
