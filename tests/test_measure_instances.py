"""Objects of a label: counts, sizes and places that a person can check by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from canvases import blobs
from pyproj import CRS
from scipy import ndimage

from segviz.errors import Refused
from segviz.grid import RasterGrid, VolumeGrid
from segviz.mask import Legend, Mask
from segviz.measure import instances, necks
from segviz.measure.areas import measure_scene
from segviz.measure.instances import objects, summary

LEGEND = Legend.named("field")
UTM = RasterGrid((60, 80), Affine(10, 0, 500_000, 0, -10, 9_000_000), CRS.from_epsg(32718))
DEGREES = RasterGrid((60, 80), Affine(0.001, 0, -75, 0, -0.001, -8), CRS.from_epsg(4326))


def scene(data: np.ndarray, grid: RasterGrid = UTM) -> Mask:
    return Mask(grid, data.astype(np.uint8), LEGEND)


def volume(data: np.ndarray, spacing: tuple[float, float, float] = (1, 1, 1)) -> Mask:
    grid = VolumeGrid(data.shape, np.diag([*spacing, 1.0]))
    return Mask(grid, data.astype(np.uint8), LEGEND)


def discs(*centres: tuple[int, int], radius: float = 10, shape=(60, 80)) -> np.ndarray:
    rows, columns = np.indices(shape)
    near = [np.hypot(rows - r, columns - c) <= radius for r, c in centres]
    return np.logical_or.reduce(near)


def squares() -> np.ndarray:
    """Squares of 4 x 4 and 10 x 10 cells of 10 m: 0.16 and 1 ha but for the scale of UTM."""
    data = np.zeros((60, 80), np.uint8)
    data[5:9, 5:9] = 1
    data[20:30, 40:50] = 1
    return data


def test_two_fields_are_counted_measured_and_placed() -> None:
    found = objects(scene(squares()), 1)
    assert found.unit == "ha"
    assert found.cells.tolist() == [16, 100]
    assert found.size == pytest.approx([0.16, 1.0], rel=1e-3)
    assert found.size.sum() == pytest.approx(
        measure_scene(scene(squares()))["labels"][0]["area_ha"], rel=1e-12
    )
    to_degrees = instances.Transformer.from_crs(32718, 4326, always_xy=True)
    east, north = 500_000 + 450, 9_000_000 - 250
    assert found.places[1] == pytest.approx(to_degrees.transform(east, north), abs=1e-9)


def test_lesions_have_ml_and_a_centroid_in_mm() -> None:
    data = np.zeros((10, 10, 10))
    data[2:4, 2:4, 2:4] = 1
    data[6, 6, 6] = 1
    data[7, 7, 7] = 1
    found = objects(volume(data, (1, 2, 3)), 1)
    assert found.size == pytest.approx([8 * 0.006, 2 * 0.006])
    assert found.places.tolist() == [[2.5, 5.0, 7.5], [6.5, 13.0, 19.5]]


def test_objects_below_a_size_are_left_out_and_counted() -> None:
    found = objects(scene(squares()), 1, smallest=0.5)
    assert (len(found), found.left_out, found.cells.tolist()) == (1, 1, [100])
    assert np.unique(found.numbers()).tolist() == [0, 1]


class TestSplit:
    def test_touching_discs_are_two_objects(self) -> None:
        mask = scene(discs((30, 25), (30, 41)))
        assert len(objects(mask, 1)) == 1
        found = objects(mask, 1, split=20)
        assert len(found) == 2
        numbers = found.numbers()
        assert (numbers[:, :33][mask.data[:, :33] > 0] == 1).all()
        assert (numbers[:, 34:][mask.data[:, 34:] > 0] == 2).all()
        assert found.cells.sum() == np.count_nonzero(mask.data)

    @pytest.mark.parametrize(("depth", "count"), [(39.9, 2), (40.1, 1)])
    def test_the_depth_is_that_of_the_neck(self, depth: float, count: int) -> None:
        """Squares of 11 cells (60 m to the outline) joined by a bridge of 3 cells (20 m)."""
        data = np.zeros((60, 80), np.uint8)
        data[10:21, 10:21] = data[10:21, 31:42] = data[14:17, 21:31] = 1
        assert len(objects(scene(data), 1, split=depth)) == count

    def test_spacing_counts(self) -> None:
        """The same cells: a neck between slices 5 mm apart is as wide as the discs are thick."""
        data = np.zeros((9, 30, 50))
        data[1:8] = discs((15, 15), (15, 30), radius=9, shape=(30, 50))
        assert len(objects(volume(data, (5, 1, 1)), 1, split=1)) == 2
        assert len(objects(volume(data, (0.2, 1, 1)), 1, split=1)) == 1

    def test_it_is_the_same_again_and_keeps_every_cell(self) -> None:
        data = blobs((60, 80), 3, labels=3) == 2
        one, two = (objects(scene(data), 1, split=3) for _ in range(2))
        np.testing.assert_array_equal(one.numbers(), two.numbers())
        np.testing.assert_array_equal(one.numbers() > 0, data)
        firsts = [np.flatnonzero(one.numbers().ravel() == n)[0] for n in range(1, len(one) + 1)]
        assert firsts == sorted(firsts)
        pieces = ndimage.label(data, np.ones((3, 3)))[0]
        for number in range(1, len(one) + 1):
            assert len(np.unique(pieces[one.numbers() == number])) == 1

    def test_a_piece_that_is_too_large_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(necks, "SPLIT_CELLS", 100)
        with pytest.raises(Refused) as refused:
            objects(scene(discs((30, 30))), 1, split=20)
        assert refused.value.code == "SV-NUM-111"

    def test_metres_need_a_coordinate_system(self) -> None:
        nowhere = RasterGrid(UTM.shape, UTM.transform, None)
        with pytest.raises(Refused) as refused:
            objects(scene(squares(), nowhere), 1, split=20)
        assert refused.value.code == "SV-NUM-112"
        assert objects(scene(squares(), nowhere), 1).unit == "pixels"


@pytest.mark.parametrize(("smallest", "split"), [(-1, None), (0, 0), (0, -2), (0, float("nan"))])
def test_senseless_numbers_are_refused(smallest: float, split: float | None) -> None:
    with pytest.raises(Refused) as refused:
        objects(scene(squares()), 1, smallest=smallest, split=split)
    assert refused.value.code == "SV-NUM-113"


def test_degrees_have_true_hectares_row_by_row() -> None:
    found = objects(scene(squares(), DEGREES), 1)
    total = measure_scene(scene(squares(), DEGREES))["labels"][0]["area_ha"]
    assert found.size.sum() == pytest.approx(total, rel=1e-12)
    assert found.places[0] == pytest.approx([-75 + 0.007, -8 - 0.007])


def test_a_large_map_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segviz.measure.runs.STRIP_CELLS", 500)
    data = np.memmap(tmp_path / "mask", np.uint8, "w+", shape=(60, 80))
    data[:] = blobs((60, 80), 1)
    found = objects(Mask(UTM, data, Legend.named("a", "b", "c")), 2)
    numbers, count = ndimage.label(data == 2, np.ones((3, 3)))
    assert len(found) == count
    np.testing.assert_array_equal(found.numbers(), numbers)


def test_the_summary_is_of_all_and_lists_the_largest() -> None:
    data = np.zeros((10, 40), np.uint8)
    for n, width in enumerate((1, 2, 3, 4, 5)):
        data[1, 8 * n : 8 * n + width] = 1
    grid = RasterGrid(data.shape, Affine(1, 0, 0, 0, -1, 0), None)
    told = summary(objects(Mask(grid, data, LEGEND), 1), listed=2)
    assert {name: told[name] for name in ("unit", "count", "total", "left_out")} == {
        "unit": "pixels", "count": 5, "total": 15.0, "left_out": 0,
    }  # fmt: skip
    assert [told[q] for q in ("smallest", "quartile_1", "median", "quartile_3", "largest")] == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip
    assert told["histogram"] == {"edges": [1.0, 2.0, 5.0, 10.0], "counts": [1, 3, 1]}
    assert [row["id"] for row in told["objects"]] == [5, 4]
    assert told["objects"][0] == {
        "id": 5,
        "cells": 5,
        "size": 5.0,
        "at": [1, 34],
        "row": 1.0,
        "column": 34.0,
    }


def test_a_label_without_objects_says_so() -> None:
    told = summary(objects(scene(np.zeros(UTM.shape)), 1))
    assert told["count"] == 0
    assert told["median"] is None
    assert told["why"]
    assert told["objects"] == []


@pytest.mark.parametrize("seed", range(5))
def test_a_histogram_holds_every_object_between_its_edges(seed: int) -> None:
    size = np.exp(np.random.default_rng(seed).normal(0, 3, 100))
    told = instances.histogram(size)
    counts, _ = np.histogram(size, told["edges"])
    assert told["counts"] == counts.tolist()
    assert sum(told["counts"]) == 100
    assert told["counts"][0]
    assert told["counts"][-1]
