"""An analyst's whole job in a real browser, on two dates of a small scene."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from conftest import Server
from playwright.sync_api import Page, expect
from pyproj import CRS, Geod, Transformer
from steps import amount, comes_back, download, drag, open_files, saved, segment

from segviz.grid import RasterGrid
from segviz.io import geotiff

pytestmark = pytest.mark.browser
Shot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def dates(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Dark forest with a bright clearing that grows from 20 x 20 to 40 x 40 pixels of 10 m."""
    grid = RasterGrid((120, 160), Affine(10, 0, 500_000, 0, -10, 5_000_000), CRS(32635))
    folder = tmp_path_factory.mktemp("scenes")
    paths = []
    for year, side in ((2019, 20), (2020, 40)):
        pixels = np.random.default_rng(year).normal(400, 20, (4, *grid.shape))
        pixels[3] += 2600
        pixels[:3, 40 : 40 + side, 60 : 60 + side] += 900
        pixels[3, 40 : 40 + side, 60 : 60 + side] -= 1200
        path = folder / f"place_{year}-07-15.tif"
        geotiff.write_scene(
            pixels.astype(np.uint16), grid, path, ("B2", "B3", "B4", "B8"), date(year, 7, 15)
        )
        paths.append(path)
    return paths


def geodesic_ha(path: Path, label: int) -> float:
    """Sum over single pixels, each as a polygon on the ellipsoid."""
    with rasterio.open(path) as scene:
        rows, columns = np.nonzero(scene.read(1) == label)
        to_degrees = Transformer.from_crs(scene.crs, 4326, always_xy=True)
        geod = Geod(ellps="WGS84")
        total = 0.0
        for row, column in zip(rows, columns, strict=True):
            corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
            x, y = zip(*(scene.transform @ (column + c, row + r) for c, r in corners), strict=True)
            total += abs(geod.polygon_area_perimeter(*to_degrees.transform(x, y))[0])
    return total / 10_000


def test_open_segment_paint_reload_undo_kill_change_download(
    page: Page, server: Server, dates: list[Path], shot: Shot, tmp_path: Path
) -> None:
    open_files(page, server.url, dates, "Clearing")
    shot(page, "analyst-1-opened")

    segment(page, "Otsu", "Run on all 2")
    model_ha = amount(page, "below the threshold")
    assert model_ha == pytest.approx(16.0, rel=0.02)
    shot(page, "analyst-2-segmented")

    page.keyboard.press("2")
    page.keyboard.press("b")
    drag(page, [(0.3, 0.3), (0.5, 0.3), (0.5, 0.35)])
    saved(page)
    expect(page.locator(".sv-history")).to_contain_text("Brush")
    painted_ha = amount(page, "below the threshold")
    assert painted_ha > model_ha

    page.keyboard.press("p")
    box = page.locator(".sv canvas").first.bounding_box()
    assert box
    for x, y in ((0.6, 0.7), (0.7, 0.7), (0.7, 0.8)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.keyboard.press("Enter")
    expect(page.locator(".sv-history")).to_contain_text("Polygon")
    polygon_ha = amount(page, "below the threshold")
    assert polygon_ha > painted_ha
    shot(page, "analyst-3-painted")

    comes_back(page, server, "below the threshold", painted_ha)

    mask = download(page, "Mask", tmp_path)
    with rasterio.open(mask) as taken, rasterio.open(dates[1]) as given:
        assert taken.transform == given.transform
        assert taken.crs == given.crs
        assert taken.colormap(1)
    assert geodesic_ha(mask, 2) == pytest.approx(polygon_ha, abs=0.06)
    outlines = download(page, "Outlines", tmp_path)
    assert outlines.read_bytes()[:15] == b"SQLite format 3"

    page.get_by_role("link", name="Change").first.click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.locator(".sv canvas").first).to_be_visible()
    expect(page.locator(".sv-cover")).to_have_count(0)
    page.get_by_test_id("stButtonGroup").get_by_text("Flows", exact=True).click()
    became_clearing = page.locator(".sv-flows").get_by_title(
        "Show where above the threshold became below the threshold"
    )
    assert float(became_clearing.inner_text()) == pytest.approx(polygon_ha - 4.0, abs=0.11)
    shot(page, "analyst-4-change")
