"""Pictures for the models' cards: each model at work, and where it fails.

Made from what may be shown to anybody: nilearn's MNI152 average brain (BSD), tumours drawn into it,
and the Sentinel-2 series over Romania. What is said of a picture is measured on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from segviz.change import align
from segviz.demo import landscape, lesion, romania, summers
from segviz.demo.make import TREE_COVER_PERCENT
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import pictures, predict
from segviz.inference.catalog import Card
from segviz.inference.pictures import Picture
from segviz.io import geotiff, nrt
from segviz.mask import Label, Legend, Mask
from segviz.render import slices, stretch
from segviz.render.picture import webp

Pixels = NDArray[np.uint8]
Bits = NDArray[np.bool_]
Views = tuple[tuple[slices.Plane, float], ...]

WIDTH, HEIGHT = 600, 360
GAP = 4
MNI152 = "MNI152 average brain (nilearn, BSD)"
COPERNICUS = (
    "Contains modified Copernicus Sentinel data 2015-2021 and Copernicus tree cover density 2018, "
    "from the package nrt (European Union, EUPL-1.2)"
)
HIPPOCAMPUS = (-27.0, -21.0, -16.0)
"""The middle of the left one in the MNI152 brain, R A S in mm."""

AROUND_MM = 34.0
ADDED = 1000
"""What ESA adds to every value since processing baseline 04.00."""

WRONG = Legend((Label(1, "too much", "#D55E00"), Label(2, "missed", "#56B4E9")))


@dataclass(frozen=True, eq=False)
class Plate:
    """Pixels [row, column, 3], what they show and whose data they were made from."""

    pixels: Pixels
    caption: str
    credit: str


class Material:
    """What pictures are made from, each read or drawn once.

    Args:
        folder: where the Sentinel-2 series is kept, or fetched to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def brain(self) -> tuple[VolumeGrid, NDArray[np.float32]]:
        return lesion.template()

    @cached_property
    def growth(self) -> NDArray[np.float32]:
        return lesion.growth(*self.brain)

    def head(self, data: NDArray[np.generic]) -> Volume:
        return Volume(self.brain[0], data, channel="MR", window=(0.0, float(np.max(data))))

    def tumour(self, visit: lesion.Visit) -> tuple[Volume, Bits]:
        """A scan after contrast agent, and where its tumour is."""
        truth = lesion.tumour(self.growth, round(visit.volume_ml * 1000))
        scan = lesion.scan(self.brain[1], truth, visit)
        return Volume(self.brain[0], scan, channel="MR", window=(0.0, 1000.0)), truth

    @cached_property
    def wheel(self) -> Path:
        return romania.fetch(self._folder)

    @cached_property
    def cube(self) -> nrt.Cube:
        return nrt.read_cube(self.wheel)

    @cached_property
    def trees(self) -> Bits:
        """Where trees cover half of the ground or more in 2018, on the cube's grid."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "cover.tif"
            romania.write_tree_cover(self.wheel, path)
            scene = geotiff.open_scene(path, {})
            (percent,), valid = scene.read((0, scene.grid.shape[0], 0, scene.grid.shape[1]))
        labels = np.where(valid & (percent >= TREE_COVER_PERCENT), 1, 0).astype(np.uint8)
        moved = align.nearest(Mask(scene.grid, labels, summers.LEGEND), self.cube.grid)
        return np.asarray(moved.data == 1)

    def land(self, year: int, card: Card) -> tuple[Pixels, Pixels]:
        """Natural colours of a summer, and a model's labels."""
        summer = romania.summer(self.cube, year)
        labels = np.zeros(self.cube.grid.shape, np.uint8)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "summer.tif"
            geotiff.write_scene(
                summer.reflectance, self.cube.grid, path, summers.BANDS, summer.when, nodata=0
            )
            predict.segment_scene(geotiff.open_scene(path, {}), card, labels)
        red, green, blue = (summer.reflectance[summers.BANDS.index(b)] for b in ("B4", "B3", "B2"))
        colours = [stretch.to_uint8(b, *stretch.percentiles(b)) for b in (red, green, blue)]
        return np.dstack(colours), labels


Draw = Callable[[Card, Material], tuple[Plate, Plate]]


def make(card: Card, material: Material, folder: Path) -> None:
    """Draw the pictures of a model of ``GALLERY`` into a folder."""
    example, failure = GALLERY[card.name](card, material)
    kinds: tuple[tuple[pictures.Kind, Plate], ...] = (("example", example), ("failure", failure))
    drawn = [(kind, plate, webp(plate.pixels)) for kind, plate in kinds]
    pictures.keep(
        folder,
        card.sha256,
        [
            (Picture.of(kind, plate.caption, plate.credit, plate.pixels.shape, body), body)
            for kind, plate, body in drawn
        ],
    )


def brain_anatomy(card: Card, material: Material) -> tuple[Plate, Plate]:
    average = material.head(material.brain[1])
    found = predict.segment_volume(average, card).mask
    scan, tumour = material.tumour(lesion.VISITS[-1])
    drawn = predict.segment_volume(scan, card).mask
    shares = np.bincount(drawn.data[tumour], minlength=256) / tumour.sum()
    most = [
        f"{shares[label]:.0%} as {card.legend[int(label)].name if label else 'background'}"
        for label in np.argsort(shares)[:-3:-1]
    ]
    return (
        Plate(
            planes(average, found, (("axial", 8.0), ("coronal", -18.0))),
            f"The average of 152 brains at 1 mm, in {len(card.legend)} labels.",
            MNI152,
        ),
        Plate(
            planes(scan, drawn, (("axial", 30.0), ("coronal", -12.0))),
            f"A tumour drawn into it ({tumour.sum() / 1000:.1f} ml): it never learnt of any "
            f"and paints {' and '.join(most)}.",
            f"{MNI152}, simulated tumour",
        ),
    )


def enhancing_tumour(card: Card, material: Material) -> tuple[Plate, Plate]:
    visit = lesion.VISITS[1]
    scan, tumour = material.tumour(visit)
    found = predict.segment_volume(scan, card).mask
    dark = np.where(tumour, 0.45, 1.0) * material.brain[1]
    plain = material.head((dark * 750).astype(np.float32))
    missed = predict.segment_volume(plain, card).mask
    views: Views = (("axial", 30.0), ("coronal", -12.0))
    return (
        Plate(
            planes(scan, found, views),
            f"A simulated tumour of {tumour.sum() / 1000:.1f} ml at 1 mm: "
            f"{volume_ml(found):.1f} ml found, Dice {dice(found.data == 1, tumour):.2f}.",
            f"{MNI152}, simulated tumour",
        ),
        Plate(
            planes(plain, missed, views),
            f"The same tumour without contrast agent: {volume_ml(missed):.1f} of "
            f"{tumour.sum() / 1000:.1f} ml found. It draws what takes up contrast agent and "
            "nothing else of a tumour.",
            f"{MNI152}, simulated tumour",
        ),
    )


def hippocampus(card: Card, material: Material) -> tuple[Plate, Plate]:
    tissue = material.brain[1]
    average = material.head(tissue)
    turned = material.head(np.where(tissue > 0, 1.1 - tissue, 0).astype(np.float32))
    right, wrong = (predict.segment_volume(scan, card).mask for scan in (average, turned))
    views: Views = (("coronal", HIPPOCAMPUS[1]), ("sagittal", HIPPOCAMPUS[0]))
    parts = ", ".join(
        f"{label.name} {volume_ml(right, label.value):.2f} ml" for label in card.legend
    )
    return (
        Plate(
            planes(average, right, views, HIPPOCAMPUS),
            f"The average of 152 brains, both sides together: {parts}.",
            MNI152,
        ),
        Plate(
            planes(turned, wrong, views, HIPPOCAMPUS),
            f"The same brain with dark and bright exchanged, as T2 has them: "
            f"{volume_ml(wrong):.2f} ml found, Dice {dice(wrong.data > 0, right.data > 0):.2f} "
            "with the mask of the other picture. It knows T1 alone.",
            MNI152,
        ),
    )


def otsu(card: Card, material: Material) -> tuple[Plate, Plate]:
    even = "One threshold tells the brain from the dark around it and from its fluid."
    uneven = "Where the coil sees one side brighter, the same threshold cuts the other side away."
    return classical(card, material, even, uneven)


def k_means(card: Card, material: Material) -> tuple[Plate, Plate]:
    even = (
        "Four groups of brightness: outside, fluid, grey and white matter come out by themselves."
    )
    uneven = "Where the coil sees one side brighter, groups follow the coil and not the tissue."
    return classical(card, material, even, uneven)


def classical(card: Card, material: Material, even: str, uneven: str) -> tuple[Plate, Plate]:
    """A method fitted to the image itself: on even brightness, and on uneven."""
    tissue = material.brain[1]
    shade = np.linspace(1.6, 0.4, tissue.shape[0], dtype=np.float32)[:, None, None]
    views: Views = (("axial", 8.0), ("coronal", -18.0))
    plates = []
    for data, caption in ((tissue, even), (tissue * shade, uneven)):
        scan = material.head(data)
        mask = predict.segment_volume(scan, card).mask
        plates.append(Plate(planes(scan, mask, views), caption, MNI152))
    return plates[0], plates[1]


def forest_learnt_from(card: Card, material: Material) -> tuple[Plate, Plate]:
    """Forest on the ground that the members learnt from, each from one half of it."""
    example, failure = forest(card, material)
    said = " Each of its two members learnt from one half of this ground."
    return replace(example, caption=example.caption + said), failure


def forest(card: Card, material: Material) -> tuple[Plate, Plate]:
    colours, labels = material.land(nrt.MAPPED.year, card)
    label = next(label.value for label in card.legend if label.name == "forest")
    found, trees = labels == label, material.trees
    wrong = np.where(found & ~trees, 1, np.where(~found & trees, 2, 0)).astype(np.uint8)
    overlap = np.count_nonzero(found & trees) / np.count_nonzero(found | trees)
    shares = [np.count_nonzero(wrong == which) / wrong.size for which in (1, 2)]
    return (
        Plate(
            beside(colours, overlaid(colours, found.astype(np.uint8), forest_legend(card, label))),
            f"Carpathians, summer {nrt.MAPPED.year}, 1 km: IoU {overlap:.2f} with the "
            f"Copernicus map of trees on at least {TREE_COVER_PERCENT} % of the ground.",
            COPERNICUS,
        ),
        Plate(
            beside(colours, overlaid(colours, wrong, WRONG)),
            f"Against the same map, orange is called forest where there is less ({shares[0]:.0%} "
            f"of the ground), blue is missed ({shares[1]:.0%}).",
            COPERNICUS,
        ),
    )


def land_cover(card: Card, material: Material) -> tuple[Plate, Plate]:
    right, shares = drawn_land(card, {})
    wrong, missed = drawn_land(card, {"offset": "0"})
    listed = ", ".join(
        f"{name} {shares[name]:.0%}" for name in ("trees", "water", "grass", "crops", "built")
    )
    return (
        Plate(
            right,
            f"A drawn landscape in nine bands with the 1000 of newer scenes added, which is found "
            f"and taken off. Of the pixels drawn as such it names {listed}.",
            "Drawn by segviz",
        ),
        Plate(
            wrong,
            f"The same pixels where the reader says that nothing was added: of the trees "
            f"{missed['trees']:.0%} are left. Leave the question of the offset to the scene.",
            "Drawn by segviz",
        ),
    )


def drawn_land(card: Card, options: Mapping[str, str]) -> tuple[Pixels, dict[str, float]]:
    """The drawn landscape beside its labels, and the share of each cover that was named so."""
    values = landscape.scene() + np.uint16(ADDED)
    labels = np.zeros(landscape.SHAPE, np.uint8)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.tif"
        when = date(2024, 7, 15)
        geotiff.write_scene(values, landscape.GRID, path, landscape.BANDS, when, nodata=0)
        predict.segment_scene(geotiff.open_scene(path, {}), card, labels, options=options)
    drawn = landscape.covers()
    names = {label.name: label.value for label in card.legend}
    shares = {
        same: float((labels[drawn == position] == names[same]).mean())
        for position, cover in enumerate(landscape.COVERS)
        if (same := {"roofs": "built"}.get(cover, cover)) in names
    }
    colours = np.dstack([stretch.to_uint8(values[band], ADDED, ADDED + 2400) for band in (2, 1, 0)])
    return beside(colours, overlaid(colours, labels, card.legend)), shares


def forest_legend(card: Card, label: int) -> Legend:
    return Legend((Label(1, "forest", card.legend[label].color),))


GALLERY: Mapping[str, Draw] = {
    "brain-anatomy-mr": brain_anatomy,
    "enhancing-tumour-t1c": enhancing_tumour,
    "forest-rgb": forest,
    "forest-sentinel2": forest_learnt_from,
    "hippocampus-t1": hippocampus,
    "k-means": k_means,
    "land-cover-sentinel2": land_cover,
    "otsu": otsu,
}


def planes(
    volume: Volume, mask: Mask, views: Views, middle: tuple[float, float, float] | None = None
) -> Pixels:
    """Slices side by side, each as large as its part of the plate allows.

    Args:
        middle: R A S in mm of what to show from near; all of the head when None.
    """
    grid = volume.grid
    values, labels = grid.to_canonical(volume.data), grid.to_canonical(mask.data)
    width = (WIDTH - GAP * (len(views) - 1)) // len(views)
    low, high = volume.window or stretch.default_window(volume.data)
    parts = []
    for plane, mm in views:
        grey = stretch.to_uint8(slices.plane(values, grid.canonical, plane, mm), low, high)
        cut = slices.plane(labels, grid.canonical, plane, mm)
        box = filled(grey) if middle is None else around(grid, plane, middle)
        spacing = [
            s for axis, s in enumerate(grid.canonical.spacing_mm) if axis != slices.AXIS[plane]
        ]
        shape = fitted(grey[box].shape, (spacing[1], spacing[0]), (HEIGHT, width))
        drawn = slices.resize(grey[box], shape, Pillow.Resampling.BICUBIC)
        shown = slices.resize(cut[box], shape, Pillow.Resampling.NEAREST)
        parts.append(
            centred(slices.overlay(np.dstack([drawn] * 3), shown, mask.legend), (HEIGHT, width))
        )
    return joined(parts)


def filled(grey: Pixels, margin: int = 4) -> tuple[slice, slice]:
    """Rows and columns that are not all dark, and a little around them."""
    box = []
    for axis in (1, 0):
        there = np.flatnonzero((grey > 12).any(axis=axis))
        first, last = (there[0], there[-1]) if len(there) else (0, grey.shape[1 - axis] - 1)
        box.append(slice(max(int(first) - margin, 0), int(last) + 1 + margin))
    return box[0], box[1]


def around(
    grid: VolumeGrid, plane: slices.Plane, middle: tuple[float, float, float]
) -> tuple[slice, slice]:
    """Rows and columns of an upright slice within ``AROUND_MM`` of a place."""
    canonical = grid.canonical
    voxel = np.linalg.inv(canonical.affine) @ (*middle, 1.0)
    column, row = (axis for axis in range(3) if axis != slices.AXIS[plane])
    box = []
    for axis in (row, column):
        size, reach = canonical.shape[axis], AROUND_MM / canonical.spacing_mm[axis]
        at = size - 1 - voxel[axis]
        box.append(slice(max(round(at - reach), 0), min(round(at + reach), size)))
    return box[0], box[1]


def fitted(
    shape: tuple[int, ...], spacing: tuple[float, float], into: tuple[int, int]
) -> tuple[int, int]:
    """Rows and columns with square pixels that fill a part without leaving it."""
    down, across = shape[0] * spacing[0], shape[1] * spacing[1]
    scale = min(into[0] / down, into[1] / across)
    return round(down * scale), round(across * scale)


def centred(pixels: Pixels, shape: tuple[int, int]) -> Pixels:
    """The picture in the middle of a black one."""
    whole = np.zeros((*shape, 3), np.uint8)
    top, left = (shape[0] - pixels.shape[0]) // 2, (shape[1] - pixels.shape[1]) // 2
    whole[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return whole


def overlaid(colours: Pixels, labels: Pixels, legend: Legend) -> Pixels:
    """Labels over a scene, both enlarged to half a plate."""
    return slices.overlay(half(colours, Pillow.Resampling.BICUBIC),
                          half(labels, Pillow.Resampling.NEAREST), legend)  # fmt: skip


def half(pixels: Pixels, how: Pillow.Resampling = Pillow.Resampling.BICUBIC) -> Pixels:
    """The middle of a scene, enlarged to fill half of a plate."""
    width = (WIDTH - GAP) // 2
    columns = round(pixels.shape[0] * width / HEIGHT)
    left = (pixels.shape[1] - columns) // 2
    return slices.resize(pixels[:, left : left + columns], (HEIGHT, width), how)


def beside(colours: Pixels, drawn: Pixels) -> Pixels:
    return joined([half(colours), drawn])


def joined(parts: list[Pixels]) -> Pixels:
    gap = np.full((HEIGHT, GAP, 3), 255, np.uint8)
    pieces = [piece for part in parts for piece in (gap, part)][1:]
    return np.hstack(pieces)


def dice(found: Bits, truth: Bits) -> float:
    """1 where both are empty."""
    size = np.count_nonzero(found) + np.count_nonzero(truth)
    return 2 * np.count_nonzero(found & truth) / size if size else 1.0


def volume_ml(mask: Mask, label: int | None = None) -> float:
    """Of a label, or of all that is labelled."""
    assert isinstance(mask.grid, VolumeGrid)
    there = mask.data > 0 if label is None else mask.data == label
    return float(np.count_nonzero(there) * mask.grid.voxel_volume_ml)
