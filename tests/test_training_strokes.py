"""Learning from strokes on phantoms: what is held back, what is refused, what is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fake_scenes import ArrayScene
from numpy.typing import NDArray

from segviz.edit.samples import Samples
from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import catalog, predict
from segviz.inference.catalog import Card
from segviz.mask import Legend
from segviz.training import strokes
from segviz.training.learnt import Naming, write
from segviz.training.strokes import Learnt, Painted, Table, deal, learn

LEGEND = Legend.named("smooth", "rough", "water")
NAMING = Naming("Learnt in a test", ("B2", "B3", "B4", "B8"), LEGEND, "a-case")


def halves() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Four bands of one mean whose right half is rough: told apart by the deviation alone."""
    rng = np.random.default_rng(0)
    values = rng.normal(2000, 10, (4, 60, 80))
    values[:, :, 40:] += rng.choice([-400, 400], (60, 40))
    truth = np.ones((60, 80), np.uint8)
    truth[:, 40:] = 2
    return values.astype(np.uint16), truth


def blocks(shape: tuple[int, ...], where: dict[int, tuple[int, tuple[slice, ...]]]) -> Samples:
    """Samples of number -> (label, block of cells)."""
    labels, owners = np.zeros(shape, np.uint8), np.full(shape, -1)
    for number, (label, block) in where.items():
        labels[block], owners[block] = label, number
    cells = np.flatnonzero(owners >= 0)
    return Samples(cells, labels.reshape(-1)[cells], owners.reshape(-1)[cells])


def four_strokes() -> Samples:
    return blocks(
        (60, 80),
        {
            7: (1, np.s_[5:12, 5:12]),
            8: (1, np.s_[40:50, 20:30]),
            9: (2, np.s_[10:20, 60:70]),
            12: (2, np.s_[45:50, 50:60]),
        },
    )


@pytest.fixture(scope="module")
def scene() -> ArrayScene:
    return ArrayScene(halves()[0])


@pytest.fixture(scope="module")
def learnt(scene: ArrayScene) -> Learnt:
    return learn([Painted(scene, four_strokes())], scene.channels)


@pytest.fixture(scope="module")
def card(scene: ArrayScene, learnt: Learnt, tmp_path_factory: pytest.TempPathFactory) -> Card:
    return write(learnt, scene, NAMING, tmp_path_factory.mktemp("models") / "learnt")


def table(strokes: list[int], classes: list[int]) -> Table:
    return Table(
        np.zeros((len(strokes), 1), np.float32),
        np.array(classes),
        np.array(strokes),
        tuple(range(1, max(classes) + 2)),
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_fold_never_splits_a_stroke(seed: int) -> None:
    rng = np.random.default_rng(seed)
    owners = rng.integers(0, 14, 300)
    rows = table(owners.tolist(), (owners % 3).tolist())
    folds = deal(rows, rng)
    for stroke in np.unique(owners):
        assert len(np.unique(folds[owners == stroke])) == 1
    for fold in range(strokes.FOLDS):
        assert set(rows.classes[folds != fold]) == {0, 1, 2}


def test_the_only_stroke_of_a_label_is_never_held_back() -> None:
    folds = deal(table([1, 1, 2, 3, 4], [0, 0, 0, 1, 2]), np.random.default_rng(0))
    assert folds[0] == folds[1] != folds[2] and folds[2] >= 0
    assert folds[3:].tolist() == [-1, -1]


def test_one_label_alone_is_refused() -> None:
    scene = ArrayScene(halves()[0])
    one = blocks((60, 80), {1: (1, np.s_[5:9, 5:9]), 2: (1, np.s_[20:25, 5:9])})
    with pytest.raises(Refused, match="SV-RUN-020"):
        learn([Painted(scene, one)], scene.channels)


def test_samples_without_data_do_not_count() -> None:
    values, truth = halves()
    scene = ArrayScene(values, valid=truth == 1)
    with pytest.raises(Refused, match="SV-RUN-020"):
        learn([Painted(scene, four_strokes())], scene.channels)


def test_a_scene_is_learnt_from_four_strokes(scene: ArrayScene, learnt: Learnt) -> None:
    assert learnt.labels == (1, 2)
    assert learnt.accuracy.strokes == {1: 2, 2: 2}
    assert learnt.accuracy.overall is not None and learnt.accuracy.overall > 0.95


def test_what_was_learnt_is_kept_with_a_card(
    scene: ArrayScene, learnt: Learnt, tmp_path: Path
) -> None:
    card = write(learnt, scene, NAMING, tmp_path / "learnt")
    assert (card.method, card.kind, card.case) == ("pixels", "scene", "a-case")
    assert card.version == "1.0.0"
    assert card.legend == LEGEND
    assert card.metrics[0]["values"]["all labels"] > 0.95
    assert write(learnt, scene, NAMING, tmp_path / "learnt").version == "2.0.0"


def test_the_scene_and_a_window_of_it_are_labelled_alike(scene: ArrayScene, card: Card) -> None:
    _, truth = halves()
    whole, part = np.zeros(truth.shape, np.uint8), np.zeros(truth.shape, np.uint8)
    report = predict.segment_scene(scene, card, whole)
    assert (whole == truth).mean() > 0.95
    assert report["model"]["sha256"] == card.sha256
    predict.segment_scene(scene, card, part, window=(10, 30, 25, 55))
    assert np.array_equal(part[10:30, 25:55], whole[10:30, 25:55])
    assert not part[:10].any()


def test_bands_of_another_date_are_taken_by_their_names(card: Card) -> None:
    values, truth = halves()
    turned = ArrayScene(values[::-1], channels=("B8", "B4", "B3", "B2"))
    out = np.zeros(truth.shape, np.uint8)
    report = predict.segment_scene(turned, card, out)
    assert (out == truth).mean() > 0.95
    assert report["notes"] == []
    unnamed = ArrayScene(values, channels=("", "", "", ""))
    assert "in file order" in predict.segment_scene(unnamed, card, out)["notes"][0]


def test_a_label_with_one_stroke_is_learnt_but_not_judged(tmp_path: Path) -> None:
    values, _ = halves()
    values[:, 25:35, 5:15] = 50
    scene = ArrayScene(values)
    painted = blocks(
        (60, 80),
        {
            1: (1, np.s_[5:12, 5:12]),
            2: (1, np.s_[40:50, 20:30]),
            3: (2, np.s_[10:20, 60:70]),
            4: (2, np.s_[45:50, 50:60]),
            5: (3, np.s_[27:33, 7:13]),
        },
    )
    learnt = learn([Painted(scene, painted)], scene.channels)
    assert learnt.accuracy.by_label[3] is None
    card = write(learnt, scene, NAMING, tmp_path / "learnt")
    assert "water" not in card.metrics[0]["values"]
    assert any("Not judged, having one stroke: water" in said for said in card.examples)


@pytest.mark.parametrize("order", ["RAS", "turned"])
def test_a_volume_is_learnt_plane_by_plane_with_its_background(tmp_path: Path, order: str) -> None:
    data = np.random.default_rng(0).normal(100, 5, (30, 40, 6))
    data[8:20, 10:30, 2:5] += 200
    truth = np.zeros(data.shape, np.uint8)
    truth[8:20, 10:30, 2:5] = 1
    affine = np.diag([1.0, 1.0, 4.0, 1.0])
    painted = np.full(data.shape, -1)
    painted[10:14, 12:18, 2], painted[14:18, 20:28, 4] = 3, 4
    painted[6:12, 8:20, 1], painted[2:7, 20:35, 3], painted[22:26, 25:35, 4] = 5, 6, 7
    if order == "turned":
        data, truth, painted = (array.transpose(2, 0, 1)[::-1] for array in (data, truth, painted))
        affine = np.array([[0, 1.0, 0, 0], [0, 0, 1.0, 0], [-4.0, 0, 0, 20], [0, 0, 0, 1]])
    volume = Volume(VolumeGrid(data.shape, affine), np.ascontiguousarray(data), channel="MR")
    flat = np.ascontiguousarray(painted).reshape(-1)
    cells = np.flatnonzero(flat >= 0)
    samples = Samples(cells, (flat[cells] < 5).astype(np.uint8), flat[cells])
    learnt = learn([Painted(volume, samples)], ("MR",))
    assert learnt.labels == (0, 1)
    naming = Naming("Learnt in a test", ("MR",), Legend.named("lesion"))
    card = write(learnt, volume, naming, tmp_path / "learnt")
    assert "background" in card.metrics[0]["values"]
    found = predict.segment_volume(volume, card).mask.data
    assert (found == truth).mean() > 0.95
    assert catalog.suits(card, volume, "volume") is None
