"""The lesions of a layer as a finding."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from web_case import Server
from workspace import add_visit, scene_grid, store_at, volume_grid

from segviz import findings, workbench
from segviz.errors import Refused
from segviz.findings import lesions
from segviz.findings.blocks import Check, Table, Text
from segviz.mask import Legend, Mask
from segviz.store import Store

LEGEND = Legend.named("lesion", "cyst")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path)


def layer_of(store: Store, *cells: tuple[int, int, int]) -> str:
    visit = add_visit(store, volume_grid(), LEGEND)
    labels = np.zeros(visit.grid.shape, np.uint8)
    labels[tuple(np.transpose(cells))] = 1
    bench = workbench.get(store, visit.id)
    bench.replace_by(Mask(visit.grid, labels, LEGEND, "drawn"), title="drawn", uuid="drawn")
    return visit.id


def test_lesions_of_a_layer_at_a_revision(store: Store) -> None:
    layer = layer_of(store, (1, 1, 1), (1, 1, 2), (3, 4, 5))
    spec = lesions.now(store, layer, intensities=False)
    numbers = findings.find(store, spec)
    json.dumps([spec, numbers], allow_nan=False)
    (found,) = numbers["labels"]
    assert [row["voxels"] for row in found["lesions"]] == [2, 1]
    bench = workbench.get(store, layer)
    cells, labels = np.array([0]), np.array([1], np.uint8)
    bench.edit_cells(cells, labels, base_revision=bench.revision, uuid="later")
    assert findings.find(store, spec) == numbers
    assert lesions.now(store, layer)["revision"] == spec["revision"] + 1


def test_what_people_read(store: Store) -> None:
    layer = layer_of(store, (1, 1, 1), (1, 1, 2), (3, 4, 5))
    spec = lesions.now(store, layer, smallest_mm3=2.0, intensities=False)
    blocks = findings.tell(spec, findings.find(store, spec))
    table = next(block for block in blocks if isinstance(block, Table))
    assert table.title == "lesion: 1 lesion of at least 2 mm³ (2 voxels)"
    assert [row[0] for row in table.rows] == ["1", "all of it"]
    assert table.rows[0][1:4] == [0.002, 2.0, 0.0]
    assert table.note == "1 smaller pieces of together 0.001 ml are not listed."
    (check,) = (block for block in blocks if isinstance(block, Check))
    assert check.outcome == "warned" and "lower bounds" in check.why
    assert lesions.CENTRES in blocks[-1].text


def test_edge_to_edge_is_one_voxel_more_and_says_so(store: Store) -> None:
    layer = layer_of(store, (1, 1, 1), (1, 1, 2))
    spec = lesions.now(store, layer, edge_to_edge=True, intensities=False)
    blocks = findings.tell(spec, findings.find(store, spec))
    assert blocks[0].rows[0][2:5] == [4.0, 1.0, 4.0]
    assert lesions.EDGES in blocks[-1].text


def test_labels_that_are_asked_for_and_not_there(store: Store) -> None:
    spec = lesions.now(store, layer_of(store, (1, 1, 1)), labels=[2], intensities=False)
    blocks = findings.tell(spec, findings.find(store, spec))
    assert blocks[0] == Text("cyst: the mask has no voxel with this label.")


def test_nothing_marked(store: Store) -> None:
    visit = add_visit(store, volume_grid(), LEGEND)
    spec = lesions.now(store, visit.id, intensities=False)
    blocks = findings.tell(spec, findings.find(store, spec))
    assert blocks == [Text("Nothing is marked, so there is no lesion.")]


def test_a_scene_has_none(store: Store) -> None:
    visit = add_visit(store, scene_grid())
    with pytest.raises(Refused, match="measure its objects") as refused:
        findings.find(store, lesions.now(store, visit.id))
    assert refused.value.code == "SV-NUM-012"


def test_intensities_come_from_the_scan(server: Server) -> None:
    visit = server.volume.visits[0]
    bench = workbench.get(server.store, visit.id)
    cells, labels = np.array([0, 1]), np.array([1, 1], np.uint8)
    bench.edit_cells(cells, labels, base_revision=bench.revision, uuid="one")
    spec = lesions.now(server.store, visit.id)
    numbers = findings.find(server.store, spec)
    level = numbers["labels"][0]["whole"]["intensity"]
    assert level["voxels"] == 2 and level["min"] <= level["mean"] <= level["max"]
    titles = [b.title for b in findings.tell(spec, numbers) if isinstance(b, Table)]
    assert titles[1].endswith(": intensities")
