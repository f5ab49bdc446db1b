"""Networks on volumes."""

import numpy as np
import pytest
import tiny_models

from segviz.errors import Cancelled, Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import predict, run, volumes
from segviz.inference.run import Run
from segviz.inference.volumes import Axis


@pytest.fixture
def card(tmp_path):
    return tiny_models.volume_card(tmp_path / "two-tissues")


def ball(shape, affine, radius_mm=14.0, center_mm=(20.0, 20.0, 20.0)):
    """Noise with a bright ball at a place in mm."""
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    place = index @ affine[:3, :3].T + affine[:3, 3]
    inside = np.linalg.norm(place - center_mm, axis=-1) < radius_mm
    noise = np.random.default_rng(0).normal(0, 0.02, shape)
    return Volume(VolumeGrid(shape, affine), (inside + noise).astype(np.float32))


class Threshold:
    """A network that needs no training: class 1 where the image is bright."""

    name = "threshold"
    batch = 1

    def __call__(self, batch):
        return np.stack([0.5 - batch[:, 0], batch[:, 0] - 0.5, np.full_like(batch[:, 0], -9)], 1)


def test_an_axis_at_the_same_spacing_is_left_alone():
    axis = Axis.between(7, 2.0, 2.0)
    assert axis.there() == pytest.approx(np.eye(7))
    assert axis.back() == pytest.approx(np.eye(7))


def test_halving_averages_two_cells():
    assert Axis.between(4, 1.0, 2.0).there().tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]


@pytest.mark.parametrize(
    ("shape", "affine"),
    [
        ((40, 40, 40), np.eye(4)),
        ((20, 20, 20), np.diag([2.0, 2, 2, 1])),
        ((40, 27, 14), np.diag([1.0, 1.5, 3.0, 1])),
        ((40, 40, 40), np.array([[-1.0, 0, 0, 39], [0, 0, 1, 0], [0, -1, 0, 39], [0, 0, 0, 1]])),
    ],
    ids=["1 mm", "2 mm", "uneven", "PSR-like"],
)
def test_a_ball_comes_back_where_it_was(card, monkeypatch, shape, affine):
    monkeypatch.setattr(volumes.runtime, "choose", lambda *_: Threshold())
    volume = ball(shape, affine)
    labels = volumes.label_volume(volume, card, Run())
    truth = volume.data > 0.5
    dice = 2 * (truth & (labels == 1)).sum() / (truth.sum() + (labels == 1).sum())
    assert dice > 0.94
    ours, theirs = (np.argwhere(m).mean(axis=0) for m in (labels == 1, truth))
    assert ours == pytest.approx(theirs, abs=0.15)


def test_windows_leave_no_seam_where_the_network_looks_at_one_voxel(card, monkeypatch):
    monkeypatch.setattr(volumes.runtime, "choose", lambda *_: Threshold())
    volume = ball((40, 40, 40), np.eye(4))
    small = volumes.label_volume(volume, card, Run())
    settings = dict(card.metadata["volume_input"], window=[64, 64, 64])
    large = type(card)(**{**vars(card), "metadata": {**card.metadata, "volume_input": settings}})
    assert (small == volumes.label_volume(volume, large, Run())).all()


def test_air_around_the_head_changes_nothing(card, monkeypatch):
    monkeypatch.setattr(volumes.runtime, "choose", lambda *_: Threshold())
    volume = ball((40, 40, 40), np.eye(4))
    clean = np.maximum(volume.data, 0)
    padded = Volume(VolumeGrid((60, 60, 60), np.eye(4)), np.pad(clean, 10))
    plain = volumes.label_volume(Volume(volume.grid, clean), card, Run())
    assert (volumes.label_volume(padded, card, Run())[10:50, 10:50, 10:50] == plain).mean() > 0.999


def test_mirroring_makes_a_network_even_handed():
    """The network brightens what lies left; with its mirror nothing lies left of anything."""

    class Lopsided:
        name = "lopsided"

        def __call__(self, batch):
            return batch * np.linspace(0, 2, batch.shape[2], dtype=np.float32)[:, None, None]

    image = np.ones((1, 1, 4, 2, 2), np.float32)
    assert volumes.window_logits(image, Lopsided(), mirrored=False)[0, 0, :, 0, 0] == pytest.approx(
        [0, 2 / 3, 4 / 3, 2]
    )
    assert volumes.window_logits(image, Lopsided(), mirrored=True) == pytest.approx(1)


def test_the_largest_component_is_kept():
    filled = np.zeros((9, 9, 9), bool)
    filled[1:5, 1:5, 1:5] = filled[7, 7, 7] = True
    kept = volumes.largest_component(filled)
    assert kept.sum() == 64
    assert not kept[7, 7, 7]


def test_a_class_needs_more_than_background_has():
    shares = np.array([[0.4, 0.6, 0.3], [0.3, 0.1, 0.2]], np.float32).reshape(2, 3, 1, 1)
    labels = volumes.largest_class(shares)
    assert labels.ravel().tolist() == [1, 1, 0]


def test_a_real_network_runs_to_a_report(card):
    said = []
    result = predict.segment_volume(
        ball((20, 24, 22), np.diag([-2.0, 2, 3, 1])), card, progress=lambda *step: said.append(step)
    )
    assert result.mask.data.shape == (20, 24, 22)
    assert result.mask.source == "two-tissues 0.1.0"
    assert sum(row["voxels"] for row in result.report["labels"]) == (result.mask.data > 0).sum()
    assert said[-1] == (said[-1][1], said[-1][1])
    assert set(result.report["seconds"]) >= {"prepare", "network", "back to the native grid"}


def test_a_run_can_be_stopped(card):
    with pytest.raises(Cancelled):
        predict.segment_volume(ball((20, 20, 20), np.eye(4)), card, cancelled=lambda: True)


def test_a_scan_too_large_for_the_memory_is_refused(card, monkeypatch):
    monkeypatch.setattr(run.psutil, "virtual_memory", lambda: type("M", (), {"available": 1000}))
    with pytest.raises(Refused, match="crop the scan") as error:
        predict.segment_volume(ball((20, 20, 20), np.eye(4)), card)
    assert error.value.code == "SV-RUN-007"
