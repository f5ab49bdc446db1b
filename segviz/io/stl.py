"""The surface of a label as binary STL, for printing and 3-D programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import marching_cubes

from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.io.atomic import replacing
from segviz.mask import Mask

HEADER = "segviz. SPACE=RAS; UNIT=mm"
"""3D Slicer heeds SPACE; without it STL is taken for LPS there."""

RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])

Triangles = NDArray[np.float32]
"""[triangle, corner, xyz]"""


def write_stl(mask: Mask, path: Path, label: int | None = None) -> None:
    """Write the surface of a label (of all together when None) in RAS+ mm.

    Raises:
        Refused: no voxel has the label (SV-MSK-210).
    """
    triangles = surface(mask, label)
    records = np.zeros(len(triangles), RECORD)
    records["corners"] = triangles
    records["normal"] = _normals(triangles)
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(HEADER.encode().ljust(80))
        file.write(np.uint32(len(records)).tobytes())
        file.write(records.tobytes())


def surface(mask: Mask, label: int | None = None) -> Triangles:
    """Closed surface half-way between voxel centres inside and outside, seen from outside
    counter-clockwise, in RAS+ mm (marching cubes of Lewiner et al. 2003, by scikit-image).

    Raises:
        Refused: no voxel has the label (SV-MSK-210).
    """
    if not isinstance(mask.grid, VolumeGrid):
        raise ValueError("a surface is of a scan's mask")
    inside = mask.data > 0 if label is None else mask.data == label
    boxes = ndimage.find_objects(inside.astype(np.uint8))
    if not boxes:
        raise Refused(
            "SV-MSK-210", "No voxel has this label, so it has no surface; choose one that has some."
        )
    box = boxes[0]
    padded = np.pad(inside[box], 1).astype(np.float32)
    corners, faces, _, _ = marching_cubes(padded, 0.5)  # type: ignore[no-untyped-call]
    indices = corners + [part.start - 1 for part in box]
    affine = mask.grid.affine
    placed = (indices @ affine[:3, :3].T + affine[:3, 3]).astype(np.float32)
    outward = faces if np.linalg.det(affine[:3, :3]) < 0 else faces[:, ::-1]
    return np.asarray(placed[outward])


def _normals(triangles: Triangles) -> NDArray[np.float32]:
    sides = np.diff(triangles, axis=1)
    normals = np.cross(sides[:, 0], sides[:, 1])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, np.finfo(np.float32).tiny))
