"""Edits at random in a real browser: page, server and disk hold the same mask, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from conftest import Server
from editor import Image, Step, hash_of, scene, show, take, volume, wait_for_editor
from playwright.sync_api import Page
from random_edits import Edits
from steps import drag

from segviz import workbench

pytestmark = [pytest.mark.browser, pytest.mark.timeout(3600)]

OPERATIONS = 500 if os.environ.get("SEGVIZ_LONG") else 40
"""Of each image."""

AXES = [
    "".join(code)
    for axes in permutations(("RL", "AP", "SI"))
    for code in product(*axes)
]  # fmt: skip
"""The 48 ways in which a file may store a volume."""

STORED = [AXES[way] for way in (0, 7, 10, 13, 18, 21, 24, 30, 35, 38, 43, 45)]
"""Two of each order of the axes."""


@pytest.fixture
def small_page(new_page: Callable[..., Page]) -> Page:
    """Little to draw, so that most of the time goes to edits."""
    return new_page(viewport={"width": 800, "height": 600})


def hand(page: Page, rng: np.random.Generator) -> None:
    """A stroke, a loop or a polygon with the mouse."""
    path = [(float(x), float(y)) for x, y in rng.uniform(0.15, 0.85, (4, 2))]
    page.locator(".sv-stage").hover()
    page.keyboard.press(str(rng.integers(1, 4)))
    tool = str(rng.choice(["b", "e", "l", "p"]))
    page.keyboard.press(tool)
    if tool == "p":
        corners(page, path)
    else:
        drag(page, path)


def corners(page: Page, path: list[tuple[float, float]]) -> None:
    box = page.locator(".sv canvas").first.bounding_box()
    assert box
    for x, y in path:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.keyboard.press("Enter")


def steps(edits: Edits) -> Iterator[Step]:
    """Operations for ever: tools, undo and redo, now and then a change of the legend."""
    while True:
        kind = edits.rng.random()
        if kind < 0.15:
            yield ["step", "undo" if edits.rng.random() < 0.6 else "redo"]
        elif kind < 0.2:
            yield ["changeLegend", of_legend(edits)]
        else:
            tool, params, where = edits.draw()
            yield ["tool", tool, params, where]


def of_legend(edits: Edits) -> dict[str, object]:
    change = str(edits.rng.choice(["add", "rename", "recolour", "merge", "delete"]))
    value, name = edits.label(), f"label {edits.rng.integers(1000)}"
    if change == "add" or len(edits.labels) < 3:
        return {"change": "add", "name": name, "color": "#336699"}
    more: dict[str, dict[str, object]] = {
        "rename": {"name": name},
        "recolour": {"color": "#993366"},
        "merge": {"into": next(label for label in edits.labels if label != value)},
    }
    return {"change": change, "value": value, **more.get(change, {})}


def edited(page: Page, server: Server, image: Image, seed: int) -> str:
    """Do many operations, then all of them backwards and forwards; the last sha256."""
    edits = Edits(np.random.default_rng(seed), image.shape, [1, 2, 3], image.other)
    show(page, image.review(server))
    first, _ = take(page)
    drawn = steps(edits)
    done = 0
    while done < OPERATIONS:
        batch = []
        if edits.rng.random() < 0.15:
            hand(page, edits.rng)
            done += 1
        else:
            batch = [next(drawn) for _ in range(edits.rng.integers(1, 4))]
            done += len(batch)
        here, state = take(page, *batch)
        assert here == image.told(server), batch
        edits.labels = [label["value"] for label in state["legend"]]
    last, state = take(page)
    in_force = sum(operation["done"] for operation in state["operations"])
    count = state["operations"][-1]["position"]
    then, _ = take(page, ["jump", 0])
    assert then == first == image.told(server)
    newest, _ = take(page, ["jump", count])
    assert newest == image.told(server)
    before = count - len(state["operations"])
    again, _ = take(page, ["jump", before + in_force])
    assert again == last == image.told(server)
    page.reload()
    wait_for_editor(page)
    assert hash_of(page) == last
    return last


def comes_back(page: Page, server: Server, images: dict[Image, str]) -> None:
    """After a crash of the server the masks are on disk, and on the page again."""
    server.kill()
    for image, last in images.items():
        assert image.on_disk() == last, image.case.name
    server.start()
    for image, last in images.items():
        show(page, image.review(server))
        assert hash_of(page) == last == image.told(server), image.case.name


def with_other(image: Image) -> Image:
    """The image with a second layer, half of it marked at random."""
    other = workbench.new_layer(image.store, image.visit, "Second", "Dr B", image.visit).id
    rng = np.random.default_rng(5)
    size = int(np.prod(image.shape))
    cells = rng.choice(size, size // 2, replace=False)
    labels = rng.integers(1, 4, len(cells)).astype(np.uint8)
    bench = workbench.get(image.store, other)
    bench.edit_cells(cells, labels, base_revision=bench.revision, uuid="random")
    workbench.close_all()
    return Image(image.case, image.store, other)


def test_volumes(small_page: Page, server: Server, tmp_path: Path) -> None:
    images = [with_other(volume(server, tmp_path, codes)) for codes in STORED]
    lasts = {image: edited(small_page, server, image, seed) for seed, image in enumerate(images)}
    comes_back(small_page, server, lasts)


def test_a_scene(small_page: Page, server: Server, tmp_path: Path) -> None:
    image = with_other(scene(server, tmp_path))
    lasts = {image: edited(small_page, server, image, 100)}
    comes_back(small_page, server, lasts)
