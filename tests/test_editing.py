"""Long work with every tool over the routes, as a browser does it that keeps a mask of its own.

The browser's mask is never fetched again: it follows from what it drew, and from the runs (scan) or
tiles (scene) of the answers. It must be the server's mask to the last cell.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from itertools import permutations
from pathlib import Path
from typing import Any

import nibabel.orientations as orientations
import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from phantoms import write_volume
from PIL import Image
from pyproj import CRS
from random_edits import Edits
from starlette.applications import Starlette
from starlette.testclient import TestClient

from segviz import store, web, workbench
from segviz.case import Case
from segviz.edit import ball, runs
from segviz.edit.canvas import Canvas
from segviz.grid import RasterGrid, VolumeGrid
from segviz.io import write_scene
from segviz.opening import open_files
from segviz.opening.tiling import SIZE, max_zoom
from segviz.settings import Settings
from segviz.store import Store, access

OPERATIONS = 500 if os.environ.get("SEGVIZ_LONG") else 200
NAMES = ("one", "two", "three", "four")
SHAPE = (24, 20, 14)
SPACING = (1.0, 1.3, 2.5)
RASTER = RasterGrid((150, 180), Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32718))

ORIENTATIONS = [
    "".join(codes)
    for axes, sides in zip(
        [*permutations(range(3)), *permutations(range(3))],
        ("+++", "-++", "+-+", "++-", "--+", "+--", "---", "-+-", "+++", "--+", "-++", "++-"),
        strict=True,
    )
    for codes in [["LR"[s == "+"] if a == 0 else "PA"[s == "+"] if a == 1 else "IS"[s == "+"]
                   for a, s in zip(axes, sides, strict=True)]]
]  # fmt: skip
"""Twelve of the 48: each order of the axes twice, with other sides."""


@dataclass
class Browser:
    """What a viewer knows: the mask in its order, the revision, and where to send edits.

    Attributes:
        mask: canonical (x, y, z) of a scan, (row, column) of a scene.
    """

    client: TestClient
    url: str
    grid: VolumeGrid | RasterGrid
    mask: NDArray[np.uint8]
    revision: int = 0
    labels: tuple[int, ...] = ()
    position: int = 0

    def say(self, route: str, **said: Any) -> tuple[int, dict[str, Any]]:
        uuid = f"{route}-{self.revision}-{len(said)}"
        body = {"base_revision": self.revision, "uuid": uuid, "author": "reader"} | said
        answer = self.client.post(f"{self.url}/{route}", json=body)
        return answer.status_code, answer.json()

    def paint(self, cells: NDArray[np.int64], label: int, locked: str = "") -> None:
        """Draw cells (x fastest) and send them as runs."""
        flat = self.mask.reshape(-1, order="F")
        keep = ~np.isin(flat[cells], [int(n) for n in locked.split(",") if n])
        cells = cells[keep & (flat[cells] != label)] if str(label) not in locked else cells[:0]
        flat[cells] = label
        self.mask = flat.reshape(self.mask.shape, order="F")
        query = {
            "base_revision": self.revision,
            "uuid": f"paint-{self.revision}-{label}",
            "tool": "brush",
            "locked": locked,
        }
        answer = self.client.post(
            f"{self.url}/edits",
            params=query,
            content=runs.encode(cells, np.full(len(cells), label, np.uint8)),
            headers={"Content-Type": "application/octet-stream"},
        )
        assert answer.status_code == 200, answer.text
        self.follow(answer.json())

    def follow(self, state: dict[str, Any]) -> None:
        """Take over an answer as the viewers do."""
        self.revision = state["revision"]
        done = [row["position"] for row in state["operations"] if row["done"]]
        self.position = max(done, default=0)
        self.labels = tuple(row["value"] for row in state["legend"])
        if state["reload"]:
            self.load()
        elif state["runs"] is not None:
            flat = self.mask.reshape(-1, order="F")
            cells, labels = runs.decode(base64.b64decode(state["runs"]), flat.size)
            flat[cells] = labels
            self.mask = flat.reshape(self.mask.shape, order="F")
        elif state["box"] is not None:
            self.look(*state["box"])

    def load(self) -> None:
        found = np.frombuffer(self.client.get(f"{self.url}/mask").content, np.uint8)
        self.mask = found.reshape(self.mask.shape, order="F" if self.mask.ndim == 3 else "C").copy()

    def look(self, top: int, bottom: int, left: int, right: int) -> None:
        """Fetch the tiles of a box, whose palette is numbered by label; the rest stays."""
        zoom = max_zoom(self.mask.shape)
        for y in range(top // SIZE, (bottom - 1) // SIZE + 1):
            for x in range(left // SIZE, (right - 1) // SIZE + 1):
                address = f"{self.url}/mask/{zoom}/{x}/{y}.png?rev={self.revision}"
                labels = np.asarray(Image.open(BytesIO(self.client.get(address).content)))
                rows = slice(max(top, y * SIZE), min(bottom, (y + 1) * SIZE))
                columns = slice(max(left, x * SIZE), min(right, (x + 1) * SIZE))
                self.mask[rows, columns] = labels[
                    rows.start - y * SIZE : rows.stop - y * SIZE,
                    columns.start - x * SIZE : columns.stop - x * SIZE,
                ]

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.mask.tobytes(order="F")).hexdigest()


def python_hash(bench: workbench.Workbench) -> str:
    mask = bench.mask()
    data = mask.grid.to_canonical(mask.data) if isinstance(mask.grid, VolumeGrid) else mask.data
    return hashlib.sha256(np.array(data).tobytes(order="F")).hexdigest()


def scan_in(folder: Path, codes: str) -> Path:
    """The same head in the order of axes that the codes name."""
    data = np.random.default_rng(1).integers(0, 200, SHAPE).astype(np.int16)
    wanted = orientations.axcodes2ornt(tuple(codes))
    change = orientations.ornt_transform(orientations.axcodes2ornt(("R", "A", "S")), wanted)
    affine = np.diag([*SPACING, 1.0]) @ orientations.inv_ornt_aff(change, SHAPE)
    path = folder / f"scan-{codes}.nii.gz"
    write_volume(path, orientations.apply_orientation(data, change), affine)
    return path


def scene_in(folder: Path) -> Path:
    bands = np.random.default_rng(2).integers(0, 200, (4, *RASTER.shape)).astype(np.uint8)
    path = folder / "scene_2020-07-01.tif"
    write_scene(bands, RASTER, path, ("blue", "green", "red", "nir"), None)
    return path


def begun(settings: Settings, image: Path) -> tuple[Store, Case, Browser, Edits]:
    """A case of one image with four labels and another layer to copy from."""
    opened = store.open(settings)
    case = open_files(opened, [image], name="Case")
    visit = case.visits[0]
    grid = visit.grid.canonical if isinstance(visit.grid, VolumeGrid) else visit.grid
    client = TestClient(Starlette(routes=web.routes(settings)))
    token = access.token(settings, f"case:{case.id}")
    base = f"/sv/cases/{case.id}/{token}/visits/{visit.id}"
    browser = Browser(client, f"{base}/layers/{visit.id}", grid, np.zeros(grid.shape, np.uint8))
    known = {label.value for label in workbench.get(opened, visit.id).legend}
    for name in NAMES[: 4 - len(known)]:
        browser.follow(browser.say("label", change="add", name=name)[1])
    other = client.post(f"{base}/layers", json={"name": "Other", "author": "B"}).json()["layer"]
    labels = [label.value for label in workbench.get(opened, visit.id).legend]
    return opened, case, browser, Edits(np.random.default_rng(3), grid.shape, labels, other)


def worked(browser: Browser, edits: Edits, count: int) -> Counter[str]:
    """Do random things; answers how often each came to something."""
    done: Counter[str] = Counter()
    first = browser.position
    rng = edits.rng
    while done.total() < count:
        kind = rng.random()
        before = browser.revision
        if kind < 0.1:
            step = "undo" if browser.position > first and rng.random() < 0.6 else "redo"
            status, state = browser.say(step)
            if status == 200:
                browser.follow(state)
                done[step] += 1
            continue
        if kind < 0.25 and edits.volume:
            canvas = Canvas(browser.grid, browser.mask)
            params = edits.brush()
            params["label"] = int(rng.choice([0, *edits.labels]))
            (part,) = ball.brush(canvas, **params).parts
            places = np.unravel_index(part.cells, browser.mask.shape)
            cells = np.sort(np.ravel_multi_index(places, browser.mask.shape, order="F"))
            browser.paint(cells, params["label"], str(edits.label()) if rng.random() < 0.2 else "")
            done["painted"] += 1
            continue
        tool, params, where = edits.draw()
        status, state = browser.say("edits", tool=tool, params=params, where=where)
        assert status in (200, 400), state
        if status == 200:
            browser.follow(state)
            done[tool] += browser.revision > before
            edits.labels = [value for value in browser.labels if value <= len(NAMES)]
    return done


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("image", [*ORIENTATIONS, "scene"])
def test_the_masks_of_browser_and_server_stay_the_same(
    image: str, tmp_path: Path, workspace_settings: Settings
) -> None:
    path = scene_in(tmp_path) if image == "scene" else scan_in(tmp_path, image)
    opened, case, browser, edits = begun(workspace_settings, path)
    bench = workbench.get(opened, case.visits[0].id)
    if image != "scene":
        assert bench.visit.grid.axis_codes == image
    start, first = browser.hash, browser.position

    done = worked(browser, edits, OPERATIONS)
    assert browser.hash == python_hash(bench)
    assert len(done) >= 15, f"too few tools did something: {done}"

    workbench.close_all()
    bench = workbench.get(opened, case.visits[0].id)
    assert browser.hash == python_hash(bench)

    while bench.state()["can_redo"]:
        browser.follow(browser.say("redo")[1])
    last, position = browser.hash, browser.position
    browser.follow(browser.say("jump", position=first)[1])
    assert browser.hash == python_hash(bench) == start
    browser.follow(browser.say("jump", position=position)[1])
    assert browser.hash == python_hash(bench) == last
    workbench.close_all()
