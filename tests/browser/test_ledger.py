"""The lesion ledger in a real browser: align, follow, name, click into the slice."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import unquote

import numpy as np
import pytest
from conftest import ROOT, Server
from playwright.sync_api import Locator, Page, expect

from segviz.change.ledger import look
from segviz.demo import followed

pytestmark = pytest.mark.browser
Shot = Callable[[Page, str], None]

MAKE = """
from pathlib import Path
from segviz import settings, store
from segviz.demo.make import followed_lesions
home = store.open(settings.load())
(home.home / "demo").mkdir(parents=True, exist_ok=True)
print(followed_lesions(home, home.home / "demo", lambda sentence: None).id)
"""


@pytest.fixture(scope="module")
def case(server: Server) -> str:
    """The demonstration case whose head lies differently at each visit."""
    made = subprocess.run(
        [sys.executable, "-c", MAKE], cwd=ROOT, env=server.environment, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return made.stdout.strip().splitlines()[-1]


def row(page: Page, name: str) -> Locator:
    return page.locator(".sv-ledger tbody tr").filter(
        has=page.locator("td:first-child", has_text=re.compile(f"^{name}"))
    )


def test_align_follow_name_and_open_the_slice(
    new_page: Callable[..., Page], server: Server, case: str, shot: Shot
) -> None:
    page = new_page(viewport={"width": 1280, "height": 1700})
    page.goto(f"{server.url}/change?case={case}")
    expect(page.locator(".sv-ledger")).to_be_visible()
    expect(page.get_by_text("not aligned").first).to_be_visible()

    page.get_by_role("button", name="Align the visits").click()
    expect(page.get_by_text(re.compile("mutual information")).first).to_be_visible(timeout=180_000)
    ledger = page.locator(".sv-ledger")
    for state in ("vanished", "merged into", "split from", "new"):
        expect(ledger).to_contain_text(state)
    expect(ledger.locator("tbody tr")).to_have_count(8)
    expect(page.locator("[data-testid=stException], [data-testid=stAlert]")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    shot(page, "ledger-light")

    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("Left frontal")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button", name="Keep").click()
    expect(row(page, "Left frontal")).to_be_visible()
    expect(page.get_by_text("measurement aid, not a diagnosis", exact=False).first).to_be_visible()

    page.emulate_media(color_scheme="dark")
    page.reload()
    expect(row(page, "Left frontal")).to_be_visible()
    expect(page.locator(".st-key-ledger .js-plotly-plot")).to_be_visible()
    expect(page.locator(".sv-compare img").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    shot(page, "ledger-dark")
    page.emulate_media(color_scheme="light")

    points = page.locator(".st-key-ledger .js-plotly-plot .scatterlayer .trace:first-child .point")
    points.nth(1).click(force=True)
    page.wait_for_url(re.compile("/review"))
    expect(page.locator(".sv-chips")).to_contain_text("ml")
    at = re.search(r"[?&]at=([\d.,]+)", unquote(page.url))
    assert at, page.url
    grid, _ = followed.template()
    drawn = followed.lesions(grid, 1).astype(np.uint8)
    voxels = [piece.voxel for piece in look(drawn, grid, 1).found]
    assert tuple(map(float, at[1].split(","))) in voxels
    expect(page.locator(".sv").first).to_contain_text(f"voxel {at[1]}")
    shot(page, "ledger-slice")
