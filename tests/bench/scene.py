"""A scene of 10980 columns, four bands, 16 bit, against the loop that everybody writes first.

``python tests/bench/scene.py FILE CARD`` labels a scene and prints the most memory that it took.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from itertools import product
from pathlib import Path

import cards
import numpy as np
import psutil
import rasterio
import torch
from affine import Affine
from measure import Row, interleaved, versus
from monai.networks.nets import UNet
from rasterio.windows import Window as RasterioWindow

from segviz.inference import catalog, predict
from segviz.io import open_image

COLUMNS, BLOCK = 10980, 512
WINDOW, STRIDE = 512, 384
MOST_MIB = 256


def rows(folder: Path, rounds: int, height: int) -> list[Row]:
    path = drawn(folder, height)
    torch.manual_seed(0)
    network = UNet(**cards.SCENE_NETWORK).eval()
    card = cards.scene(folder / "nine-covers", network)
    scene = open_image([path])
    out = np.zeros(scene.grid.shape, np.uint8)
    naive = np.zeros_like(out)
    predict.segment_scene(scene, card, out, window=(0, 64, 0, 64))
    times = interleaved(
        {
            "naive loop": lambda: naive_loop(path, network, naive),
            "segviz": lambda: predict.segment_scene(scene, card, out),
        },
        rounds,
    )
    with torch.inference_mode():
        rim = 128
        whole = read(path, 0, 0, min(1024, height), 1024)
        eager = network(whole)[0].argmax(0).numpy() + 1
    inside = np.s_[rim : min(1024, height) - rim, rim : 1024 - rim]
    same = float((out[inside] == eager[inside]).mean())
    assert same >= 0.9995, f"{1 - same:.3%} of the pixels differ from eager torch"
    memory = most_memory(path, folder / "nine-covers")
    assert memory <= MOST_MIB, f"{memory:.0f} MiB of extra memory"
    mpx = height * COLUMNS / 1e6
    said = f"{1 - same:.4%} of pixels differ; {memory:.0f} MiB extra memory (at most {MOST_MIB})"
    work = f"scene of {mpx:.0f} megapixels"
    return [versus(work, times["segviz"], times["naive loop"], 1 / 3, said, as_factor=True)]


def drawn(folder: Path, height: int) -> Path:
    """The scene's file; drawn once."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"scene-{height}.tif"
    if path.exists():
        return path
    rng = np.random.default_rng(0)
    coarse = rng.integers(200, 3500, (4, 40, 40))
    patch = np.kron(coarse, np.ones((1, 64, 64), np.int64)) + rng.integers(0, 200, (4, 2560, 2560))
    profile = {
        "driver": "GTiff", "width": COLUMNS, "height": height, "count": 4, "dtype": "uint16",
        "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "zstd",
        "zstd_level": 1, "crs": "EPSG:32635", "transform": Affine(10, 0, 5e5, 0, -10, 5e6),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.descriptions = cards.BANDS
        for row, column in product(range(0, height, BLOCK), range(0, COLUMNS, BLOCK)):
            tall, wide = min(BLOCK, height - row), min(BLOCK, COLUMNS - column)
            top, left = row % 2048, column % 2048
            values = patch[:, top : top + tall, left : left + wide].astype(np.uint16)
            file.write(values, window=RasterioWindow(column, row, wide, tall))
    return path


def read(path: Path, row: int, column: int, tall: int, wide: int) -> torch.Tensor:
    """A window as the network wants it."""
    with rasterio.open(path) as file:
        values = file.read(window=RasterioWindow(column, row, wide, tall))
    return as_input(values)


def as_input(values: np.ndarray) -> torch.Tensor:
    picture = torch.from_numpy(values.astype(np.float32)) * cards.RENDERING["gain"]
    return ((picture.clamp(0, 255) - cards.RENDERING["mean"]) / cards.RENDERING["spread"])[None]


def naive_loop(path: Path, network: torch.nn.Module, out: np.ndarray) -> None:
    """512 window, stride 384, softmax and argmax; a later window overwrites."""
    height, width = out.shape
    with rasterio.open(path) as file, torch.inference_mode():
        for row, column in product(range(0, height, STRIDE), range(0, width, STRIDE)):
            top, left = min(row, height - WINDOW), min(column, width - WINDOW)
            values = file.read(window=RasterioWindow(left, top, WINDOW, WINDOW))
            shares = torch.softmax(network(as_input(values)), 1)
            out[top : top + WINDOW, left : left + WINDOW] = shares[0].argmax(0).numpy() + 1


def most_memory(path: Path, model: Path) -> float:
    """MiB of resident memory that a run takes at its peak, beyond what was there before."""
    command = [sys.executable, __file__, str(path), str(model)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def child(path: Path, model: Path) -> float:
    card = catalog.read_card(model)
    scene = open_image([path])
    process = psutil.Process()
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(int(np.prod(scene.grid.shape)))
        out = np.memmap(file.name, np.uint8, "r+", shape=scene.grid.shape)
        import segviz.inference.landcover  # noqa: F401  # libraries are not memory of the run

        before = most = process.memory_info().rss
        over = threading.Event()

        def watch() -> None:
            nonlocal most
            while not over.wait(0.01):
                most = max(most, process.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        predict.segment_scene(scene, card, out)
        over.set()
        watcher.join()
    return (most - before) / 2**20


if __name__ == "__main__":
    print(child(Path(sys.argv[1]), Path(sys.argv[2])))
