"""100 strokes with the mouse in Chromium: from letting go to the new number and to ``saved``."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

import numpy as np
import scene
from editing import layer, scan, served, told
from httpx import Client
from measure import Row
from playwright.sync_api import Page, sync_playwright

from segviz import opening, settings, store
from segviz.case import Case

STROKES = 100
MOST_MS = 150

WATCH = """(root) => {
  const [chips, saving] = ['.sv-chips', '.sv-saving'].map((name) => root.querySelector(name))
  const before = chips.textContent
  root.seen = new Promise((resolve) => {
    let up = 0
    let number = 0
    const letGo = () => (up = performance.now())
    window.addEventListener('pointerup', letGo, { once: true, capture: true })
    const look = () => {
      if (up && !number && chips.textContent !== before) number = performance.now() - up
      if (!number || saving.dataset.state !== 'saved') return
      watch.disconnect()
      resolve([number, performance.now() - up])
    }
    const watch = new MutationObserver(look)
    setTimeout(() => resolve(null), 10_000)
    watch.observe(root, { subtree: true, childList: true, characterData: true, attributes: true })
  })
}"""


def rows(folder: Path) -> list[Row]:
    return [row(image) for image in (scan(folder, (240, 240, 155)), scene.drawn(folder, 10980))]


def row(image: Path) -> Row:
    found = painted(image)
    number, saved = (statistics.quantiles(times, n=20)[-1] for times in zip(*found, strict=True))
    return Row(
        f"{STROKES} strokes with the mouse on {image.stem.split('.')[0]}",
        f"p95 {number:.0f} ms to the number",
        f"{saved:.0f} ms to saved",
        "",
        f"p95 <= {MOST_MS} ms",
        number <= MOST_MS,
        f"medians {', '.join(f'{statistics.median(t):.0f}' for t in zip(*found, strict=True))} ms",
    )


def painted(image: Path) -> list[tuple[float, float]]:
    """Milliseconds from letting go of each stroke to the number beside its label, and to saved."""
    workspace = store.open(settings.load())
    case = opening.open_files(workspace, [image], name=image.stem)
    process, url = served()
    try:
        with Client(base_url=url + layer(workspace, case), timeout=60) as client:
            for name in ("one", "two"):
                told(client, "label", change="add", name=name, color="#E69F00")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--headless=new", "--no-sandbox", "--enable-unsafe-swiftshader"],
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            return strokes(page, url, case)
    finally:
        process.terminate()
        process.wait()


def strokes(page: Page, url: str, case: Case) -> list[tuple[float, float]]:
    page.goto(f"{url}/review?case={case.id}")
    page.locator('.sv-saving[data-state="saved"]').wait_for(timeout=120_000)
    page.locator(".sv-cover").wait_for(state="detached", timeout=120_000)
    viewer, box = page.locator(".sv"), page.locator(".sv-stage").bounding_box()
    assert box
    rng, found = np.random.default_rng(0), []
    viewer.hover()
    page.keyboard.press("b")
    for count in range(STROKES):
        page.keyboard.press("12"[count % 2])
        x = box["x"] + box["width"] * rng.uniform(0.1, 0.35)
        y = box["y"] + box["height"] * rng.uniform(0.3, 0.8)
        viewer.evaluate(WATCH)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 40, y + 20, steps=5)
        page.mouse.up()
        if (seen := viewer.evaluate("(root) => root.seen")) is not None:
            found.append(tuple(seen))
    assert len(found) > STROKES // 2, "most strokes changed no number"
    return found
