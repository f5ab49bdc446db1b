"""Tools for pieces against scipy, scikit-image and SimpleITK; strips of a few cells."""

import cc3d
import numpy as np
import pytest
import SimpleITK as sitk
from affine import Affine
from canvases import MASKS, after, blobs, canvas_of, noise, turned
from scipy import ndimage
from skimage import measure

from segviz.edit import pieces
from segviz.errors import Refused
from segviz.measure import connected
from segviz.measure.ellipsoid import cell_area_m2

TOUCHING = {2: np.ones((3, 3)), 3: np.ones((3, 3, 3))}


@pytest.fixture(autouse=True)
def _short_strips(monkeypatch):
    monkeypatch.setattr(connected, "STRIP_CELLS", 300)
    monkeypatch.setattr(pieces, "WINDOW_CELLS", 60)
    monkeypatch.setattr(pieces, "REACHES", (2, 4))


def place(cell):
    """Of a cell, as tools are told."""
    return list(cell) if len(cell) == 3 else [cell[1] + 0.5, cell[0] + 0.5]


@pytest.mark.parametrize("labels", MASKS)
def test_the_bucket_fills_what_hangs_together_by_faces(labels):
    on = canvas_of(labels)
    for cell in np.random.default_rng(1).integers(0, labels.shape, (8, labels.ndim)):
        cell = tuple(cell)
        numbers, _ = ndimage.label(labels == labels[cell])
        expected = np.where(numbers == numbers[cell], 7, labels)
        assert (after(on, pieces.fill(on, label=7, at=place(cell))) == expected).all()


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_the_bucket_stays_in_its_slice(plane):
    labels = blobs((9, 11, 13), 5)
    on, cell = canvas_of(labels), (4, 5, 6)
    of_slice = np.take(labels, cell[plane], plane)
    within = tuple(np.delete(cell, plane))
    numbers, _ = ndimage.label(of_slice == of_slice[within])
    expected = labels.copy()
    np.moveaxis(expected, plane, 0)[cell[plane]][numbers == numbers[within]] = 9
    assert (after(on, pieces.fill(on, label=9, at=cell, plane=plane)) == expected).all()


def test_a_corner_joins_pieces_and_stops_the_bucket():
    labels = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    on = canvas_of(labels)
    assert after(on, pieces.fill(on, label=2, at=[1.5, 1.5])).tolist() == [
        [1, 0, 0], [0, 2, 0], [0, 0, 1]]  # fmt: skip
    assert after(on, pieces.relabel_piece(on, label=2, at=[1.5, 1.5])).tolist() == [
        [2, 0, 0], [0, 2, 0], [0, 0, 2]]  # fmt: skip
    assert not after(on, pieces.erase_piece(on, label=1, at=[0.1, 0.1])).any()


@pytest.mark.parametrize("labels", MASKS)
def test_erasing_and_relabelling_a_piece(labels):
    on = canvas_of(labels)
    for cell in np.argwhere(labels)[::40]:
        cell = tuple(cell)
        numbers = measure.label(labels, connectivity=labels.ndim)
        piece = numbers == numbers[cell]
        erased = after(on, pieces.erase_piece(on, at=place(cell), label=3))
        assert (erased == np.where(piece, 0, labels)).all()
        relabelled = after(on, pieces.relabel_piece(on, at=place(cell), label=3))
        assert (relabelled == np.where(piece, 3, labels)).all()


@pytest.mark.parametrize("tool", [pieces.erase_piece, pieces.relabel_piece])
def test_a_click_on_nothing(tool):
    on = canvas_of(np.zeros((5, 6)))
    with pytest.raises(Refused, match="SV-EDIT-051"):
        tool(on, label=1, at=[2, 2])


@pytest.mark.parametrize("at", [[-0.1, 2], [6, 2], [2, 5], [1, 1, 1, 1]])
def test_a_click_outside_the_image(at):
    on = canvas_of(np.ones((5, 6)))
    with pytest.raises(Refused, match="SV-EDIT-050"):
        pieces.fill(on, label=1, at=at)


@pytest.mark.parametrize("at", [[2, float("nan")], [1, 1, 1], "ab"])
def test_a_click_that_is_no_place(at):
    with pytest.raises(Refused, match="SV-EDIT-002"):
        pieces.fill(canvas_of(np.ones((5, 6))), label=1, at=at)


@pytest.mark.parametrize("labels", MASKS)
@pytest.mark.parametrize("count", [1, 3])
def test_largest_pieces_are_those_of_simpleitk(labels, count):
    on = canvas_of(labels)
    for label in (1, 2):
        inside = sitk.GetImageFromArray((labels == label).astype(np.uint8))
        ranked = sitk.GetArrayFromImage(
            sitk.RelabelComponent(sitk.ConnectedComponent(inside, True), sortByObjectSize=True)
        )
        sizes = np.bincount(ranked.ravel())[1:]
        result = after(on, pieces.largest(on, label=label, count=count)) == label
        assert result.sum() == sizes[:count].sum()
        assert not (result & (labels != label)).any()
        if len(sizes) <= count or sizes[count] < sizes[count - 1]:
            assert (result == ((ranked > 0) & (ranked <= count))).all()


@pytest.mark.parametrize("labels", MASKS)
def test_largest_and_small_pieces_are_those_of_cc3d(labels):
    on = canvas_of(labels)
    every = {2: 8, 3: 26}[labels.ndim]
    for label in (1, 2):
        inside = labels == label
        numbers = cc3d.connected_components(inside, connectivity=every)
        sizes = np.sort(np.bincount(numbers.ravel(), minlength=2)[1:])[::-1]
        kept = after(on, pieces.small(on, label=label, size_cells=6)) == label
        assert (kept == cc3d.dust(inside, threshold=6, connectivity=every)).all()
        if len(sizes) > 2 and sizes[1] > sizes[2]:
            two = after(on, pieces.largest(on, label=label, count=2)) == label
            assert (two == (cc3d.largest_k(inside, k=2, connectivity=every) > 0)).all()


def test_largest_of_each_label():
    on = canvas_of([[1, 0, 1, 1], [2, 2, 0, 0], [0, 0, 0, 2]])
    edit = pieces.largest(on, label=0)
    assert after(on, edit).tolist() == [[0, 0, 1, 1], [2, 2, 0, 0], [0, 0, 0, 0]]
    assert edit.note == "2 pieces."


def test_of_equal_pieces_the_first_is_kept():
    on = canvas_of([[1, 0, 1, 0, 1]])
    assert after(on, pieces.largest(on, label=1)).tolist() == [[1, 0, 0, 0, 0]]


@pytest.mark.parametrize("labels", MASKS)
def test_small_pieces_are_those_of_scikit_image(labels):
    on = canvas_of(labels, spacing_mm=(1, 2, 5))
    size = {"size_ml": 0.05} if labels.ndim == 3 else {"size_cells": 5}
    for label in (1, 3):
        numbers = measure.label(labels == label, connectivity=labels.ndim)
        below = np.bincount(numbers.ravel()) < 5
        expected = np.where((numbers > 0) & below[numbers], 2, labels)
        assert (after(on, pieces.small(on, label=label, into=2, **size)) == expected).all()


@pytest.mark.parametrize("labels", [m for m in MASKS if m.values[0].ndim == 2])
@pytest.mark.parametrize(
    ("crs", "transform"),
    [(4326, Affine(0.2, 0, 10, 0, -0.2, 62)), (3857, Affine(9000, 0, 1e6, 0, -9000, 9e6))],
)
def test_small_pieces_by_true_area(labels, crs, transform):
    on = canvas_of(labels, crs=crs, transform=transform)
    areas = cell_area_m2(on.grid, *np.mgrid[: labels.shape[0], : labels.shape[1]]) / 1e4
    numbers = measure.label(labels, connectivity=2)
    sizes = np.bincount(numbers.ravel(), areas.ravel())
    limit = float(np.median(sizes[1:])) * 1.0001
    expected = np.where((numbers > 0) & (sizes < limit)[numbers], 0, labels)
    assert (after(on, pieces.small(on, label=0, area_ha=limit)) == expected).all()


def surrounding(labels, limit):
    """Minimum mapping unit cell by cell, as the docstring says it."""
    labels = labels.astype(int)
    numbers = measure.label(labels, connectivity=labels.ndim)
    small = {n for n in range(1, numbers.max() + 1) if (numbers == n).sum() < limit}
    faces = {n: {} for n in small}
    for cell in np.ndindex(labels.shape):
        for axis in range(labels.ndim):
            for step in (-1, 1):
                other = list(cell)
                other[axis] += step
                if 0 <= other[axis] < labels.shape[axis]:
                    one, two = numbers[cell], numbers[tuple(other)]
                    if one in small and one != two:
                        key = two if two in small else -labels[tuple(other)] - 1
                        faces[one][key] = faces[one].get(key, 0) + 1
    new = {}
    while True:
        turn = {}
        for n in small - set(new):
            votes = {}
            for key, count in faces[n].items():
                if key < 0 or key in new:
                    label = -key - 1 if key < 0 else new[key]
                    votes[label] = votes.get(label, 0) + count
            if votes:
                turn[n] = min(votes, key=lambda label: (-votes[label], label))
        if not turn:
            break
        new |= turn
    result = labels.copy()
    for n, label in new.items():
        result[numbers == n] = label
    return result


@pytest.mark.parametrize("labels", MASKS)
@pytest.mark.parametrize("limit", [3, 9, 1000])
@pytest.mark.parametrize("store", [np.asarray, turned])
def test_small_pieces_go_to_what_surrounds_them_most(labels, limit, store):
    on = canvas_of(store(labels))
    result = after(on, pieces.small(on, label=0, size_cells=limit, into=None))
    assert (result == surrounding(labels, limit)).all()


def test_a_small_piece_of_one_label_goes_to_what_surrounds_it():
    on = canvas_of([[2, 2, 2, 3], [2, 1, 3, 3], [2, 1, 3, 1], [0, 1, 1, 1]])
    edit = pieces.small(on, label=1, size_cells=7, into=None)
    assert after(on, edit).tolist() == [[2, 2, 2, 3], [2, 3, 3, 3], [2, 3, 3, 3], [0, 3, 3, 3]]
    assert edit.note == "1 piece."
    assert edit.what == "Remove pieces below 7 cells"


def test_more_pieces_than_a_short_number_squared_can_tell(monkeypatch):
    monkeypatch.setattr(connected, "STRIP_CELLS", 1 << 16)
    labels = np.full((600, 400), 2)
    labels[::2, ::2] = 1
    edit = pieces.small(canvas_of(labels), label=0, size_cells=2, into=None)
    assert edit.note == "60000 pieces."
    assert (after(canvas_of(labels), edit) == 2).all()


def test_a_piece_that_fills_the_image_has_no_surroundings():
    on = canvas_of(np.ones((4, 4)))
    assert (after(on, pieces.small(on, label=1, size_cells=99, into=None)) == 1).all()


@pytest.mark.parametrize(
    "size",
    [
        {},
        {"area_ha": 1},
        {"size_ml": 0},
        {"size_ml": float("nan")},
        {"size_ml": 1, "size_cells": 1},
    ],
)
def test_what_is_no_size_of_a_volume(size):
    with pytest.raises(Refused, match="SV-EDIT-052"):
        pieces.small(canvas_of(np.ones((2, 2, 2))), label=1, **size)


def test_hectares_need_a_place_on_the_earth():
    on = canvas_of([[1, 0, 1, 1]], crs=None)
    with pytest.raises(Refused, match="SV-EDIT-053"):
        pieces.small(on, label=1, area_ha=1)
    assert after(on, pieces.small(on, label=1, size_cells=2)).tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize("labels", MASKS)
def test_each_piece_gets_its_own_label(labels):
    on = canvas_of(labels)
    numbers, count = ndimage.label(labels == 2, TOUCHING[labels.ndim])
    free = list(range(10, 10 + count - 1))
    result = after(on, pieces.split(on, label=2, labels=[*free, 200]))
    assert (result[labels != 2] == labels[labels != 2]).all()
    sizes = [np.count_nonzero(result == value) for value in [2, *free]]
    assert sizes == sorted(np.bincount(numbers.ravel())[1:], reverse=True)
    assert len(np.unique(np.stack([result, numbers])[:, numbers > 0], axis=1).T) == count


def test_more_pieces_than_free_labels():
    on = canvas_of([[1, 0, 1, 0, 1]])
    with pytest.raises(Refused, match=r"3 pieces and only 1 labels.*SV-EDIT-054"):
        pieces.split(on, label=1, labels=[4])


@pytest.mark.parametrize("labels", MASKS)
def test_holes_are_those_of_scipy_and_simpleitk(labels):
    on = canvas_of(labels)
    for label in (1, 2, 3):
        inside = labels == label
        filled = ndimage.binary_fill_holes(inside)
        itk = sitk.BinaryFillhole(sitk.GetImageFromArray(inside.astype(np.uint8)))
        assert (filled == sitk.GetArrayFromImage(itk)).all()
        over = after(on, pieces.holes(on, label=label, over=True))
        assert (over == np.where(filled, label, labels)).all()
        kept = after(on, pieces.holes(on, label=label))
        assert (kept == np.where(filled & (labels == 0), label, labels)).all()


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_holes_slice_by_slice(plane):
    labels = noise((9, 11, 13), 8, labels=3, share=0.9)
    on = canvas_of(labels)
    filled = np.stack(
        [ndimage.binary_fill_holes(s) for s in np.moveaxis(labels == 1, plane, 0)], plane
    )
    result = after(on, pieces.holes(on, label=1, plane=plane, over=True))
    assert (result == np.where(filled, 1, labels)).all()
    assert (filled & (labels != 1)).any()


def test_holes_up_to_a_size():
    labels = np.ones((6, 9))
    labels[2, 2] = labels[2:4, 5:7] = 0
    on = canvas_of(labels)
    assert (after(on, pieces.holes(on, label=1)) == 1).all()
    result = after(on, pieces.holes(on, label=1, area_ha=0.01001))
    assert result[2, 2] == 1
    assert (result == 0).sum() == 4


def test_relabel_inside_a_polygon_of_a_scene():
    on = canvas_of(noise((30, 40), 2, labels=3))
    points = [[5, 3], [30, 6.5], [22, 28], [9.2, 21]]
    inside = np.zeros(on.labels.shape, bool)
    corners = np.array(points)[:, ::-1] - 0.5
    inside[pieces.polygon.fill(inside.shape, corners)] = True
    for source, changed in ((None, on.labels > 0), (0, on.labels == 0), (2, on.labels == 2)):
        result = after(on, pieces.relabel_inside(on, label=9, points=points, source=source))
        assert (result == np.where(inside & changed, 9, on.labels)).all()


def test_relabel_inside_a_box_of_pixels():
    on = canvas_of(np.ones((4, 5)))
    result = after(on, pieces.relabel_inside(on, label=2, points=[[1, 1], [3, 1], [3, 9], [1, 9]]))
    assert result.tolist() == [[1] * 5] + [[1, 2, 2, 1, 1]] * 3


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_relabel_inside_over_slices(plane):
    labels = noise((8, 9, 10), 3)
    on = canvas_of(labels)
    flat = [(0.5, 1.5), (5.5, 1.5), (5.5, 6.5), (0.5, 6.5)]
    points = [list(np.insert(corner, plane, 4.2)) for corner in flat]
    box = [slice(1, 6), slice(2, 7)]
    for slices, along in ((None, slice(4, 5)), ((-3, 2), slice(0, 3)), ((6, 99), slice(6, None))):
        edit = pieces.relabel_inside(on, label=9, points=points, plane=plane, slices=slices)
        expected = labels.copy()
        part = expected[(*box[:plane], along, *box[plane:])]
        part[part > 0] = 9
        assert (after(on, edit) == expected).all()


@pytest.mark.parametrize("points", [[[1, 2], [3]], [[1, float("inf")]], [["a", "b"]]])
def test_points_that_are_no_positions(points):
    with pytest.raises(Refused, match="SV-EDIT-002"):
        pieces.relabel_inside(canvas_of(np.ones((4, 4))), label=2, points=points)


@pytest.mark.parametrize("tool", [pieces.largest, pieces.split, pieces.holes, pieces.small])
def test_a_label_that_is_nowhere(tool):
    on = canvas_of(np.ones((3, 3)))
    more = {pieces.split: {"labels": []}, pieces.small: {"size_cells": 9}}.get(tool, {})
    assert list(tool(on, label=5, **more).parts) == []


def test_labels_that_a_split_brings_are_told():
    canvas = canvas_of([[1, 0, 1, 1], [0, 0, 0, 0], [1, 0, 0, 0]])
    edit = pieces.split(canvas, label=1, labels=[5, 6, 7])
    assert edit.born == {5: 1, 6: 1}
