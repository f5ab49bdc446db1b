"""A radiologist's whole job in a real browser, on the MNI152 average brain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from conftest import Server, eventually
from nilearn.datasets import load_mni152_template
from playwright.sync_api import Page, expect
from steps import amount, comes_back, download, drag, open_files, saved, segment, table_amount

pytestmark = pytest.mark.browser
Shot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """The same brain on two dates, every third voxel, in an orientation that is not RAS."""
    brain = load_mni152_template(resolution=3)
    data = np.asarray(brain.dataobj) * 1000
    folder = tmp_path_factory.mktemp("scans")
    paths = []
    for when in ("2021-01-12", "2021-05-02"):
        path = folder / f"brain_{when}.nii.gz"
        flipped = nib.Nifti1Image(data.astype(np.int16), brain.affine).as_reoriented(
            np.array([[1, -1], [2, 1], [0, -1]])
        )
        nib.save(flipped, path)
        paths.append(path)
    yield paths


def test_open_segment_paint_reload_undo_kill_change_download(
    page: Page, server: Server, visits: list[Path], shot: Shot, tmp_path: Path
) -> None:
    open_files(page, server.url, visits, "Brain in two visits")
    shot(page, "radiologist-1-opened")

    segment(page, "Otsu")
    model_ml = amount(page, "above the threshold")
    assert model_ml > 100
    shot(page, "radiologist-2-segmented")

    page.keyboard.press("e")
    drag(page, [(0.18, 0.5), (0.3, 0.5), (0.3, 0.6)])
    saved(page)
    expect(page.locator(".sv-history")).to_contain_text("Eraser")
    erased_ml = amount(page, "above the threshold")
    assert erased_ml < model_ml
    same = pytest.approx(erased_ml, abs=0.06)
    eventually(lambda: table_amount(page, "above the threshold") == same)
    shot(page, "radiologist-3-erased")

    comes_back(page, server, "above the threshold", model_ml)

    path = download(page, "Mask", tmp_path)
    taken = nib.load(path)
    given = nib.load(visits[1])
    assert taken.shape == given.shape
    assert np.allclose(taken.affine, given.affine)
    voxel_ml = abs(np.linalg.det(given.affine[:3, :3])) / 1000
    by_hand = np.count_nonzero(np.asarray(taken.dataobj) == 1) * voxel_ml
    assert by_hand == pytest.approx(erased_ml, abs=0.06)
    numbers = download(page, "Numbers", tmp_path)
    assert re.search(r"ml", numbers.read_text())

    page.get_by_role("link", name="Change").first.click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.locator(".sv-compare img").first).to_be_visible()
    shot(page, "radiologist-4-change")
