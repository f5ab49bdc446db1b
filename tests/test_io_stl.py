"""STL: closed surfaces in mm, seen from outside, that enclose what was marked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from canvases import noise

from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.io.stl import HEADER, surface, write_stl
from segviz.mask import Legend, Mask

AFFINES = {
    "RAS": np.diag([1.0, 1, 1, 1]),
    "LPS": np.diag([-1.0, -1, 1, 1]),
    "mirrored": np.diag([-1.0, 1, 1, 1]),
    "thick slices to the back": np.array(
        [[0, 0, 3.0, -5], [-0.5, 0, 0, 9], [0, 0.5, 0, 3], [0, 0, 0, 1]]
    ),
}


def enclosed_ml(triangles):
    """Volume within a closed surface by the divergence theorem; negative if it is inside out."""
    a, b, c = np.moveaxis(triangles.astype(np.float64), 1, 0)
    return float(np.sum(a * np.cross(b, c)) / 6000)


def ball(affine: np.ndarray, radius_mm: float, shape=(48, 48, 48)) -> Mask:
    grid = VolumeGrid(shape, affine)
    cells = np.indices(shape).reshape(3, -1).T - np.array(shape) / 2
    away = np.linalg.norm(cells @ affine[:3, :3].T, axis=1) <= radius_mm
    return Mask(grid, away.reshape(shape).astype(np.uint8), Legend.named("lesion"))


def edges(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directed edges by number of corner, and how often each edge comes in either direction."""
    _, corner = np.unique(triangles.reshape(-1, 3), axis=0, return_inverse=True)
    a, b, c = corner.reshape(-1, 3).T
    directed = np.concatenate([np.stack(pair, axis=1) for pair in ((a, b), (b, c), (c, a))])
    _, counts = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    return directed, counts


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_a_sphere_is_closed_and_has_its_volume(affine: np.ndarray) -> None:
    """0.6 % below the voxels', whose corners the surface cuts off."""
    mask = ball(affine, 10.0)
    triangles = surface(mask, 1)
    _, counts = edges(triangles)
    assert set(counts) == {2}
    volume_ml = mask.data.sum() * mask.grid.voxel_volume_ml
    assert enclosed_ml(triangles) == pytest.approx(volume_ml, rel=0.02)
    assert enclosed_ml(triangles) > 0, "seen from outside"
    middle = triangles.reshape(-1, 3).mean(axis=0)
    centre = mask.grid.affine @ [24, 24, 24, 1]
    np.testing.assert_allclose(middle, centre[:3], atol=0.6)


def test_a_sphere_of_twenty_voxels_is_within_a_fifth_of_a_percent() -> None:
    mask = ball(np.eye(4), 20.0)
    assert enclosed_ml(surface(mask, 1)) == pytest.approx(mask.data.sum() / 1000, rel=0.002)


@pytest.mark.parametrize("seed", range(5))
def test_random_masks_have_no_hole(seed: int) -> None:
    """Each edge is run through as often in one direction as in the other."""
    data = noise((9, 10, 11), seed)
    triangles = surface(Mask(VolumeGrid(data.shape, np.eye(4)), data, Legend(())), 1)
    directed, counts = edges(triangles)
    assert set(counts % 2) == {0}
    forth, times = np.unique(directed, axis=0, return_counts=True)
    back, others = np.unique(directed[:, ::-1], axis=0, return_counts=True)
    np.testing.assert_array_equal(forth, back)
    np.testing.assert_array_equal(times, others)


def test_a_single_voxel_lies_where_it_lies() -> None:
    data = np.zeros((5, 6, 7), np.uint8)
    data[1, 2, 3] = 1
    mask = Mask(VolumeGrid(data.shape, np.array(AFFINES["LPS"])), data, Legend.named("a"))
    corners = surface(mask, 1).reshape(-1, 3)
    np.testing.assert_allclose(corners.min(axis=0), [-1.5, -2.5, 2.5])
    np.testing.assert_allclose(corners.max(axis=0), [-0.5, -1.5, 3.5])


def test_the_file_says_where_it_lies_and_reads_as_binary_stl(tmp_path: Path) -> None:
    mask = ball(np.eye(4), 5.0, (16, 16, 16))
    write_stl(mask, tmp_path / "ball.stl", 1)
    content = (tmp_path / "ball.stl").read_bytes()
    assert content[:80].rstrip() == HEADER.encode()
    assert not content.startswith(b"solid"), "or programs take it for text"
    count = int(np.frombuffer(content, "<u4", 1, 80)[0])
    assert len(content) == 84 + 50 * count
    records = np.frombuffer(content, "<f4", offset=84, count=12).reshape(4, 3)
    np.testing.assert_array_equal(records[1:], surface(mask, 1)[0])
    sides = records[2] - records[1], records[3] - records[1]
    normal = np.cross(*sides)
    np.testing.assert_allclose(records[0], normal / np.linalg.norm(normal), atol=1e-6)


def test_all_labels_together_or_none(tmp_path: Path) -> None:
    data = np.zeros((5, 6, 7), np.uint8)
    data[1, 2, 3], data[2, 2, 3] = 1, 2
    mask = Mask(VolumeGrid(data.shape, np.eye(4)), data, Legend.named("a", "b"))
    assert enclosed_ml(surface(mask)) > enclosed_ml(surface(mask, 1))
    with pytest.raises(Refused) as refused:
        write_stl(mask, tmp_path / "none.stl", 7)
    assert refused.value.code == "SV-MSK-210"
    assert not list(tmp_path.iterdir())
