"""enhancing-tumour-t1c: enhancing tumour in T1 after contrast agent, thick slices.

Data: six patients at two visits each (TCIA Brain-Tumor-Progression, CC BY 3.0) and the label maps
of SynthSeg (Apache-2.0). Member k learns from all patients but the k-th.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional

from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference.slices import Planes, by_median
from segviz.io import open_image, read_mask
from segviz.training.brain_anatomy import Tissues, read_head
from segviz.training.loop import Draw
from segviz.training.synthesis import Contrast, Head, look_up, random_affine, smooth_field
from segviz.training.tumours import Tumour, draw_tumour, paint, pushed

Field = NDArray[np.float32]
Sample = tuple[Field, Field]
"""Image [4, a, b], whose last channel is the other side of the head, and the share of each cell of
the first three that enhances [3, a, b]."""

PATIENTS = ("03", "04", "06", "08", "09", "11")
VISITS = ("Pre", "Post")
VOXEL_MM = (0.859, 0.859, 6.5)
"""Of these scans; their files say 1 x 1 x 1 mm, which would make a tumour a fifth of its size."""

INPUT: Mapping[str, Any] = {
    "layout": "slices",
    "spacing_mm": 1.0,
    "apart_mm": 6.0,
    "thick_mm": 5.0,
    "multiple": 32,
    "mirrored": True,
    "opposite_mm": 2.0,
}
NETWORK: Mapping[str, Any] = {
    "name": "HeadedUNet",
    "kwargs": {
        "out_channels": 2,
        "features": 8,
        "background": 3.0,
        "spatial_dims": 2,
        "in_channels": 4,
        "channels": [16, 32, 64, 96, 128],
        "strides": [2, 2, 2, 2],
        "num_res_units": 1,
        "act": "RELU",
        "norm": ["BATCH", {"momentum": 0.1}],
    },
}
FOLDER = "medical"
MEMBERS = len(PATIENTS)
CROP, BATCH = 128, 6
STEPS, SEED, RATE, AVERAGE, FREEZE_AT = 1200, 1, 2e-3, 0.99, 0.4
CLASS_WEIGHTS: tuple[float, ...] = (1.0, 1.0)
VESSELS = (24, 4, 43, 14, 15, 502)
"""Codes of tissues in which a generated head has bright spots that are no tumour."""

LOWEST = 0.25
"""Share of the slices, from below, in which no tumour is put: there is more muscle than brain."""

HEADS = 4
"""Label maps that one member learns from: reading one takes longer than a step."""

SLICE_MM = 5.0
SUB_POINTS = np.array(
    [[0.25, 0.25, -0.4], [-0.25, 0.25, -0.13], [0.25, -0.25, 0.13], [-0.25, -0.25, 0.4]], np.float32
) * np.array([1, 1, SLICE_MM], np.float32)
"""Where a cell looks at the tissues under it, mm: slices are thick."""


@dataclass(frozen=True, eq=False)
class Scan:
    """One visit of one patient on the network's grid.

    Attributes:
        image: [slice, 4, x, y] as the network sees it, 1 at the median of the head.
        tumour: [slice, 3, x, y], share of the cell that enhances, of a slice and its neighbours.
        filled: likewise, the tumour and what it encloses, with soft edges.
        inside: [slice, 1, x, y], 1 in cells at least 8 mm inside the head.
        brain: (slice, x, y) of cells 15 mm and more inside the upper head, as bright as brain.
        bright: likewise of cells 6 mm and more inside that are brighter and no tumour: vessels,
            plexus, muscle.
    """

    patient: str
    visit: str
    image: Field
    tumour: Field
    filled: Field
    inside: Field
    brain: NDArray[np.int64]
    bright: NDArray[np.int64]

    @classmethod
    def of(cls, patient: str, visit: str, image: Field, tumour: Field, planes: Planes) -> Scan:
        """From brightness and tumour [slice, x, y]."""
        filled = np.stack([_filled(plane > 0.5) for plane in tumour])
        depth = np.stack([_depth(plane) for plane in image])
        above = np.arange(len(image))[:, None, None] >= LOWEST * len(image)
        usual = (image > 0.6) & (image < 1.25)
        brain = np.argwhere((depth > 15) & usual & above & (filled < 0.01))
        bright = np.argwhere((depth > 6) & (image > 1.25) & (filled < 0.01))
        channels = planes.channels(image, INPUT["opposite_mm"])
        inside = (depth > 8).astype(np.float32)[:, None]
        truth, enclosed = planes.channels(tumour, None), planes.channels(filled, None)
        return cls(patient, visit, channels, truth, enclosed, inside, brain, bright)


def read_scan(data: Path, patient: str, visit: str) -> tuple[Volume, NDArray[np.uint8]]:
    """A scan with its true voxel size, and the reference mask on its grid.

    Raises:
        FileNotFoundError: the folder does not hold it.
    """
    folder = data / "glioma-progression" / patient
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    image = open_image([folder / f"{visit}_Scan_T1.nii.gz"])
    mask = read_mask(folder / f"{visit}_Mask.nii.gz")
    if not isinstance(image, Volume):
        raise ValueError(f"{patient} {visit} is no volume")
    grid = VolumeGrid(image.grid.shape, image.grid.affine @ np.diag([*VOXEL_MM, 1.0]))
    return Volume(grid, image.data, channel="MR"), mask.data


def prepare(data: Path, patient: str, visit: str) -> Scan:
    """Read one scan for training."""
    volume, mask = read_scan(data, patient, visit)
    grid = volume.grid
    planes = Planes.of(grid.canonical, dict(INPUT))
    image = planes.shown(by_median(grid.to_canonical(volume.data).astype(np.float32)))
    tumour = planes.shown(grid.to_canonical(mask).astype(np.float32))
    return Scan.of(patient, visit, image, tumour, planes)


def _filled(tumour: NDArray[np.bool_]) -> Field:
    whole = ndimage.binary_dilation(ndimage.binary_fill_holes(tumour), iterations=3)
    soft: Field = ndimage.gaussian_filter(whole.astype(np.float32), 1.5)
    return soft


def _depth(plane: Field) -> Field:
    """Cells to the edge of the head."""
    head = ndimage.binary_fill_holes(plane > 0.3)
    depth: Field = ndimage.distance_transform_edt(head).astype(np.float32)
    return depth


def patients_of(member: int) -> tuple[str, ...]:
    """Those that a member learns from."""
    return tuple(patient for n, patient in enumerate(PATIENTS) if n != member)


def drawer(data: Path, rng: np.random.Generator, member: int) -> Draw:
    """Draws crops of all patients but the member's, and of heads made from label maps."""
    scans = [prepare(data, patient, visit) for patient in patients_of(member) for visit in VISITS]
    tissues, heads = read_heads(data / "head-label-maps", member)
    return lambda done: draw_batch(rng, scans, heads, tissues)


def read_heads(data: Path, member: int) -> tuple[Tissues, list[Head]]:
    """A few label maps, others for each member."""
    tissues = Tissues(data)
    paths = sorted((data / "training_label_maps").iterdir())
    return tissues, [read_head(p, tissues) for p in paths[member::MEMBERS][:HEADS]]


def finish(network: nn.Module, data: Path, member: int) -> None:
    """Nothing: the threshold is chosen over all members (``segviz.training.scores``)."""


def draw_batch(
    rng: np.random.Generator, scans: list[Scan], heads: list[Head], tissues: Tissues
) -> tuple[Tensor, Tensor]:
    """Images [n, 4, a, b] and labels [n, a, b], less than half of them real slices with tumour."""
    images, labels = [], []
    for _ in range(BATCH):
        kind = rng.random()
        if kind < 0.45:
            image, tumour = draw_real(rng, scans, with_tumour=True)
        elif kind < 0.70:
            image, tumour = draw_real(rng, scans, with_tumour=False)
        elif kind < 0.82:
            image, tumour = draw_pasted(rng, scans)
        elif kind < 0.9:
            image, tumour = draw_ring(rng, scans)
        else:
            image, tumour = draw_head(rng, heads[rng.integers(len(heads))], tissues)
        turned, share = turn(rng, image, tumour)
        images.append(change_light(rng, turned))
        labels.append((share > 0.5).long())
    return torch.stack(images), torch.stack(labels)


def crop(values: Field, center: NDArray[np.int64], size: int) -> Field:
    """[..., size, size] around a cell; 0 outside."""
    padded = np.zeros((*values.shape[:-2], size, size), np.float32)
    there, here = [], []
    for position, length in zip(center, values.shape[-2:], strict=True):
        start = int(position) - size // 2
        there.append(slice(max(start, 0), max(min(start + size, length), 0)))
        here.append(slice(max(-start, 0), max(-start, 0) + there[-1].stop - there[-1].start))
    padded[..., here[0], here[1]] = values[..., there[0], there[1]]
    return padded


WIDE = int(CROP * 1.5)
"""Cells of a sample before it is turned: turning needs some around."""


def draw_real(rng: np.random.Generator, scans: list[Scan], with_tumour: bool) -> Sample:
    """Around a cell of the tumour, of the brain or of what is bright; tumour weaker or stronger."""
    scan = scans[rng.integers(len(scans))]
    if with_tumour:
        planes = np.flatnonzero((scan.tumour[:, 1] > 0.5).any(axis=(1, 2)))
        plane = int(planes[rng.integers(len(planes))])
        cells = np.argwhere(scan.tumour[plane, 1] > 0.5)
        center = cells[rng.integers(len(cells))]
    else:
        cells = scan.bright if rng.random() < 0.65 and len(scan.bright) else scan.brain
        plane, *middle = cells[rng.integers(len(cells))]
        center = np.array(middle)
    center = center + rng.integers(-20, 21, 2)
    image, tumour = (crop(each[plane], center, WIDE) for each in (scan.image, scan.tumour))
    stronger = np.float32(rng.uniform(0.7, 1.6))
    own = image[:3]
    image[:3] += tumour * (np.where(own > 1, 1 + (own - 1) * stronger, own) - own)
    return image, tumour


def draw_pasted(rng: np.random.Generator, scans: list[Scan]) -> Sample:
    """The tumour of one scan in the brain of another."""
    source, target = scans[rng.integers(len(scans))], scans[rng.integers(len(scans))]
    planes = np.flatnonzero((source.tumour[:, 1] > 0.5).any(axis=(1, 2)))
    plane = int(planes[rng.integers(len(planes))])
    middle = np.argwhere(source.tumour[plane, 1] > 0.5).mean(axis=0).astype(np.int64)
    place, *center = target.brain[rng.integers(len(target.brain))]
    image, tumour = (
        crop(each[place], np.array(center), WIDE) for each in (target.image, target.tumour)
    )
    given = [
        crop(each[plane, :3], middle, WIDE) for each in (source.image, source.tumour, source.filled)
    ]
    turns, mirrored = int(rng.integers(4)), rng.random() < 0.5
    pasted, enhancing, alpha = (
        np.rot90(each[..., ::-1] if mirrored else each, turns, (1, 2)) for each in given
    )
    alpha = alpha * crop(target.inside[place], np.array(center), WIDE)
    image[:3] += alpha * (pasted - image[:3])
    return image, np.maximum(tumour * (1 - alpha), enhancing * (alpha > 0))


def _cell_points(size: int, apart_mm: float, spacing_mm: float = 1.0) -> Field:
    """[3, slice, a, b] mm around the middle, in (a, b, across slices) order."""
    line = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(spacing_mm)
    across = np.array([-apart_mm, 0, apart_mm], np.float32)
    z, a, b = np.meshgrid(across, line, line, indexing="ij")
    return np.stack([a, b, z]).astype(np.float32)


def draw_ring(rng: np.random.Generator, scans: list[Scan]) -> Sample:
    """A synthetic tumour in the brain of a real scan."""
    scan = scans[rng.integers(len(scans))]
    place, *center = scan.brain[rng.integers(len(scan.brain))]
    image, tumour = (
        crop(each[place], np.array(center), WIDE) for each in (scan.image, scan.tumour)
    )
    points = _cell_points(WIDE, VOXEL_MM[2])
    offset = np.array([*rng.uniform(-2, 2, 2), rng.uniform(-8, 8)], np.float32)
    drawn = draw_tumour(rng, offset, float(rng.uniform(5, 26)))
    near = around_tumour(drawn, WIDE)
    base = float(np.median(image[1, WIDE // 2 - 6 : WIDE // 2 + 7, WIDE // 2 - 6 : WIDE // 2 + 7]))
    inside = crop(scan.inside[place], np.array(center), WIDE)[:, *near[1:]]
    painted, rim = paint_near(rng, image[near], drawn, points[:, *near], base)
    image[near] += inside * (painted - image[near])
    rim = rim * inside
    tumour[near] = np.maximum(tumour[near] * (rim == 0), rim)
    return image, tumour


def around_tumour(tumour: Tumour, size: int) -> tuple[slice, slice, slice]:
    """The box of a sample that a tumour and its oedema reach, of its first three channels."""
    half = 2.4 * float(tumour.radii[:2].max()) + 4
    middle = (size - 1) / 2
    first, second = (
        slice(max(int(middle + c - half), 0), min(int(middle + c + half) + 1, size))
        for c in tumour.center[:2]
    )
    return slice(0, 3), first, second


def paint_near(
    rng: np.random.Generator, image: Field, tumour: Tumour, points: Field, base: float
) -> Sample:
    """Brightness and enhancing share of the cells around a tumour."""
    looks = points[None] + SUB_POINTS[:, :, None, None, None]
    return paint(image, tumour, looks, base, _texture(rng, image.shape))


def _texture(rng: np.random.Generator, shape: tuple[int, ...]) -> Field:
    size = (3, int(rng.integers(8, 30)), int(rng.integers(8, 30)))
    coarse = torch.from_numpy(rng.normal(0, rng.uniform(0, 0.25), size).astype(np.float32))
    fine = functional.interpolate(coarse[None], shape[1:], mode="bilinear")[0]
    return fine.numpy()


def draw_head(rng: np.random.Generator, head: Head, tissues: Tissues) -> Sample:
    """Slices of a head made from a label map, some without skull; a tumour in three of four."""
    contrast = tissues.contrast(rng, 0.0)
    if rng.random() < 0.25:
        contrast = tissues.stripped(rng, contrast)
    apart = float(rng.uniform(4.5, 7.5))
    points = _cell_points(CROP, apart)
    matrix = random_affine(rng)
    if rng.random() < 0.15:
        matrix = matrix[:, rng.permutation(3)]
    center = head.brain_center + rng.normal(0, 25, 3).astype(np.float32)
    drawn = None
    if rng.random() < 0.75:
        offset = np.array([*rng.uniform(-40, 40, 2), rng.uniform(-8, 8)], np.float32)
        drawn = draw_tumour(rng, offset, float(rng.uniform(4, 26)))
    moved = pushed(drawn, points) if drawn else points
    places = np.tensordot(matrix, moved, axes=(1, 0)) + center[:, None, None, None]
    image = np.zeros(points.shape[1:], np.float32)
    for offset in SUB_POINTS @ matrix.T:
        found = look_up(head.tissues, places + offset[:, None, None, None])
        image += contrast.mean[found]
    image /= len(SUB_POINTS)
    image += contrast.spread[found] * rng.standard_normal(image.shape, np.float32) * 0.7
    other = _opposite(rng, head, places[:, 1], contrast)
    vessels = np.isin(tissues.codes, VESSELS)[found] & (contrast.mean[found] > 0)
    lumps = smooth_field(rng, (3, CROP, CROP), int(rng.integers(20, 40)), 1.0)
    white = float(contrast.mean[tissues.codes == 2][0])
    image = np.where(
        vessels & (lumps > rng.uniform(0.8, 1.6)), white * rng.uniform(1.2, 1.9), image
    )
    white *= rng.uniform(0.9, 1.05)
    image = (np.maximum(image, 0) / white).astype(np.float32)
    tumour = np.zeros_like(image)
    if drawn:
        brain = (tissues.group > 0)[found]
        near = around_tumour(drawn, CROP)
        painted, rim = paint_near(rng, image[near], drawn, points[:, *near], 0.95)
        image[near] = np.where(brain[near], painted, image[near])
        tumour[near] = rim * brain[near]
    image = np.minimum(np.concatenate([image, other[None] / np.float32(white)]), 3)
    around = (WIDE - CROP) // 2
    pad = [(0, 0), (around, WIDE - CROP - around), (around, WIDE - CROP - around)]
    return np.pad(image, pad), np.pad(tumour, pad)


def _opposite(rng: np.random.Generator, head: Head, places: Field, contrast: Contrast) -> Field:
    """The other side of a head made from a label map: its plane of symmetry is nearly x = middle.

    Args:
        places: [3, a, b] cells of the map.
    """
    across = places + rng.normal(0, 2, 3).astype(np.float32)[:, None, None]
    across[0] = 2 * head.brain_center[0] - across[0]
    sharp = contrast.mean[look_up(head.tissues, across)]
    soft: Field = ndimage.gaussian_filter(sharp, INPUT["opposite_mm"], truncate=3)
    return soft


def turn(rng: np.random.Generator, image: Field, tumour: Field) -> tuple[Tensor, Tensor]:
    """Moved, turned, scaled, bent and mirrored to ``CROP``: image [4, a, b], tumour [a, b]."""
    angle = rng.uniform(-0.6, 0.6)
    scale = rng.uniform(0.8, 1.25, 2) * CROP / WIDE
    flips = np.where(rng.random(2) < 0.5, -1, 1)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = (turned * scale * flips).astype(np.float32)
    affine = torch.from_numpy(
        np.column_stack([matrix, rng.uniform(-0.3, 0.3, 2)]).astype(np.float32)
    )[None]
    grid = functional.affine_grid(affine, [1, 1, CROP, CROP], align_corners=False)
    bend = torch.from_numpy(rng.normal(0, rng.uniform(0, 0.025), (1, 2, 5, 5)).astype(np.float32))
    bend = functional.interpolate(bend, (CROP, CROP), mode="bicubic", align_corners=True)
    both = torch.from_numpy(np.concatenate([image, tumour[1:2]])[None].astype(np.float32))
    placed = functional.grid_sample(both, grid + bend.permute(0, 2, 3, 1), align_corners=False)[0]
    order = [2, 1, 0, 3] if rng.random() < 0.5 else [0, 1, 2, 3]
    return placed[order], placed[4]


def change_light(rng: np.random.Generator, image: Tensor) -> Tensor:
    """Another scanner: scale, contrast, uneven coil, blur, noise."""
    bias = torch.from_numpy(rng.normal(0, rng.uniform(0, 0.12), (1, 1, 4, 4)).astype(np.float32))
    bias = functional.interpolate(bias, image.shape[1:], mode="bicubic", align_corners=True)[0]
    image = image.clamp_min(0) ** float(np.exp(rng.normal(0, 0.12)))
    image = image * torch.exp(bias) * float(np.exp(rng.normal(0, 0.06)))
    if rng.random() < 0.3:
        soft = functional.avg_pool2d(image[None], 3, 1, 1)[0]
        image = image + (soft - image) * float(rng.uniform(-0.4, 1))
    noise = torch.from_numpy(rng.standard_normal(tuple(image.shape), np.float32))
    return (image + noise * float(rng.uniform(0, 0.04))).clamp(0, 5)
