"""Objects on the pages: figures, tables and plots from numbers, and the pages with them."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from test_ui_pages import components, environment, paint, run, text
from web_case import Server

from segviz import workbench
from segviz.ui import objects, objects_over_dates

__all__ = ["environment"]


def numbers(count: int = 3) -> dict[str, Any]:
    return {
        "name": "field <b>", "color": "#E69F00", "unit": "ha", "count": count, "left_out": 2,
        "total": 1234.5, "smallest": 0.3, "quartile_1": 1.25, "median": 2.0, "quartile_3": 20.0,
        "largest": 1200.0, "histogram": {"edges": [0.2, 0.5, 1.0], "counts": [1, 2]},
        "objects": [{"id": 3, "cells": 9, "size": 0.5, "at": [1, 2], "longitude": -75.0,
                     "latitude": -8.0}],
    }  # fmt: skip


@pytest.mark.parametrize("module", [objects, objects_over_dates])
def test_examples(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def test_figures_have_units_and_separators() -> None:
    told = objects.figures(numbers())
    assert "1,234.5 ha" in told
    assert "1.2 ha to 20.0 ha" in told
    assert "2 smaller objects left out." in told


def test_the_histogram_names_its_bins_and_axes() -> None:
    figure = objects.histogram(numbers())
    assert list(figure.data[0].x) == ["0.2–0.5", "0.5–1"]
    assert list(figure.data[0].y) == [1, 2]
    assert figure.layout.xaxis.title.text == "Size, ha"
    assert "<" not in figure.data[0].name


def test_a_class_that_is_in_neither_is_a_dash() -> None:
    absent = {"pq": None, "sq": None, "rq": None, "tp": 0, "fp": 0, "fn": 0, "why": "Neither."}
    mean = {"pq": 0.5, "sq": 0.75, "rq": 2 / 3, "classes": 1}
    told = objects.quality({"classes": [{"name": "forest", **absent}], "mean": mean})
    assert "<td>–</td>" in told
    assert "Mean of 1 class<" in told
    assert 'title="Neither."' in told


def opened(server: Server, page: str, case: Any, key: str) -> Any:
    test = run(page, case=case.id)
    assert not test.exception
    test.session_state[key] = True
    return test.run()


def test_review_of_a_scene_counts_objects_once_asked(server: Server) -> None:
    paint(server, -1, 1)
    visit = server.scene.visits[-1]
    key = f"objects-{visit.id}"
    assert "Middle half" not in text(run("review", case=server.scene.id))
    test = opened(server, "review", server.scene, key)
    assert not test.exception
    assert "Middle half" in text(test)
    test.toggle[0].set_value(True).run()
    assert not test.exception
    base = f"/layers/{visit.id}/objects/1/1/{{z}}/{{x}}/{{y}}.png?smallest=0.0&split=0.0"
    told = [found.proto.json for found in test.get("bidi_component")]
    assert any(base in data for data in told)


def test_an_empty_mask_says_what_to_do(server: Server) -> None:
    visit = server.volume.visits[-1]
    test = opened(server, "review", server.volume, f"objects-{visit.id}")
    assert "Nothing is marked yet" in text(test)
    assert components(test)[0] == "segviz_volume"


def test_review_of_a_scan_counts_lesions_and_matches_a_reference(server: Server) -> None:
    visit = server.volume.visits[-1]
    bench = workbench.get(server.store, visit.id)
    bench.edit_cells(np.array([0, 1, 100]), np.ones(3, np.uint8), base_revision=0, uuid="e")
    layer = workbench.new_layer(server.store, visit.id, "Mine", "Dr A", bench.layer.id)
    test = opened(server, "review", server.volume, f"objects-{visit.id}")
    assert "Middle half" in text(test)
    (box,) = (box for box in test.selectbox if box.label == "Match with a reference")
    box.set_value(layer.id).run()
    assert not test.exception
    assert "<td>1.000</td>" in text(test)


def test_change_follows_objects_once_asked(server: Server) -> None:
    paint(server, 0, 1)
    paint(server, 1, 1, radius=6.0)
    test = opened(server, "change", server.scene, f"objects-over-dates-{server.scene.id}")
    assert not test.exception
    assert "Persistent" in text(test)
