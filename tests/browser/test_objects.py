"""Objects in a real browser: counted, coloured, gone to, and followed through two dates."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from conftest import ROOT, Server
from playwright.sync_api import Page, expect
from pyproj import CRS
from steps import open_files

from segviz.grid import RasterGrid
from segviz.io import geotiff

pytestmark = pytest.mark.browser

PAINT = """
import numpy as np
from segviz import settings, store, workbench
from segviz.mask import Label, Legend, Mask
opened = store.open(settings.load())
(case,) = opened.cases()
for number, visit in enumerate(case.visits):
    data = np.zeros(visit.grid.shape, np.uint8)
    data[100:130, 100:160] = data[400:440, 500:520] = 1
    if number:
        data[300:320, 200:260] = 1
    legend = Legend((Label(1, "Clearing", "#E69F00", thing=True),))
    mask = Mask(visit.grid, data, legend)
    workbench.get(opened, visit.id).replace_by(mask, title="Import", uuid=f"u{number}")
"""


@pytest.fixture
def dates(tmp_path: Path) -> list[Path]:
    grid = RasterGrid((600, 700), Affine(10, 0, 500_000, 0, -10, 5_000_000), CRS(32635))
    pixels = np.random.default_rng(0).integers(300, 500, (3, *grid.shape)).astype(np.uint16)
    paths = []
    for year in (2019, 2020):
        path = tmp_path / f"place_{year}-07-15.tif"
        geotiff.write_scene(pixels, grid, path, ("B4", "B3", "B2"), date(year, 7, 15))
        paths.append(path)
    return paths


def test_count_colour_go_and_follow(
    page: Page, server: Server, dates: list[Path], shot: Callable[[Page, str], None]
) -> None:
    open_files(page, server.url, dates, "Clearings")
    server.stop()  # one process writes masks at a time
    subprocess.run(
        [sys.executable, "-c", PAINT],
        env=server.environment | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    server.start()
    page.goto(re.sub(r"http://[^/]+", server.url, page.url))

    page.get_by_text("Objects", exact=True).click()
    panel = page.locator(".st-key-panel")
    expect(panel.locator("tr", has_text="Objects")).to_contain_text("3")
    expect(panel.locator("tr", has_text="Median")).to_contain_text("12.0 ha")
    panel.get_by_text("Colour each object").scroll_into_view_if_needed()
    panel.get_by_text("Colour each object").click()
    expect(page.get_by_text("each object in a colour of its own").first).to_be_visible()
    shot(page, "objects-review")

    page.goto(page.url.replace("/review", "/change"))
    page.get_by_text("Objects over dates").click()
    expect(page.locator(".sv-table:not(.sv-matrix) tr", has_text="→").first).to_contain_text(
        "12.0 ha"
    )
    page.get_by_text("Objects over dates").scroll_into_view_if_needed()
    shot(page, "objects-change")
