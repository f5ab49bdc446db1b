"""Two readers compared in a real browser: numbers, the worst slice, the distance map, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import nibabel as nib
import numpy as np
import pytest
from conftest import Server
from playwright.sync_api import Page, expect
from steps import wait_for_picture
from workspace import settings_at

from segviz import opening, workbench
from segviz.mask import Legend, Mask
from segviz.store import Store

pytestmark = pytest.mark.browser
CROSSHAIR = "root => root.viewer.picture.crosshair"


def reading(store: Store, visit_id: str, name: str, stray: int) -> str:
    """A cube of 8 voxels, and a voxel beside it in a slice of its own."""
    visit = store.visit(visit_id)
    labels = np.zeros(visit.grid.shape, np.uint8)
    labels[10:18, 10:18, 2:6] = 1
    labels[12, 12, stray] = 1
    layer = workbench.new_layer(store, visit_id, name, "")
    mask = Mask(visit.grid, labels, Legend.named("tumour"), name)
    workbench.get(store, layer.id).replace_by(mask, title="Import", uuid=name)
    return layer.id


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose workspace holds one scan with the masks of two readers."""
    folder = tmp_path_factory.mktemp("workspace")
    server = Server(folder / "home")
    server.home.mkdir()
    scan = folder / "scan_2021-05-02.nii.gz"
    data = np.random.default_rng(0).integers(100, 900, (32, 36, 12)).astype(np.int16)
    nib.save(nib.Nifti1Image(data, np.diag([-2.0, 2.0, 6.0, 1.0])), scan)
    store = Store(settings_at(server.home))
    case = opening.open_files(store, [scan], name="Two readers")
    visit = case.visits[0].id
    ada, _ = reading(store, visit, "Ada", 5), reading(store, visit, "Ben", 9)
    server.address = f"/review?case={case.id}&visit={visit}&layer={ada}"  # type: ignore[attr-defined]
    workbench.close_all()
    server.start()
    yield server
    server.stop()


def test_two_readers_are_compared(server: Server, page: Page) -> None:
    page.goto(server.url + server.address)  # type: ignore[attr-defined]
    wait_for_picture(page)
    page.get_by_role("button", name="Versions").click()
    page.get_by_role("combobox", name="Compare").click()
    page.get_by_role("option", name="Ben").click()
    page.get_by_role("button", name="Show in the picture").click()
    panel = page.locator(".st-key-panel")
    expect(panel).to_contain_text("A: Ben")
    expect(panel).to_contain_text("Surface Dice at 1 mm")
    expect(page.locator(".sv-chips")).to_contain_text("only Ben")
    page.get_by_role("button", name=re.compile("Go to the worst slice: 24.0 mm")).click()
    picture = page.locator(".sv").first
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some((e) => "
        "(e.shadowRoot ?? e).querySelector?.('.sv')?.viewer?.picture?.crosshair[2] === 9)"
    )
    expect(page.locator(".sv-chips")).to_contain_text("only Ben")
    page.get_by_text("Distance of A from B").click()
    expect(page.locator(".sv-chips")).to_contain_text("10 mm and more outside")
    assert picture.evaluate(CROSSHAIR)[2] == 9
    page.get_by_role("button", name="Show the mask again").click()
    expect(page.locator(".sv-chips")).to_contain_text("tumour")
    expect(panel).to_contain_text("Labels")
