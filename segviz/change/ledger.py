"""The lesion ledger: the same lesion at each visit, in ml and mm, and what became of it.

Lesions are pieces that touch at a face, edge or corner (26 neighbours). Visits are compared in mm:
a lesion is the same where it overlaps itself once the visits are aligned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.change.following import Named, Overlaps, Sighting, follow
from segviz.grid import VolumeGrid, box_of
from segviz.mask import Mask
from segviz.measure.counts import counts
from segviz.measure.diameters import in_plane
from segviz.measure.lesions import smallest_voxels
from segviz.measure.pieces import by_size
from segviz.measure.uncertainty import half_voxel_ml

Matrix = NDArray[np.float64]
Pieces = NDArray[np.int32]

PREFIX = "L"


@dataclass(frozen=True)
class Piece:
    """One piece of a label at one visit.

    Attributes:
        voxel: [x, y, z] of the canonical grid, inside the piece, on the slice with its longest
            diameter: where the picture goes, and by which a person's decision finds it again.
        centroid_mm: R, A, S on the visit's own scan.
        outline_ml: what half a voxel more or less all around it makes.
        longest_mm, perpendicular_mm: within one axial slice, centre to centre.
        slices: axial slices that it reaches.
    """

    voxels: int
    volume_ml: float
    outline_ml: float
    longest_mm: float
    perpendicular_mm: float
    slices: int
    voxel: tuple[int, int, int]
    centroid_mm: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Look:
    """A label at one visit.

    Attributes:
        pieces: piece numbers from 1, native [i, j, k]; 0 elsewhere.
        found: what is known of each.
        too_small: pieces that were left out, and their voxels.
        to_reference: 4x4, RAS+ mm of this visit to RAS+ mm of the reference visit.
    """

    grid: VolumeGrid
    pieces: Pieces
    found: tuple[Piece, ...]
    too_small: tuple[int, int]
    to_reference: Matrix


def look(
    labels: NDArray[np.uint8],
    grid: VolumeGrid,
    label: int,
    smallest_mm3: float = 0.0,
    to_reference: Matrix | None = None,
) -> Look:
    """The pieces of a label, the largest first.

    Args:
        labels: native [i, j, k].
        smallest_mm3: pieces below it are left out, and counted in ``too_small``.
    """
    inside = labels == label
    box = box_of(inside)
    pieces = np.zeros(grid.shape, np.int32)
    pieces[box], _, below = by_size(inside[box], smallest_voxels(smallest_mm3, grid))
    found = tuple(
        _piece(pieces, box, n, grid) for n, box in enumerate(ndimage.find_objects(pieces), 1)
    )
    small = len(below), int(below.sum())
    return Look(grid, pieces, found, small, np.eye(4) if to_reference is None else to_reference)


def ledger(looks: Sequence[Look], named: Named | None = None) -> list[dict[str, Any]]:
    """Each lesion at each visit, by name.

    Args:
        looks: in order of date.
        named: (visit, piece) -> the name that a person gave.

    Returns:
        For each lesion ``{"name", "visits": [...]}`` with, for each visit, None where it is not
        (yet or any more), else ``state``, ``of``, its ``pieces`` and their sums.
    """
    overlaps = [shared_mm3(one, two) for one, two in pairwise(looks)]
    visits = follow([len(at.found) for at in looks], overlaps, named, PREFIX)
    names = list(dict.fromkeys(sighting.name for visit in visits for sighting in visit))
    by_name = [{sighting.name: sighting for sighting in visit} for visit in visits]
    return [
        {
            "name": name,
            "visits": [
                _entry(at.get(name), look.found) for at, look in zip(by_name, looks, strict=True)
            ],
        }
        for name in names
    ]


def of_masks(masks: Sequence[Mask], smallest_mm3: float) -> list[dict[str, Any]]:
    """The ledger of each label in masks of one patient that lie in one place, by label.

    Returns:
        As ``ledger``, with ``label`` in each row; names begin anew with each label.
    """
    values = np.unique(np.concatenate([np.flatnonzero(counts(mask.data)) for mask in masks]))
    return [
        {"label": int(label), **row}
        for label in values[values > 0]
        for row in ledger([look(mask.data, _grid(mask), label, smallest_mm3) for mask in masks])
    ]


def shared_mm3(one: Look, two: Look) -> Overlaps:
    """mm3 that each pair of pieces of two visits has in common once aligned.

    Each voxel of the visit with the finer grid looks up, nearest, in which piece of the other visit
    its centre lies.
    """
    fine, coarse = (one, two) if _mm3(one) <= _mm3(two) else (two, one)
    cells = np.argwhere(fine.pieces)
    to_other = (
        np.linalg.inv(coarse.grid.affine)
        @ np.linalg.inv(coarse.to_reference)
        @ fine.to_reference
        @ fine.grid.affine
    )
    there = np.floor(cells @ to_other[:3, :3].T + to_other[:3, 3] + 0.5).astype(np.int64)
    mine = fine.pieces[tuple(cells.T)]
    pairs: dict[tuple[int, int], float] = {}
    for (a, b), n in _counted(mine, _looked_up(coarse.pieces, there)).items():
        pairs[(a, b) if fine is one else (b, a)] = n * _mm3(fine)
    return pairs


def piece_at(look: Look, voxel: Sequence[int]) -> int | None:
    """The number of the piece that a canonical voxel lies in."""
    canonical = look.grid.to_canonical(look.pieces)
    inside = all(0 <= v < n for v, n in zip(voxel, canonical.shape, strict=True))
    return (int(canonical[tuple(voxel)]) or None) if inside else None


def _piece(pieces: Pieces, box: tuple[slice, ...], number: int, grid: VolumeGrid) -> Piece:
    inside = pieces[box] == number
    voxels = int(np.count_nonzero(inside))
    first = np.array([part.start for part in box])
    centre = np.argwhere(inside).mean(axis=0) + first
    slices = _slices(pieces, box, number, grid)
    longest, perpendicular, voxel = max(slices)
    return Piece(
        voxels=voxels,
        volume_ml=voxels * grid.voxel_volume_ml,
        outline_ml=half_voxel_ml(inside, grid),
        longest_mm=longest,
        perpendicular_mm=perpendicular,
        slices=len(slices),
        voxel=voxel,
        centroid_mm=tuple((grid.affine @ [*centre, 1.0])[:3].tolist()),
    )


def _slices(
    pieces: Pieces, box: tuple[slice, ...], number: int, grid: VolumeGrid
) -> list[tuple[float, float, tuple[int, int, int]]]:
    """Diameters in each axial slice, and a voxel of the piece near its middle there."""
    corners = np.array([[part.start, part.stop - 1] for part in box]).T
    flat = [int(np.ravel_multi_index(tuple(corner), grid.shape)) for corner in corners]
    x, y, z = np.sort(
        np.unravel_index(grid.canonical_index(np.array(flat)), grid.canonical.shape, order="F"),
        axis=1,
    )
    canonical = grid.to_canonical(pieces)[x[0] : x[1] + 1, y[0] : y[1] + 1, z[0] : z[1] + 1]
    found = []
    for depth in range(canonical.shape[2]):
        cut = canonical[:, :, depth] == number
        if not cut.any():
            continue
        longest, perpendicular = in_plane(cut, grid.canonical.spacing_mm[:2])
        cells = np.argwhere(cut)
        nearest = cells[np.linalg.norm(cells - cells.mean(axis=0), axis=1).argmin()]
        voxel = (int(x[0] + nearest[0]), int(y[0] + nearest[1]), int(z[0] + depth))
        found.append((round(longest, 9), round(perpendicular, 9), voxel))
    return found


def _looked_up(pieces: Pieces, cells: NDArray[np.int64]) -> Pieces:
    """The piece at each cell of a visit's grid; cells may lie outside it."""
    inside = ((cells >= 0) & (cells < pieces.shape)).all(axis=1)
    found = np.zeros(len(cells), np.int32)
    found[inside] = pieces[tuple(cells[inside].T)]
    return found


def _counted(one: Pieces, two: Pieces) -> dict[tuple[int, int], int]:
    both = two > 0
    pairs, counts = np.unique(np.stack([one[both], two[both]]), axis=1, return_counts=True)
    return {(int(a), int(b)): int(n) for (a, b), n in zip(pairs.T, counts, strict=True)}


def _grid(mask: Mask) -> VolumeGrid:
    if not isinstance(mask.grid, VolumeGrid):
        raise TypeError("a scene has no lesions")
    return mask.grid


def _mm3(look: Look) -> float:
    return look.grid.voxel_volume_mm3


def _entry(sighting: Sighting | None, found: Sequence[Piece]) -> dict[str, Any] | None:
    """A lesion at a visit; the diameters of parts are added up, as RECIST 1.1 does."""
    if sighting is None:
        return None
    parts = [found[number - 1] for number in sighting.pieces]
    main = max(parts, key=lambda piece: (piece.longest_mm, piece.voxels), default=None)
    return {
        "state": sighting.state,
        "of": list(sighting.of),
        "pieces": list(sighting.pieces),
        "voxels": sum(piece.voxels for piece in parts),
        "volume_ml": sum(piece.volume_ml for piece in parts),
        "outline_ml": sum(piece.outline_ml for piece in parts),
        "longest_mm": sum(piece.longest_mm for piece in parts),
        "perpendicular_mm": sum(piece.perpendicular_mm for piece in parts),
        "product_mm2": sum(piece.longest_mm * piece.perpendicular_mm for piece in parts),
        "slices": max((piece.slices for piece in parts), default=0),
        "voxel": list(main.voxel) if main else None,
        "centroid_mm": list(main.centroid_mm) if main else None,
    }


def named_by(
    looks: Sequence[Look], decisions: Sequence[Mapping[str, Any]]
) -> tuple[dict[tuple[int, int], str], list[int]]:
    """What people said of pieces, and the numbers of the decisions that found no piece.

    Args:
        decisions: ``{"visit": position, "voxel": [x, y, z], "lesion": name}``; a later one on the
            same piece takes the place of an earlier one.
    """
    named: dict[tuple[int, int], str] = {}
    lost = []
    for number, decision in enumerate(decisions):
        piece = piece_at(looks[decision["visit"]], decision["voxel"])
        if piece is None:
            lost.append(number)
        else:
            named[decision["visit"], piece] = decision["lesion"]
    return named, lost
