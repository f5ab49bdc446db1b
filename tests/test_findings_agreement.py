"""Agreement of two layers of a visit as a finding."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from workspace import add_visit, scene_grid, store_at, volume_grid

from segviz import findings, workbench
from segviz.case import Layer, Visit
from segviz.findings import agreement
from segviz.findings.blocks import Check, Table
from segviz.grid import Grid
from segviz.mask import Legend, Mask
from segviz.store import Store

LEGEND = Legend.named("tumour", "cyst")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path)


def layer(store: Store, visit: Visit, name: str, labels: np.ndarray) -> Layer:
    made = workbench.new_layer(store, visit.id, name, name)
    mask = Mask(visit.grid, labels.astype(np.uint8), LEGEND, name)
    workbench.get(store, made.id).replace_by(mask, title=name, author=name, uuid=name)
    return made


def readers(store: Store, grid: Grid, *masks: np.ndarray) -> list[Layer]:
    visit = add_visit(store, grid, LEGEND)
    return [layer(store, visit, f"Reader {n}", mask) for n, mask in enumerate(masks, 1)]


@pytest.fixture
def pair(store: Store) -> list[Layer]:
    one = np.zeros((4, 5, 6))
    one[1:3, 1:4, 1:4] = 1
    two = one.copy()
    two[1, 1, 1] = 0
    two[3, 4, 5] = 1
    two[0, 0, 0] = 2
    return readers(store, volume_grid(), one, two)


def test_two_readers(store: Store, pair: list[Layer]) -> None:
    spec = agreement.now(store, *pair)
    found = findings.find(store, spec)
    json.dumps([spec, found], allow_nan=False)
    tumour, cyst = found["labels"]
    assert tumour["dice"] == pytest.approx(34 / 36)
    assert (tumour["volume_ml"], tumour["reference_ml"]) == pytest.approx((0.018, 0.018))
    assert tumour["at_border"] and not found["askew"]
    assert [g["mask"] + g["reference"] for g in tumour["lesions"]["groups"]] == [[1, 1], [2]]
    assert cyst["infinite"] and cyst["dice"] == 0.0
    assert found["means"]["rows"] == 2 and found["means"]["with_distance"] == 1


def test_places_are_those_of_the_viewers(store: Store, pair: list[Layer]) -> None:
    tumour = findings.find(store, agreement.now(store, *pair))["labels"][0]
    grid = volume_grid()
    stray = np.zeros(grid.shape, bool)
    stray[3, 4, 5] = True
    place = np.argwhere(grid.to_canonical(stray))[0].tolist()
    assert tumour["lesions"]["groups"][1]["at"] == place
    assert tumour["worst"]["distance"]["at"] == place
    assert tumour["worst"]["area"]["mm2"] == pytest.approx(2.0)


def test_the_same_spec_gives_the_same_numbers_after_an_edit(
    store: Store, pair: list[Layer]
) -> None:
    spec = agreement.now(store, *pair)
    before = findings.find(store, spec)
    workbench.get(store, pair[0].id).edit_cells(
        np.array([0]), np.array([1], np.uint8), base_revision=1, uuid="later"
    )
    assert findings.find(store, spec) == before
    assert findings.find(store, agreement.now(store, *pair)) != before


def test_labels_and_tolerance_are_chosen(store: Store, pair: list[Layer]) -> None:
    sides = [agreement.side(layer, 1) for layer in pair]
    spec = agreement.spec_of(*sides, tolerance_mm=2.0, min_voxels=2, labels=[1])
    (row,) = findings.find(store, spec)["labels"]
    assert (row["label"], row["tolerance_mm"], row["lesions"]["reference"]) == (1, 2.0, 1)


def test_tables_say_what_is_empty(store: Store, pair: list[Layer]) -> None:
    spec = agreement.now(store, *pair)
    blocks = findings.tell(spec, findings.find(store, spec))
    tables = [block for block in blocks if isinstance(block, Table)]
    assert tables[0].title == "Agreement of Reader 1 (A) and Reader 2 (B)"
    assert tables[0].rows[1][7:10] == (agreement.ONE_EMPTY,) * 3
    assert "1 without a distance" in tables[0].note
    assert [row[3] for row in tables[2].rows] == ["matched", "only B", "only B"]
    outcomes = {block.name: block.outcome for block in blocks if isinstance(block, Check)}
    assert outcomes == {"One grid": "passed", "Right angles": "passed", "Inside the scan": "warned"}


def test_both_empty_is_said(store: Store) -> None:
    empty = np.zeros((4, 5, 6))
    spec = agreement.now(store, *readers(store, volume_grid(), empty, empty))
    table = findings.tell(spec, findings.find(store, spec))[0]
    assert isinstance(table, Table)
    assert table.rows[0][1] == "1 (both empty)" and table.rows[0][7] is None


def test_a_scene_is_compared_by_pixels(store: Store) -> None:
    one = np.ones((20, 30))
    two = one.copy()
    two[:5] = 2
    spec = agreement.now(store, *readers(store, scene_grid(), one, two))
    found = findings.find(store, spec)
    assert found["labels"][0]["precision"] == 0.75
    table = findings.tell(spec, found)[0]
    assert isinstance(table, Table) and table.columns[1:3] == ("IoU", "F1")


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ([1], [1], "matched"),
        ([1], [], "only A"),
        ([], [1], "only B"),
        ([1], [1, 2], "one in A, several in B"),
        ([1, 2], [1], "several in A, one in B"),
        ([1, 2], [1, 2], "several in both"),
    ],
)
def test_what_became_of_a_lesion(ours: list[int], theirs: list[int], words: str) -> None:
    assert agreement.what({"mask": ours, "reference": theirs}) == words
