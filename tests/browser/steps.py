"""What a person does on the pages, one function a habit."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import Server
from playwright.sync_api import Locator, Page, expect


def open_files(page: Page, url: str, files: list[Path], name: str) -> None:
    """Cases: choose files, name the case, arrive on Review."""
    page.goto(url)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(files)
    page.get_by_label("Name of the new case").fill(name)
    page.get_by_test_id("stFormSubmitButton").get_by_role("button", name="Open").click()
    page.wait_for_url(re.compile("/review"))
    wait_for_picture(page)


def wait_for_picture(page: Page) -> None:
    expect(page.locator(".sv-chips")).to_contain_text(re.compile(r"ml|ha"))
    expect(page.locator(".sv canvas").first).to_be_visible()


def chip(page: Page, label: str) -> Locator:
    return page.locator(".sv-chip", has_text=label)


def amount(page: Page, label: str) -> float:
    """The ml or ha beside a label in the picture's own row."""
    return number_of(chip(page, label))


def table_amount(page: Page, label: str) -> float:
    """The ml or ha of a label in the panel beside the picture."""
    return number_of(page.locator(".sv-table tr", has_text=label).first)


def number_of(place: Locator) -> float:
    text = place.inner_text()
    found = re.search(r"([\d,]+\.?\d*)\s*(ml|ha)", text)
    assert found, text
    return float(found[1].replace(",", ""))


def segment(page: Page, model: str, button: str = "Run") -> None:
    """Choose a model, run it, wait until its mask is there."""
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=re.compile(model)).click()
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".sv-history")).to_contain_text(re.compile("Segment with"), timeout=180_000)


def drag(page: Page, path: list[tuple[float, float]]) -> None:
    """Drag over the picture; the path is in shares of its width and height."""
    box = page.locator(".sv canvas").first.bounding_box()
    assert box
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in path]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def saved(page: Page) -> None:
    expect(page.locator(".sv")).to_contain_text("saved ✓")


def comes_back(page: Page, server: Server, label: str, before_last_edit: float) -> None:
    """The last edit is there after a reload, an undo and redo, and a server killed and started."""
    last = amount(page, label)
    page.reload()
    wait_for_picture(page)
    assert amount(page, label) == last

    page.locator(".sv-stage").hover()
    undone = page.locator(".sv-history .undone")
    page.keyboard.press("Control+z")
    expect(undone).to_have_count(1)
    assert amount(page, label) == before_last_edit
    page.keyboard.press("Control+y")
    expect(undone).to_have_count(0)
    assert amount(page, label) == last

    review = page.url
    server.kill()
    server.start()
    page.goto(review)
    wait_for_picture(page)
    assert amount(page, label) == last


def download(page: Page, name: str, folder: Path) -> Path:
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as started:
        page.locator(".sv-files a", has_text=name).first.click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    page.keyboard.press("Escape")
    return path
