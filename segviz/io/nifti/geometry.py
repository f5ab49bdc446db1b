"""Which of a NIfTI file's three statements of geometry holds.

Order: sform, qform, voxel sizes alone. Programs differ in whom they believe (one file was read as
1 mm3 by one and as 3 mm3, mirrored, by another), so where the statements disagree the reader is
asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import nibabel as nib
import numpy as np

from segviz.errors import Question
from segviz.grid import VolumeGrid
from segviz.io.failures import refusing
from segviz.io.geometry import Affine4, parse_spacing, respaced
from segviz.io.notes import Note

SPACING_TOLERANCE = 0.01
ORIGIN_TOLERANCE_MM = 0.1
ANGLE_TOLERANCE = np.cos(np.radians(0.5))
MILLIMETRES = {1: 1000.0, 3: 0.001}
UNIT_NAMES = {1: "metres", 3: "micrometres"}
STATEMENT_NAMES = {
    "sform": "the affine matrix (sform)",
    "qform": "the rotation (qform)",
    "pixdim": "the voxel sizes (pixdim)",
}


def grid_of(
    raw: nib.Nifti1Header, shape: tuple[int, int, int], answers: Mapping[str, str]
) -> tuple[VolumeGrid, tuple[Note, ...]]:
    """The grid that the file, or the reader, says is right, before any typed voxel size.

    Raises:
        Refused: a matrix is not finite or is flat (SV-GRID-001, SV-GRID-002).
        Question: ``geometry`` where statements disagree, ``spacing_mm`` where there is no voxel
            size or it is not in mm.
    """
    stated = _statements(raw, shape, answers)
    grid = stated[_chosen(stated, answers)]
    if "spacing_mm" not in answers:
        _require_millimetres(raw, grid)
    return grid, tuple(_notes(raw))


def _statements(
    raw: nib.Nifti1Header, shape: tuple[int, int, int], answers: Mapping[str, str]
) -> dict[str, VolumeGrid]:
    """What the file says, most trusted first."""
    affines: dict[str, Affine4] = {}
    sizes = np.abs(np.asarray(raw["pixdim"][1:4], float))
    has_sizes = bool(np.isfinite(sizes).all() and (sizes > 0).all())
    if raw["sform_code"] > 0:
        affines["sform"] = np.asarray(raw.get_sform(), float)
    if raw["qform_code"] > 0 and has_sizes:
        with refusing(
            "SV-NII-014",
            "The rotation in the header is damaged, so no ml can be given; export the scan again.",
        ):
            affines["qform"] = _qform(raw)
    if not affines:
        affines["pixdim"] = _upright(sizes if has_sizes else _typed_spacing(answers), shape)
    elif has_sizes:
        affines["pixdim"] = respaced(next(iter(affines.values())), tuple(sizes))
    return {name: VolumeGrid(shape, affine) for name, affine in affines.items()}


def _qform(raw: nib.Nifti1Header) -> Affine4:
    """A handedness (pixdim[0]) of 0 stands for 1 in files of old programs (nifti1.h)."""
    header = raw.copy()
    if header["pixdim"][0] == 0:
        header["pixdim"][0] = 1
    return np.asarray(header.get_qform(), float)


def _upright(sizes: np.ndarray, shape: tuple[int, int, int]) -> Affine4:
    """What nibabel assumes of a file without a matrix: x to the left, the origin in the middle."""
    affine = np.diag([-sizes[0], sizes[1], sizes[2], 1.0])
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def _typed_spacing(answers: Mapping[str, str]) -> np.ndarray:
    if "spacing_mm" not in answers:
        raise Question(
            "SV-NII-015",
            "The file holds no voxel size, so no ml can be given. What is it in mm?",
            "spacing_mm",
        )
    return np.array(parse_spacing(answers["spacing_mm"]))


def _chosen(stated: Mapping[str, VolumeGrid], answers: Mapping[str, str]) -> str:
    """The statement to believe: the reader's, or the first where all agree."""
    if (answer := answers.get("geometry")) in stated:
        return str(answer)
    first = next(iter(stated))
    rivals = {first: stated[first]}
    for name, grid in stated.items():
        if not any(list(_differences(grid, other)) == [] for other in rivals.values()):
            rivals[name] = grid
    settled_by_typing = "spacing_mm" in answers and set(rivals) <= {first, "pixdim"}
    if len(rivals) == 1 or settled_by_typing:
        return first
    differences = {text for grid in rivals.values() for text in _differences(stated[first], grid)}
    raise Question(
        "SV-NII-016",
        f"The file contradicts itself: it gives {' and '.join(sorted(differences))}. Which is "
        "right?",
        "geometry",
        {name: f"Believe {STATEMENT_NAMES[name]}: {grid}" for name, grid in rivals.items()},
    )


def _differences(a: VolumeGrid, b: VolumeGrid) -> Iterator[str]:
    if not np.allclose(a.spacing_mm, b.spacing_mm, rtol=SPACING_TOLERANCE):
        yield f"two voxel sizes ({_size(a)} and {_size(b)} mm)"
    towards_a, towards_b = (g.affine[:3, :3] / np.array(g.spacing_mm) for g in (a, b))
    if np.sign(np.linalg.det(towards_a)) != np.sign(np.linalg.det(towards_b)):
        yield "two orientations (left and right may be swapped)"
    elif (np.sum(towards_a * towards_b, axis=0) < ANGLE_TOLERANCE).any():
        yield "two directions of its axes"
    if np.linalg.norm(a.affine[:3, 3] - b.affine[:3, 3]) > ORIGIN_TOLERANCE_MM:
        yield "two places of its first voxel"


def _size(grid: VolumeGrid) -> str:
    return " x ".join(f"{s:.3g}" for s in grid.spacing_mm)


def _require_millimetres(raw: nib.Nifti1Header, grid: VolumeGrid) -> None:
    unit = int(raw["xyzt_units"]) & 7
    if unit not in MILLIMETRES:
        return
    factor = MILLIMETRES[unit]
    converted = ",".join(f"{s * factor:.6g}" for s in grid.spacing_mm)
    as_written = ",".join(f"{s:.6g}" for s in grid.spacing_mm)
    raise Question(
        "SV-NII-017",
        f"The file says its lengths are in {UNIT_NAMES[unit]}; if that is wrong, ml are off by "
        f"{max(factor, 1 / factor) ** 3:.0e}. What is the voxel size in mm?",
        "spacing_mm",
        {
            as_written: f"The unit is wrong: {as_written} are mm",
            converted: f"The unit is right: voxels of {converted} mm",
        },
    )


def _notes(raw: nib.Nifti1Header) -> Iterator[Note]:
    if int(raw["xyzt_units"]) & 7 == 0:
        yield Note("SV-NII-101", "The file does not name its unit of length; mm are assumed.")
    if raw["sform_code"] <= 0 and raw["qform_code"] <= 0:
        yield Note(
            "SV-NII-102",
            "The file does not say which side is left: left and right may be swapped.",
        )
