"""Labelling a scene window by window."""

import numpy as np
import pytest
from fake_scenes import ArrayScene

from segviz.errors import Cancelled
from segviz.inference.run import Run
from segviz.inference.scenes import count_labels, label_scene, read_tile


def brighter_than_100(values):
    return np.where(values[0] > 100, 2, 1).astype(np.uint8)


def scene(rows=70, columns=50):
    values = np.random.default_rng(0).integers(0, 200, (1, rows, columns)).astype(np.uint8)
    return ArrayScene(values)


def test_every_pixel_is_labelled_once_and_counted():
    image = scene()
    out = np.full((70, 50), 9, np.uint8)
    counts = label_scene(image, brighter_than_100, out, [0], Run(), core=16, halo=4, multiple=4)
    assert (out == brighter_than_100(image.values)).all()
    assert counts.sum() == 70 * 50
    assert counts[2] == (image.values > 100).sum()


def test_no_data_stays_without_label():
    image = scene()
    image.valid[10:20, 5:9] = False
    out = np.empty((70, 50), np.uint8)
    counts = label_scene(image, brighter_than_100, out, [0], Run(), core=16)
    assert (out[10:20, 5:9] == 0).all()
    assert counts[0] == 40


def test_values_that_are_no_numbers_are_no_data():
    image = ArrayScene(np.ones((1, 8, 8), np.float32))
    image.values[0, 3, 3] = np.nan
    out = np.empty((8, 8), np.uint8)
    label_scene(image, brighter_than_100, out, [0], Run())
    assert out[3, 3] == 0
    assert (out == 0).sum() == 1


def test_a_window_leaves_the_rest_alone():
    image = scene()
    out = np.full((70, 50), 9, np.uint8)
    label_scene(
        image,
        brighter_than_100,
        out,
        [0],
        Run(),
        window=(5, 33, 7, 41),
        core=16,
        halo=4,
        multiple=4,
    )
    assert (out[5:33, 7:41] != 9).all()
    assert (out == 9).sum() == 70 * 50 - 28 * 34


@pytest.mark.parametrize("edge", [64, 512])
def test_the_largest_read_does_not_grow_with_the_scene(edge):
    image = scene(edge, edge)
    out = np.empty((edge, edge), np.uint8)
    label_scene(image, brighter_than_100, out, [0], Run(), core=32, halo=8, multiple=8)
    assert max(image.reads) <= (32 + 16) ** 2


def test_progress_reaches_the_end():
    said = []
    label_scene(
        scene(), brighter_than_100, np.empty((70, 50), np.uint8), [0],
        Run(progress=lambda done, total: said.append((done, total))), core=32,
    )  # fmt: skip
    assert said == [(n, 6) for n in range(1, 7)]


def test_a_run_can_be_stopped_between_windows():
    said = []
    run = Run(lambda done, total: said.append(done), cancelled=lambda: len(said) == 2)
    with pytest.raises(Cancelled):
        label_scene(scene(), brighter_than_100, np.empty((70, 50), np.uint8), [0], run, core=32)
    assert said == [1, 2]


def test_beyond_the_edge_the_scene_is_mirrored():
    image = ArrayScene(np.arange(5, dtype=np.uint8).reshape(1, 1, 5))
    values, valid = read_tile(image, (0, 1, -3, 7), [0])
    assert values[0, 0].tolist() == [3, 2, 1, 0, 1, 2, 3, 4, 3, 2]
    assert valid.all()


def test_a_halo_larger_than_the_scene_is_mirrored_too():
    image = ArrayScene(np.array([[[1, 2]]], np.uint8))
    values, _ = read_tile(image, (-2, 3, -3, 4), [0])
    assert values[0, 0].tolist() == [2, 1, 2, 1, 2, 1, 2]
    assert values.shape == (1, 5, 7)


def test_labels_written_to_a_mapped_file_are_there_and_leave_memory(tmp_path):
    image = scene(300, 300)
    (tmp_path / "labels").write_bytes(bytes(300 * 300))
    out = np.memmap(tmp_path / "labels", np.uint8, "r+", shape=(300, 300))
    label_scene(image, brighter_than_100, out, [0], Run(), core=128)
    there = np.frombuffer((tmp_path / "labels").read_bytes(), np.uint8).reshape(300, 300)
    assert (there == brighter_than_100(image.values)).all()


def test_counts_equal_those_of_bincount():
    labels = np.random.default_rng(0).integers(0, 10, (30, 40)).astype(np.uint8)
    counts = np.zeros(256, np.int64)
    count_labels(labels, counts)
    assert (counts == np.bincount(labels.ravel(), minlength=256)).all()


def test_a_tile_inside_the_scene_is_read_as_it_is():
    image = scene()
    image.valid[20, 20] = False
    values, valid = read_tile(image, (8, 40, 8, 40), [0])
    assert values[0, 12, 12] == 0
    assert (valid == image.valid[8:40, 8:40]).all()
    assert (values[0][valid] == image.values[0, 8:40, 8:40][valid]).all()
