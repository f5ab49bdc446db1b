"""Objects as findings: the same spec gives the same numbers, JSON without NaN, words for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workspace import add_visit, scene_grid, store_at, volume_grid

from segviz import findings, workbench
from segviz.findings import objects, objects_over_dates, panoptic
from segviz.findings.blocks import Plot, Table
from segviz.mask import Label, Legend, Mask
from segviz.store import Store

LEGEND = Legend((Label(1, "field", "#E69F00", thing=True), Label(2, "forest", "#009E73")))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path)


def fields(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    data = np.zeros((20, 30), np.uint8)
    for top, bottom, left, right in boxes:
        data[top:bottom, left:right] = 1
    return data


def drawn(store: Store, data: np.ndarray, visit: Any = None) -> workbench.Workbench:
    grid = scene_grid() if data.ndim == 2 else volume_grid(data.shape)
    visit = visit or add_visit(store, grid, LEGEND)
    bench = workbench.get(store, visit.id)
    bench.replace_by(Mask(grid, data, LEGEND), title="Import", uuid=f"u-{visit.id}")
    return bench


def found(store: Store, spec: dict[str, Any]) -> dict[str, Any]:
    """The numbers, which are the same once more and hold no NaN."""
    numbers = findings.find(store, spec)
    said = json.dumps(numbers, allow_nan=False)
    assert json.dumps(findings.find(store, json.loads(json.dumps(spec)))) == said
    return numbers


def test_objects_of_the_things_of_a_legend(store: Store) -> None:
    bench = drawn(store, fields((1, 3, 1, 5), (10, 11, 20, 22)))
    spec = objects.now(store, bench.layer)
    assert (spec["labels"], spec["revision"]) == ([1], 1)
    numbers = found(store, spec)
    (row,) = numbers["labels"]
    assert (row["count"], row["unit"]) == (2, "ha")
    assert row["objects"][0]["at"] == [2, 2]
    assert row["largest"] == pytest.approx(8, rel=1e-2)
    told = findings.tell(spec, numbers)
    tables = [block for block in told if isinstance(block, Table)]
    assert tables[0].rows[0][:2] == ["field", 2]
    (plot,) = (block for block in told if isinstance(block, Plot))
    assert sum(plot.lines[0].y) == 2
    assert plot.x_title == "Size, ha"


def test_a_later_stroke_leaves_an_old_finding_as_it_was(store: Store) -> None:
    bench = drawn(store, fields((1, 3, 1, 5)))
    spec = objects.now(store, bench.layer)
    before = found(store, spec)
    bench.edit_cells(np.array([599]), np.ones(1, np.uint8), base_revision=1, uuid="later")
    assert findings.find(store, spec) == before
    assert found(store, objects.now(store, bench.layer))["labels"][0]["count"] == 2


def test_lesions_lie_where_the_picture_goes(store: Store) -> None:
    """PSR voxels: i runs to the back, j up, k to the right; the picture counts x, y, z."""
    data = np.zeros((4, 5, 6), np.uint8)
    data[1, 3, 4] = 1
    bench = drawn(store, data)
    (row,) = found(store, objects.now(store, bench.layer))["labels"]
    canonical = bench.visit.grid.to_canonical(data)
    assert row["objects"][0]["at"] == np.argwhere(canonical)[0].tolist()
    assert row["total"] == pytest.approx(0.001)


def test_options_are_said(store: Store) -> None:
    bench = drawn(store, fields((1, 3, 1, 5), (10, 11, 20, 22)))
    spec = objects.now(store, bench.layer, smallest=4.0, split=30.0)
    numbers = found(store, spec)
    assert numbers["labels"][0]["left_out"] == 1
    said = " ".join(getattr(block, "note", "") for block in findings.tell(spec, numbers))
    assert "Depth here: 30 m." in said
    assert "below 4 ha" in said


def test_a_reference_is_matched(store: Store) -> None:
    one = drawn(store, fields((1, 3, 1, 5), (10, 11, 20, 22)))
    layer = workbench.new_layer(store, one.visit.id, "Reference", "Dr A")
    other = workbench.get(store, layer.id)
    other.replace_by(
        Mask(scene_grid(), fields((1, 3, 1, 6)), LEGEND), title="Import", uuid="reference"
    )
    spec = panoptic.now(store, one.layer, layer)
    numbers = found(store, spec)
    row = numbers["classes"][0]
    assert (row["tp"], row["fp"], row["fn"]) == (1, 1, 0)
    assert row["sq"] == pytest.approx(0.8)
    (table,) = findings.tell(spec, numbers)
    assert table.rows[0][:3] == ["field", "thing", pytest.approx(0.8 / 1.5)]
    assert "0 is background" in table.note


def test_objects_are_followed_through_the_dates_of_a_case(store: Store) -> None:
    first = drawn(store, fields((1, 3, 1, 5)))
    file = store.home / "second.image"
    file.write_bytes(b"image")
    visit = store.add_visit(
        first.visit.case_id, files=[file], when=None, name="Visit 2", grid=scene_grid(),
        channels=("CT",), sha256="1" * 64, legend=LEGEND,
    )  # fmt: skip
    drawn(store, fields((1, 3, 1, 5), (10, 12, 20, 22)), visit)
    spec = objects_over_dates.now(store, store.case(first.visit.case_id), 1)
    numbers = found(store, spec)
    (step,) = numbers["steps"]
    assert (step["persistent"]["count"], step["new"]["count"]) == (1, 1)
    assert [date["name"] for date in numbers["dates"]] == ["Visit 1", "Visit 2"]
    table, plot, largest = findings.tell(spec, numbers)
    assert table.rows[0][:3] == ["Visit 1", "Visit 2", 1]
    assert len(plot.lines) == 5
    assert largest.rows[0][-1] == "persistent"
