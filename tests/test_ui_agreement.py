"""The place where two masks are compared, and the door to a consensus."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from test_ui_pages import environment, press, run, text  # noqa: F401
from web_case import Server

from segviz import workbench
from segviz.case import Layer
from segviz.ui import agreement


def reader(server: Server, name: str, *cells: int) -> Layer:
    """A reader's own layer of the scan, some voxels of its first label marked."""
    visit = server.volume.visits[0]
    layer = workbench.new_layer(server.store, visit.id, name, name)
    bench = workbench.get(server.store, layer.id)
    label = next(iter(workbench.get(server.store, visit.id).legend))
    bench.import_legend(workbench.get(server.store, visit.id).legend, uuid=f"{name}-legend")
    labels = np.full(len(cells), label.value, np.uint8)
    bench.edit_cells(np.array(cells), labels, base_revision=bench.revision, uuid=name)
    return layer


@pytest.fixture
def page(server: Server) -> AppTest:
    """Review of Ada's mask, compared with Ben's in the picture."""
    ada = reader(server, "Ada", 0, 1, 2, 60)
    reader(server, "Ben", 0, 1, 3)
    test = run("review", case=server.volume.id, layer=ada.id)
    choose(test, "Compare", "Ben")
    return press(test, "Show in the picture")


def choose(test: AppTest, label: str, option: str) -> AppTest:
    box = next(box for box in test.selectbox if box.label == label)
    return box.select_index(box.options.index(option)).run()


def picture(test: AppTest) -> dict[str, Any]:
    return json.loads(test.get("bidi_component")[0].proto.json)


def test_the_numbers_of_two_readers(page: AppTest):
    assert not page.exception
    told = text(page)
    assert "A: Ben" in told and "B: Ada, this mask now" in told
    assert "<td>Dice</td><td>0.571</td>" in told  # 2 x 2 / (3 + 4)
    assert "Surface Dice at 1 mm" in told
    assert "2 in A, 2 in B" in told
    assert "HD95 is the greater of the two directed" in told


def test_the_picture_shows_the_overlap_then_distances_then_the_mask(page: AppTest):
    assert "/difference?a=" in picture(page)["compare"]["url"]
    page.radio[0].set_value(agreement.DISTANCE).run()
    compare = picture(page)["compare"]
    assert "/surface-distance?a=" in compare["url"] and compare["url"].endswith("&label=1")
    assert compare["legend"][4]["name"] == "under 1 mm"
    press(page, "Show the mask again")
    assert picture(page)["compare"] is None
    assert "Surface Dice" not in text(page)


def test_a_button_goes_to_the_worst_slice(page: AppTest):
    assert picture(page)["go"] is None
    door = next(b for b in page.button if b.label.startswith("Go to the worst slice"))
    door.click().run()
    first = picture(page)["go"]
    assert first["turn"] == 1 and len(first["at"]) == 3
    door.click().run()
    assert picture(page)["go"] == first | {"turn": 2}


def test_another_tolerance_is_another_number(page: AppTest):
    tolerance = next(box for box in page.number_input if box.label.startswith("Tolerance"))
    tolerance.set_value(20.0).run()
    assert "<td>Surface Dice at 20 mm</td><td>1.000</td>" in text(page)


def test_conventions_of_hd95_have_their_own_names(page: AppTest):
    choose(page, "HD95", agreement.CONVENTIONS["hd95_pooled_mm"])
    assert "HD95, pooled" in text(page) and "<td>HD95</td>" not in text(page)


def test_an_empty_mask_is_infinitely_far(server: Server):
    ada = reader(server, "Ada", 0, 1)
    test = run("review", case=server.volume.id, layer=ada.id)
    choose(test, "Compare", "first version")
    press(test, "Show in the picture")
    assert not test.exception
    assert "∞ (one empty)" in text(test) and "<td>Dice</td><td>0.000</td>" in text(test)


def test_a_scene_is_compared_in_shares(server: Server):
    visit = server.scene.visits[-1]
    workbench.new_layer(server.store, visit.id, "Ada", "Ada")
    test = run("review", case=server.scene.id)
    choose(test, "Compare", "Ada")
    press(test, "Show in the picture")
    assert not test.exception
    assert "Precision" in text(test) and "Surface Dice" not in text(test)


def test_three_readers_make_a_consensus(server: Server):
    reader(server, "Ada", 0, 1, 2)
    assert "Consensus" not in labels(run("review", case=server.volume.id))
    reader(server, "Ben", 0, 1)
    cleo = reader(server, "Cleo", 0, 4)
    test = run("review", case=server.volume.id, layer=cleo.id)
    masks = next(box for box in test.multiselect if box.label == "Masks")
    assert [layer.name for layer in masks.value] == ["Ada", "Ben", "Cleo"]  # one layer is empty
    press(test, "Make a layer")
    assert not test.exception
    made = server.store.layers(server.volume.visits[0].id)[-1]
    assert made.name == "Majority of 3"
    bench = workbench.get(server.store, made.id)
    assert np.flatnonzero(bench.mask().data).tolist() == [0, 1]
    assert bench.state()["source"] == "Majority of Ada, Ben, Cleo"
    told = text(test)
    assert "<td>Cleo</td><td>0.048 ml</td><td>0.500</td>" in told


def labels(test: AppTest) -> str:
    return " ".join(element.proto.popover.label for element in test.get("popover"))
