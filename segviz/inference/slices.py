"""Networks on slices with their neighbours (2.5-D): for scans whose slices are thick.

A slice and those about ``apart_mm`` above and below it are the channels of one 2-D image. Thin
slices are first averaged to thick ones, half of that distance apart, so that a 1 mm scan looks as
those the network knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import runtime
from segviz.inference.catalog import Card
from segviz.inference.probability import to_bytes
from segviz.inference.resample import along_axes, axis_weights
from segviz.inference.run import Run
from segviz.inference.runtime import Runtime
from segviz.inference.volumes import TINY, Axis, filled_box, low_and_bright, softmax
from segviz.inference.windows import round_up

Field = NDArray[np.float32]

AXIAL = 2
THICK = 1.5
"""Slices are thick where they lie this many times further apart than pixels."""

SLAB = 8
"""Native slices that are brought back at once."""


@dataclass(frozen=True)
class Planes:
    """How a volume in RAS+ order is cut.

    Attributes:
        axis: across the slices.
        across: the native slices and those that the network is shown.
        inside: the two axes of a slice, native and at the network's pixel size.
        thick_mm: what a shown slice averages over, where the native ones are thinner.
        step: how many shown slices away the neighbours lie.
    """

    axis: int
    across: Axis
    inside: tuple[Axis, Axis]
    thick_mm: float
    step: int

    @classmethod
    def of(cls, grid: VolumeGrid, settings: dict[str, Any]) -> Planes:
        """Across the thickest axis of a canonical grid; axial where none is thick."""
        spacing = grid.spacing_mm
        thickest = int(np.argmax(spacing))
        axis = thickest if spacing[thickest] > THICK * min(spacing) else AXIAL
        size, mm, apart = grid.shape[axis], spacing[axis], settings["apart_mm"]
        thin = mm < apart / 2
        across = Axis.between(size, mm, apart / 2) if thin else Axis(size, mm, size, mm)
        first, second = (
            Axis.between(grid.shape[other], spacing[other], settings["spacing_mm"])
            for other in range(3)
            if other != axis
        )
        step = max(1, round(apart / across.other_mm))
        return cls(axis, across, (first, second), settings["thick_mm"], step)

    def shown(self, values: Field) -> Field:
        """Canonical values as [slice, a, b] on the network's grid."""
        there = [axis.there() for axis in self.inside]
        moved = np.moveaxis(values, self.axis, 0)
        if self.across.other_size == self.across.size:
            return along_axes(moved, there)
        step = self.across.other_mm / self.across.spacing_mm
        positions = (np.arange(self.across.other_size) - (self.across.other_size - 1) / 2) * step
        positions += (self.across.size - 1) / 2
        width = self.thick_mm / self.across.spacing_mm
        return along_axes(moved, [axis_weights(self.across.size, positions, width), *there])

    def mirrored(self, slabs: Field, channels: int) -> Field:
        """The left-right mirror image of [..., channel, a, b]: neighbours change places in sagittal
        slices, columns in others.

        Args:
            channels: axis of the neighbours; one channel alone is its own mirror.
        """
        axis = channels if self.axis == 0 else channels + 1
        return np.flip(slabs, axis)

    def native(self, shares: Field, box: tuple[slice, ...]) -> Iterator[tuple[slice, Field]]:
        """Slabs (native slices, values [slice, a, b]) of shares that fill a box of the slices."""
        across = self.across.back()
        inside = [axis.back()[:, part] for axis, part in zip(self.inside, box, strict=True)]
        for start in range(0, self.across.size, SLAB):
            slab = slice(start, start + SLAB)
            yield slab, along_axes(shares, [across[slab], *inside])


def find(volume: Volume, card: Card, run: Run) -> NDArray[np.uint8]:
    """Probability of label 1, as bytes, on the volume's native grid.

    Raises:
        Refused: too large for the memory there is (SV-RUN-007), or no numbers (SV-RUN-004).
    """
    settings: dict[str, Any] = card.metadata["volume_input"]
    planes = Planes.of(volume.grid.canonical, settings)
    _require_memory(planes, volume.grid)
    with run.stage("load"):
        network = runtime.choose(card, run.device)
    run.runtime = network.name
    with run.stage("prepare"):
        values = volume.grid.to_canonical(volume.data).astype(np.float32)
        image = planes.shown(by_median(values))
        _, *box = filled_box(image)
    with run.stage("network"):
        shares = plane_shares(image[:, *box], planes, network, card, run)
    with run.stage("back to the native grid"):
        found = np.zeros(volume.grid.canonical.shape, np.uint8)
        moved = np.moveaxis(found, planes.axis, 0)
        for slab, part in planes.native(shares, tuple(box)):
            moved[slab] = to_bytes(part)
    return np.ascontiguousarray(volume.grid.from_canonical(found))


def by_median(values: Field) -> Field:
    """0 at the 1st percentile, 1 at the median of what is brighter than the mean: of the head.

    Percentiles near the top follow the fat of the scalp; the median follows the brain.
    """
    low, bright = low_and_bright(values)
    middle = np.median(bright) if bright.size else low
    scaled = (values - low) / max(float(middle) - low, TINY)
    held: Field = np.clip(scaled, 0, 5).astype(np.float32)
    return held


def stack(image: Field, plane: int, step: int) -> Field:
    """[3, a, b]: the neighbour below, the slice, the neighbour above; held at both ends."""
    stacked: Field = image[np.clip([plane - step, plane, plane + step], 0, len(image) - 1)]
    return stacked


def plane_shares(image: Field, planes: Planes, network: Runtime, card: Card, run: Run) -> Field:
    """Probability [slice, a, b] of class 1, the mean with the mirror image where the card says."""
    settings: dict[str, Any] = card.metadata["volume_input"]
    rows, columns = image.shape[1:]
    edges = [round_up(n, settings["multiple"]) - n for n in (rows, columns)]
    padded = np.pad(image, [(0, 0), *((0, edge) for edge in edges)])
    shares = np.empty(image.shape, np.float32)
    for plane in range(len(image)):
        batch = stack(padded, plane, planes.step)[None]
        if settings["mirrored"]:
            batch = np.concatenate([batch, planes.mirrored(batch, 1)])
        logits = network(np.ascontiguousarray(batch))
        runtime.require_numbers(logits, card)
        both = softmax(np.moveaxis(logits, 1, 0))[1:]
        if settings["mirrored"]:
            both[:, 1] = planes.mirrored(both[:, 1], 0)
        shares[plane] = both[0].mean(axis=0)[:rows, :columns]
        run.step(plane + 1, len(image))
    return shares


def _require_memory(planes: Planes, grid: VolumeGrid) -> None:
    first, second = planes.inside
    shown = planes.across.other_size * first.other_size * second.other_size
    between = planes.across.size * first.other_size * second.size
    needed = 4.0 * (4 * np.prod(grid.shape) + 4 * shown + between)
    free = psutil.virtual_memory().available
    if needed > free:
        raise Refused(
            "SV-RUN-007",
            f"Segmenting this scan needs {needed / 1e9:.1f} GB and this server has "
            f"{free / 1e9:.1f} GB free; crop the scan.",
        )
