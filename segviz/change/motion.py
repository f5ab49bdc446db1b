"""How one scan was turned and shifted against another: 4x4 matrices between RAS+ mm."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from segviz.errors import Refused
from segviz.grid import VolumeGrid

Matrix = NDArray[np.float64]

TURNS: Final = "xyz"
"""Rotations about R, then A, then S, each about the fixed axis."""


def middle_mm(grid: VolumeGrid) -> Matrix:
    """R, A, S of the middle of a grid."""
    middle: Matrix = (grid.affine @ [*((n - 1) / 2 for n in grid.shape), 1.0])[:3]
    return middle


def moved(rotation_deg: ArrayLike, shift_mm: ArrayLike, centre_mm: ArrayLike) -> Matrix:
    """The matrix that turns about a centre, then shifts.

    Args:
        rotation_deg: about R, then A, then S, right-handed.
        shift_mm: along R, A, S: where the centre goes.
    """
    matrix = np.eye(4)
    centre = np.asarray(centre_mm, float)
    matrix[:3, :3] = Rotation.from_euler(TURNS, np.asarray(rotation_deg), degrees=True).as_matrix()
    matrix[:3, 3] = centre + np.asarray(shift_mm) - matrix[:3, :3] @ centre
    return matrix


def parts(matrix: Matrix, centre_mm: ArrayLike) -> tuple[Matrix, Matrix]:
    """Rotation in degrees and shift in mm that ``moved`` makes the matrix of."""
    centre = np.asarray(centre_mm, float)
    turns = Rotation.from_matrix(matrix[:3, :3]).as_euler(TURNS, degrees=True)
    return np.asarray(turns), matrix[:3, :3] @ centre + matrix[:3, 3] - centre


def angle_deg(matrix: Matrix) -> float:
    """By how much it turns, about whatever axis."""
    return float(np.degrees(Rotation.from_matrix(matrix[:3, :3]).magnitude()))


def of_rows(rows: ArrayLike) -> Matrix:
    """A matrix as JSON holds it.

    Raises:
        Refused: it also stretches or shears, or is no 4x4 matrix (SV-NUM-032).
    """
    matrix = np.asarray(rows, np.float64)
    turn = matrix[:3, :3] if matrix.shape == (4, 4) else np.zeros((3, 3))
    rigid = np.allclose(turn @ turn.T, np.eye(3), atol=1e-6) and np.linalg.det(turn) > 0
    if not rigid or not np.allclose(matrix[3], [0, 0, 0, 1]):
        raise Refused(
            "SV-NUM-032",
            "The alignment of a visit does more than turn and shift, so lesions would grow or "
            "shrink by it; align the visit again.",
        )
    return matrix
