"""A workspace with one small visit, for tests."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from segviz import settings
from segviz.case import Visit
from segviz.edit import tools
from segviz.edit.where import Where
from segviz.grid import Grid, RasterGrid, VolumeGrid
from segviz.inference.probability import above
from segviz.mask import Label, Legend
from segviz.store import Store
from segviz.workbench import State, Workbench

UTM = CRS.from_epsg(32718)
HECTARE = Affine(100, 0, 500_000, 0, -100, 9_000_000)
"""Cells of 100 m, which are a hectare but for the scale of UTM."""

PSR = np.array([[0, 0, 2.0, -5], [-1.0, 0, 0, 9], [0, 0.5, 0, 3], [0, 0, 0, 1]])
"""Voxels of 1 mm3 whose axes run to the back, up and to the right."""


def settings_at(home: Path) -> settings.Settings:
    database = f"sqlite:///{home / 'segviz.sqlite'}"
    return replace(settings.load(), home=home, database_url=database)


def store_at(home: Path) -> Store:
    return Store(settings_at(home))


def add_visit(store: Store, grid: Grid, legend: Legend | None = None) -> Visit:
    world = "volume" if isinstance(grid, VolumeGrid) else "scene"
    case = store.add_case("A case", world)
    file = store.home / f"{case.id}.image"
    file.write_bytes(b"image")
    return store.add_visit(
        case.id,
        files=[file],
        when=None,
        name="Visit 1",
        grid=grid,
        channels=("CT",),
        sha256="0" * 64,
        legend=legend,
    )


def volume_grid(shape: tuple[int, int, int] = (4, 5, 6)) -> VolumeGrid:
    return VolumeGrid(shape, PSR)


def scene_grid(shape: tuple[int, int] = (20, 30), crs: CRS | None = UTM) -> RasterGrid:
    return RasterGrid(shape, HECTARE, crs)


def draw(
    bench: Workbench,
    tool: str,
    label: int,
    points: Sequence[Sequence[float]],
    radius: float = 0.0,
    only: int | None = None,
    *,
    base_revision: int,
    uuid: str,
) -> State:
    """Use brush, eraser or polygon on a scene; ``points`` are (row, column) of cell centres."""
    said: dict[str, Any] = {"label": 0 if tool == "eraser" else label}
    said["points"] = [[column + 0.5, row + 0.5] for row, column in points]
    if tool != "polygon":
        said["radius_cells"] = radius
    return bench.apply(
        lambda canvas: tools.run(canvas, tool, said),
        Where(only=only),
        tool=tool,
        base_revision=base_revision,
        uuid=uuid,
    )


def finished_run(
    store: Store, visit_id: str, shares: NDArray[np.uint8], threshold: float
) -> tuple[str, dict[str, Any]]:
    """A done job of a model with a threshold, and its result; ``shares`` in native order."""
    job = store.queue.submit("segment", visit_id, {"model": "lesions", "threshold": threshold})
    return job, finish_run(store, visit_id, job, shares, threshold)


def finish_run(
    store: Store, visit_id: str, job: str, shares: NDArray[np.uint8], threshold: float
) -> dict[str, Any]:
    """End a job of a model with a threshold; its result."""
    folder = store.folder(visit_id)
    folder.mkdir(parents=True, exist_ok=True)
    mask, probability = folder / f"{job}.u8", folder / f"{job}.p8"
    mask.write_bytes(above(shares, threshold).tobytes())
    probability.write_bytes(shares.tobytes())
    result = {
        "path": str(mask.relative_to(store.home)),
        "probability": str(probability.relative_to(store.home)),
        "legend": Legend((Label(1, "Lesion", "#E69F00", thing=True),)).to_json(),
        "source": "lesions 1.0",
        "report": {
            "model": {"name": "lesions", "version": "1.0", "sha256": "ab"},
            "threshold": {"value": threshold},
            "notes": ["None found."],
        },
    }
    store.queue.finish(job, "done", result=result)
    return result
