"""A model with a threshold in a real browser: the slider, what was painted, how unsure it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import tiny_models
from conftest import Server
from playwright.sync_api import Page, expect
from steps import amount, drag, open_files, saved, segment

pytestmark = pytest.mark.browser
Shot = Callable[[Page, str], None]

SAME_AS_THE_SERVERS = """async (root) => {
  const { url, picture } = root.viewer
  const mask = new Uint8Array(await (await fetch(`${url}/mask`)).arrayBuffer())
  return mask.length === picture.mask.length && mask.every((label, i) => label === picture.mask[i])
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose only model is a tiny network with a threshold."""
    folder = tmp_path_factory.mktemp("workspace")
    tiny_models.threshold_card(folder / "models" / "lesions")
    server = Server(folder / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGVIZ_MODELS", str(folder / "models"))
        server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smooth noise in a box, 32 x 36 x 8 voxels of 2 x 2 x 6 mm, stored left to right."""
    data = np.zeros((32, 36, 8), np.int16)
    data[3:-3, 3:-3] = np.random.default_rng(0).integers(100, 900, (26, 30, 8))
    path = tmp_path_factory.mktemp("scan") / "scan_2021-05-02.nii.gz"
    nib.save(nib.Nifti1Image(data, np.diag([-2.0, 2.0, 6.0, 1.0])), path)
    return path


def slide(page: Page, to: float, let_go: bool = True) -> None:
    """Drag the handle of the threshold to a part of its way."""
    box = page.locator(".sv-threshold input").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + to * box["width"], y, steps=4)
    if let_go:
        page.mouse.up()


def test_a_threshold_is_moved_spares_strokes_and_is_undone(
    page: Page, server: Server, scan: Path, shot: Shot
) -> None:
    open_files(page, server.url, [scan], "One lesion")
    expect(page.locator(".sv-threshold")).to_be_hidden()
    expect(page.get_by_role("button", name=re.compile("How unsure"))).to_be_hidden()

    segment(page, "One lesion")
    expect(page.locator(".sv-threshold")).to_be_visible()
    expect(page.locator(".sv-threshold input")).to_be_enabled()
    first = amount(page, "lesion")
    history = page.locator(".sv-history").first

    slide(page, 0.3, let_go=False)
    expect(page.locator(".sv-amount")).not_to_have_text(f"{first:.1f} ml")
    lower = amount(page, "lesion")
    assert lower > first
    expect(history).not_to_contain_text("Threshold")
    page.mouse.up()
    expect(history).to_contain_text("Threshold 0.")
    saved(page)
    assert amount(page, "lesion") == lower
    assert page.locator(".sv").evaluate(SAME_AS_THE_SERVERS)

    page.keyboard.press("e")
    drag(page, [(0.2, 0.5), (0.3, 0.5), (0.3, 0.6)])
    expect(history).to_contain_text("Eraser")
    erased = amount(page, "lesion")
    assert erased < lower
    slide(page, 0.1)
    expect(page.locator(".sv-told")).to_contain_text("stays as it is")
    expect(history.get_by_text("Threshold 0.")).to_have_count(2)
    saved(page)
    assert amount(page, "lesion") == erased
    assert page.locator(".sv").evaluate(SAME_AS_THE_SERVERS)

    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(history.locator(".undone")).to_have_count(3)
    saved(page)
    assert amount(page, "lesion") == first
    assert page.locator(".sv").evaluate(SAME_AS_THE_SERVERS)

    page.keyboard.press("u")
    expect(page.locator(".sv-unsure")).to_be_visible()
    page.locator(".sv-layer").hover(position={"x": 150, "y": 200})
    expect(page.locator(".sv-where")).to_contain_text(
        re.compile(r"probability 0\.\d\d, uncertainty")
    )
    shot(page, "threshold-uncertainty")
    page.keyboard.press("u")
    expect(page.locator(".sv-unsure")).to_be_hidden()
