"""What people do with the editor in a real browser, and what must not go wrong meanwhile."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import nibabel as nib
import numpy as np
import pytest
from conftest import Server, eventually
from editor import (
    Image,
    click,
    hash_of,
    history,
    mask_of,
    place,
    pull,
    scene,
    show,
    take,
    volume,
    wait_for_editor,
)
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect
from random_edits import COMMON
from steps import saved

pytestmark = pytest.mark.browser
NewPage = Callable[..., Page]
Shot = Callable[[Page, str], None]


@pytest.fixture
def image(server: Server, tmp_path: Path) -> Image:
    return volume(server, tmp_path)


def at_name(new_page: NewPage, server: Server, name: str) -> Page:
    """A browser of somebody who has said who they are."""
    page = new_page()
    page.context.add_cookies([{"name": "segviz-reader", "value": quote(name), "url": server.url}])
    return page


def tool(page: Page, name: str) -> Locator:
    """A button of the toolbar."""
    return page.locator(f'.sv-tools [aria-label^="{name}"]')


def brush(page: Page) -> float:
    """Its radius in mm or pixels, as it is shown."""
    return float(page.locator('.sv-field[title="Brush"] output').inner_text().split()[0])


def ready(page: Page, server: Server, image: Image, key: str = "") -> None:
    """The page with a tool in the hand."""
    show(page, image.review(server))
    page.locator(".sv-stage").hover()
    if key:
        page.keyboard.press(key)


def values(folder: Path) -> NDArray[np.float32]:
    """Of the image in canonical order."""
    path = next(folder.glob("scan-*.nii.gz"))
    return np.asarray(nib.as_closest_canonical(nib.load(path)).dataobj, np.float32)


def middle(image: Image) -> tuple[int, int]:
    """Column and row of the slice or scene that is shown."""
    size = image.shape[:2] if len(image.shape) == 3 else image.shape[::-1]
    return size[0] // 2, size[1] // 2


# Keys and tools


def test_keys(page: Page, server: Server, image: Image) -> None:
    ready(page, server, image, "b")
    expect(tool(page, "Brush (B)")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("e")
    expect(tool(page, "Eraser (E)")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(" ")
    expect(tool(page, "Brush (B)")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("2")
    expect(page.locator(".sv-chip[data-active=true]")).to_contain_text("two")

    before = brush(page)
    page.keyboard.press("]")
    assert brush(page) > before
    page.keyboard.press("[")
    page.keyboard.press("[")
    smaller = brush(page)
    assert smaller < before
    page.keyboard.down("Shift")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Shift")
    eventually(lambda: brush(page) > smaller)

    empty = hash_of(page)
    pull(page, (8, 8), (14, 12))
    painted = hash_of(page)
    assert painted != empty
    assert set(np.unique(mask_of(page))) == {0, 2}
    page.keyboard.press("Control+z")
    assert hash_of(page) == empty == image.told(server)
    page.keyboard.press("Control+y")
    assert hash_of(page) == painted == image.told(server)

    page.keyboard.press("?")
    sheet = page.locator(".sv-help")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Fill between slices")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_polygon_and_lasso(page: Page, server: Server, image: Image) -> None:
    ready(page, server, image, "p")
    middle = image.shape[2] // 2
    click(page, (4.5, 4.5), (12.5, 4.5), (12.5, 9.5), (4.5, 9.5))
    page.keyboard.press("Enter")
    expect(history(page)).to_contain_text("Polygon")
    hash_of(page)
    square = np.zeros(image.shape, bool)
    square[5:13, 5:10, middle] = True
    assert np.array_equal(mask_of(page) == 1, square)

    page.keyboard.press("l")
    page.keyboard.press("2")
    pull(page, (4.5, 12.5), (8.5, 12.5), (8.5, 15.5), (4.5, 15.5))
    expect(history(page)).to_contain_text("Lasso")
    assert hash_of(page) == image.told(server)
    found = mask_of(page)
    assert np.array_equal(found == 1, square)
    assert 8 <= np.count_nonzero(found == 2) <= 12
    assert found[6, 14, middle] == 2


def test_a_preview_is_applied_or_dropped(page: Page, server: Server, image: Image) -> None:
    ready(page, server, image, "g")
    empty = hash_of(page)
    said = page.locator(".sv-said")
    click(page, (10, 10))
    expect(said).to_contain_text(re.compile(r"\+[\d.]+ ml"))
    page.keyboard.press("Escape")
    expect(said).to_be_hidden()
    assert hash_of(page) == empty == image.told(server)

    click(page, (10, 10))
    expect(said).to_contain_text(re.compile(r"\+[\d.]+ ml"))
    page.keyboard.press("Enter")
    expect(history(page)).to_contain_text("Grow from a click")
    grown = hash_of(page)
    assert grown != empty
    assert grown == image.told(server)


def test_fill_between_slices(page: Page, server: Server, image: Image) -> None:
    ready(page, server, image)
    disc = {"label": 1, "radius_mm": 6.0, "plane": 2}
    take(page, *(["tool", "brush", {**disc, "points": [[10, 10, z]]}, {}] for z in (3, 9)))
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator(".sv-said")).to_contain_text(re.compile(r"\+[\d.]+ ml"))
    page.keyboard.press("Enter")
    expect(history(page)).to_contain_text("between")
    assert hash_of(page) == image.told(server)
    counts = np.count_nonzero(mask_of(page), axis=(0, 1))
    assert counts[3] > 0
    assert (counts[3:10] == counts[3]).all()
    assert counts.sum() == 7 * counts[3]


USE_ALL = """async (root, [names, at]) => {
  const { toolbox, session } = root.viewer
  const said = root.querySelector('.sv-said')
  const until = async (isDone) => {
    for (const end = Date.now() + 30_000; !isDone() && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const answers = {}
  for (const name of names) {
    toolbox.take(name)
    toolbox.apply(toolbox.use === 'click' ? { at } : {}, 2)
    await until(() => !session.queue.running && said.value !== '…')
    answers[name] = said.value || root.querySelector('.sv-lost').title || 'done'
  }
  return answers
}"""


BY_HAND = ("brush", "eraser", "polygon", "lasso", "relabel-inside", "copy")


@pytest.mark.parametrize("world", [volume, scene])
def test_the_server_knows_each_tool_with_its_options(
    page: Page, server: Server, tmp_path: Path, world: Callable[..., Image]
) -> None:
    image = world(server, tmp_path)
    ready(page, server, image, "b")
    x, y = middle(image)
    pull(page, (x - 3, y), (x + 3, y))
    hash_of(page)
    names = [name for name in COMMON if name not in BY_HAND]
    at = [x, y, image.shape[2] // 2] if world is volume else [x, y]
    answers = page.locator(".sv").evaluate(USE_ALL, [names, at])
    assert set(answers) == set(names)
    odd = [f"{name}: {said}" for name, said in answers.items() if "understand" in said]
    assert odd == []
    assert hash_of(page) == image.told(server)


def test_locks_and_values_hold(page: Page, server: Server, image: Image, tmp_path: Path) -> None:
    ready(page, server, image, "b")
    page.keyboard.press("2")
    pull(page, (6, 10), (10, 10))
    hash_of(page)
    locked = mask_of(page) == 2
    page.keyboard.press("k")
    page.keyboard.press("1")
    pull(page, (4, 10), (14, 10))
    assert hash_of(page) == image.told(server)
    found = mask_of(page)
    assert np.array_equal(found == 2, locked)
    assert np.count_nonzero(found == 1) > 0

    page.keyboard.press("i")
    page.get_by_label("from", exact=True).fill("120")
    page.get_by_label("to", exact=True).fill("255")
    page.keyboard.press("Tab")
    page.locator(".sv-layer").focus()
    page.keyboard.press("3")
    pull(page, (4, 4), (18, 4), (18, 16), (4, 16))
    assert hash_of(page) == image.told(server)
    third = mask_of(page) == 3
    seen = values(tmp_path)
    assert third.any()
    assert seen[third].min() >= 120
    around = np.zeros(third.shape, bool)
    around[4:19, 4, image.shape[2] // 2] = True
    assert third[around & (seen >= 120) & ~locked].all()
    assert np.array_equal(mask_of(page) == 2, locked)


# Two people


def test_edits_of_different_cells_both_stand(
    new_page: NewPage, server: Server, image: Image
) -> None:
    one, two = (at_name(new_page, server, name) for name in ("Dr A", "Dr B"))
    for page in (one, two):
        ready(page, server, image, "b")
    pull(one, (4, 10))
    saved(one)
    two.keyboard.press("2")
    pull(two, (18, 10))
    expect(two.locator(".sv-told")).to_contain_text("Dr A")
    assert hash_of(two) == image.told(server)
    middle = image.shape[2] // 2
    assert mask_of(two)[[4, 18], 10, middle].tolist() == [1, 2]
    pull(one, (11, 4))
    expect(one.locator(".sv-told")).to_contain_text("Dr B")
    assert hash_of(one) == image.told(server)
    expect(history(one)).to_contain_text("Dr B")


@pytest.mark.parametrize("choice", ["theirs", "mine", "union", "own"])
def test_edits_of_the_same_cells_ask(
    new_page: NewPage, server: Server, image: Image, choice: str, shot: Shot
) -> None:
    one, two = (at_name(new_page, server, name) for name in ("Dr A", "Dr B"))
    for page in (one, two):
        ready(page, server, image, "b")
    pull(one, (6, 10), (10, 10))
    saved(one)
    theirs = hash_of(one)
    two.keyboard.press("2")
    pull(two, (10, 10), (16, 10))
    dialog = two.locator(".sv-conflict")
    expect(dialog).to_contain_text("Dr A")
    if choice == "theirs":
        shot(two, "conflict")
    dialog.locator(f'[data-choice="{choice}"]').click()
    expect(dialog).to_have_count(0)
    places = ([6, 10, 16], 10, image.shape[2] // 2)
    if choice == "own":
        two.wait_for_url(re.compile("layer="))
        layer = re.search(r"layer=([^&]+)", two.url)
        assert layer
        wait_for_editor(two, layer[1])
        assert hash_of(two) == image.told(server, layer[1])
        assert mask_of(two)[places].tolist() == [0, 2, 2]
        assert image.told(server) == theirs
        return
    saved(two)
    assert hash_of(two) == image.told(server)
    expected = {"theirs": [1, 1, 0], "mine": [1, 2, 2], "union": [1, 1, 2]}[choice]
    assert mask_of(two)[places].tolist() == expected


def test_a_reader_is_asked_once(page: Page, server: Server, image: Image) -> None:
    ready(page, server, image)
    page.get_by_role("button", name="Who is reading?").click()
    page.get_by_label("Your name").fill("Dr C")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Dr C")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".sv-layer").focus()
    page.keyboard.press("b")
    pull(page, (6, 10))
    expect(history(page).locator("small").first).to_contain_text("Dr C")
    page.reload()
    wait_for_editor(page)
    page.locator(".sv-stage").hover()
    page.keyboard.press("b")
    pull(page, (16, 10))
    expect(history(page).locator("small", has_text="Dr C")).to_have_count(2)


# A server that goes away


def test_strokes_outlive_the_server_and_the_tab(page: Page, server: Server, image: Image) -> None:
    ready(page, server, image, "b")
    status = page.locator(".sv-saving")
    pull(page, (4, 10))
    saved(page)
    server.kill()
    pull(page, (10, 10))
    expect(status).to_contain_text("not saved")
    pull(page, (16, 10))
    strokes = ([4, 10, 16], 10, image.shape[2] // 2)
    assert mask_of(page)[strokes].tolist() == [1, 1, 1]
    expect(status).to_contain_text("not saved")
    server.start()
    expect(status).to_contain_text(re.compile("^saved"))
    assert mask_of(page)[strokes].tolist() == [1, 1, 1]
    assert hash_of(page) == image.told(server)

    server.kill()
    pull(page, (10, 4))
    pull(page, (10, 16))
    expect(status).to_contain_text("not saved")
    drawn = mask_of(page)
    page.close()
    server.start()
    again = page.context.new_page()
    show(again, image.review(server))
    assert hash_of(again) == image.told(server)
    assert np.array_equal(mask_of(again), drawn)
    assert drawn[10, [4, 16], image.shape[2] // 2].tolist() == [1, 1]


# Addresses and history


def test_a_link_opens_the_same_place(
    page: Page, new_page: NewPage, server: Server, image: Image
) -> None:
    ready(page, server, image, "b")
    page.keyboard.press("3")
    for _ in range(3):
        page.keyboard.press("PageUp")
    page.wait_for_url(re.compile(r"at=[\d.]+,[\d.]+,10(&|$)"))
    page.wait_for_url(re.compile("tool=brush"))
    asked = ("case=", "visit=", "at=", "label=3", "tool=brush")
    assert all(part in page.url for part in asked), page.url

    other = new_page()
    show(other, page.url)
    here = "({ viewer }) => [...viewer.picture.crosshair, viewer.picture.zoom]"
    seen = page.locator(".sv").evaluate(here)
    assert other.locator(".sv").evaluate(here) == seen
    assert seen[2] == 10
    expect(other.locator(".sv-chip[data-active=true]")).to_contain_text("three")
    expect(tool(other, "Brush (B)")).to_have_attribute("aria-pressed", "true")

    page.get_by_role("link", name="Models").first.click()
    expect(page.locator(".sv-layer")).to_have_count(0)
    begin = time.perf_counter()
    page.get_by_role("link", name="Review").first.click()
    expect(page.locator(".sv-layer")).to_be_visible()
    expect(page.locator(".sv-cover")).to_have_count(0)
    print(f"back on the picture after {time.perf_counter() - begin:.2f} s")
    assert page.locator(".sv").evaluate(here) == seen
    expect(page.locator(".sv-chip[data-active=true]")).to_contain_text("three")
    expect(tool(page, "Brush (B)")).to_have_attribute("aria-pressed", "true")
    page.wait_for_url(re.compile(r"at=[\d.]+,[\d.]+,10(&|$)"))


def test_a_click_in_the_history_jumps(page: Page, server: Server, image: Image) -> None:
    ready(page, server, image, "b")
    hashes = [hash_of(page)]
    for x in (4, 10, 16):
        pull(page, (x, 10))
        hashes.append(hash_of(page))
    steps = history(page).locator(".sv-step")
    expect(steps).to_have_count(5)  # three strokes, the labels, the beginning
    steps.nth(2).click()
    expect(history(page).locator(".undone")).to_have_count(2)
    assert hash_of(page) == hashes[1] == image.told(server)
    steps.nth(0).click()
    expect(history(page).locator(".undone")).to_have_count(0)
    assert hash_of(page) == hashes[3] == image.told(server)
    history(page).get_by_text("First version").click()
    expect(history(page).locator(".undone")).to_have_count(4)
    assert hash_of(page) == hashes[0] == image.told(server)


# Other hands and screens


def test_without_a_graphics_card(page: Page, server: Server, image: Image, shot: Shot) -> None:
    show(page, image.review(server) + "&canvas=1")
    expect(page.locator(".sv")).to_contain_text("without the graphics card")
    page.locator(".sv-stage").hover()
    page.keyboard.press("b")
    pull(page, (6, 10), (16, 10))
    assert hash_of(page) == image.told(server)
    assert mask_of(page)[10, 10, image.shape[2] // 2] == 1
    take(page, ["tool", "brush", {"label": 2, "points": [[4, 4, 7]], "radius_mm": 9.0}, {}])
    assert hash_of(page) == image.told(server)
    shot(page, "no-graphics-card")


@pytest.mark.parametrize("world", [volume, scene])
def test_one_finger_draws(
    new_page: NewPage, server: Server, tmp_path: Path, world: Callable[..., Image]
) -> None:
    image = world(server, tmp_path)
    page = new_page(has_touch=True)
    ready(page, server, image, "b")
    finger = page.context.new_cdp_session(page)
    x, y = middle(image)
    for kind, places in [("Start", [x - 3]), ("Move", [x]), ("Move", [x + 3]), ("End", [])]:
        at = [dict(zip("xy", place(page, px, y), strict=True)) for px in places]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})
    expect(history(page)).to_contain_text("Brush")
    assert hash_of(page) == image.told(server)
    found = mask_of(page)
    slab = found[:, :, image.shape[2] // 2].T if found.ndim == 3 else found
    assert (slab[y, x - 2 : x + 3] == 1).all()


NAMELESS = """(root) => [...root.querySelectorAll('button, input, select, a')]
  .filter((part) => !(part.ariaLabel ?? part.getAttribute('aria-label') ?? '').trim())
  .filter((part) => !part.textContent.trim() && !part.labels?.[0]?.textContent.trim())
  .map((part) => part.outerHTML)"""


@pytest.mark.parametrize("world", [volume, scene])
def test_every_control_has_a_name(
    page: Page, server: Server, tmp_path: Path, world: Callable[..., Image]
) -> None:
    show(page, world(server, tmp_path).review(server))
    assert page.locator(".sv").evaluate(NAMELESS) == []
    assert page.locator(".sv-history").evaluate(NAMELESS) == []


OVERLAPS = """(root) => {
  const parts = [...root.querySelectorAll('.sv-head > *, .sv-tools, .sv-hand, .sv-status > *')]
    .filter((part) => part.checkVisibility() && part.getBoundingClientRect().width > 0)
  const boxes = parts.map((part) => [part.className, part.getBoundingClientRect()])
  const over = ([, a], [, b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
  const pairs = boxes.flatMap((a, at) => boxes.slice(at + 1).map((b) => [a, b]))
  return pairs.filter(([a, b]) => over(a, b)).map(([[a], [b]]) => `${a} over ${b}`)
}"""


@pytest.mark.parametrize("world", [volume, scene])
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_a_small_screen_holds_it_all(
    new_page: NewPage,
    server: Server,
    tmp_path: Path,
    world: Callable[..., Image],
    colors: str,
    shot: Shot,
) -> None:
    page = new_page(viewport={"width": 1024, "height": 768}, color_scheme=colors)
    image = world(server, tmp_path)
    ready(page, server, image)
    for key in ("v", "b", "g", "n"):
        page.keyboard.press(key)
        assert page.locator(".sv").evaluate(OVERLAPS) == []
    page.keyboard.press("b")
    page.keyboard.press("i")
    x, y = middle(image)
    pull(page, (x - 5, y), (x + 5, y))
    expect(history(page)).to_contain_text("Brush")
    hash_of(page)
    assert page.locator(".sv").evaluate(OVERLAPS) == []
    shot(page, f"small-{world.__name__}-{colors}")


APART = """async (root, [edits, where]) => {
  for (const [tool, params] of edits) {
    root.viewer.session.tool(tool, params, where)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}"""


@pytest.mark.parametrize("make", [volume, scene])
def test_edits_five_milliseconds_apart_all_arrive(
    page: Page, server: Server, tmp_path: Path, make: Callable[..., Image]
) -> None:
    image = make(server, tmp_path)
    ready(page, server, image)
    places = [(column, row) for row in range(1, 7) for column in range(1, 11)]
    edits = [
        ["brush", {"label": 1, "points": [[x, y, 7]], "radius_mm": 0.1}]
        if make is volume
        else ["brush", {"label": 1, "points": [[x + 0.5, y + 0.5]], "radius_cells": 0}]
        for x, y in places
    ]
    anywhere = {"only": None, "outside": None, "locked": [], "window": None, "channel": 0}
    page.locator(".sv").evaluate(APART, [edits, anywhere | {"union": False}])
    found, state = take(page)
    assert found == image.told(server)
    assert state["labels"][0]["count"] == len(places)
    assert state["position"] == 1 + len(places)
