"""Numbers of each lesion of a label, and of the label as a whole.

A lesion is a connected piece (26 neighbours) at or above a stated smallest size. All lengths and
places are those of the canonical grid, so that they do not depend on how a file stores its voxels.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.errors import Refused
from segviz.grid import Box, VolumeGrid, box_of
from segviz.image import Volume
from segviz.mask import Mask
from segviz.measure import diameters
from segviz.measure.diameters import Line
from segviz.measure.pieces import by_size

MOST = 500
"""Lesions that are measured one by one; further ones are counted and their ml given."""

PERCENTILES = (5, 25, 50, 75, 95)

SQUARE = 1e-3
"""Cosine between two axes of a scan from which they are not taken for a right angle."""

SIDES = (("left", "right"), ("posterior", "anterior"), ("inferior", "superior"))
LETTERS = ("LR", "PA", "IS")

SINGLE = "A single voxel has a centre-to-centre diameter of 0 mm."

Binary = NDArray[np.bool_]


def lesions(
    mask: Mask, label: int, image: Volume | None = None, smallest_mm3: float = 0.0
) -> dict[str, Any]:
    """The lesions of a label, the largest first, and the label as a whole.

    Args:
        image: on the mask's grid, for intensities.
        smallest_mm3: smaller pieces are counted, not described.

    Returns:
        ``count`` of lesions; ``below`` (count, voxels, volume_ml) of smaller pieces; ``unlisted``
        (the same) of lesions after the first ``MOST``; ``whole`` and the rows of ``lesions`` as
        ``describe`` gives them; ``warnings``, sentences.

    Raises:
        Refused: the image lies on another grid (SV-NUM-010), or the size is no number from 0 up
            (SV-NUM-011).
    """
    grid = mask.grid
    if not isinstance(grid, VolumeGrid):
        raise TypeError("a scene has objects, not lesions")
    _check(grid, image, smallest_mm3)
    binary = grid.to_canonical(mask.data == label)
    values = None if image is None else grid.to_canonical(image.data)
    smallest = smallest_voxels(smallest_mm3, grid)
    found: dict[str, Any] = {
        "label": label,
        "name": mask.legend[label].name,
        "smallest_mm3": smallest_mm3,
        "smallest_voxels": smallest,
        "connectivity": 26,
    }
    if not binary.any():
        nothing = _amount(np.empty(0, np.int64), grid)
        return found | {
            "count": 0, "below": nothing, "unlisted": nothing, "whole": None,
            "why": "the mask has no voxel with this label", "lesions": [], "warnings": [],
        }  # fmt: skip
    box = box_of(binary)
    whole = describe(binary[box], box, grid, values)
    numbers, voxels, below = by_size(binary[box], smallest)
    rows = []
    for number, within in enumerate(ndimage.find_objects(numbers, MOST), 1):
        if within is None:
            break
        inside = numbers[within] == number
        alone = len(voxels) + len(below) == 1
        row = whole if alone else describe(inside, _moved(within, box), grid, values)
        rows.append({"lesion": number} | row)
    return found | {
        "count": len(voxels),
        "below": _amount(below, grid),
        "unlisted": _amount(voxels[MOST:], grid),
        "whole": whole,
        "lesions": rows,
        "warnings": [*slanted(grid), *_cut(whole["touches"])],
    }


def describe(
    inside: Binary, box: Box, grid: VolumeGrid, values: NDArray[np.generic] | None
) -> dict[str, Any]:
    """The numbers of some voxels.

    Args:
        inside: those of a box of the canonical grid; at least one.
        values: of the whole canonical image.
    """
    canonical = grid.canonical
    start = np.array([part.start for part in box], float)
    voxels = int(np.count_nonzero(inside))
    centre = start + [_mean_place(inside, axis) for axis in range(3)]
    centroid = to_mm(centre, canonical)
    longest, across, at = in_plane(inside, canonical)
    longest, across = (_placed(line, start[:2], at + start[2]) for line in (longest, across))
    feret = _moved_line(diameters.in_space(inside, canonical.affine[:3, :3].T), start)
    return {
        "voxels": voxels,
        "volume_ml": voxels * grid.voxel_volume_ml,
        "longest_diameter_mm": longest.mm,
        "perpendicular_diameter_mm": across.mm,
        "diameter_3d_mm": feret.mm,
        "slice": int(at + start[2]),
        "longest": _drawn(longest, canonical),
        "perpendicular": _drawn(across, canonical),
        "diameter_3d": _drawn(feret, canonical),
        "centroid_mm": centroid,
        "centroid": said(centroid),
        "side": side(centroid[0], canonical.spacing_mm[0]),
        "touches": touched(box, canonical.shape),
        "intensity": None if values is None else intensity(values[box][inside]),
        "notes": [SINGLE] if voxels == 1 else [],
    }


def in_plane(inside: Binary, canonical: VolumeGrid) -> tuple[Line, Line, int]:
    """The two diameters of the axial slice with the longest, and that slice.

    Of equal ones that with the longer perpendicular, then the lowest slice.
    """
    axes = diameters.plane_axes(canonical.affine)
    reaches = _reaches(inside, axes)
    best: tuple[float, float, int] = (-1.0, -1.0, -1)
    for index in np.argsort(-reaches, kind="stable").tolist():
        if reaches[index] < best[0] - diameters.TIE_MM:
            break
        outline = diameters.hull(np.ascontiguousarray(inside[:, :, index])) @ axes
        best = _longer((*diameters.lengths(outline), index), best)
    return *diameters.calipers(np.ascontiguousarray(inside[:, :, best[2]]), axes), best[2]


def intensity(values: NDArray[np.generic]) -> dict[str, Any]:
    """Mean, sd (of all voxels: divided by n), extremes and percentiles (linear) of voxels.

    Voxels without a number are left out and counted.
    """
    numbers = values.astype(np.float64)
    kept = numbers[np.isfinite(numbers)]
    found: dict[str, Any] = {"voxels": len(kept), "missing": len(numbers) - len(kept)}
    names = ["mean", "sd", "min", "max", *(f"p{share}" for share in PERCENTILES)]
    if not len(kept):
        return found | dict.fromkeys(names) | {"why": "no voxel holds a number"}
    percentiles = np.percentile(kept, PERCENTILES).tolist()
    amounts = (kept.mean(), kept.std(), kept.min(), kept.max(), *percentiles)
    return found | dict(zip(names, map(float, amounts), strict=True))


def smallest_voxels(smallest_mm3: float, grid: VolumeGrid) -> int:
    """The least whole number of voxels that a lesion of a size has."""
    return max(1, math.ceil(smallest_mm3 / grid.voxel_volume_mm3 - 1e-9))


def side(x_mm: float, step_mm: float) -> str:
    """``right`` of the patient for R mm above 0, ``left`` below, ``midline`` within half a voxel.

    0 is the origin of the scan's coordinates; only in a head laid straight is it the midline.
    """
    if abs(x_mm) <= step_mm / 2 + 1e-6:
        return "midline"
    return "right" if x_mm > 0 else "left"


def said(mm: list[float]) -> str:
    """A place as a reader says it.

    >>> said([17.6, -35.34, 12.1])
    'R 17.6 P 35.3 S 12.1'
    """
    parts = zip(LETTERS, (round(value, 6) for value in mm), strict=True)
    return " ".join(f"{letters[value >= 0]} {abs(value):.1f}" for letters, value in parts)


def slanted(grid: VolumeGrid) -> list[str]:
    """A warning where the axes of a scan are not at right angles."""
    steps = grid.affine[:3, :3] / np.linalg.norm(grid.affine[:3, :3], axis=0)
    cosines = np.abs(steps.T @ steps - np.eye(3))
    if cosines.max() <= SQUARE:
        return []
    degrees = math.degrees(math.acos(float(cosines.max())))
    return [
        f"The axes of this scan are not at right angles (one pair stands at {degrees:.1f}°): ml "
        "take that into account, and so do diameters, but its slices lie aslant in the patient."
    ]


def touched(box: Box, shape: tuple[int, int, int]) -> list[str]:
    """The sides of a volume that a box reaches, e.g. ``["inferior"]``."""
    return [
        name
        for part, size, names in zip(box, shape, SIDES, strict=True)
        for name, reached in zip(names, (part.start == 0, part.stop == size), strict=True)
        if reached
    ]


def to_mm(voxel: NDArray[np.float64], canonical: VolumeGrid) -> list[float]:
    """RAS+ mm of a place in voxels of the canonical grid."""
    place: list[float] = (canonical.affine[:3, :3] @ voxel + canonical.affine[:3, 3]).tolist()
    return place


def _check(grid: VolumeGrid, image: Volume | None, smallest_mm3: float) -> None:
    if image is not None and not image.grid.same_as(grid):
        raise Refused(
            "SV-NUM-010",
            f"The image ({image.grid}) and the mask ({grid}) do not lie on the same voxels, so "
            "intensities would be those of other places; give the image that was segmented.",
        )
    if not (math.isfinite(smallest_mm3) and smallest_mm3 >= 0):
        raise Refused(
            "SV-NUM-011",
            f"A smallest lesion of {smallest_mm3} mm³ cannot be, so none could be counted; give a "
            "number from 0 up.",
        )


def _amount(voxels: NDArray[np.int64], grid: VolumeGrid) -> dict[str, Any]:
    total = int(voxels.sum())
    return {"count": len(voxels), "voxels": total, "volume_ml": total * grid.voxel_volume_ml}


def _mean_place(inside: Binary, axis: int) -> float:
    others = tuple(other for other in range(3) if other != axis)
    counts = np.count_nonzero(inside, axis=others)
    return float(counts @ np.arange(len(counts)) / counts.sum())


def _reaches(inside: Binary, axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each slice a length that no two of its voxels exceed; -2 without any."""
    spans = []
    for axis in (0, 1):
        marked = np.asarray(inside.any(axis=1 - axis))
        first, last = marked.argmax(axis=0), len(marked) - 1 - marked[::-1].argmax(axis=0)
        spans.append(last - first)
    diagonals = [np.stack([spans[0], sign * spans[1]], axis=-1) @ axes for sign in (1, -1)]
    lengths = np.maximum(*(np.linalg.norm(diagonal, axis=-1) for diagonal in diagonals))
    found: NDArray[np.float64] = np.where(inside.any(axis=(0, 1)), lengths, -2.0)
    return found


def _longer(
    one: tuple[float, float, int], two: tuple[float, float, int]
) -> tuple[float, float, int]:
    """Of two slices that with the longer diameter, else perpendicular, else the lower."""
    for mm, other in zip(one[:2], two[:2], strict=True):
        if abs(mm - other) > diameters.TIE_MM:
            return one if mm > other else two
    return one if one[2] < two[2] else two


def _moved(within: Box, box: Box) -> Box:
    a, b, c = (
        slice(one.start + two.start, one.stop + two.start)
        for one, two in zip(within, box, strict=True)
    )
    return a, b, c


def _placed(line: Line, start: NDArray[np.float64], index: float) -> Line:
    """A line of a slice, in the volume."""
    first, last = ((*(np.array(end) + start).tolist(), index) for end in (line.start, line.end))
    return Line(first, last, line.mm, line.edge_mm)


def _moved_line(line: Line, start: NDArray[np.float64]) -> Line:
    first, last = (tuple((np.array(end) + start).tolist()) for end in (line.start, line.end))
    return Line(first, last, line.mm, line.edge_mm)


def _drawn(line: Line, canonical: VolumeGrid) -> dict[str, Any]:
    """A diameter with its ends in voxels of the canonical grid and in mm."""
    ends = {f"{end}_mm": to_mm(np.array(getattr(line, end)), canonical) for end in ("start", "end")}
    return asdict(line) | ends


def _cut(sides: list[str]) -> list[str]:
    if not sides:
        return []
    return [
        f"The label reaches the {' and '.join(sides)} edge of the volume: what lies beyond is not "
        "in the scan, so ml and diameters are lower bounds."
    ]
