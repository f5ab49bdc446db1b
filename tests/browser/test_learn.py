"""Learning from strokes in a real browser: paint two labels, learn, correct, learn again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from conftest import Server
from playwright.sync_api import Page, expect
from pyproj import CRS
from steps import amount, chip, drag, open_files, saved

from segviz.grid import RasterGrid
from segviz.io import geotiff

pytestmark = pytest.mark.browser
Shot = Callable[[Page, str], None]

Drawn = list[tuple[float, float]]
FOREST: list[Drawn] = [[(0.3, 0.2), (0.4, 0.25)], [(0.3, 0.8), (0.4, 0.75)]]
OTHER: list[Drawn] = [[(0.62, 0.2), (0.7, 0.3)], [(0.6, 0.7), (0.7, 0.8)]]


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """120 x 160 pixels of 10 m whose right half was cleared: 96 ha of each."""
    grid = RasterGrid((120, 160), Affine(10, 0, 500_000, 0, -10, 5_000_000), CRS(32635))
    pixels = np.random.default_rng(0).normal(400, 20, (4, *grid.shape))
    pixels[3] += 2600
    pixels[:3, :, 80:] += 900
    pixels[3, :, 80:] -= 1200
    path = tmp_path / "place_2020-07-15.tif"
    geotiff.write_scene(pixels.astype(np.uint16), grid, path, ("B2", "B3", "B4", "B8"))
    return path


def paint(page: Page, label: int, paths: list[Drawn]) -> None:
    page.keyboard.press(str(label))
    page.keyboard.press("b")
    for path in paths:
        drag(page, path)
        saved(page)


def learn(page: Page, version: int) -> None:
    """Press Learn and wait until the picture shows the whole mask."""
    page.get_by_test_id("stButton").filter(has_text="Learn").click()
    expect(page.locator(".sv-history")).to_contain_text(f" {version}.0.0", timeout=180_000)
    expect(chip(page, "forest")).to_contain_text(re.compile(r"9\d\.\d ha"))


def test_paint_learn_and_the_mask_follows(
    page: Page, server: Server, scene: Path, shot: Shot
) -> None:
    open_files(page, server.url, [scene], "Clearing")
    shot(page, "learn-1-opened")
    paint(page, 1, FOREST)
    paint(page, 2, OTHER)
    panel = page.locator(".st-key-panel")
    expect(panel.locator(".sv-table").first).to_contain_text("other")
    shot(page, "learn-2-painted")

    learn(page, 1)
    assert amount(page, "forest") == pytest.approx(96, abs=2)
    assert amount(page, "other") == pytest.approx(96, abs=2)
    expect(panel).to_contain_text("of the cells in strokes held back from training")
    shot(page, "learn-3-learnt")

    paint(page, 3, [[(0.35, 0.5), (0.42, 0.5)], [(0.62, 0.45), (0.68, 0.5)]])
    page.get_by_test_id("stButton").filter(has_text="Learn").click()
    expect(page.locator(".sv-history")).to_contain_text(" 2.0.0", timeout=180_000)
    expect(panel).to_contain_text("water")
    shot(page, "learn-4-learnt-again")

    page.locator(".sv-stage").hover()
    page.keyboard.press("Control+z")
    expect(page.locator(".sv-history .undone")).to_have_count(1)
    expect(chip(page, "forest")).to_contain_text(re.compile(r"9\d\.\d ha"))
