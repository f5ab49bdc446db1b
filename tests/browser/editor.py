"""Small images in a server's workspace, and the way in to the editor of a page."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import urllib.request
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from affine import Affine
from conftest import Server
from nibabel.orientations import axcodes2ornt, ornt_transform
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect
from pyproj import CRS
from workspace import store_at

from segviz import opening
from segviz.case import Case
from segviz.grid import RasterGrid, VolumeGrid
from segviz.io import geotiff
from segviz.mask import Legend
from segviz.store import Store, access
from segviz.workbench import Workbench

Step = list[Any]
"""A method of the page's session with its arguments."""

TAKE = """async (root, steps) => {
  const { session } = root.viewer
  for (const [method, ...said] of steps) session[method](...said)
  const end = Date.now() + 60_000
  while (session.queue.running) {
    if (Date.now() > end) throw new Error(root.querySelector('.sv-saving').textContent)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const { viewer } = root
  const mask = viewer.picture ? viewer.picture.mask : await viewer.labels()
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', mask))
  return {
    hash: [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    state: session.state,
  }
}"""


@dataclass(frozen=True, eq=False)
class Image:
    """An image in the workspace of a server, its first layer being edited.

    Attributes:
        other: a second layer of it, to copy from.
    """

    case: Case
    store: Store
    other: str = ""

    @property
    def visit(self) -> str:
        return self.case.visits[-1].id

    @property
    def shape(self) -> tuple[int, ...]:
        """Canonical (x, y, z) of a volume, (rows, columns) of a scene."""
        grid = self.case.visits[-1].grid
        return grid.canonical.shape if isinstance(grid, VolumeGrid) else grid.shape

    def review(self, server: Server, layer: str = "") -> str:
        """Address of the page."""
        named = f"&layer={layer}" if layer else ""
        return f"{server.url}/review?case={self.case.id}&visit={self.visit}{named}"

    def address(self, server: Server, layer: str = "") -> str:
        """Address of the routes of a layer, the first where none is named."""
        token = access.token(self.store.settings, f"case:{self.case.id}")
        visit = f"/sv/cases/{self.case.id}/{token}/visits/{self.visit}"
        return f"{server.url}{visit}/layers/{layer or self.visit}"

    def told(self, server: Server, layer: str = "") -> str:
        """sha256 of the mask as the server sends it."""
        request = urllib.request.Request(
            f"{self.address(server, layer)}/mask", headers={"Accept-Encoding": "gzip"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            data = answer.read()
            packed = answer.headers.get("Content-Encoding") == "gzip"
        return hashlib.sha256(gzip.decompress(data) if packed else data).hexdigest()

    def on_disk(self, layer: str = "") -> str:
        """sha256 of the mask as the journal has it, read by this process."""
        bench = Workbench.open(self.store, layer or self.visit)
        mask = bench.mask()
        data: NDArray[np.uint8] = mask.data
        if isinstance(mask.grid, VolumeGrid):
            data = mask.grid.to_canonical(data)
        found = hashlib.sha256(data.tobytes(order="F" if data.ndim == 3 else "C")).hexdigest()
        bench.close()
        return found

    def post(self, server: Server, route: str, layer: str = "", **said: Any) -> dict[str, Any]:
        """What somebody else does to the mask; the state that the server answers."""
        request = urllib.request.Request(
            f"{self.address(server, layer)}/{route}",
            data=json.dumps(said).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            state: dict[str, Any] = json.loads(answer.read())
        return state


def workspace(server: Server) -> Store:
    return store_at(server.home)


def volume(
    server: Server,
    folder: Path,
    codes: str = "LPS",
    shape: tuple[int, int, int] = (24, 20, 14),
    labels: tuple[str, ...] = ("one", "two", "three"),
) -> Image:
    """Blurred noise of 0 to 255 in voxels of 1.5 x 2 x 3.5 mm, its axes stored as ``codes`` say."""
    rng = np.random.default_rng(sum(map(ord, codes)))
    coarse = rng.integers(0, 256, [n // 2 + 1 for n in shape])
    data = np.kron(coarse, np.ones((2, 2, 2)))[tuple(map(slice, shape))]
    upright = nib.Nifti1Image(data.astype(np.int16), np.diag([1.5, 2, 3.5, 1]))
    stored = upright.as_reoriented(ornt_transform(
        axcodes2ornt("RAS"), axcodes2ornt(codes)
    ))  # fmt: skip
    path = folder / f"scan-{codes}_2021-05-02.nii.gz"
    nib.save(stored, path)
    return opened(server, path, labels)


def scene(
    server: Server,
    folder: Path,
    shape: tuple[int, int] = (150, 180),
    labels: tuple[str, ...] = ("one", "two", "three"),
) -> Image:
    """Four bands of blurred noise of 1 to 255 in pixels of 10 m."""
    grid = RasterGrid(shape, Affine(10, 0, 500_000, 0, -10, 5_000_000), CRS(32635))
    rng = np.random.default_rng(0)
    coarse = rng.integers(1, 256, (4, *(n // 10 + 1 for n in shape)))
    pixels = np.kron(coarse, np.ones((10, 10)))[:, : shape[0], : shape[1]]
    path = folder / "place_2020-07-15.tif"
    geotiff.write_scene(
        pixels.astype(np.uint16), grid, path, ("B2", "B3", "B4", "B8"), date(2020, 7, 15)
    )
    return opened(server, path, labels)


def opened(server: Server, path: Path, labels: tuple[str, ...]) -> Image:
    store = workspace(server)
    case = opening.open_files(store, [path], name=path.stem.split(".")[0])
    bench = Workbench.open(store, case.visits[-1].id)
    bench.import_legend(Legend.named(*labels), uuid="labels")
    bench.close()
    return Image(case, store)


def show(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_editor(page)


def wait_for_editor(page: Page, layer: str = "") -> None:
    """The picture is there and its mask, that of a layer where one is named, may be edited."""
    expect(page.locator(f'.sv[data-layer="{layer}"]' if layer else ".sv")).to_have_count(1)
    expect(page.locator(".sv-cover")).to_have_count(0)
    expect(page.locator(".sv-saving")).to_contain_text(re.compile("saved"))


def take(page: Page, *steps: Step) -> tuple[str, dict[str, Any]]:
    """Have the page's session do these one after another; its mask's sha256 and state after it."""
    found = page.locator(".sv").evaluate(TAKE, list(steps))
    return found["hash"], found["state"]


def hash_of(page: Page) -> str:
    """sha256 of the mask in the browser, once nothing waits to be saved."""
    return take(page)[0]


WHERE = """(root, voxel) => {
  const { picture, map } = root.viewer
  if (map) {
    const [x, y] = map.getPixelFromCoordinate([voxel[0], -voxel[1]])
    const box = map.getTargetElement().getBoundingClientRect()
    return [box.x + x, box.y + y]
  }
  const view = picture.views.find(({ plane }) => plane === 0)
  const box = root.querySelector('.sv-layer').getBoundingClientRect()
  const part = (at, [from, to]) => (at - from) / (to - from)
  return [
    box.x + view.left + part(voxel[0], view.across) * view.width,
    box.y + view.top + part(voxel[1], view.down) * view.height,
  ]
}"""


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a voxel of the axial slice, or a column and row of a scene, lies on the screen."""
    found = page.locator(".sv").evaluate(WHERE, [x, y])
    return found[0], found[1]


def pull(page: Page, *points: tuple[float, float]) -> None:
    """Drag from place to place, given as for ``place``."""
    page.mouse.move(*place(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(page, *point), steps=4)
    page.mouse.up()


def click(page: Page, *points: tuple[float, float]) -> None:
    for point in points:
        page.mouse.click(*place(page, *point))


def mask_of(page: Page) -> NDArray[np.uint8]:
    """Labels in the browser, pending edits included: [x, y, z] or [row, column]."""
    found = page.locator(".sv").evaluate(
        """async ({ viewer }) => {
          const mask = viewer.picture ? viewer.picture.mask : await viewer.labels()
          return [viewer.picture?.shape ?? viewer.props.shape, Array.from(mask)]
        }"""
    )
    shape, labels = found
    order = "F" if len(shape) == 3 else "C"
    return np.array(labels, np.uint8).reshape(shape, order=order)


def history(page: Page) -> Locator:
    return page.locator(".sv-history")
