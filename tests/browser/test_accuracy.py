"""A map checked in a real browser: draw a sample, read it by keyboard, see areas with intervals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from conftest import Server
from playwright.sync_api import Page, expect
from pyproj import CRS

from segviz import opening, settings, workbench
from segviz.grid import RasterGrid
from segviz.io import geotiff
from segviz.mask import Legend, Mask
from segviz.store import Store

pytestmark = pytest.mark.browser
Shot = Callable[[Page, str], None]

GRID = RasterGrid((120, 160), Affine(10, 0, 500_000, 0, -10, 5_000_000), CRS(32635))
CLEARED, MAPPED = 80, 50
"""Columns from which on land is cleared, and from which on the map has it cleared."""

LEGEND = Legend.named("forest", "cleared")
POINTS = 10
SEED = 3


def scene(path: Path, when: date, cleared: int) -> Path:
    pixels = np.random.default_rng(when.year).normal(400, 20, (4, *GRID.shape))
    pixels[3] += 2600
    pixels[:3, :, cleared:] += 900
    pixels[3, :, cleared:] -= 1200
    geotiff.write_scene(pixels.astype(np.uint16), GRID, path, ("B2", "B3", "B4", "B8"), when)
    return path


def mapped() -> np.ndarray[Any, np.dtype[np.uint8]]:
    labels = np.ones(GRID.shape, np.uint8)
    labels[:, MAPPED:] = 2
    return labels


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server on a workspace with a place of three dates, the last one mapped."""
    folder = tmp_path_factory.mktemp("accuracy")
    server = Server(folder / "home")
    files = [
        scene(folder / f"place_{year}-07-15.tif", date(year, 7, 15), edge)
        for year, edge in ((2018, 160), (2019, 100), (2020, CLEARED))
    ]
    store = store_of(server)
    case = opening.open_files(store, files, name="Clearing")
    visit = case.visits[-1]
    mask = Mask(visit.grid, mapped(), LEGEND, "a rule")
    workbench.get(store, visit.id).replace_by(mask, title="Import", uuid="map")
    workbench.close_all()
    server.start()
    yield server, case.id
    server.stop()


def store_of(server: Server) -> Store:
    home = server.home
    return Store(
        settings.Settings(home, home.parent, home, f"sqlite:///{home / 'segviz.sqlite'}", 2**30)
    )


def number_box(page: Page, name: str) -> Any:
    return page.get_by_label(name, exact=True)


def settled(page: Page) -> None:
    """The page has come to rest: what is pressed now is heard."""
    app = page.locator("[data-testid=stApp]")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")


def step(page: Page, name: str) -> None:
    settled(page)
    page.get_by_role("radio", name=name).click()
    expect(page.get_by_role("radio", name=name)).to_be_checked()


def fill(page: Page, name: str, value: int) -> None:
    number_box(page, name).fill(str(value))
    number_box(page, name).press("Enter")
    expect(number_box(page, name)).to_have_value(str(value))


def read_all(page: Page, points: list[dict[str, int]]) -> None:
    """Keys alone: 1 where the ground is forest, 2 where it is cleared."""
    for n, point in enumerate(points):
        expect(page.locator(".st-key-reading")).to_contain_text(f"{n} of {len(points)} read")
        settled(page)
        page.keyboard.press("1" if point["column"] < CLEARED else "2")


def expected_ha(points: list[dict[str, int]], area_ha: list[float]) -> list[tuple[float, float]]:
    """Area and half its 95 % interval of forest and cleared land, by Olofsson's equations 9-11."""
    columns = np.array([point["column"] for point in points])
    by_map = columns < MAPPED
    truly_forest = columns < CLEARED
    found = []
    for seen in (truly_forest, ~truly_forest):
        shares = [seen[by_map].mean(), seen[~by_map].mean()]
        area = sum(a * p for a, p in zip(area_ha, shares, strict=True))
        variance = sum(
            a**2 * p * (1 - p) / (POINTS - 1) for a, p in zip(area_ha, shares, strict=True)
        )
        found.append((area, 1.959964 * sqrt(variance)))
    return found


def row_of(page: Page, table: int, name: str) -> list[float]:
    row = page.locator(".sv-table").nth(table).locator("tr", has_text=name)
    return [
        float(text.replace(",", "")) for text in row.locator("td").all_inner_texts()[1:] if text
    ]


def test_draw_read_by_keyboard_see_the_estimate_reload(
    place: tuple[Server, str], new_page: Callable[..., Page], shot: Shot
) -> None:
    server, case = place
    page = new_page()
    page.goto(f"{server.url}/accuracy?case={case}")
    fill(page, "Seed", SEED)
    for name in ("forest", "cleared"):
        fill(page, f"Points in {name}", POINTS)
    expect(page.get_by_text(f"{2 * POINTS} points")).to_be_visible()
    shot(page, "accuracy-1-design")
    page.get_by_role("button", name="Draw the sample").click()
    expect(page.locator(".st-key-reading")).to_contain_text(f"0 of {2 * POINTS} read")
    images = page.locator(".sv-around").first.locator("img")
    expect(images).to_have_count(3)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    shot(page, "accuracy-2-interpret")

    (sample,) = store_of(server).records(case, "sample")
    points = sample.body["points"]
    assert sample.body["seed"] == SEED
    read_all(page, points)
    expect(page.get_by_text(f"All {2 * POINTS} points are read")).to_be_visible()

    step(page, "Results")
    expect(page.locator(".sv-table").first).to_be_visible()
    pixels_ha = [mapped()[mapped() == value].size * 100 / 10_000 for value in (1, 2)]
    assert expected_ha(points, pixels_ha)[0][1] > 5
    for name, mapped_ha, (area, margin) in zip(
        ("forest", "cleared"), pixels_ha, expected_ha(points, pixels_ha), strict=True
    ):
        shown = row_of(page, 0, name)
        assert shown[0] == pytest.approx(mapped_ha, rel=2e-3)
        assert shown[1] == pytest.approx(area, rel=2e-3, abs=0.06)
        assert shown[2] == pytest.approx(margin, rel=5e-3, abs=0.06)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    shot(page, "accuracy-3-results")

    page.reload()
    expect(page.locator(".sv-checks")).to_contain_text(f"{2 * POINTS} of {2 * POINTS}")
    assert row_of(page, 0, "forest")[1] == pytest.approx(
        expected_ha(points, pixels_ha)[0][0], rel=2e-3, abs=0.06
    )

    dark = new_page(color_scheme="dark")
    dark.goto(f"{server.url}/accuracy?case={case}")
    expect(dark.locator(".sv-checks")).to_be_visible()
    expect(dark.locator(".js-plotly-plot").first).to_be_visible()
    shot(dark, "accuracy-4-results-dark")
    step(dark, "Interpret")
    expect(dark.get_by_text(f"All {2 * POINTS} points are read")).to_be_visible()
    settled(dark)
    dark.get_by_role("button", name="Back").click()
    expect(dark.locator(".sv-around img").first).to_be_visible()
    expect(dark.locator(".st-key-reading")).to_contain_text(re.compile(f"Point {2 * POINTS}"))
    settled(dark)
    dark.wait_for_load_state("networkidle")
    shot(dark, "accuracy-5-interpret-dark")
