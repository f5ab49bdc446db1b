"""k-means and Otsu's threshold."""

import numpy as np
import pytest
from fake_scenes import ArrayScene
from skimage.filters import threshold_otsu

from segviz import settings
from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import catalog, classical
from segviz.inference.run import Run

BLOBS = np.array([[10.0, 10], [10, 60], [90, 90]])


def card(name):
    return catalog.card(settings.load(), name)


def blobs(seed=0):
    return np.random.default_rng(seed).normal(BLOBS[:, None], 1, (3, 500, 2)).astype(np.float32)


def test_k_means_finds_blobs_and_numbers_them_by_brightness():
    samples = blobs()
    rule = classical.k_means(samples.reshape(-1, 2), 3)
    assert [set(rule(blob).tolist()) for blob in samples] == [{0}, {1}, {2}]


def test_k_means_is_reproducible():
    samples = np.random.default_rng(1).random((2000, 3)).astype(np.float32)
    first, second = (classical.k_means(samples, 7)(samples) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("rule", [classical.k_means, classical.otsu])
def test_equal_values_are_not_told_apart(rule):
    assert rule(np.full((50, 1), 3, np.float32), 3) is None


@pytest.mark.parametrize("rule", [classical.k_means, classical.otsu])
def test_fewer_values_than_groups_are_no_crash(rule):
    samples = np.array([[1.0], [2.0]] * 20, np.float32)
    assert rule(samples, 4)(np.array([[1.0], [2.0]], np.float32)).tolist() == [0, 1]


def test_otsu_equals_scikit_image():
    values = np.concatenate([np.random.default_rng(0).normal(m, 5, 5000) for m in (50, 100)])
    samples = values.astype(np.float32)[:, None]
    above = samples[:, 0] > threshold_otsu(samples[:, 0])
    assert (classical.otsu(samples, 2)(samples) == above).mean() > 0.999


def test_otsu_in_a_scene_takes_ndvi_where_the_bands_are_known():
    red, nir = np.full((40, 40), 500), np.full((40, 40), 600)
    red[:, 20:], nir[:, 20:] = 400, 3600
    scene = ArrayScene(np.stack([red, nir]).astype(np.uint16), channels=("B4", "B8"))
    run = Run()
    fitted = classical.fit_scene(scene, card("otsu"), run)
    labels = fitted.classify(scene.values)
    assert (labels[:, 20:] == 1).all()
    assert (labels[:, :20] == 2).all()
    assert [label.name for label in fitted.legend] == ["above the threshold", "below the threshold"]
    assert "NDVI" in run.notes[0]


def test_otsu_without_named_bands_takes_the_first():
    values = np.array([[[1, 1, 9, 9]], [[5, 5, 5, 5]]], np.uint8).repeat(4, axis=1)
    fitted = classical.fit_scene(ArrayScene(values, channels=("a", "b")), card("otsu"), Run())
    assert fitted.bands == (0,)
    assert fitted.classify(values[:1])[0].tolist() == [2, 2, 1, 1]


def test_the_darkest_of_a_volume_is_background():
    data = np.zeros((10, 10, 10), np.int16)
    data[2:5], data[6:9] = 50, 100
    volume = Volume(VolumeGrid(data.shape, np.eye(4)), data)
    fitted = classical.fit_volume(volume, card("k-means"), Run(options={"k": 2}))
    labels = fitted.classify(data[None])
    assert [np.unique(labels[data == v]).tolist() for v in (0, 50, 100)] == [[0], [1], [2]]
    fitted = classical.fit_volume(volume, card("otsu"), Run())
    assert set(np.unique(fitted.classify(data[None]))) == {0, 1}


def test_the_sample_of_a_scene_is_small_and_skips_what_is_no_data():
    values = np.ones((1, 3000, 2000), np.uint8)
    scene = ArrayScene(values, valid=np.zeros((3000, 2000), bool))
    scene.valid[:, :1000] = True
    values[:, :, 1000:] = 77
    cells = classical.sample_scene(scene, (0,))
    assert set(np.unique(cells)) == {1}
    assert max(scene.reads) <= classical.SAMPLE_WINDOW**2
    assert sum(scene.reads) <= (classical.GRID_WINDOWS * classical.SAMPLE_WINDOW) ** 2


def test_a_scene_without_data_has_nothing_to_fit():
    scene = ArrayScene(np.ones((2, 9, 9), np.uint8), valid=np.zeros((9, 9), bool))
    assert classical.fit_scene(scene, card("k-means"), Run()) is None


@pytest.mark.parametrize("k", [1, 13, "many", None])
def test_a_wrong_number_of_groups_is_refused(k):
    with pytest.raises(Refused, match="from 2 to 12") as error:
        classical.fit_scene(
            ArrayScene(np.ones((1, 9, 9), np.uint8)), card("k-means"), Run(options={"k": k})
        )
    assert error.value.code == "SV-RUN-006"
