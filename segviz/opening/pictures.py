"""What is computed from an image once and kept: how to show it, a thumbnail, the packed voxels."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segviz import workbench
from segviz.case import Case, Visit
from segviz.grid import VolumeGrid
from segviz.io import nifti
from segviz.opening import images
from segviz.opening.finished import take_finished
from segviz.render import stretch, thumbnails
from segviz.store import Store
from segviz.store.files import atomic_write

QUICKLOOK_CELLS = 512


@dataclass(frozen=True)
class Display:
    """How an image is shown until its reader says otherwise.

    Attributes:
        window: values shown black and white in a scan.
        modality: ``"CT"``, ``"MR"`` or ``""``.
        stretch: values shown black and white for each band of a scene (2 % and 98 %).
    """

    window: tuple[float, float] | None = None
    modality: str = ""
    stretch: dict[str, tuple[float, float]] = field(default_factory=dict)


def display(store: Store, visit: Visit) -> Display:
    """How a visit's image is shown; computed once."""
    path = _made(store.folder(visit.id) / "display.json", lambda: _display(store, visit))
    kept = json.loads(path.read_text())
    return Display(
        tuple(kept["window"]) if kept["window"] else None,
        kept["modality"],
        {band: (low, high) for band, (low, high) in kept["stretch"].items()},
    )


def packed_volume(store: Store, visit: Visit) -> Path:
    """The scan in canonical order as gzipped NIfTI-1, as the viewer takes it."""
    return _made(
        store.folder(visit.id) / "volume.nii.gz",
        lambda: gzip.compress(nifti.canonical_bytes(images.volume(store, visit)), 1, mtime=0),
    )


def thumbnail(store: Store, case: Case) -> Path:
    """PNG of the case's latest image with the outline of its mask."""
    visit = case.segmented[-1]
    take_finished(store, [visit])
    revision = workbench.get(store, visit.id).revision
    path = store.folder(visit.id) / f"thumbnail-{revision}.png"
    if not path.exists():
        for old in path.parent.glob("thumbnail-*.png"):
            old.unlink(missing_ok=True)
    return _made(path, lambda: _thumbnail(store, visit))


def _display(store: Store, visit: Visit) -> bytes:
    if isinstance(visit.grid, VolumeGrid):
        volume = images.volume(store, visit)
        shown = Display(volume.window or stretch.default_window(volume.data), volume.channel)
    else:
        values, valid = _quicklook(store, visit)
        shown = Display(
            stretch={
                name: stretch.percentiles(band, valid)
                for name, band in zip(visit.channels, values, strict=True)
            }
        )
    return json.dumps(asdict(shown)).encode()


def _thumbnail(store: Store, visit: Visit) -> bytes:
    volume = isinstance(visit.grid, VolumeGrid)
    image = images.volume(store, visit) if volume else images.scene(store, visit)
    return thumbnails.thumbnail(image, workbench.get(store, visit.id).mask())


def _quicklook(store: Store, visit: Visit) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """All bands of a scene thinned to at most 512 cells a side, and where they are valid."""
    rows, columns = visit.grid.shape[:2]
    step = max(1, -(-max(rows, columns) // QUICKLOOK_CELLS))
    return images.scene(store, visit).read(
        (0, rows, 0, columns), None, (-(-rows // step), -(-columns // step))
    )


def _made(path: Path, make: Callable[[], bytes]) -> Path:
    """The file, made first where it is missing."""
    if not path.exists():
        content = make()
        atomic_write(path, lambda file: file.write(content))
    return path
