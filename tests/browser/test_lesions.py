"""The lesions of a painted mask in a real browser: a row leads to its slice and is drawn there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from conftest import Server, eventually
from playwright.sync_api import Page, expect
from steps import drag, open_files, saved

pytestmark = pytest.mark.browser
Shot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise, 40 x 40 x 20 voxels of 2 x 2 x 3 mm."""
    data = np.random.default_rng(0).integers(100, 900, (40, 40, 20)).astype(np.int16)
    path = tmp_path_factory.mktemp("scan") / "scan_2021-05-02.nii.gz"
    nib.save(nib.Nifti1Image(data, np.diag([-2.0, 2.0, 3.0, 1.0])), path)
    return path


def drawn(page: Page) -> dict[str, Any]:
    """What the picture shows: the diameters and the slice it stands at."""
    return page.locator(".sv").first.evaluate(
        "({ viewer }) => ({ calipers: viewer.overlay.calipers, at: viewer.picture.crosshair })"
    )


def lengths(picture: dict[str, Any]) -> list[float]:
    """mm of the diameters that are drawn; none while the stroke is being measured."""
    return [float(line["text"].removesuffix(" mm")) for line in picture["calipers"]]


def test_a_chosen_lesion_is_drawn_on_its_slice_and_follows_strokes(
    server: Server, page: Page, scan: Path, shot: Shot
):
    open_files(page, server.url, [scan], "Lesions")
    page.keyboard.press("b")
    drag(page, [(0.2, 0.5), (0.3, 0.5)])
    saved(page)
    page.get_by_text("Lesions", exact=True).last.click()
    table = page.get_by_test_id("stDataFrame").first
    expect(page.get_by_text("1 lesion of any size")).to_be_visible()
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + 16, box["y"] + 52)
    expect(page.get_by_text("Chosen lesion")).to_be_visible()
    eventually(lambda: len(drawn(page)["calipers"]) == 2)
    before = drawn(page)
    assert {line["slice"] for line in before["calipers"]} == {before["at"][2]}
    assert lengths(before)[0] >= lengths(before)[1] > 0
    shot(page, "lesions")
    drag(page, [(0.3, 0.5), (0.4, 0.5)])
    saved(page)
    eventually(lambda: lengths(drawn(page))[:1] > lengths(before)[:1])
