"""Fill between slices, on discs whose areas are known.

From r 5 to 15 every slice is the disc of the radius in between. ITK's morphological filter gives
other areas: 81 149 213 261 313 385 449 517 589 657 709 there, at most 72 cells of 449 more; in the
case of three slices 317 205 161 73 49 29, at most 36 of 205 fewer; for two discs out of one
441 381 351 317 275 275 225 225 162 162 162, at most 70 of 275 fewer; and a disc that moves 32 cells
shrinks there to 86 cells of 113 on the way.
"""

from __future__ import annotations

import numpy as np
import pytest
from canvases import after, scene, volume
from scipy import ndimage

from segviz.edit.between import between
from segviz.errors import Refused

DOWN, RIGHT = np.indices((64, 64))


def disc(radius, row=32, column=32):
    return (DOWN - row) ** 2 + (RIGHT - column) ** 2 <= radius**2


def drawn(slices, plane=2, depth=20):
    labels = np.zeros((64, 64, depth), np.uint8)
    for number, cells in slices.items():
        labels[:, :, number] = cells
    return np.ascontiguousarray(np.moveaxis(labels, 2, plane))


def filled(labels, plane=2, spacing_mm=(1.0, 1.0, 1.0), **parameters):
    canvas = volume(labels, spacing_mm)
    mask = after(canvas, between(canvas, label=1, plane=plane, **parameters))
    return np.moveaxis(mask, plane, 2)


def areas(mask):
    return (mask == 1).sum(axis=(0, 1))[5:16].tolist()


@pytest.mark.parametrize("plane", [0, 1, 2])
@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        ({5: disc(5), 15: disc(15)}, [81, 113, 149, 197, 253, 317, 377, 465, 545, 625, 709]),
        (
            {5: disc(10), 10: disc(3), 15: disc(10)},
            [317, 241, 177, 101, 61, 29, 61, 101, 177, 241, 317],
        ),
        ({5: disc(6, 32, 16), 15: disc(6, 32, 48)}, [113] * 11),
        ({5: disc(6, 32, 28), 15: disc(6, 32, 36)}, [113] * 11),
        (
            {5: disc(12), 15: disc(5, 32, 26) | disc(5, 32, 38)},
            [441, 441, 409, 379, 345, 289, 263, 241, 205, 171, 162],
        ),
    ],
    ids=["larger", "three-keys", "apart", "aside", "one-to-two"],
)
def test_areas_of_the_table(slices, expected, plane):
    mask = filled(drawn(slices, plane), plane)
    assert areas(mask) == expected
    for number, cells in slices.items():
        assert (mask[:, :, number] == cells).all()


def test_one_object_moves_where_two_slices_do_not_overlap():
    mask = filled(drawn({5: disc(6, 32, 16), 15: disc(6, 32, 48)}))
    assert [ndimage.label(mask[:, :, z])[1] for z in range(5, 16)] == [1] * 11
    centres = [np.argwhere(mask[:, :, z])[:, 1].mean() for z in range(5, 16)]
    assert centres == pytest.approx(np.linspace(16, 48, 11), abs=0.5)


def test_each_object_goes_to_its_own_partner():
    one = disc(4, 12, 12) | disc(4, 50, 50)
    two = disc(4, 12, 26) | disc(4, 50, 36)
    mask = filled(drawn({5: one, 15: two}))
    middle = mask[:, :, 10]
    assert middle[12, 19] and middle[50, 43] and ndimage.label(middle)[1] == 2


def test_an_object_without_a_partner_tapers_to_a_point():
    mask = filled(drawn({5: disc(6, 12, 12) | disc(6, 40, 40), 15: disc(6, 40, 40)}))
    alone = (mask[:26, :26] == 1).sum(axis=(0, 1))[5:16].tolist()
    assert alone[0] == 113 and alone == sorted(alone, reverse=True) and alone[-1] == 0
    assert 0 < alone[5] < 60


def test_a_ring_and_the_disc_in_its_hole_leave_no_slice_empty():
    mask = filled(drawn({5: disc(15) & ~disc(9), 15: disc(4)}))
    assert min(areas(mask)) > 0


def test_other_labels_are_painted_over_only_when_asked():
    labels = drawn({5: disc(8), 15: disc(8)})
    labels[30:34, 30:34, 10] = 2
    assert (filled(labels) == 2).sum() == 16
    assert (filled(labels, over=True) == 2).sum() == 0


def test_a_slice_with_another_label_alone_is_empty_and_filled():
    labels = drawn({5: disc(8), 15: disc(8)})
    labels[0:4, 0:4, 10] = 2
    assert areas(filled(labels)) == [197] * 11


def test_distances_are_in_mm():
    """A stroke of 3 x 9 cells of 3 x 1 mm is a square, and so are the slices up to a larger one."""
    one, two = np.zeros((2, 64, 64), bool)
    one[31:34, 28:37] = two[29:36, 22:43] = True
    middle = filled(drawn({5: one, 7: two}), spacing_mm=(3.0, 1.0, 5.0))[:, :, 6]
    rows, columns = np.flatnonzero(middle.any(axis=1)), np.flatnonzero(middle.any(axis=0))
    assert (len(rows), len(columns)) == (5, 15)


@pytest.mark.parametrize("seed", range(10))
def test_random_blobs(seed):
    """Drawn slices and other labels stay, no slice is left empty, nothing beyond the volume."""
    random = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(random.normal(size=(40, 30, 12)), (3, 3, 0))
    labels = np.where(noise > np.quantile(noise, 0.85), 1, 0).astype(np.uint8)
    labels[:, :, [1, 2, 5, 6, 7, 10]] = 0
    labels[random.random(labels.shape) > 0.97] = 2
    before = labels.copy()
    mask = filled(labels, spacing_mm=(0.7, 1.1, 3.0))
    assert (labels == before).all()
    drawn_slices = np.flatnonzero((labels == 1).any(axis=(0, 1)))
    assert (mask[:, :, drawn_slices] == labels[:, :, drawn_slices]).all()
    assert (mask[labels == 2] == 2).all()
    between_them = slice(drawn_slices[0], drawn_slices[-1] + 1)
    assert (mask == 1).any(axis=(0, 1))[between_them].all()
    assert not (mask == 1)[:, :, : drawn_slices[0]].any()
    assert not (mask == 1)[:, :, drawn_slices[-1] + 1 :].any()


def test_the_history_names_the_slices():
    canvas = volume(drawn({5: disc(3), 7: disc(3), 8: disc(3), 12: disc(3)}))
    edit = between(canvas, label=1)
    assert edit.what == "Fill between slices 5-12"
    assert (after(canvas, edit) == 1).any(axis=(0, 1)).sum() == 8


@pytest.mark.parametrize("slices", [{}, {5: disc(3)}, {5: disc(3), 6: disc(3)}])
def test_nothing_between_is_refused(slices):
    with pytest.raises(Refused, match="SV-EDIT-071"):
        between(volume(drawn(slices)), label=1)


def test_a_scene_has_no_slices():
    with pytest.raises(Refused, match="SV-EDIT-077"):
        between(scene(np.ones((4, 4))), label=1)
