"""Networks on volumes: to the spacing they know, through windows, and back onto the native grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.grid import Box, VolumeGrid, box_of
from segviz.image import Volume
from segviz.inference import intensity, runtime
from segviz.inference.catalog import Card
from segviz.inference.resample import along_axes, axis_weights, is_identity
from segviz.inference.run import Run, require_memory
from segviz.inference.runtime import Runtime
from segviz.inference.sides import tell_apart
from segviz.inference.tissue import Border
from segviz.inference.windows import balanced_boxes, full_boxes, gaussian

Field = NDArray[np.float32]

SLAB = 16
"""Native planes that are brought back at once."""

WILD = 10
"""Values this many times further up than 99.9 % of all are held there."""

AIR = 0.1
"""Scaled brightness below which there is nothing but air."""

MARGIN = 8
"""Cells kept around a head."""

TINY = float(np.finfo(np.float32).tiny)

BACKGROUND_LOGIT = 9.0
"""Of cells in no window but empty ones; those of the classes are 0."""


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
    axes = axes_of(grid, settings["spacing_mm"])
    require_memory(_bytes_needed(axes, grid, class_count(card)))
    with run.stage("load"):
        network = runtime.choose(card, run.device)
    with run.stage("prepare"):
        values = volume.grid.to_canonical(volume.data)
        scaled, box = prepared(values, axes, settings)
    labels = label_field(scaled[None], box, axes, network, card, run, values)
    run.runtime = network.name
    if right := sides(card):
        with run.stage("left and right"):
            labels = tell_apart(labels, grid.spacing_mm, right)
    return np.ascontiguousarray(volume.grid.from_canonical(labels))


def sides(card: Card) -> dict[int, int]:
    """Labels of the network that are called otherwise on the right."""
    right = card.metadata["volume_input"].get("right", {})
    return {int(label): other for label, other in right.items()}


def class_count(card: Card) -> int:
    """Of the network, with background."""
    return len(card.legend) + 1 - len(sides(card))


def axes_of(grid: VolumeGrid, spacing_mm: float | Sequence[float] | None) -> list[Axis]:
    """From a canonical grid to that of a network; the same one where no spacing is asked for."""
    wanted = grid.spacing_mm if spacing_mm is None else spacing_mm
    edges = (wanted,) * 3 if isinstance(wanted, int | float) else tuple(wanted)
    return [
        Axis.between(size, spacing, edge)
        for size, spacing, edge in zip(grid.shape, grid.spacing_mm, edges, strict=True)
    ]


def prepared(
    values: NDArray[np.generic], axes: list[Axis], settings: dict[str, Any]
) -> tuple[Field, Box]:
    """What a network is given of a canonical volume, and the box in it that is not air."""
    seen = along_axes(values.astype(np.float32), [axis.there() for axis in axes])
    if "intensity" in settings:
        return intensity.prepared(seen, settings["intensity"], settings["crop"])
    scaled: Field = scale(seen) * settings["gain"]
    return scaled, box_of(scaled > AIR, MARGIN)


def label_field(
    image: Field,
    box: Box,
    axes: list[Axis],
    network: Runtime,
    card: Card,
    run: Run,
    values: NDArray[np.generic],
) -> NDArray[np.uint8]:
    """Labels on the canonical grid of an image [channel, x, y, z] on the grid of the network.

    Args:
        values: the canonical volume itself; where the card says so, the border between two tissues
            follows its brightness.
    """
    settings: dict[str, Any] = card.metadata["volume_input"]
    shape = tuple(axis.size for axis in axes)
    labels = np.zeros(shape, np.uint8)
    weights = [axis.back() for axis in axes]
    if all(map(is_identity, weights)) and not settings["largest_component"]:
        with run.stage("network"):
            logits = averaged_logits(image[:, *box], network, card, run, settings)
        with run.stage("back to the native grid"):
            labels[box] = largest_logit(logits)
        return labels
    planes = range(0, shape[0], SLAB)
    with run.stage("network"):
        logits = averaged_logits(image[:, *box], network, card, run, settings, len(planes))
        shares = softmax(logits)[1:]
    if settings["largest_component"]:
        shares *= largest_component(shares.sum(axis=0) > 0.5)
    with run.stage("back to the native grid"):
        parts = [matrix[:, part] for matrix, part in zip(weights, box, strict=True)]
        border = border_of(shares, values, box, axes, settings)
        for done, start in enumerate(planes, 1):
            slab = slice(start, start + SLAB)
            back = [parts[0][slab], *parts[1:]]
            native = along_axes(shares, back)
            if border:
                border.sharpen(native, values[slab].astype(np.float32), back)
            labels[slab] = largest_class(native)
            run.step(run.windows - len(planes) + done, run.windows)
    return labels


def border_of(
    shares: Field,
    values: NDArray[np.generic],
    box: Box,
    axes: list[Axis],
    settings: dict[str, Any],
) -> Border | None:
    """Between the two tissues that the card names (``sharpen``), in a box of the network's grid."""
    if "sharpen" not in settings:
        return None
    there = [axis.there()[part] for axis, part in zip(axes, box, strict=True)]
    brightness = along_axes(values.astype(np.float32), there)
    first, second = settings["sharpen"]
    return Border.of(shares, brightness, [axis.other_mm for axis in axes], (first, second))


def scale(values: Field) -> Field:
    """0 at the 1st percentile, 1 at the 98th percentile of what is brighter than the mean.

    The second is that of the head, however much air is around it. Values end at 0 and 2.
    """
    low, bright = low_and_bright(values)
    high = np.percentile(bright, 98) if bright.size else low
    scaled: Field = np.clip((values - low) / max(float(high) - low, TINY), 0, 2)
    return scaled.astype(np.float32)


def low_and_bright(values: Field) -> tuple[float, Field]:
    """The 1st percentile, and all values above the mean.

    A few wild values do not count for the mean: they would leave nothing else above it.
    """
    low, top = (float(edge) for edge in np.percentile(values, (1, 99.9)))
    held = np.minimum(values, low + WILD * (top - low))
    bright: Field = values[values > held.mean(dtype=np.float64)]
    return low, bright


def averaged_logits(
    image: Field,
    network: Runtime,
    card: Card,
    run: Run,
    settings: dict[str, Any],
    extra_steps: int = 0,
) -> Field:
    """Logits [class, x, y, z] of an image [channel, x, y, z], in few windows of equal size."""
    space, window = image.shape[1:], tuple(settings["window"])
    layout = (
        full_boxes(space, window, tuple(settings["overlap"]))
        if settings.get("full_windows", False)
        else balanced_boxes(space, window, settings["multiple"], settings["overlap"])
    )
    return in_windows(image, layout, network, card, run, settings["mirrored"], extra_steps)


def in_windows(
    image: Field,
    layout: tuple[tuple[int, ...], list[Box]],
    network: Runtime,
    card: Card,
    run: Run,
    mirrored: bool,
    extra_steps: int = 0,
) -> Field:
    """Logits [class, x, y, z] of an image [channel, x, y, z], averaged where windows overlap.

    A window of nothing but zeros is background and is not shown to the network.

    Args:
        layout: the shape of the windows, and where they lie.
    """
    window, boxes = layout
    space = image.shape[1:]
    padding = [(0, max(w - n, 0)) for w, n in zip(window, space, strict=True)]
    padded = np.pad(image, [(0, 0), *padding]) if np.any(padding) else image
    total = np.zeros((class_count(card), *padded.shape[1:]), np.float32)
    weight = np.zeros(padded.shape[1:], np.float32)
    blend = gaussian(window)
    steps = len(boxes) + extra_steps
    done = 0
    for group in in_groups(boxes, network.batch):
        shown = [box for box in group if padded[:, *box].any()]
        if shown:
            batch = np.stack([padded[:, *box] for box in shown])
            logits = window_logits(batch, network, mirrored)
            runtime.require_numbers(logits, card)
            logits *= blend
            for box, part in zip(shown, logits, strict=True):
                total[:, *box] += part
                weight[box] += blend
        done += len(group)
        run.step(done, steps)
    unseen = weight == 0
    if unseen.any():
        total[0][unseen] = BACKGROUND_LOGIT
        weight[unseen] = 1
    total /= weight
    return np.ascontiguousarray(total[:, *(slice(n) for n in space)])


def in_groups(boxes: Sequence[Box], size: int) -> list[Sequence[Box]]:
    return [boxes[start : start + size] for start in range(0, len(boxes), size)]


def window_logits(batch: Field, network: Runtime, mirrored: bool) -> Field:
    """Logits [n, class, x, y, z] of windows; ``mirrored``: the mean with their mirror images."""
    logits: Field = network(batch)
    if mirrored:
        other = network(np.ascontiguousarray(batch[:, :, ::-1]))
        logits += other[:, :, ::-1]
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


def largest_class(shares: Field) -> NDArray[np.uint8]:
    """The class with the largest share [class, ...] in each cell; background has what is left."""
    return _largest(1 - shares.sum(axis=0), shares)


def largest_logit(logits: Field) -> NDArray[np.uint8]:
    """The class with the largest logit [class, ...] in each cell; the first one is background."""
    return _largest(logits[0].copy(), logits[1:])


def _largest(most: Field, others: Field) -> NDArray[np.uint8]:
    """Class by class, in the order memory likes: ten times as fast as ``argmax``."""
    labels = np.zeros(most.shape, np.uint8)
    for value, other in enumerate(others, 1):
        np.copyto(labels, np.uint8(value), where=other > most)
        np.maximum(most, other, out=most)
    return labels


def _bytes_needed(axes: list[Axis], grid: VolumeGrid, classes: int) -> float:
    coarse = math.prod(axis.other_size for axis in axes)
    slab = SLAB * grid.shape[1] * grid.shape[2]
    return 4.0 * (2 * math.prod(grid.shape) + 3 * classes * coarse + 2 * classes * slab)
