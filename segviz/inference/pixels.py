"""Pixel classifiers learnt from strokes: on scenes tile by tile, on volumes plane by plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from segviz.grid import Window
from segviz.image import Image, Scene, Volume
from segviz.inference import runtime, slices
from segviz.inference.catalog import Card
from segviz.inference.landcover import TAKEN_AS_STORED, Labelling
from segviz.inference.run import Run
from segviz.inference.scenes import label_scene, mirrored, read_tile

Values = NDArray[np.float32]
Cells = NDArray[np.int64]

CORE = 512
PLANES = 3
"""A plane of a volume is seen with the one before and the one after it, as three bands."""


class Pieces(Protocol):
    """An image as flat pieces that a pixel network is given, mirrored beyond its edges.

    Attributes:
        bands: of a piece.
        shape: rows and columns of a plane; a scene is one plane.
    """

    @property
    def bands(self) -> int: ...

    @property
    def shape(self) -> tuple[int, int]: ...

    def positions(self, cells: Cells) -> tuple[Cells, Cells, Cells]:
        """(plane, row, column) of flat native cells."""
        ...

    def read(self, plane: int, outer: Window) -> tuple[Values, NDArray[np.bool_]]:
        """Values [band, row, column], and where they are valid."""
        ...


@dataclass(frozen=True, eq=False)
class ScenePieces:
    """Windows of a scene.

    Attributes:
        chosen: 0-based bands.
    """

    scene: Scene
    chosen: tuple[int, ...]

    @property
    def bands(self) -> int:
        return len(self.chosen)

    @property
    def shape(self) -> tuple[int, int]:
        return self.scene.grid.shape

    def positions(self, cells: Cells) -> tuple[Cells, Cells, Cells]:
        rows, columns = np.divmod(cells, self.shape[1])
        return np.zeros_like(cells), rows, columns

    def read(self, plane: int, outer: Window) -> tuple[Values, NDArray[np.bool_]]:
        values, valid = read_tile(self.scene, outer, self.chosen)
        return values.astype(np.float32), valid


@dataclass(frozen=True, eq=False)
class VolumePieces:
    """Planes of a volume across its thickest axis (axial where none is thick), each with its
    neighbours.

    CT is taken in HU; others are scaled by their median, since their units differ by the day.
    """

    volume: Volume
    bands: int = PLANES

    @property
    def axis(self) -> int:
        """Canonical, across the planes."""
        return slices.across_axis(self.volume.grid.canonical)

    @cached_property
    def stack(self) -> Values:
        """[plane, row, column]"""
        values = self.volume.grid.to_canonical(self.volume.data).astype(np.float32)
        if self.volume.channel.upper() != "CT":
            values = slices.by_median(values)
        return np.moveaxis(values, self.axis, 0)

    @property
    def shape(self) -> tuple[int, int]:
        return self.stack.shape[1], self.stack.shape[2]

    def positions(self, cells: Cells) -> tuple[Cells, Cells, Cells]:
        grid = self.volume.grid
        where = np.unravel_index(grid.canonical_index(cells), grid.canonical.shape, order="F")
        row, column = (along for axis, along in enumerate(where) if axis != self.axis)
        return where[self.axis], row, column

    def read(self, plane: int, outer: Window) -> tuple[Values, NDArray[np.bool_]]:
        planes = np.clip([plane - 1, plane, plane + 1], 0, len(self.stack) - 1)
        rows, columns = (
            mirrored(start, stop, 0, size)
            for (start, stop), size in zip((outer[:2], outer[2:]), self.shape, strict=True)
        )
        values = self.stack[planes[:, None, None], rows[:, None], columns]
        return values, np.ones(values.shape[1:], bool)


def pieces(image: Image, channels: Sequence[str]) -> tuple[Pieces, str]:
    """An image in pieces, its bands those a model learnt from, and a sentence on how they match."""
    if isinstance(image, Volume):
        return VolumePieces(image), ""
    bands, said = match_bands(image.channels, channels)
    return ScenePieces(image, tuple(bands)), said


def match_bands(channels: Sequence[str], wanted: Sequence[str]) -> tuple[list[int], str]:
    """The bands with the same names, else the first ones in file order, which is then said."""
    if all(wanted) and len(set(wanted)) == len(wanted) and set(wanted) <= set(channels):
        return [list(channels).index(name) for name in wanted], ""
    return list(range(len(wanted))), "Bands were taken in file order, because their names differ."


def labelling(network: nn.Module, card: Card) -> nn.Module:
    """What ``runtime.choose`` puts around a pixel network; its variances need f32."""
    return Labelling(network, Tensor.float)


def classifier(card: Card, run: Run) -> Callable[[NDArray[np.generic]], NDArray[np.uint8]]:
    """Labels [row, column] of values [band, row, column]; wrong within the halo of the edge."""
    labels = np.array(card.metadata["pixel_input"]["labels"], np.uint8)
    with run.stage("load"):
        network = runtime.choose(card, run.device, labelling, exact=True)
    run.runtime = network.name

    def classify(values: NDArray[np.generic]) -> NDArray[np.uint8]:
        if values.dtype not in TAKEN_AS_STORED:
            values = values.astype(np.float32, copy=False)
        best, mean = network.outputs(np.ascontiguousarray(values)[None])
        runtime.require_numbers(mean, card)
        labelled: NDArray[np.uint8] = labels.take(best[0])
        return labelled

    return classify


def label_pixels(
    scene: Scene, card: Card, out: NDArray[np.uint8], run: Run, window: Window | None
) -> NDArray[np.int64]:
    """Write labels into ``out`` of the whole scene; returns the number of pixels of each label."""
    bands, said = match_bands(scene.channels, card.channels)
    run.notes += [said] if said else []
    halo = card.metadata["pixel_input"]["halo"]
    return label_scene(
        scene, classifier(card, run), out, bands, run, window=window, core=CORE, halo=halo
    )


def label_planes(volume: Volume, card: Card, run: Run) -> NDArray[np.uint8]:
    """Labels on the volume's native grid."""
    settings: dict[str, Any] = card.metadata["pixel_input"]
    halo = settings["halo"]
    classify = classifier(card, run)
    planes = VolumePieces(volume)
    with run.stage("prepare"):
        count = len(planes.stack)
    rows, columns = planes.shape
    labels = np.zeros((count, rows, columns), np.uint8)
    for plane in range(count):
        with run.stage("network"):
            values, _ = planes.read(plane, (-halo, rows + halo, -halo, columns + halo))
            labels[plane] = classify(values)[halo : halo + rows, halo : halo + columns]
        run.step(plane + 1, count)
    canonical = np.moveaxis(labels, 0, planes.axis)
    return np.ascontiguousarray(volume.grid.from_canonical(canonical))
