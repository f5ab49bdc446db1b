"""Networks that know one small structure of the head from boxes around it.

In a scan of a whole head another model finds the structure on each side, roughly, and the network
is shown a box around it. A scan with a small field of view is taken for such a box itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz import settings
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import catalog, runtime, volumes
from segviz.inference.catalog import Card
from segviz.inference.resample import along_axes, axis_weights
from segviz.inference.run import Run
from segviz.inference.runtime import Runtime
from segviz.inference.volumes import largest_class, largest_component, softmax
from segviz.inference.windows import round_up

Field = NDArray[np.float32]
Labels = NDArray[np.uint8]

Point = tuple[float, ...]
"""In voxels of a canonical grid."""

FAR_MM = 8.0
"""The network still finds what lies this far from the middle of its box."""

SAME = 1e-3
"""Cells are as long as voxels where they differ by less than this share."""

NONE_FOUND = "None found: no {} in this scan, so the volume is 0.0 ml."


@dataclass(frozen=True)
class Region:
    """What a card says of the structure (``volume_input.region``).

    Attributes:
        finder: name of the model that finds it in a whole head.
        structure: how the finder's labels of it begin; each such label is a region of its own, and
            what follows is its side.
        side: which side the network knows; the other one is shown to it as a mirror image.
        box_mm: edges of the box around it: right-left, back-front, bottom-top.
        crop_mm: a scan with no edge longer than this is a crop of one region.
        least_ml: less than this is nothing.
    """

    finder: str
    structure: str
    side: str
    box_mm: tuple[float, float, float]
    crop_mm: float
    least_ml: float

    @classmethod
    def of(cls, card: Card) -> Region:
        said: Mapping[str, Any] = card.metadata["volume_input"]["region"]
        a, b, c = said["box_mm"]
        return cls(
            said["finder"],
            said["structure"],
            said["side"],
            (a, b, c),
            said["crop_mm"],
            said["least_ml"],
        )


@dataclass(frozen=True)
class Lattice:
    """Cells of a network around a point of a canonical grid.

    Attributes:
        shape: cells along each axis.
        step: edge of a cell in voxels of the grid, along each axis.
        center: position of its middle in voxels of the grid.
        size: voxels of the grid along each axis.
    """

    shape: tuple[int, ...]
    step: tuple[float, ...]
    center: Point
    size: tuple[int, ...]

    @classmethod
    def around(
        cls,
        grid: VolumeGrid,
        center: Point,
        box_mm: tuple[float, ...],
        spacing_mm: float,
        multiple: int,
    ) -> Lattice:
        """Covers at least ``box_mm``, with edges that are multiples.

        Where cells are as long as voxels they are laid onto them, so that nothing is interpolated.
        """
        shape = tuple(round_up(max(1, round(edge / spacing_mm)), multiple) for edge in box_mm)
        step = tuple(spacing_mm / spacing for spacing in grid.spacing_mm)
        laid = [
            round(at - (n - 1) / 2) + (n - 1) / 2 if abs(edge - 1) < SAME else at
            for at, n, edge in zip(center, shape, step, strict=True)
        ]
        return cls(shape, step, tuple(laid), grid.shape)

    def there(self, values: NDArray[np.generic]) -> Field:
        """Values of the grid in the lattice's cells; held where the grid ends."""
        weights = [
            axis_weights(size, (np.arange(n) - (n - 1) / 2) * step + center, 0.75 * step)
            for n, step, center, size in zip(
                self.shape, self.step, self.center, self.size, strict=True
            )
        ]
        used = [np.flatnonzero(matrix.any(axis=0)) for matrix in weights]
        part = tuple(slice(voxels[0], voxels[-1] + 1) for voxels in used)
        cut = [matrix[:, voxels] for matrix, voxels in zip(weights, part, strict=True)]
        return along_axes(values[part].astype(np.float32), cut)

    def inside(self) -> tuple[slice, ...]:
        """The voxels of the grid whose centres lie in the lattice."""
        part = []
        for n, step, center, size in zip(
            self.shape, self.step, self.center, self.size, strict=True
        ):
            first, last = center - n * step / 2, center + n * step / 2
            part.append(slice(max(0, int(np.ceil(first))), min(size, int(np.floor(last)) + 1)))
        return tuple(part)

    def back(self) -> tuple[Field, Field, Field]:
        """Weights [voxel, cell] of linear interpolation, of the voxels ``inside``."""
        a, b, c = (
            axis_weights(n, (np.arange(part.start, part.stop) - center) / step + (n - 1) / 2)
            for n, step, center, part in zip(
                self.shape, self.step, self.center, self.inside(), strict=True
            )
        )
        return a, b, c

    def position(self, cell: NDArray[np.float64]) -> Point:
        """Where a position in cells lies in voxels of the grid."""
        return tuple(
            float((at - (n - 1) / 2) * step + center)
            for at, n, step, center in zip(cell, self.shape, self.step, self.center, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Found:
    """Shares [class without background, a, b, c] of the structure's one piece on a lattice."""

    lattice: Lattice
    shares: Field

    @property
    def sureness(self) -> float:
        """Sum of the shares; a mirror image is seen less clearly and gives less."""
        return float(self.shares.sum())

    def ml(self, grid: VolumeGrid) -> float:
        """Of what is more likely the structure than not."""
        cell = grid.voxel_volume_ml * float(np.prod(self.lattice.step))
        return float((self.shares.sum(axis=0) > 0.5).sum()) * cell

    def center(self) -> Point:
        """Middle of the piece in voxels of the grid."""
        cells = np.argwhere(self.shares.sum(axis=0) > 0.5)
        return self.lattice.position((cells.min(axis=0) + cells.max(axis=0)) / 2)


def label_volume(volume: Volume, card: Card, run: Run) -> Labels:
    """Labels on the volume's native grid; all 0, with a note, where the structure is not found.

    Raises:
        Refused: too large for the memory there is (SV-RUN-007), or no numbers (SV-RUN-004).
    """
    region = Region.of(card)
    places = crop_places(volume.grid.canonical, region) or find(volume, region, run)
    with run.stage("load"):
        network = runtime.choose(card, run.device)
    run.runtime = network.name
    with run.stage("network"):
        labels = label_places(volume, places, network, card, run)
    if not labels.any():
        names = " or ".join(label.name for label in card.legend)
        run.notes.append(NONE_FOUND.format(names))
    return labels


def label_places(
    volume: Volume, places: dict[str, list[Point]], network: Runtime, card: Card, run: Run
) -> Labels:
    """Labels on the native grid of what the network sees around the places, with notes of the ml.

    Args:
        places: side -> where boxes are laid to look for the structure.
    """
    grid = volume.grid.canonical
    values = volume.grid.to_canonical(volume.data)
    labels = np.zeros(grid.shape, np.uint8)
    for done, (side, centers) in enumerate(places.items(), 1):
        found = search(values, grid, side, centers, network, card)
        if found is not None:
            run.notes.append(amounts(put(labels, found), grid, card, side))
        run.step(done, len(places))
    return np.ascontiguousarray(volume.grid.from_canonical(labels))


def crop_places(grid: VolumeGrid, region: Region) -> dict[str, list[Point]]:
    """Where boxes are laid in a crop: its middle, and its ends where it is much longer than a box.

    Empty where the scan is no crop.
    """
    edges = tuple(n * mm for n, mm in zip(grid.shape, grid.spacing_mm, strict=True))
    if max(edges) > region.crop_mm:
        return {}
    along = []
    for n, mm, edge, box in zip(grid.shape, grid.spacing_mm, edges, region.box_mm, strict=True):
        spare = (edge - box) / 2
        shifts = (0.0, -spare, spare) if spare > FAR_MM else (0.0,)
        along.append([(n - 1) / 2 + shift / mm for shift in shifts])
    return {"": list(product(*along))}


def search(
    values: NDArray[np.generic],
    grid: VolumeGrid,
    side: str,
    centers: list[Point],
    network: Runtime,
    card: Card,
) -> Found | None:
    """The surest find of boxes around the centres, in a box that is laid around it once more.

    Args:
        side: of the head; where it is not known the box is shown as it is and mirrored.
    """
    region = Region.of(card)

    def around(center: Point, mirrored: bool) -> Found:
        return look(values, lay(grid, center, region, card), network, card, mirrored)

    ways = (side != region.side,) if side else (False, True)
    best = max((around(*way) for way in product(centers, ways)), key=lambda found: found.sureness)
    if best.ml(grid) >= region.least_ml:
        best = max((around(best.center(), way) for way in ways), key=lambda found: found.sureness)
    return best if best.ml(grid) >= region.least_ml else None


def find(volume: Volume, region: Region, run: Run) -> dict[str, list[Point]]:
    """Side -> middle of the region's largest piece there, in voxels of the canonical grid.

    Sides without at least ``region.least_ml`` are left out.
    """
    finder = catalog.card(settings.load(), region.finder)
    catalog.verify(finder)
    labels = volume.grid.to_canonical(volumes.label_volume(volume, finder, run))
    places: dict[str, list[Point]] = {}
    for label in finder.legend:
        if label.name.startswith(region.structure):
            piece = largest_component(labels == label.value)
            if piece.sum() * volume.grid.voxel_volume_ml >= region.least_ml:
                side = label.name.removeprefix(region.structure).strip(", ")
                box = ndimage.find_objects(piece.astype(np.uint8))[0]
                places[side] = [tuple((edge.start + edge.stop - 1) / 2 for edge in box)]
    return places


def lay(grid: VolumeGrid, center: Point, region: Region, card: Card) -> Lattice:
    """The card's box around a point of a canonical grid."""
    known = card.metadata["volume_input"]
    return Lattice.around(grid, center, region.box_mm, known["spacing_mm"], known["multiple"])


def look(
    values: NDArray[np.generic], lattice: Lattice, network: Runtime, card: Card, mirrored: bool
) -> Found:
    """What the network sees in the lattice or its left-right mirror image; one piece is kept."""
    turn = np.s_[..., ::-1, :, :] if mirrored else np.s_[...]
    image = scale(lattice.there(values))
    logits = network(with_places(image[turn])[None])
    runtime.require_numbers(logits, card)
    shares = softmax(logits[0])[1:][turn]
    return Found(lattice, shares * largest_component(shares.sum(axis=0) > 0.5))


def put(labels: Labels, found: Found) -> Labels:
    """Write the largest class into the voxels that the lattice covers, and return it there.

    Where two boxes overlap, what is labelled already stays.
    """
    part = labels[found.lattice.inside()]
    native = np.where(part == 0, largest_class(along_axes(found.shares, found.lattice.back())), 0)
    part[native > 0] = native[native > 0]
    return native


def amounts(labels: Labels, grid: VolumeGrid, card: Card, side: str) -> str:
    """A sentence with the ml of each label."""
    parts = [
        f"{label.name} {(labels == label.value).sum() * grid.voxel_volume_ml:.2f} ml"
        for label in card.legend
    ]
    sentence = ", ".join(parts)
    return f"{side}: {sentence}.".lstrip(": ").capitalize()


def scale(values: Field) -> Field:
    """0 at the median of a box, 1 at its 95th percentile, which lies in white matter."""
    middle, high = np.percentile(values, (50, 95))
    scaled: Field = np.clip((values - middle) / max(float(high - middle), 1e-6), -2, 4)
    return scaled.astype(np.float32)


def with_places(image: Field) -> Field:
    """[4, a, b, c]: a box, and how far each cell lies from the middle in half edges.

    Where the structure usually lies in its box is learnt at once from these.
    """
    places = [np.linspace(-1, 1, n, dtype=np.float32) for n in image.shape]
    return np.stack(
        [image, *np.broadcast_arrays(*np.meshgrid(*places, indexing="ij", sparse=True))]
    )
