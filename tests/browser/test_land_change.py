"""Change of a scene over five dates: checks, flows that the map shows, years of loss, a series."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from conftest import Server
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, Response, expect
from workspace import store_at

from segviz import workbench
from segviz.case import Case
from segviz.change.map import loss_dates
from segviz.demo import synthetic
from segviz.demo.cases import ensure
from segviz.demo.make import forest_shot

pytestmark = pytest.mark.browser
Shot = Callable[[Page, str], None]
Labels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Case, list[Labels]]]:
    """The drawn forest of the demonstration with its masks, served."""
    home: Path = tmp_path_factory.mktemp("workspace") / "home"
    folder = home / "demo"
    folder.mkdir(parents=True)
    store = store_at(home)
    shots = [forest_shot(s, synthetic.GRID, folder, "synthetic") for s in synthetic.summers()]
    case = ensure(store, "Synthetic forest", "Synthetic scene.", shots)
    masks = [np.array(workbench.get(store, visit.id).mask().data) for visit in case.visits]
    workbench.close_all()
    server = Server(home)
    server.start()
    yield server, case, masks
    server.stop()


def drawn_by(page: Page, kind: str, action: Callable[[], None]) -> Labels:
    """The codes of the tile that an action makes the map ask for."""
    found: list[Response] = []
    page.on("response", lambda r: found.append(r) if f"/{kind}/0/0/0.png" in r.url else None)
    with page.expect_response(re.compile(f"/{kind}/0/0/0.png")) as answer:
        action()
    codes = np.asarray(Image.open(BytesIO(answer.value.body())))
    return codes[: synthetic.SIZE, : synthetic.SIZE]


def choose(page: Page, name: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()


def number(cell: Locator) -> float:
    return float(cell.inner_text().replace(",", "").replace("–", "0"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_flow_that_is_clicked_shows_its_cells(
    new_page: Callable[..., Page],
    forest: tuple[Server, Case, list[Labels]],
    shot: Shot,
    scheme: str,
) -> None:
    server, case, masks = forest
    page = new_page(color_scheme=scheme)
    page.goto(f"{server.url}/change?case={case.id}")
    expect(page.locator(".sv-cover")).to_have_count(0)
    marks = page.locator(".sv-mark")
    expect(marks.filter(has_text="✓ Grid")).to_be_visible()
    expect(marks).to_have_count(11)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    shot(page, f"change-1-amounts-{scheme}")
    marks.first.click()
    expect(page.locator(".sv-checks dl")).to_contain_text("pixels apart")
    shot(page, f"change-2-checks-{scheme}")
    marks.first.click()

    choose(page, "Flows")
    table = page.locator(".sv-flows")
    expect(table.locator("button")).to_have_count(4)
    rows = [[number(cell) for cell in row.locator("td").all()[1:4]]
            for row in table.locator("tbody tr").all()[:3]]  # fmt: skip
    balance = np.array(rows)
    assert balance[:2, :2].sum(axis=1) == pytest.approx(balance[:2, 2], abs=0.11)
    assert balance[:2, :2].sum(axis=0) == pytest.approx(balance[2, :2], abs=0.11)

    went = table.get_by_title("Show where forest became not forest")
    codes = drawn_by(page, "flow", went.click)
    assert ((codes == 1) == ((masks[0] == 1) & (masks[-1] == 2))).all()
    expect(page.locator(".sv-chips")).to_contain_text("forest → not forest")
    expect(went).to_have_attribute("aria-pressed", "true")
    shot(page, f"change-3-flow-{scheme}")

    link = page.locator(".sankey-link").nth(1)
    codes = drawn_by(page, "flow", lambda: link.dispatch_event("click"))
    assert ((codes == 1) == ((masks[0] == 1) & (masks[1] == 2))).all()

    codes = drawn_by(page, "losses", lambda: choose(page, "Year of loss"))
    assert (codes == loss_dates(masks, 1)).all()
    expect(page.locator(".sv-chips")).to_contain_text("still there")
    expect(page.locator(".sv-chips")).to_contain_text("2020")
    shot(page, f"change-4-years-{scheme}")

    canvas = page.locator(".sv-stage")
    canvas.click(position={"x": 300, "y": 250})
    expect(page.locator(".sv-place")).to_be_visible()
    expect(page.get_by_text(re.compile(r"NDVI of row \d+, column \d+"))).to_be_visible()
    expect(page.get_by_text(re.compile("seen clearly on 5 dates"))).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    shot(page, f"change-5-series-{scheme}")
