import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from segviz.change.series import change, transition_counts
from segviz.errors import Refused
from segviz.grid import RasterGrid, VolumeGrid
from segviz.mask import Legend, Mask

LAND = Legend.named("forest", "other")
HECTARES = Affine(100, 0, 1e6, 0, -100, 3e6)


def scene(labels, transform=HECTARES, crs: int | None = 6933, legend=LAND):
    labels = np.array(labels, np.uint8)
    grid = RasterGrid(labels.shape, transform, CRS(crs) if crs else None)
    return Mask(grid, labels, legend)


def volume(labels, spacing=(10.0, 10.0, 10.0), legend=None):
    labels = np.array(labels, np.uint8).reshape(1, 2, -1)
    grid = VolumeGrid(labels.shape, np.diag([*spacing, 1.0]))
    return Mask(grid, labels, legend or Legend.named("lesion"))


def test_vector_of_the_reference():
    found = change(
        [scene([[1, 1, 2], [2, 1, 0]]), scene([[1, 2, 2], [1, 0, 2]])],
        [date(2018, 6, 1), "2020-06-01"],
    )
    assert found["unit"] == "ha"
    assert found["labels"] == [{"label": 1, "name": "forest"}, {"label": 2, "name": "other"}]
    assert found["dates"] == ["2018-06-01", "2020-06-01"]
    assert found["areas_ha"] == [pytest.approx([3, 2]), pytest.approx([2, 3])]
    assert found["common_valid_pixels"] == 4
    assert (found["compared"], found["only_at_first"], found["only_at_second"]) == ([4], [1], [1])
    assert np.array(found["transitions"]) == pytest.approx(np.ones((1, 2, 2)))
    assert (found["loss"][0], found["gain"][0]) == (pytest.approx([1]), pytest.approx([1]))
    assert found["net"][0] == pytest.approx([0], abs=1e-9)
    assert found["why"] == [None]
    (only,) = found["one_date_only"]
    assert (only["first"], only["second"]) == (pytest.approx([1, 0]), pytest.approx([0, 1]))
    assert found["rates"][0][0]["compound_percent"] == pytest.approx(0, abs=1e-9)


def test_rows_and_columns_balance():
    random = np.random.default_rng(0)
    utm = Affine(30, 0, 2e5, 0, -30, 1e6)
    masks = [scene(random.integers(0, 5, (150, 170)), utm, 32622) for _ in range(3)]
    found = change(masks)
    for n, matrix in enumerate(np.array(found["transitions"])):
        both = (masks[n].data > 0) & (masks[n + 1].data > 0)
        for axis, at in ((1, n), (0, n + 1)):
            alone = change([scene(masks[at].data * both, utm, 32622)] * 2)["areas_ha"]
            assert matrix.sum(axis=axis) == pytest.approx([area[0] for area in alone], rel=1e-9)
        assert np.array(found["gain"])[:, n] - np.array(found["loss"])[:, n] == pytest.approx(
            np.array(found["net"])[:, n]
        )
    assert np.sum(found["net"]) == pytest.approx(0, abs=1e-9)


def test_what_one_date_has_alone_and_the_matrix_make_up_its_area():
    random = np.random.default_rng(1)
    masks = [scene(random.integers(0, 7, (90, 110)), Affine(30, 0, 2e5, 0, -30, 1e6), 32622)
             for _ in range(3)]  # fmt: skip
    found = change(masks, ["2010", "2015", "2016"])
    areas = np.array(found["areas_ha"]).T
    for n, matrix in enumerate(np.array(found["transitions"])):
        only = found["one_date_only"][n]
        assert matrix.sum(axis=1) + only["first"] == pytest.approx(areas[n], rel=1e-12)
        assert matrix.sum(axis=0) + only["second"] == pytest.approx(areas[n + 1], rel=1e-12)
        assert found["only_at_first"][n] == np.sum((masks[n].data > 0) & (masks[n + 1].data == 0))
    assert [row[0]["years"] for row in zip(*found["rates"], strict=True)] == [5.0, 1.0]


def test_a_rate_is_of_the_area_that_both_dates_saw():
    """100 ha become 95; 30 more hectares are under cloud at the second date."""
    before = np.ones((13, 10))
    after = np.ones((13, 10))
    after[0, :5] = 2
    after[10:] = 0
    (rate,) = change([scene(before), scene(after)], ["2015-07-01", "2020-07-01"])["rates"][0]
    assert rate["compound_percent"] == pytest.approx(-1.02062, abs=5e-6)
    assert rate["puyravaud_percent"] == pytest.approx(-1.02587, abs=5e-6)
    assert rate["a_year"] == pytest.approx(-1.0)


def test_three_dates_compare_neighbours_in_time():
    found = change([scene([[1, 1, 1]]), scene([[1, 2, 0]]), scene([[2, 2, 2]])])
    assert found["compared"] == [2, 2]
    assert found["common_valid_pixels"] == 2
    assert np.array(found["transitions"]) == pytest.approx(
        np.array([[[1, 1], [0, 0]], [[0, 1], [0, 1]]])
    )
    assert found["loss"][0] == pytest.approx([1, 1])


@pytest.mark.parametrize(("side", "shift", "share"), [(20, 1, 0.05), (20, 2, 0.1), (10, 1, 0.1)])
def test_a_shift_fakes_change(side, shift, share):
    row, column = np.indices((200, 200)) // side
    board = 1 + (row + column) % 2
    found = change([scene(board), scene(np.roll(board, shift, axis=1))])
    forest = found["areas_ha"][0][0]
    assert found["loss"][0][0] / forest == pytest.approx(share, rel=1e-6)
    assert found["gain"][0][0] / forest == pytest.approx(share, rel=1e-6)


def test_without_a_crs_pixels_are_counted():
    found = change([scene([[1, 2]], crs=None), scene([[2, 2]], crs=None)])
    assert (found["unit"], found["areas_ha"]) == ("pixels", None)
    assert found["pixels"] == [[1, 0], [1, 2]]
    assert found["transitions"] == [[[0.0, 1.0], [0.0, 1.0]]]


def test_scenes_on_different_grids_are_refused():
    moved = scene([[1, 2]], HECTARES @ Affine.translation(1, 0))
    with pytest.raises(Refused, match="align the masks"):
        change([scene([[1, 2]]), moved])


def test_volumes_balance_with_their_background():
    found = change([volume([0, 1, 1, 0]), volume([0, 1, 0, 0])])
    assert found["unit"] == "ml"
    assert found["labels"] == [{"label": 0, "name": "background"}, {"label": 1, "name": "lesion"}]
    assert found["volumes_ml"] == [pytest.approx([2, 3]), pytest.approx([2, 1])]
    assert found["common_voxels"] == 4
    assert np.array(found["transitions"]) == pytest.approx(np.array([[[2, 0], [1, 1]]]))
    assert found["gain"][1] == [0.0]
    assert (found["loss"][1], found["net"][1]) == (pytest.approx([1]), pytest.approx([-1]))


def test_volumes_on_different_grids_are_counted_and_not_compared():
    found = change([volume([0, 1, 1, 0]), volume([0, 1, 1, 1], (10.0, 10.0, 5.0))])
    assert found["volumes_ml"][1] == pytest.approx([2.0, 1.5])
    assert found["transitions"] == [None]
    assert (found["common_voxels"], found["compared"]) == (None, [None])
    assert (found["gain"][1], found["loss"][1]) == ([None], [None])
    assert found["net"] == [[None], [pytest.approx(-0.5)]]
    assert "align the masks" in found["why"][0]


def test_labels_without_a_name_are_compared_too():
    found = change([volume([0, 7, 0, 0]), volume([3, 0, 0, 0])])
    assert [row["label"] for row in found["labels"]] == [0, 1, 3, 7]
    assert found["labels"][3]["name"] == "label 7"


def test_transition_counts_run_from_rows_to_columns():
    table = transition_counts(np.array([[1, 1]], np.uint8), np.array([[2, 1]], np.uint8))
    assert (table[1, 2], table[1, 1], table.sum()) == (1, 1, 2)


def test_one_label_with_two_names_is_refused():
    with pytest.raises(Refused, match="'forest' in one mask and 'water'"):
        change([scene([[1]]), scene([[1]], legend=Legend.named("water"))])


def test_one_mask_has_no_change():
    with pytest.raises(Refused, match="SV-PAIR-005"):
        change([scene([[1]])])


def test_a_patient_is_not_compared_with_a_place():
    with pytest.raises(Refused, match="SV-PAIR-006"):
        change([scene([[1]]), volume([0, 1, 1, 0])])


def test_real_land_use_maps_have_the_hectares_their_source_says():
    root = Path(__file__).parent.parent
    data = Path(os.environ.get("SEGVIZ_TEST_DATA", root.parent / "shared" / "data"))
    files = sorted((data / "geo" / "pie-land-use").glob("*.tif"))
    if len(files) != 3:
        pytest.skip("the land-use maps of the PIE plains are not on this machine")
    from segviz.io import read_mask

    found = change([read_mask(file) for file in files], ["1985", "1991", "1999"])
    assert np.floor(found["areas_ha"][0]).tolist() == [48_952, 46_973, 45_321]
    assert found["compared"] == [113_563, 113_563]
    for matrix, before, after in zip(
        np.array(found["transitions"]),
        np.array(found["areas_ha"]).T,
        np.array(found["areas_ha"]).T[1:],
        strict=False,
    ):
        assert matrix.sum(axis=1) == pytest.approx(before)
        assert matrix.sum(axis=0) == pytest.approx(after)
