"""The section Lesions of Review."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from test_ui_pages import environment, run, text  # noqa: F401
from web_case import Server

from segviz import workbench
from segviz.findings import lesions as finding
from segviz.grid import VolumeGrid
from segviz.mask import Legend, Mask
from segviz.measure.lesions import lesions as measure
from segviz.ui import lesions
from segviz.workbench import Workbench


@pytest.fixture
def bench(server: Server) -> Workbench:
    """Two lesions: of three voxels in a row, and of one."""
    bench = workbench.get(server.store, server.volume.visits[0].id)
    labels = np.zeros(bench.visit.grid.shape, np.uint8)
    labels[1, 1:4, 1] = labels[3, 4, 5] = 1
    mask = Mask(bench.visit.grid, labels, bench.legend, "drawn")
    bench.replace_by(mask, title="drawn", uuid="drawn")
    return bench


def opened(server: Server, bench: Workbench, **state: Any) -> AppTest:
    test = run("review", case=server.volume.id)
    test.session_state[f"lesions-{bench.layer.id}"] = True
    for key, value in state.items():
        test.session_state[key] = value
    return test.run()


def picture_data(test: AppTest) -> dict[str, Any]:
    return json.loads(test.get("bidi_component")[0].proto.json)


def test_nothing_is_measured_until_the_section_is_opened(server: Server, bench: Workbench):
    test = run("review", case=server.volume.id)
    assert not test.exception
    assert "lesions-measured" not in test.session_state
    assert not test.dataframe


def test_the_open_section_lists_lesions_with_their_numbers(server: Server, bench: Workbench):
    test = opened(server, bench)
    assert not test.exception
    assert "2 lesions of any size" in text(test)
    rows = test.dataframe[0].value
    assert list(rows["No."]) == [1, 2]
    assert rows["ml"][0] == pytest.approx(3 * bench.visit.grid.voxel_volume_ml)
    assert "All of the label" in text(test)


def test_a_smallest_size_leaves_lesions_out_and_counts_them(server: Server, bench: Workbench):
    size = 3 * bench.visit.grid.voxel_volume_mm3
    test = opened(server, bench, **{f"lesions-smallest-{bench.layer.id}": size})
    assert list(test.dataframe[0].value["No."]) == [1]
    assert "1 smaller pieces" in text(test)


def chosen(server: Server, bench: Workbench, number: int) -> dict[str, lesions.Chosen]:
    spec = finding.now(server.store, bench.layer.id, [1])
    row = measure(bench.mask(), 1)["lesions"][number]
    return {bench.layer.id: lesions.Chosen(spec, row)}


def test_the_chosen_lesion_is_drawn_on_its_slice(server: Server, bench: Workbench):
    test = opened(server, bench, **{"lesions-chosen": chosen(server, bench, 0)})
    assert not test.exception
    (caliper,) = picture_data(test)["calipers"]
    assert caliper == {"slice": 1, "from": [3, 2, 1], "to": [3, 4, 1], "text": "6.0 mm"}
    assert "Chosen lesion" in text(test)


def test_diameters_follow_a_stroke(server: Server, bench: Workbench):
    test = opened(server, bench, **{"lesions-chosen": chosen(server, bench, 0)})
    assert picture_data(test)["calipers"][0]["text"] == "6.0 mm"
    cells = np.array([np.ravel_multi_index((1, 4, 1), bench.visit.grid.shape)])
    bench.edit_cells(cells, np.ones(1, np.uint8), base_revision=bench.revision, uuid="stroke")
    test.run()
    (caliper,) = picture_data(test)["calipers"]
    assert caliper["text"] == "9.0 mm"


def test_numbers_that_take_long_wait_until_somebody_asks(
    server: Server, bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lesions, "QUICK_S", -1.0)
    test = opened(server, bench)
    before = bench.revision
    cells = np.array([np.ravel_multi_index((1, 4, 1), bench.visit.grid.shape)])
    bench.edit_cells(cells, np.ones(1, np.uint8), base_revision=before, uuid="stroke")
    test.run()
    assert f"of version {before}; the mask is at version {before + 1}" in text(test)
    assert test.dataframe[0].value["⌀, mm"][0] == "6.0 × 0.0"
    next(b for b in test.button if b.label == "Measure again").click().run()
    assert test.dataframe[0].value["⌀, mm"][0] == "9.0 × 0.0"


def test_an_empty_mask_says_what_to_do(server: Server):
    bench = workbench.get(server.store, server.volume.visits[0].id)
    assert "run a model or paint" in text(opened(server, bench))


ROW = measure(
    Mask(VolumeGrid((3, 3, 3), np.eye(4)), np.ones((3, 3, 3), np.uint8), Legend.named("a")), 1
)["whole"]


def test_both_diameters_are_drawn_with_their_lengths():
    centres, edges = lesions.drawn(ROW, False), lesions.drawn(ROW, True)
    assert [line["text"] for line in centres] == ["2.8 mm", "2.8 mm"]
    assert [line["text"] for line in edges] == ["4.2 mm", "4.2 mm"]
    assert {line["slice"] for line in centres} == {0}


def test_details_name_units_and_the_edge_of_the_scan():
    told = lesions.details(ROW, False, None)
    for words in ("0.027 ml", "2.8 × 2.8 mm", "8 mm²", "3.5 mm", "left, right, posterior"):
        assert words in told


def test_a_lesion_is_found_again_near_where_it_was():
    far = {**ROW, "centroid_mm": [50.0, 0.0, 0.0]}
    assert lesions.same([far, ROW], ROW) == 1
    assert lesions.same([far], ROW) is None
    assert lesions.same([], ROW) is None
