"""Networks on slices with their neighbours (2.5-D): for scans whose slices are thick.

A slice and those about ``apart_mm`` above and below it are the channels of one 2-D image; where the
card says ``opposite_mm``, the other side of the head, blurred by it, is a fourth. Thin slices are
first averaged to thick ones, half of that distance apart, so that a 1 mm scan looks as those the
network knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.grid import VolumeGrid, box_of
from segviz.image import Volume
from segviz.inference import runtime
from segviz.inference.catalog import Card
from segviz.inference.opposite import opposite
from segviz.inference.probability import to_bytes
from segviz.inference.resample import along_axes, axis_weights
from segviz.inference.run import Run, require_memory
from segviz.inference.runtime import Runtime
from segviz.inference.volumes import AIR, MARGIN, TINY, Axis, low_and_bright, softmax
from segviz.inference.windows import round_up

Field = NDArray[np.float32]

AXIAL = 2
THICK = 1.5
"""Slices are thick where they lie this many times further apart than pixels."""

SLAB = 8
"""Native slices that are brought back at once."""


def across_axis(grid: VolumeGrid) -> int:
    """Across the slices of a canonical grid: the thickest axis, axial where none is thick."""
    spacing = grid.spacing_mm
    thickest = int(np.argmax(spacing))
    return thickest if spacing[thickest] > THICK * min(spacing) else AXIAL


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
        """Of a canonical grid."""
        spacing, axis = grid.spacing_mm, across_axis(grid)
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

    def channels(self, image: Field, opposite_mm: float | None) -> Field:
        """[slice, channel, a, b] of [slice, a, b]; see the module."""
        stacks = np.stack([stack(image, plane, self.step) for plane in range(len(image))])
        if opposite_mm is None:
            return stacks
        spacing = (self.across.other_mm, *(axis.other_mm for axis in self.inside))
        other = opposite(image, spacing, 0 if self.axis == 0 else 1, opposite_mm)
        return np.concatenate([stacks, other[:, None]], axis=1)

    def mirrored(self, batch: Field) -> Field:
        """[n, channel, a, b] of the mirrored head: in sagittal slices the neighbours change places,
        in others the columns. One channel alone is a result, which has no neighbours."""
        if self.axis != 0:
            return batch[:, :, ::-1]
        return batch[:, [2, 1, 0, *range(3, batch.shape[1])]] if batch.shape[1] > 1 else batch

    def native(self, shares: Field, box: tuple[slice, ...]) -> Iterator[tuple[slice, Field]]:
        """Slabs (native slices, values [slice, a, b]) of shares that fill a box of the slices."""
        across = self.across.back()
        inside = [axis.back()[:, part] for axis, part in zip(self.inside, box, strict=True)]
        for start in range(0, self.across.size, SLAB):
            slab = slice(start, start + SLAB)
            yield slab, along_axes(shares, [across[slab], *inside])


@dataclass(frozen=True, eq=False)
class Seen:
    """What a network saw in a volume.

    Attributes:
        shares: [slice, a, b] probability of label 1, in a box of the shown slices.
        box: of the last two axes.
        planes: how the volume was cut.
        grid: native grid of the volume.
    """

    shares: Field
    box: tuple[slice, ...]
    planes: Planes
    grid: VolumeGrid

    def native(self, surely: Mapping[str, float] | None = None) -> NDArray[np.uint8]:
        """Probability as bytes [i, j, k], of the pieces that ``sure_pieces`` leaves."""
        shares = sure_pieces(self.shares, **surely) if surely else self.shares
        found = np.zeros(self.grid.canonical.shape, np.uint8)
        moved = np.moveaxis(found, self.planes.axis, 0)
        for slab, part in self.planes.native(shares, self.box):
            moved[slab] = to_bytes(part)
        return np.ascontiguousarray(self.grid.from_canonical(found))


def find(volume: Volume, card: Card, run: Run) -> NDArray[np.uint8]:
    """Probability of label 1, as bytes, on the volume's native grid.

    Raises:
        Refused: too large for the memory there is (SV-RUN-007), or no numbers (SV-RUN-004).
    """
    with run.stage("load"):
        network = runtime.choose(card, run.device)
    seen = look(network, volume, card, run)
    with run.stage("back to the native grid"):
        return seen.native(card.metadata["volume_input"].get("surely"))


def look(network: Runtime, volume: Volume, card: Card, run: Run) -> Seen:
    """Run the card's network, or a member of it, over the slices."""
    settings: dict[str, Any] = card.metadata["volume_input"]
    planes = Planes.of(volume.grid.canonical, settings)
    require_memory(_bytes_needed(planes, volume.grid))
    run.runtime = network.name
    with run.stage("prepare"):
        values = volume.grid.to_canonical(volume.data).astype(np.float32)
        image = planes.shown(by_median(values))
        _, *box = box_of(image > AIR, MARGIN)
        channels = planes.channels(image, settings.get("opposite_mm"))
    with run.stage("network"):
        shares = plane_shares(channels[:, :, *box], planes, network, card, run)
    return Seen(shares, tuple(box), planes, volume.grid)


def sure_pieces(shares: Field, piece: float, peak: float) -> Field:
    """Only pieces that reach a peak somewhere; the others become 0.

    Args:
        shares: probabilities [slice, a, b].
        piece: touching cells from this probability on are a piece.
        peak: the least largest probability of a piece that is kept.
    """
    pieces, count = ndimage.label(shares >= piece, np.ones((3, 3, 3), bool))
    peaks = ndimage.maximum(shares, pieces, np.arange(count + 1))
    kept = np.asarray(peaks) >= peak
    kept[0] = True
    sure: Field = np.where(kept[pieces], shares, 0).astype(np.float32)
    return sure


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


def plane_shares(channels: Field, planes: Planes, network: Runtime, card: Card, run: Run) -> Field:
    """Probability [slice, a, b] of class 1, the mean with the mirror image where the card says."""
    settings: dict[str, Any] = card.metadata["volume_input"]
    count, _, rows, columns = channels.shape
    edges = [round_up(n, settings["multiple"]) - n for n in (rows, columns)]
    padded = np.pad(channels, [(0, 0), (0, 0), *((0, edge) for edge in edges)])
    shares = np.empty((count, rows, columns), np.float32)
    for plane, single in enumerate(padded):
        batch = single[None]
        if settings["mirrored"]:
            batch = np.concatenate([batch, planes.mirrored(batch)])
        logits = network(np.ascontiguousarray(batch))
        runtime.require_numbers(logits, card)
        both = softmax(np.moveaxis(logits, 1, 0))[1][:, None]
        if settings["mirrored"]:
            both = (both[:1] + planes.mirrored(both[1:])) / 2
        shares[plane] = both[0, 0, :rows, :columns]
        run.step(plane + 1, count)
    return shares


def _bytes_needed(planes: Planes, grid: VolumeGrid) -> float:
    first, second = planes.inside
    shown = planes.across.other_size * first.other_size * second.other_size
    between = planes.across.size * first.other_size * second.size
    return 4.0 * (4 * math.prod(grid.shape) + 12 * shown + between)
