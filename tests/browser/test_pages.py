"""Every page of the demonstration: reached by a link on a fresh server, in light and dark."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from conftest import ROOT, Server
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
Shot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server just started on a workspace with the demonstration cases."""
    server = Server(tmp_path_factory.mktemp("demo") / "home")
    subprocess.run(
        [sys.executable, "-c", "from segviz.cli import main; main()", "demo"],
        cwd=ROOT, env=os.environ | server.environment, check=True, capture_output=True,
    )  # fmt: skip
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def links(demo: Server) -> dict[str, str]:
    """Addresses of the demonstration cases, read from the workspace and not from the pages."""
    code = (
        "from segviz import settings, store\n"
        "for case in store.open(settings.load()).cases(): print(case.world, case.id)"
    )
    listed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=demo.environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return dict(line.split() for line in listed.stdout.splitlines())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("place", "world", "seen"),
    [
        ("review", "volume", ".sv-chip"),
        ("review", "scene", ".sv-chip"),
        ("change", "volume", ".sv-compare img"),
        ("change", "scene", ".js-plotly-plot"),
        ("accuracy", "scene", "[data-testid=stNumberInput]"),
        ("models", "", ".sv-table"),
        ("", "", ".sv-thumb"),
    ],
)
def test_a_link_works_on_a_server_just_started(
    browser: Browser,
    demo: Server,
    links: dict[str, str],
    shot: Shot,
    place: str,
    world: str,
    seen: str,
    scheme: str,
) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(f"{demo.url}/{place}" + (f"?case={links[world]}" if world else ""))
    expect(page.locator(seen).first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="Cases")).to_be_visible()
    expect(page.get_by_text("Research use, not for diagnosis")).to_be_visible()
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0, timeout=60_000)
    expect(page.locator("[data-testid=stException], [data-testid=stAlert]")).to_have_count(0)
    if world == "volume":
        expect(page.get_by_text(re.compile("simulated lesion", re.I)).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    shot(page, "-".join(filter(None, ["page", place or "cases", world, scheme])))
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    context.close()
