"""Areas of a scene in a real browser: one drawn, one uploaded, both measured and seen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Server, eventually
from editor import click, history, pull, scene, show
from playwright.sync_api import Page, expect

from segviz.io import polygons

pytestmark = pytest.mark.browser


def test_areas_are_drawn_uploaded_and_measured(
    page: Page, server: Server, tmp_path: Path, shot: Callable[[Page, str], None]
) -> None:
    image = scene(server, tmp_path, labels=("forest", "other"))
    show(page, image.review(server))
    page.locator(".sv-map").evaluate("(root) => root.viewer.toolbox.take('area')")
    click(page, (20, 20), (120, 20), (120, 120), (20, 120))
    page.keyboard.press("Enter")
    panel = page.locator(".st-key-panel")
    expect(panel).to_contain_text("Area 1")
    drawn = "(root) => root.viewer.areas.layer.getSource().getFeatures().length"
    eventually(lambda: page.locator(".sv-map").evaluate(drawn) == 1)

    page.keyboard.press("b")
    page.keyboard.press("1")
    pull(page, (40, 70), (100, 70))
    expect(history(page)).to_contain_text("Brush")
    row = panel.locator(".sv-table tr", has_text="Area 1")
    expect(row).to_contain_text(re.compile(r"100\.\d"))

    shape = polygons.from_cells("x", [[60, 60], [170, 60], [170, 140]], image.case.visits[0].grid)
    feature = {"type": "Feature", "properties": {"name": "Plot 7"}, "geometry": None}
    file = tmp_path / "plots.geojson"
    file.write_text(json.dumps(feature | {"geometry": polygons.to_geojson(shape)}))
    panel.get_by_role("button", name="Upload areas").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([file])
    expect(panel).to_contain_text("Plot 7")
    eventually(lambda: page.locator(".sv-map").evaluate(drawn) == 2)
    shot(page, "areas")
