"""Networks on volumes: to the spacing they know, through windows, and back onto the native grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from scipy import ndimage

from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import runtime
from segviz.inference.catalog import Card
from segviz.inference.resample import along_axes, axis_weights
from segviz.inference.run import Run
from segviz.inference.runtime import Runtime
from segviz.inference.sides import tell_apart
from segviz.inference.windows import Box, balanced_boxes, gaussian

Field = NDArray[np.float32]

SLAB = 16
"""Native planes that are brought back at once."""


@dataclass(frozen=True)
class Axis:
    """One axis of a volume and of the coarser or finer grid of a network, with one common centre.

    ``size`` cells of ``spacing_mm``; ``other_size`` cells of ``other_mm``.
    """

    size: int
    spacing_mm: float
    other_size: int
    other_mm: float

    @classmethod
    def between(cls, size: int, spacing_mm: float, other_mm: float) -> Axis:
        return cls(size, spacing_mm, max(1, round(size * spacing_mm / other_mm)), other_mm)

    def there(self) -> Field:
        """Weights [other, native]; averages over about one cell of the other grid."""
        step = self.other_mm / self.spacing_mm
        positions = (np.arange(self.other_size) - (self.other_size - 1) / 2) * step
        return axis_weights(self.size, positions + (self.size - 1) / 2, 0.75 * step)

    def back(self) -> Field:
        """Weights [native, other] of linear interpolation."""
        step = self.spacing_mm / self.other_mm
        positions = (np.arange(self.size) - (self.size - 1) / 2) * step
        return axis_weights(self.other_size, positions + (self.other_size - 1) / 2)


def label_volume(volume: Volume, card: Card, run: Run) -> NDArray[np.uint8]:
    """Labels on the volume's native grid.

    Raises:
        Refused: too large for the memory there is (SV-RUN-007), or no numbers (SV-RUN-004).
    """
    settings: dict[str, Any] = card.metadata["volume_input"]
    grid = volume.grid.canonical
    axes = [
        Axis.between(size, spacing, settings["spacing_mm"])
        for size, spacing in zip(grid.shape, grid.spacing_mm, strict=True)
    ]
    right = {int(label): other for label, other in settings.get("right", {}).items()}
    classes = len(card.legend) + 1 - len(right)
    _require_memory(axes, grid, classes)
    with run.stage("load"):
        network = runtime.choose(card, run.device)
    run.runtime = network.name
    with run.stage("prepare"):
        values = volume.grid.to_canonical(volume.data).astype(np.float32)
        scaled = scale(along_axes(values, [axis.there() for axis in axes])) * settings["gain"]
        box = filled_box(scaled)
    planes = range(0, grid.shape[0], SLAB)
    with run.stage("network"):
        shares = class_shares(
            scaled[box], network, card, run, settings, classes, extra_steps=len(planes)
        )
    if settings["largest_component"]:
        shares *= largest_component(shares.sum(axis=0) > 0.5)
    with run.stage("back to the native grid"):
        labels = np.zeros(grid.shape, np.uint8)
        weights = [axis.back()[:, part] for axis, part in zip(axes, box, strict=True)]
        for done, start in enumerate(planes, 1):
            slab = slice(start, start + SLAB)
            labels[slab] = largest_class(shares, (weights[0][slab], weights[1], weights[2]))
            run.step(run.windows - len(planes) + done, run.windows)
    if right:
        with run.stage("left and right"):
            labels = tell_apart(labels, grid.spacing_mm, right)
    return np.ascontiguousarray(volume.grid.from_canonical(labels))


def scale(values: Field) -> Field:
    """0 at the 1st percentile, 1 at the 98th percentile of what is brighter than the mean.

    The second is that of the head, however much air is around it. Values end at 0 and 2.
    """
    low = np.percentile(values, 1)
    bright = values[values > values.mean()]
    high = np.percentile(bright, 98) if bright.size else low
    scaled: Field = np.clip((values - low) / max(float(high - low), 1e-6), 0, 2)
    return scaled.astype(np.float32)


def filled_box(scaled: Field, above: float = 0.1, margin: int = 8) -> Box:
    """The box around all that is not air, with a margin."""
    filled = scaled > above
    box = []
    for axis, size in enumerate(filled.shape):
        others = tuple(other for other in range(filled.ndim) if other != axis)
        found = np.flatnonzero(filled.any(axis=others))
        first, last = (found[0], found[-1]) if len(found) else (0, size - 1)
        box.append(slice(max(int(first) - margin, 0), min(int(last) + margin + 1, size)))
    return tuple(box)


def class_shares(
    image: Field,
    network: Runtime,
    card: Card,
    run: Run,
    settings: dict[str, Any],
    classes: int,
    extra_steps: int = 0,
) -> Field:
    """Softmax [class without background, x, y, z] of logits, averaged where windows overlap."""
    window, boxes = balanced_boxes(
        image.shape, tuple(settings["window"]), settings["multiple"], settings["overlap"]
    )
    padding = [(0, max(w - n, 0)) for w, n in zip(window, image.shape, strict=True)]
    padded = np.pad(image, padding)
    weights = gaussian(window)
    total = np.zeros((classes, *padded.shape), np.float32)
    weight = np.zeros(padded.shape, np.float32)
    for done, box in enumerate(boxes, 1):
        logits = window_logits(padded[box], network, mirrored=settings["mirrored"])
        runtime.require_numbers(logits, card)
        logits *= weights
        total[:, *box] += logits
        weight[box] += weights
        run.step(done, len(boxes) + extra_steps)
    total /= weight
    shares = softmax(total)[1:, *(slice(n) for n in image.shape)]
    return np.ascontiguousarray(shares)


def window_logits(image: Field, network: Runtime, mirrored: bool) -> Field:
    """Logits [class, x, y, z] of a window; ``mirrored``: the mean with its mirror image."""
    logits: Field = network(np.ascontiguousarray(image)[None, None])[0]
    if mirrored:
        other = network(np.ascontiguousarray(image[::-1])[None, None])[0]
        logits += other[:, ::-1]
        logits /= 2
    return logits


def softmax(logits: Field) -> Field:
    """Over the first axis, in place."""
    logits -= logits.max(axis=0)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=0)
    return logits


def largest_component(filled: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece of touching cells: a head has one brain."""
    pieces, count = ndimage.label(filled)
    if count < 2:
        return filled
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    largest: NDArray[np.bool_] = pieces == sizes.argmax()
    return largest


def largest_class(shares: Field, weights: tuple[Field, Field, Field]) -> NDArray[np.uint8]:
    """The class with the largest share in each native cell; background has what is left."""
    native = along_axes(shares, weights)
    best = native.argmax(axis=0)
    most = np.take_along_axis(native, best[None], axis=0)[0]
    return np.where(most > 1 - native.sum(axis=0), best + 1, 0).astype(np.uint8)


def _require_memory(axes: list[Axis], grid: VolumeGrid, classes: int) -> None:
    coarse = float(np.prod([axis.other_size for axis in axes]))
    slab = float(SLAB * grid.shape[1] * grid.shape[2])
    needed = 4 * (2 * np.prod(grid.shape) + 3 * classes * coarse + 2 * classes * slab)
    free = psutil.virtual_memory().available
    if needed > free:
        raise Refused(
            "SV-RUN-007",
            f"Segmenting this scan needs {needed / 1e9:.1f} GB and this server has "
            f"{free / 1e9:.1f} GB free; crop the scan.",
        )
