"""300 edits of a large scan and a large scene in a real server: how long each takes, what stays.

What is measured is from sending an edit to having its numbers, on one connection of this machine.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import nibabel as nib
import numpy as np
import psutil
import scene
from measure import Row

from segviz import opening, settings, store
from segviz.case import Case
from segviz.mask import Legend
from segviz.store import access

ROOT = Path(__file__).parents[2]
EDITS, SETTLED = 300, 50
MOST_MS, MOST_GROWTH = 150, 0.05
VOLUMES = ((240, 240, 155), (512, 512, 300))


@dataclass(frozen=True)
class Edited:
    """Milliseconds of each edit, and MiB of the server after the first 50 and at the end."""

    milliseconds: list[float]
    settled: float
    last: float

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.milliseconds, n=20)[-1]

    @property
    def growth(self) -> float:
        return self.last / self.settled - 1


def rows(folder: Path) -> list[Row]:
    images = [scan(folder, shape) for shape in VOLUMES] + [scene.drawn(folder, 10980)]
    return [row(image, edited(image)) for image in images]


def row(image: Path, found: Edited) -> Row:
    median = statistics.median(found.milliseconds)
    return Row(
        f"{EDITS} edits of {image.stem.split('.')[0]}",
        f"median {median:.0f} ms, p95 {found.p95:.0f} ms",
        f"{found.growth:+.1%} memory",
        "",
        f"p95 <= {MOST_MS} ms, <= {MOST_GROWTH:.0%} after {SETTLED}",
        found.p95 <= MOST_MS and found.growth <= MOST_GROWTH,
        f"server {found.settled:.0f} MiB after {SETTLED}, {found.last:.0f} MiB at the end",
    )


def scan(folder: Path, shape: tuple[int, int, int]) -> Path:
    """Smooth noise of 1 mm; drawn once."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"scan-{'x'.join(map(str, shape))}.nii.gz"
    if not path.exists():
        coarse = np.random.default_rng(0).integers(0, 1000, [n // 10 + 1 for n in shape])
        data = np.kron(coarse, np.ones((10, 10, 10), np.int16))[tuple(map(slice, shape))]
        nib.save(nib.Nifti1Image(data.astype(np.int16), np.eye(4)), path)
    return path


def edited(image: Path) -> Edited:
    """Edit an image for a while in a workspace and a server of its own."""
    workspace = store.open(settings.load())
    legend = Legend.named("one", "two", "three")
    case = opening.open_files(workspace, [image], name=image.stem)
    address = layer(workspace, case)
    process, url = served()
    try:
        with httpx.Client(base_url=url + address, timeout=60) as client:
            for name in legend:
                told(client, "label", change="add", name=name.name, color=name.color)
            return measured(client, process, case)
    finally:
        process.terminate()
        process.wait()


def layer(workspace: store.Store, case: Case) -> str:
    visit = case.visits[-1].id
    token = access.token(workspace.settings, f"case:{case.id}")
    return f"/sv/cases/{case.id}/{token}/visits/{visit}/layers/{visit}"


def served() -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    while True:
        try:
            httpx.get(f"{url}/_stcore/health").raise_for_status()
            return process, url
        except httpx.TransportError:
            time.sleep(0.2)


def measured(client: httpx.Client, process: subprocess.Popen[bytes], case: Case) -> Edited:
    rng = np.random.default_rng(1)
    shape = case.visits[-1].grid.canonical.shape if case.world == "volume" else None
    server = psutil.Process(process.pid)
    milliseconds, settled = [], 0.0
    for count in range(EDITS):
        tool, params = some_edit(rng, shape or case.visits[-1].grid.shape, shape is not None)
        begin = time.perf_counter()
        told(client, "edits", tool=tool, params=params)
        milliseconds.append(1000 * (time.perf_counter() - begin))
        if count + 1 == SETTLED:
            settled = server.memory_info().rss / 2**20
    return Edited(milliseconds, settled, server.memory_info().rss / 2**20)


def some_edit(
    rng: np.random.Generator, shape: tuple[int, ...], volume: bool
) -> tuple[str, dict[str, Any]]:
    """A stroke, a shape or a click, as people make them most."""
    label = int(rng.integers(1, 4))
    place = rng.uniform(0.1, 0.9, len(shape)) * (shape if volume else shape[::-1])
    walk = np.cumsum(rng.normal(0, 4, (20, len(shape))), axis=0)
    kind = rng.random()
    if volume:
        walk[:, 2] = 0
        if kind < 0.7:
            thick = {"plane": 2} if kind < 0.5 else {}
            path = (place + walk).tolist()
            return "brush", {"points": path, "label": label, "radius_mm": 5.0, **thick}
        if kind < 0.9:
            return "polygon", {"points": (place + 3 * walk).tolist(), "label": label, "plane": 2}
        return "eraser", {"points": [place.tolist()], "label": 0, "radius_mm": 12.0, "plane": 2}
    if kind < 0.7:
        return "brush", {"points": (place + walk).tolist(), "label": label, "radius_cells": 12.0}
    return "polygon", {"points": (place + 10 * walk).tolist(), "label": label}


def told(client: httpx.Client, route: str, **said: Any) -> dict[str, Any]:
    """Send an operation on the mask as it is now."""
    revision = getattr(client, "revision", 0)
    body = {"base_revision": revision, "uuid": uuid4().hex, "author": "bench", **said}
    answer = client.post(f"/{route}", json=body)
    answer.raise_for_status()
    state: dict[str, Any] = answer.json()
    client.revision = state["revision"]  # type: ignore[attr-defined]
    return state
