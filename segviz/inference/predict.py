"""Running a model on an image: the one way in, for the page, the worker and the command line."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import Grid, VolumeGrid, Window
from segviz.image import Image, Scene, Volume, require_finite
from segviz.inference import catalog, classical
from segviz.inference.catalog import Card
from segviz.inference.probability import above, least_byte
from segviz.inference.run import Device, Run, peak_memory_bytes
from segviz.inference.scenes import label_scene
from segviz.mask import Legend, Mask

NONE_FOUND = "None found: no voxel reaches the threshold of {:g}, so the volume is 0.0 ml."
NO_LABEL = "None found: the model gave no voxel a label, so all volumes are 0.0 ml."
NO_DATA = "None found: no pixel of the scene holds data, so the mask holds no label."
COARSEST_MM = 20.0
"""Voxels further apart are an error of units, or show too little for any network."""

NOTHING = "All valid cells are equal, so there was nothing to tell apart; the mask holds no label."
REPORTED = ("segviz", "torch", "monai", "openvino", "numpy", "scikit-learn", "scikit-image")

LARGEST_VALUE = 1e30
"""Sums of such values are still numbers in 32 bits."""

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Result:
    """A mask on the volume's own grid and how it came about.

    Attributes:
        probability: of a model with a threshold, as bytes (``segviz.inference.probability``) on the
            same grid; the mask holds label 1 where it reaches the threshold.
    """

    mask: Mask
    report: dict[str, Any]
    probability: NDArray[np.uint8] | None = None


def segment_volume(
    volume: Volume,
    card: Card,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    device: Device = "auto",
    options: Mapping[str, Any] | None = None,
) -> Result:
    """Run a model on a volume.

    Args:
        progress: called with (windows done, windows).
        cancelled: asked after each window.
        device: ``cpu``, ``cuda`` or the faster one that there is.
        options: of the method, e.g. ``{"k": 4}``; ``threshold`` (0-1) of a model that has one.

    Raises:
        Refused: the model is not for this image, its weights are not those published, some voxels
            hold no number, or an option is out of its range.
        Cancelled: the user stopped it; nothing was changed.
    """
    run = Run(progress, cancelled, device, options or {})
    start = time.perf_counter()
    _require_suited(card, volume, "volume")
    require_finite(volume)
    _require_computable(volume)
    legend, threshold = card.legend, run.threshold(card.threshold)
    labels = np.zeros(volume.grid.shape, np.uint8)
    probability = None if threshold is None else labels
    if volume.data.size == 0 or volume.data.min() == volume.data.max():
        run.notes.append(NOTHING)
    elif card.method == "network" and threshold is not None:
        from segviz.inference import slices

        _require_resolution(volume)
        probability = slices.find(volume, card, run)
    elif card.method == "network" and "region" in card.metadata.get("volume_input", {}):
        from segviz.inference import regions

        labels = regions.label_volume(volume, card, run)
    elif card.method == "network":
        from segviz.inference import volumes

        _require_resolution(volume)
        labels = volumes.label_volume(volume, card, run)
        if not labels.any():
            run.notes.append(NO_LABEL)
    elif card.method == "pixels":
        from segviz.inference import pixels

        labels = pixels.label_planes(volume, card, run)
    elif fitted := classical.fit_volume(volume, card, run):
        labels, legend = _classify_volume(volume, fitted, run), fitted.legend
    else:
        run.notes.append(NOTHING)
    if probability is not None and threshold is not None:
        labels = above(probability, threshold)
        if not labels.any():
            run.notes.append(NONE_FOUND.format(threshold))
    mask = Mask(volume.grid, labels, legend, f"{card.name} {card.version}")
    counts = np.bincount(labels.ravel(), minlength=256)
    report = _report(volume, volume.grid, card, legend, counts, run, start)
    if threshold is not None:
        report["threshold"] = {"value": threshold, "least_byte": least_byte(threshold)}
    return Result(mask, report, probability)


def segment_scene(
    scene: Scene,
    card: Card,
    out: NDArray[np.uint8],
    *,
    window: Window | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    device: Device = "auto",
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run a model on a scene, window by window.

    Args:
        out: labels [row, column] of the whole scene, usually a memory map; written in place.
        window: the part to label; all when None.

    Returns:
        The report: hashes, versions, device, seconds by stage, memory, windows and label counts.

    Raises:
        Refused, Cancelled: as ``segment_volume``; what was written until then stays in ``out``.
    """
    run = Run(progress, cancelled, device, options or {})
    start = time.perf_counter()
    _require_suited(card, scene, "scene")
    if out.shape != scene.grid.shape:
        raise ValueError(f"labels {out.shape} do not lie on {scene.grid.shape}")
    top, bottom, left, right = window or (0, scene.grid.shape[0], 0, scene.grid.shape[1])
    grid, legend = scene.grid.window((top, bottom), (left, right)), card.legend
    if card.method == "network":
        from segviz.inference import landcover

        counts = landcover.label_scene_with_network(scene, card, out, run, window)
        if not counts[1:].any():
            run.notes.append(NO_DATA)
    elif card.method == "pixels":
        from segviz.inference import pixels

        counts = pixels.label_pixels(scene, card, out, run, window)
    else:
        with run.stage("fit"):
            fitted = classical.fit_scene(scene, card, run)
        if fitted:
            legend = fitted.legend
            counts = label_scene(scene, fitted.classify, out, fitted.bands, run, window=window)
        else:
            run.notes.append(NOTHING)
            out[top:bottom, left:right] = 0
            counts = np.array([grid.shape[0] * grid.shape[1]])
    return _report(scene, grid, card, legend, counts, run, start)


def _require_suited(card: Card, image: Image, world: str) -> None:
    reason = catalog.suits(card, image, "volume" if world == "volume" else "scene")
    if reason and reason != card.waiting:
        raise Refused(
            "SV-RUN-003",
            f"{card.title} cannot be run on this image. {reason} Choose another model.",
        )
    catalog.verify(card)


def _require_computable(volume: Volume) -> None:
    """Refuse values beyond what 32 bits can compute with (SV-RUN-013)."""
    if not volume.data.size:
        return
    largest = max(abs(float(volume.data.min())), abs(float(volume.data.max())))
    if largest > LARGEST_VALUE:
        raise Refused(
            "SV-RUN-013",
            f"The scan holds values up to {largest:.1g}, beyond what a model can compute with, so "
            "that it would find nothing; look for damaged voxels, or rescale the scan.",
        )


def _require_resolution(volume: Volume) -> None:
    """Refuse voxels in which nothing of a patient can be seen (SV-RUN-012)."""
    coarsest = max(volume.grid.spacing_mm)
    if coarsest > COARSEST_MM:
        raise Refused(
            "SV-RUN-012",
            f"The scan's voxels lie {coarsest:.3g} mm apart along one axis, too far for a model to "
            "draw anything in ml; look whether its lengths are in mm.",
        )


def _classify_volume(volume: Volume, fitted: classical.Fitted, run: Run) -> NDArray[np.uint8]:
    """Plane by plane of the first axis."""
    labels = np.empty(volume.grid.shape, np.uint8)
    for plane, values in enumerate(volume.data):
        with run.stage("classify"):
            labels[plane] = fitted.classify(values[None])
        run.step(plane + 1, len(volume.data))
    return labels


def _report(
    image: Image,
    grid: Grid,
    card: Card,
    legend: Legend,
    counts: NDArray[np.int64],
    run: Run,
    start: float,
) -> dict[str, Any]:
    """What ``segviz segment --report`` writes."""
    seconds = time.perf_counter() - start
    cells = int(np.prod(grid.shape))
    unit = "voxels" if isinstance(image, Volume) else "pixels"
    ml = grid.voxel_volume_ml if isinstance(grid, VolumeGrid) else None
    found = legend.covering([n for n in range(1, len(counts)) if counts[n]])
    return {
        "model": {"name": card.name, "version": card.version, "sha256": card.sha256},
        "input": {
            "sha256": image.sha256,
            "grid": str(grid),
            "when": image.when and image.when.isoformat(),
        },
        "options": dict(run.options),
        "device": run.runtime,
        "versions": {"python": platform.python_version(), **_versions()},
        "seconds": {**{k: round(v, 3) for k, v in run.seconds.items()}, "total": round(seconds, 3)},
        "peak_memory_bytes": peak_memory_bytes(),
        "windows": run.windows,
        "megapixels_per_second": round(cells / 1e6 / max(seconds, 1e-9), 3),
        "legend": found.to_json(),
        "labels": [
            {
                "label": label.value,
                "name": label.name,
                unit: int(counts[label.value]),
                **({} if ml is None else {"ml": round(int(counts[label.value]) * ml, 3)}),
            }
            for label in found
            if label.value < len(counts)
        ],
        "notes": run.notes,
    }


@cache
def _versions() -> dict[str, str]:
    installed = {d.name.lower() for d in importlib.metadata.distributions()}
    return {name: importlib.metadata.version(name) for name in REPORTED if name in installed}
