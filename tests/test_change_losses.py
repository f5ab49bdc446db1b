from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from segviz.change.losses import by_definition, losses, since
from segviz.errors import Refused
from segviz.grid import RasterGrid
from segviz.mask import Legend, Mask
from segviz.measure.forest import PRESETS

LAND = Legend.named("forest", "other")


def scene(labels, cell_m: float = 10.0, crs: int | None = 6933) -> Mask:
    labels = np.array(labels, np.uint8)
    place = Affine(cell_m, 0, 1e6, 0, -cell_m, 3e6)
    return Mask(RasterGrid(labels.shape, place, CRS(crs) if crs else None), labels, LAND)


def test_each_cell_is_lost_once():
    found = losses(
        [scene([[1, 1, 1, 2]], 100), scene([[1, 2, 0, 1]], 100), scene([[2, 1, 2, 1]], 100)],
        ["2018-07-01", "2020-07-01", "2021-07-01"],
        1,
    )
    assert found["kept"] == pytest.approx(1)
    assert found["lost"] == pytest.approx([1, 2])
    assert (found["from"], found["to"]) == (
        ["2018-07-01", "2020-07-01"],
        ["2020-07-01", "2021-07-01"],
    )


def test_without_a_crs_pixels_are_lost():
    found = losses([scene([[1, 1]], crs=None), scene([[2, 1]], crs=None)], [None, None], 1)
    assert (found["kept"], found["lost"]) == (1.0, [1.0])


@pytest.mark.parametrize(
    ("dates", "key"),
    [
        (("2019-07-01", "2020-12-31"), "before"),
        (("2019-07-01", "2021-01-01"), "undecided"),
        (("2020-12-31", "2021-07-01"), "after"),
        (("2021-07-01", "2022-07-01"), "after"),
        ((None, "2022-07-01"), "undecided"),
    ],
)
def test_a_cut_off_between_two_dates_cannot_be_decided(dates, key):
    found = {"from": [dates[0]], "to": [dates[1]], "lost": [7.0]}
    split = since(found, date(2020, 12, 31))
    assert split.pop("cut_off") == "2020-12-31"
    assert split == {"before": 0.0, "after": 0.0, "undecided": 0.0} | {key: 7.0}


def test_a_smallest_area_is_applied_to_forest_and_to_change():
    """10 m cells: a forest of 20 x 20 (4 ha), one patch of 6 x 6 (0.36 ha); then a clearing of
    8 x 8 (0.64 ha), one of 2 x 2 (0.04 ha) and the patch gone."""
    before = np.full((60, 60), 2)
    before[10:30, 10:30] = 1
    before[40:46, 40:46] = 1
    after = before.copy()
    after[12:20, 12:20] = 2
    after[24:26, 24:26] = 2
    after[40:46, 40:46] = 2
    found = by_definition([scene(before), scene(after)], 1, PRESETS["fao"])
    first, second = found["forest"]
    assert (first["before_ha"], first["after_ha"]) == pytest.approx((4.36, 4.0), rel=1e-4)
    assert (second["before_ha"], second["after_ha"]) == pytest.approx((3.32, 3.32), rel=1e-4)
    loss = found["intervals"][0]["loss"]
    assert loss["mapped_ha"] == pytest.approx(1.04, rel=1e-4)
    assert loss["of_sieved_forest_ha"] == pytest.approx(0.68, rel=1e-4)
    assert loss["after_ha"] == pytest.approx(0.64, rel=1e-4)
    assert loss["removed_ha"] == pytest.approx(0.40, rel=1e-4)
    assert (loss["patches"], loss["patches_removed"]) == (2, 1)
    assert found["intervals"][0]["gain"]["mapped_ha"] == 0.0


def test_a_definition_without_a_smallest_area_takes_nothing_out():
    found = by_definition([scene([[1]]), scene([[2]])], 1, PRESETS["hansen"])
    assert found["area_ha"] is None and found["intervals"] == []


def test_hectares_need_a_place():
    masks = [scene([[1]], crs=None), scene([[2]], crs=None)]
    with pytest.raises(Refused, match="SV-NUM-051"):
        by_definition(masks, 1, replace(PRESETS["fao"]))
