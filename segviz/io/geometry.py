"""Where the voxels of a file lie: what every volume format has in common."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Question, Refused
from segviz.grid import VolumeGrid
from segviz.io.notes import Note

SPACING_MM = (0.02, 20.0)
"""Voxel edges outside this range are a wrong unit more often than a real scan."""

Affine4 = NDArray[np.float64]


def lps_to_ras(affine: Affine4) -> Affine4:
    """DICOM and ITK point to the patient's left, posterior, superior; a Grid to right, anterior,
    superior."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def parse_spacing(text: str) -> tuple[float, float, float]:
    """The answer ``spacing_mm``: three numbers in mm along i, j, k, e.g. ``"0.86,0.86,6.5"``.

    Raises:
        Refused: not three numbers from 0.02 to 20 (SV-GRID-010).
    """
    try:
        values = [float(part) for part in text.replace("x", ",").split(",")]
    except ValueError:
        values = []
    if len(values) != 3 or not all(SPACING_MM[0] <= v <= SPACING_MM[1] for v in values):
        raise Refused(
            "SV-GRID-010",
            "The voxel size that was typed cannot be used; ml would be wrong. "
            "Give three numbers in mm from 0.02 to 20, such as 0.86,0.86,6.5.",
        )
    return values[0], values[1], values[2]


def respaced(affine: Affine4, spacing_mm: tuple[float, float, float]) -> Affine4:
    """The affine with the same directions and first voxel, and these distances."""
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    scaled = affine.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled[:3, :3] = affine[:3, :3] / lengths * spacing_mm
    return scaled


def place(shape: tuple[int, int, int], affine: Affine4, answers: Mapping[str, str]) -> VolumeGrid:
    """The grid of a volume, with the reader's ``spacing_mm`` where one was given.

    Raises:
        Refused: the affine is damaged (SV-GRID-001, SV-GRID-002) or the answer is (SV-GRID-010).
        Question: voxels of an unlikely size (SV-GRID-011).
    """
    if "spacing_mm" in answers:
        return VolumeGrid(shape, respaced(affine, parse_spacing(answers["spacing_mm"])))
    grid = VolumeGrid(shape, affine)
    low, high = SPACING_MM
    if not all(low <= s <= high for s in grid.spacing_mm):
        found = " x ".join(f"{s:.4g}" for s in grid.spacing_mm)
        raise Question(
            "SV-GRID-011",
            f"The file says its voxels measure {found} mm, outside {low:g} to {high:g} mm; "
            "ml would be off by that much. What is the voxel size in mm?",
            "spacing_mm",
        )
    return grid


def geometry_notes(grid: VolumeGrid, answers: Mapping[str, str]) -> tuple[Note, ...]:
    """What a reader should know of the grid before trusting its ml."""
    notes = []
    if "spacing_mm" in answers:
        typed = " x ".join(f"{s:g}" for s in grid.spacing_mm)
        notes.append(Note("SV-GRID-013", f"The voxel size {typed} mm was typed by the reader."))
    elif looks_like_placeholder(grid):
        notes.append(
            Note(
                "SV-GRID-014",
                f"The header says 1 x 1 x 1 mm, but the scan has only {min(grid.shape)} slices: "
                "this looks like a placeholder, and ml may be several times too small. If you know "
                "the real voxel size, open the scan again with it (spacing_mm, such as "
                "0.86,0.86,6.5).",
            )
        )
    if is_sheared(grid):
        notes.append(
            Note(
                "SV-GRID-015",
                "The voxels are slanted boxes (shear): ml are right, but lengths and angles across "
                "slices look distorted.",
            )
        )
    return tuple(notes)


def looks_like_placeholder(grid: VolumeGrid) -> bool:
    """1 x 1 x 1 mm with few slices: redistributed clinical scans often lost their header."""
    few, *others = sorted(grid.shape)
    return np.allclose(grid.spacing_mm, 1.0, atol=1e-6) and few <= 40 and min(others) >= 128


def is_sheared(grid: VolumeGrid, degrees: float = 0.5) -> bool:
    """Two axes are further from a right angle than this."""
    directions = grid.affine[:3, :3] / np.array(grid.spacing_mm)
    cosines = directions.T @ directions - np.eye(3)
    return bool(np.abs(cosines).max() > np.sin(np.radians(degrees)))


def filled(data: NDArray[np.generic], answers: Mapping[str, str]) -> NDArray[np.generic]:
    """The voxels with those that hold no number filled as the reader chose.

    Raises:
        Question: some voxels are NaN or infinite and nothing was chosen (SV-GRID-016).
        Refused: the answer is not a number (SV-GRID-017).
    """
    if data.dtype.kind != "f":
        return data
    finite = np.isfinite(data)
    if finite.all():
        return data
    answer = answers.get("fill")
    if answer is None:
        raise Question(
            "SV-GRID-016",
            f"{1 - finite.mean():.2%} of the voxels hold no number; a model would answer 'nothing "
            "found' for the whole scan. Fill them?",
            "fill",
            {"0": "Fill them with 0", "keep": "Leave them; the scan can be viewed, not segmented"},
        )
    if answer == "keep":
        return data
    try:
        value = float(answer)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise Refused("SV-GRID-017", "Voxels without a number can be filled with a number only.")
    return np.where(finite, data, np.asarray(value, data.dtype))
