"""Known turns and shifts of a drawn head, and the real scans where they are at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segviz.change import motion
from segviz.errors import Cancelled, Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.io import open_image
from segviz.registration import rigid

HEAD = np.diag([3.0, 3.0, 3.0, 1.0])
HEAD[:3, 3] = -96, -108, -90
GRID = VolumeGrid((64, 72, 60), HEAD)
SLICES = VolumeGrid(
    (110, 120, 26), np.array([[-1.8, 0, 0, 99], [0, -1.8, 0, 108], [0, 0, 6.5, -80], [0, 0, 0, 1]])
)
"""Thick slices, left and posterior first."""

SKULL = (0, 0, 0), (68, 92, 58), 1.0
PARTS = (
    ((0, 0, 0), (61, 85, 51), -0.5),
    ((22, 15, 8), (12, 30, 14), -0.4),
    ((-22, 15, 5), (12, 28, 16), -0.4),
    ((30, -40, -20), (20, 16, 14), 0.5),
    ((-35, 35, 25), (14, 18, 12), 0.4),
    ((5, -60, 20), (30, 12, 14), 0.4),
    ((-30, -30, -20), (10, 24, 12), 0.3),
    ((35, 30, 10), (8, 24, 20), 0.4),
)


def head(grid: VolumeGrid, matrix: np.ndarray, noise: int, contrast: float = 1.0) -> Volume:
    """The drawn head after a matrix moved it: soft ellipsoids at (centre, axes, brightness)."""
    cells = np.vstack([np.indices(grid.shape).reshape(3, -1), np.ones(np.prod(grid.shape))])
    at = (np.linalg.inv(matrix) @ grid.affine @ cells)[:3]
    seen = np.zeros(at.shape[1])
    for centre, axes, brightness in (SKULL, *PARTS):
        away = np.linalg.norm((at.T - centre) / axes, axis=1)
        seen += brightness / (1 + np.exp((away - 1) * min(axes) / 1.5))
    seen = contrast * seen + 0.01 * np.random.default_rng(noise).standard_normal(len(seen))
    return Volume(grid, (1000 * seen).reshape(grid.shape).astype(np.float32))


@pytest.fixture(scope="module")
def reference() -> Volume:
    return head(GRID, np.eye(4), 0)


@pytest.mark.parametrize(
    ("turn", "shift", "grid", "contrast", "within"),
    [
        ((0, 0, 0), (0, 0, 0), GRID, 1.0, 0.3),
        ((3, -5, 4), (4, -6, 8), GRID, 1.0, 0.3),
        ((-8, 4, 10), (15, 20, -12), SLICES, 1.0, 0.3),
        ((3, -5, 4), (4, -6, 8), SLICES, -1.0, 0.6),  # bright is dark, as between sequences
    ],
)
def test_a_known_motion_is_found(reference, turn, shift, grid, contrast, within):
    """In degrees, and in mm at places all over the head."""
    truth = motion.moved(turn, shift, (0, 0, 0))
    found = rigid.register(head(grid, truth, 1, contrast), reference)
    left = found.matrix @ truth
    assert motion.angle_deg(left) < within
    places = np.array([[0, 0, 0, 1], [60, 0, 0, 1], [0, -70, 0, 1], [0, 0, 50, 1]]).T
    assert np.linalg.norm((left @ places - places)[:3], axis=0).max() < within
    assert found.after >= found.before


def test_it_is_the_same_each_time(reference):
    moving = head(SLICES, motion.moved((2, 0, 5), (3, 0, 4), (0, 0, 0)), 1)
    first, second = rigid.register(moving, reference), rigid.register(moving, reference)
    assert np.array_equal(first.matrix, second.matrix)
    turns, shift = motion.parts(first.matrix, motion.middle_mm(SLICES))
    assert turns == pytest.approx(first.rotation_deg) and shift == pytest.approx(
        first.translation_mm
    )


def test_it_tells_how_far_it_is_and_stops_when_told(reference):
    moving = head(GRID, np.eye(4), noise=2)
    told: list[tuple[int, int]] = []
    rigid.register(moving, reference, progress=lambda *step: told.append(step))
    assert told == sorted(told) and told[0] == (0, rigid.STEPS) and told[-1][0] == rigid.STEPS - 1
    for most in (0, 2, 4):
        told.clear()
        with pytest.raises(Cancelled):
            rigid.register(
                moving,
                reference,
                progress=lambda *step: told.append(step),
                cancelled=lambda most=most: len(told) > most,
            )
        assert told[-1][0] < rigid.STEPS - 1


def test_only_masked_voxels_count(reference):
    """A bright bar outside the head, elsewhere at each visit, is left out."""
    one, two = (Volume(GRID, reference.data.copy()) for _ in range(2))
    one.data[2:6, :, 50:56] = 3000
    two.data[58:62, :, 4:10] = 3000
    masks = [volume.data < 2000 for volume in (one, two)]
    found = rigid.register(two, one, moving_mask=masks[1], reference_mask=masks[0])
    assert motion.angle_deg(found.matrix) < 0.3
    assert np.abs(found.translation_mm).max() < 0.3


def test_what_has_nothing_in_common_is_refused(reference):
    noise = np.random.default_rng(1).normal(100, 10, GRID.shape).astype(np.float32)
    with pytest.raises(Refused) as refused:
        rigid.register(Volume(GRID, noise), reference)
    assert refused.value.code == "SV-NUM-031"


def test_an_empty_scan_is_refused(reference):
    with pytest.raises(Refused) as refused:
        rigid.register(Volume(GRID, np.zeros(GRID.shape, np.float32)), reference)
    assert refused.value.code in ("SV-NUM-030", "SV-NUM-031")


def test_real_visits_lie_better_than_their_files_say(real_data: Path):
    folder = real_data / "medical" / "glioma-progression" / "08"
    said = {"spacing_mm": "0.859,0.859,6.5"}
    before, after = (
        open_image([folder / f"{name}_Scan_T1.nii.gz"], said) for name in ("Pre", "Post")
    )
    found = rigid.register(after, before)
    assert found.after > found.before + 0.2
    assert motion.angle_deg(found.matrix) < 8
    back = rigid.register(before, after)
    both = back.matrix @ found.matrix
    assert motion.angle_deg(both) < 0.5, "there and back again"


def test_series_of_one_examination_lie_on_each_other(real_data: Path):
    first, second = sorted((real_data / "medical" / "glioma-dicom").iterdir())[:2]
    post, pre = (open_image(sorted(folder.iterdir()), {}) for folder in (first, second))
    found = rigid.register(pre, post)
    assert motion.angle_deg(found.matrix) < 0.3
    assert np.abs(found.translation_mm).max() < 0.5
