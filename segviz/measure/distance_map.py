"""Where two outlines lie apart: signed distances for the picture, and the worst slice."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import box_of
from segviz.mask import Label, Legend
from segviz.measure.surfaces import (
    Binary,
    Floats,
    Points,
    Steps,
    frame,
    nearest_mm,
    surface,
)

EDGES_MM = (1.0, 2.0, 5.0, 10.0)
"""Where a bin of the map begins."""
_NEAR = len(EDGES_MM) + 1
_INSIDE = ("#BFE0F2", "#7FC0E8", "#3F8FD2", "#1F4E9C")
_OUTSIDE = ("#FBD9B0", "#F5A65B", "#E2701E", "#A63603")


def signed_distances(one: Binary, two: Binary, steps_mm: Steps) -> tuple[Points, Floats]:
    """(n, 3) surface voxels of one, and mm from each to the surface of two.

    Positive outside two, negative inside it, 0 on its surface.

    Raises:
        Refused: one of them is empty (SV-NUM-020).
    """
    if not one.any() or not two.any():
        raise Refused(
            "SV-NUM-020",
            "Only one of the two masks has this label, or neither, so there is no surface to "
            "measure from and the distance map stays empty; choose another label or other masks.",
        )
    box = box_of(one | two)
    start = np.array([part.start for part in box])
    points, others = np.argwhere(surface(one[box])), np.argwhere(surface(two[box]))
    apart = nearest_mm(points, others, steps_mm)
    inside = two[box][tuple(points.T)]
    return points + start, np.where(inside, -apart, apart)


def binned(one: Binary, two: Binary, steps_mm: Steps) -> NDArray[np.uint8]:
    """The surface of one as labels of ``legend``, by how far it lies from that of two."""
    points, apart = signed_distances(one, two, steps_mm)
    steps = np.searchsorted(EDGES_MM, np.abs(apart), side="right")
    found = np.zeros(one.shape, np.uint8)
    found[tuple(points.T)] = _NEAR + np.where(apart < 0, -steps, steps)
    return found


def legend() -> Legend:
    """What the labels of ``binned`` mean: blue inside, white near, orange outside."""
    ranges = [f"{low:g} to {high:g} mm" for low, high in pairwise(EDGES_MM)]
    ranges.append(f"{EDGES_MM[-1]:g} mm and more")
    inside = [
        Label(_NEAR - n, f"{text} inside", color)
        for n, (text, color) in enumerate(zip(ranges, _INSIDE, strict=True), 1)
    ]
    outside = [
        Label(_NEAR + n, f"{text} outside", color)
        for n, (text, color) in enumerate(zip(ranges, _OUTSIDE, strict=True), 1)
    ]
    near = Label(_NEAR, f"under {EDGES_MM[0]:g} mm", "#F7F7F7")
    return Legend((*reversed(inside), near, *outside))


def farthest(one: Binary, two: Binary, steps_mm: Steps) -> dict[str, Any] | None:
    """The surface voxel of either that lies farthest from the other surface.

    Returns:
        ``at`` [i, j, k] and ``mm``; None where one of them is empty.
    """
    if not one.any() or not two.any():
        return None
    found = [signed_distances(one, two, steps_mm), signed_distances(two, one, steps_mm)]
    points = np.concatenate([part[0] for part in found])
    apart = np.abs(np.concatenate([part[1] for part in found]))
    worst = int(apart.argmax())
    return {"at": points[worst].tolist(), "mm": float(apart[worst])}


def most_differing(one: Binary, two: Binary, steps_mm: Steps) -> dict[str, Any] | None:
    """The slice of the last axis in which most of the area is in one of them alone.

    Returns:
        ``at`` [i, j, k], a differing voxel near the middle of all in that slice, and ``mm2``; None
        where they are equal.
    """
    differing = one != two
    cells = differing.sum(axis=(0, 1))
    if not cells.any():
        return None
    k = int(cells.argmax())
    inside = np.argwhere(differing[:, :, k])
    away = ((inside - inside.mean(axis=0)) ** 2).sum(axis=1)
    across, along, _ = frame(steps_mm)
    area_mm2 = float(np.linalg.norm(np.cross(across, along)))
    return {"at": [*inside[away.argmin()].tolist(), k], "mm2": int(cells[k]) * area_mm2}
