"""Hectares of a whole scene and within many polygons, of a mask of 10980 x 10980."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from measure import Row, interleaved, versus
from pyproj import CRS

from segviz.grid import RasterGrid
from segviz.mask import Legend, Mask
from segviz.measure.areas import measure_scene
from segviz.measure.zones import Area, measure_areas

SIZE, LABELS, POLYGONS = 10_980, 6, 1_000
CORNER = (500_000, 5_000_000)


def rows(folder: Path, rounds: int) -> list[Row]:
    path = drawn(folder)
    grid = RasterGrid((SIZE, SIZE), Affine(10, 0, CORNER[0], 0, -10, CORNER[1]), CRS(32633))
    labels = np.memmap(path, np.uint8, "r", shape=grid.shape)
    mask = Mask(grid, labels, Legend.named(*map(str, range(LABELS))))
    counts = np.bincount(np.fromfile(path, np.uint8), minlength=LABELS + 1)[1:]
    found = [label["pixels"] for label in measure_scene(mask)["labels"]]
    assert found == counts.tolist()
    times = interleaved(
        {"areas": lambda: measure_scene(mask), "read": lambda: np.fromfile(path, np.uint8)}, rounds
    )
    work = f"class areas of {SIZE} x {SIZE} / a plain read of them"
    checked = "pixels equal np.bincount"
    return [versus(work, times["areas"], times["read"], 15, checked), polygons(mask)]


def drawn(folder: Path) -> Path:
    """Fields of 20 x 20 cells, and every hundredth cell another label."""
    path = folder / "numbers.u8"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(0)
        fields = rng.integers(0, LABELS + 1, (SIZE // 20, SIZE // 20), np.uint8)
        labels = np.kron(fields, np.ones((20, 20), np.uint8))
        other = rng.random(labels.shape, np.float32) < 0.01
        labels[other] = rng.integers(0, LABELS + 1, int(other.sum()), np.uint8)
        labels.tofile(path)
    return path


def polygons(mask: Mask) -> Row:
    """Of some 400 ha each, with 60 corners."""
    rng = np.random.default_rng(0)
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    areas = []
    for number in range(POLYGONS):
        reach = 1500 * (0.6 + 0.4 * rng.random(60))
        x = CORNER[0] + 1500 + rng.random() * (SIZE * 10 - 3000)
        y = CORNER[1] - 1500 - rng.random() * (SIZE * 10 - 3000)
        points = np.column_stack([x + reach * np.cos(turn), y + reach * np.sin(turn)])
        areas.append(Area(str(number), shapely.Polygon(points), CRS(32633)))
    begun = time.perf_counter()
    found = measure_areas(mask, areas)
    seconds = time.perf_counter() - begun
    worst = max(abs(row["inside_ha"] / row["polygon_ha"] - 1) for row in found)
    assert worst < 1e-6
    return Row(
        f"{POLYGONS:,} polygons on it",
        f"{seconds:.1f} s",
        "",
        "",
        "< 10 s",
        seconds < 10,
        f"sums of cells equal the polygons' own area within {worst:.0e}",
    )
