import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS
from scipy import ndimage
from workspace import store_at

from segviz import findings, opening, workbench
from segviz.case import Case
from segviz.errors import Refused
from segviz.findings import land_change, series
from segviz.findings.blocks import Check, Plot, Table, Text
from segviz.grid import RasterGrid
from segviz.io import write_scene
from segviz.mask import Legend, Mask
from segviz.store import Store

GRID = RasterGrid((150, 160), Affine(10, 0, 500_000, 0, -10, 9_000_000), CRS.from_epsg(32718))
BANDS = ("B2", "B3", "B4", "B8")
LAND = Legend.named("forest", "other")
FOREST, BARE = (300, 500, 300, 3500), (900, 1000, 1300, 2000)
"""Reflectance x 10,000; NDVI .842105 and .212121."""

STEPS = (0, 30, 45)
"""Columns that are cleared at each date."""


def labels(step: int) -> np.ndarray:
    found = np.ones(GRID.shape, np.uint8)
    found[:, :step] = 2
    return found


def pixels(step: int) -> np.ndarray:
    """Forest and bare ground with edges that do not move: fields in the near infrared."""
    texture = ndimage.gaussian_filter(np.random.default_rng(1).standard_normal(GRID.shape), 2)
    forest, bare = (np.array(cover)[:, None, None] for cover in (FOREST, BARE))
    values = np.where(labels(step) == 1, forest, bare)
    return (values * (1 + 0.4 * texture)).astype(np.uint16)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Case]:
    folder = tmp_path_factory.mktemp("place")
    store = store_at(folder / "home")
    paths = []
    for year, step in zip((2018, 2020, 2022), STEPS, strict=True):
        values = pixels(step)
        values[:, 60:64] = 0
        path = folder / f"place_{year}-07-15.tif"
        write_scene(values, GRID, path, BANDS, date(year, 7, 15), nodata=0)
        paths.append(path)
    case = opening.open_files(store, paths, name="Place")
    for visit, step in zip(case.visits, STEPS, strict=True):
        mask = Mask(GRID, labels(step), LAND, "rule 1")
        workbench.get(store, visit.id).replace_by(mask, title="Rule", author="x", uuid=visit.id)
    return store, case


def test_numbers_checks_losses_and_definition(place):
    store, case = place
    spec = land_change.now(store, case.visits, 1, "eudr")
    found = findings.find(store, spec)
    json.dumps([spec, found], allow_nan=False)
    assert [visit["when"][:4] for visit in found["visits"]] == ["2018", "2020", "2022"]
    assert found["loss"][0] == pytest.approx([45.0, 22.5], rel=2e-3)
    assert found["losses"]["lost"] == pytest.approx([45.0, 22.5], rel=2e-3)
    split = found["cut_off"]
    assert split["before"] == pytest.approx(45.0, rel=2e-3)
    assert (split["after"], split["undecided"]) == (0.0, pytest.approx(22.5, rel=2e-3))
    assert found["definition"]["intervals"][0]["loss"]["removed_ha"] == pytest.approx(0, abs=1e-6)
    for rows in found["checks"]:
        outcomes = {row["name"]: row["outcome"] for row in rows}
        assert len(outcomes) == len(rows) == 11
        assert {n for n, outcome in outcomes.items() if outcome != "passed"} == {
            "Sensor",
            "Clouds",
            "Data",
        }


def test_the_same_spec_gives_the_same_numbers_after_an_edit(place):
    store, case = place
    spec = land_change.now(store, case.visits[:2], 1)
    before = findings.find(store, spec)
    bench = workbench.get(store, case.visits[1].id)
    bench.edit_cells(
        np.arange(100, 200), np.full(100, 2, np.uint8), base_revision=bench.revision, uuid="edit"
    )
    assert findings.find(store, spec) == before
    now = land_change.now(store, case.visits[:2], 1)
    outcomes = {row["name"]: row["outcome"] for row in findings.find(store, now)["checks"][0]}
    assert outcomes["Model"] == "warned"
    bench.undo(base_revision=bench.revision, uuid="undo")


def test_it_is_told_with_its_checks_first(place):
    store, case = place
    spec = land_change.now(store, list(case.segmented), 1)
    blocks = findings.tell(spec, findings.find(store, spec))
    assert all(isinstance(block, Check) for block in blocks[:22])
    titles = [block.title for block in blocks if isinstance(block, Table | Plot)]
    assert "When forest was lost" in titles and "Gain, loss and yearly rates" in titles
    assert any(isinstance(b, Text) and "not deforestation" in b.text for b in blocks)


def test_dates_on_other_grids_are_compared_when_asked(place, tmp_path: Path):
    store, case = place
    moved = replace(GRID, transform=GRID.transform @ Affine.translation(0.5, 0))
    path = tmp_path / "place_2024-07-15.tif"
    write_scene(pixels(45), moved, path, BANDS, date(2024, 7, 15), nodata=0)
    visit = opening.open_files(store, [path], name="Moved").visits[0]
    workbench.get(store, visit.id).replace_by(
        Mask(visit.grid, labels(45), LAND, "rule 1"), title="Rule", author="x", uuid="moved"
    )
    visits = [case.visits[0], visit]
    with pytest.raises(Refused, match="SV-PAIR-001"):
        findings.find(store, land_change.now(store, visits, 1))
    found = findings.find(store, land_change.now(store, visits, 1, aligned=True))
    outcomes = {row["name"]: row["outcome"] for row in found["checks"][0]}
    assert (outcomes["Grid"], outcomes["Shift"]) == ("warned", "warned")


def test_series_of_a_point(place):
    store, case = place
    found = findings.find(store, series.now(store, case.visits, "NDVI", point=(80, 20)))
    values = [row["value"] for row in found["values"]]
    assert values == pytest.approx([0.842105, 0.212121, 0.212121], abs=5e-3)
    assert found["breaks"] is None and "3 dates" in found["why"]
    blocks = findings.tell({"kind": "series"}, found)
    assert isinstance(blocks[0], Plot) and isinstance(blocks[-1], Text)


def test_a_place_without_data_or_outside_has_no_value_and_a_why(place):
    store, case = place
    found = findings.find(store, series.now(store, case.visits, "NDVI", point=(61, 20)))
    assert {row["value"] for row in found["values"]} == {None}
    assert "no data: 0% of it was seen" in found["values"][0]["why"]


def test_series_of_an_area_is_the_mean_of_its_cells(place):
    store, case = place
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(GRID.crs, 4326, always_xy=True)
    corners = [(10, 100), (50, 100), (50, 110), (10, 110), (10, 100)]
    ring = [to_degrees.transform(*(GRID.transform @ corner)) for corner in corners]
    body = {"geometry": {"type": "Polygon", "coordinates": [ring]}}
    record = store.add_record(case.id, "area", "Plot 1", body, "x")
    found = findings.find(store, series.now(store, case.visits, "NDVI", area=record.seq))
    assert found["place"] == "Plot 1"
    values = [row["value"] for row in found["values"]]
    bare = (20 / 40, 35 / 40)
    expected = [0.842105 - share * (0.842105 - 0.212121) for share in (0, *bare)]
    assert values == pytest.approx(expected, abs=0.01)
    assert found["values"][0]["seen"] == pytest.approx(1.0)


def test_clouds_of_a_label_are_left_out(place):
    store, case = place
    visit = case.visits[2]
    bench = workbench.get(store, visit.id)
    clouded = labels(45)
    clouded[70:90] = 3
    legend = Legend.named("forest", "other", "cloud")
    bench.replace_by(Mask(GRID, clouded, legend, "rule 1"), title="x", author="x", uuid="cloud")
    found = findings.find(store, series.now(store, case.visits, "NDVI", point=(80, 20)))
    assert found["values"][2]["value"] is None
    assert found["values"][2]["why"] == "cloud: 0% of it was seen"
    bench.undo(base_revision=bench.revision, uuid="undo-cloud")


def test_an_index_without_its_bands_is_refused(place):
    store, case = place
    with pytest.raises(Refused, match=r"NBR needs near infrared and short-wave infrared 2"):
        findings.find(store, series.now(store, case.visits, "NBR", point=(5, 5)))


def test_a_picture_has_no_index(tmp_path: Path):
    store = store_at(tmp_path / "home")
    path = tmp_path / "place_2018-07-15.tif"
    write_scene((pixels(0)[2:] // 16).astype(np.uint8), GRID, path, BANDS[2:], date(2018, 7, 15))
    case = opening.open_files(store, [path])
    with pytest.raises(Refused, match="SV-NUM-092"):
        findings.find(store, series.now(store, case.visits, "NDVI", point=(5, 5)))
