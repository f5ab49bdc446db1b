"""Areas of a case, from its records to a table."""

from __future__ import annotations

import json

import numpy as np
import pytest
from web_case import SCENE_GRID, Server
from workspace import draw

from segviz import findings, workbench
from segviz.errors import Refused
from segviz.findings import areas, gaps
from segviz.findings.blocks import Table, Text
from segviz.grid import RasterGrid
from segviz.io import polygons
from segviz.mask import Legend, Mask
from segviz.measure import clouds

SQUARE = [[100, 100], [200, 100], [200, 200], [100, 200]]
"""100 cells of 10 m wide: 100 ha but for the scale of UTM, which is 0.9996 at its middle."""

HECTARES = 100 / 0.9996**2


def keep(server: Server, name: str, points: list[list[float]] = SQUARE) -> int:
    shape = polygons.from_cells(name, points, SCENE_GRID)
    body = {"geometry": polygons.to_geojson(shape), "file": None, "sha256": None}
    return server.store.add_record(server.scene.id, "area", name, body).seq


def paint(server: Server) -> workbench.Workbench:
    """Rows 100-149 of the square become forest."""
    bench = workbench.get(server.store, server.scene.visits[0].id)
    cells = (np.arange(100, 150)[:, None] * 700 + np.arange(100, 200)).ravel()
    bench.edit_cells(cells, np.ones(len(cells), np.uint8), base_revision=0, uuid="e", tool="brush")
    return bench


def spec_of(server: Server, bench: workbench.Workbench, preset: str | None = None) -> dict:
    visit = server.scene.visits[0]
    return areas.now(server.store, visit, bench.layer.id, bench.revision, preset)


def test_half_of_a_square_is_forest(server: Server):
    keep(server, "Square")
    found = findings.find(server.store, spec_of(server, paint(server)))
    (row,) = found["areas"]
    forest = next(label for label in row["labels"] if label["name"] == "forest")
    assert row["valid_ha"] == pytest.approx(HECTARES, rel=1e-5)
    assert forest["area_ha"] == pytest.approx(HECTARES / 2, rel=1e-5)
    assert forest["share"] == pytest.approx(0.5)
    assert (row["nodata_share"], row["cloud_share"]) == (0, None)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_spec_gives_the_same_numbers_on_any_day(server: Server):
    keep(server, "Square")
    bench = paint(server)
    spec = spec_of(server, bench)
    before = findings.find(server.store, spec)
    keep(server, "Square", [[0, 0], [10, 0], [10, 10]])
    keep(server, "Other")
    draw(bench, "brush", 2, [(150, 150)], 20.0, base_revision=1, uuid="later")
    assert findings.find(server.store, spec) == before
    assert len(spec_of(server, bench)["areas"]) == 2


def test_a_definition_takes_small_patches_out(server: Server):
    keep(server, "Square")
    bench = paint(server)
    cells = np.arange(40) + 180 * 700 + 120
    bench.edit_cells(cells, np.ones(40, np.uint8), base_revision=1, uuid="f", tool="brush")
    found = findings.find(server.store, spec_of(server, bench, "fao"))
    sieved = found["preset"]["sieved"]
    assert (sieved["patches"], sieved["removed"]) == (2, 1)
    assert sieved["before_ha"] - sieved["after_ha"] == pytest.approx(0.4 / 0.9996**2, rel=1e-4)
    assert found["areas"][0]["after_mmu_ha"] == pytest.approx(HECTARES / 2, rel=1e-5)
    blocks = findings.tell(spec_of(server, bench, "fao"), found)
    tables = [block for block in blocks if isinstance(block, Table)]
    assert tables[0].rows[0][0] == "Square"
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    texts = " ".join(block.text for block in blocks if isinstance(block, Text))
    assert "Harvest with regrowth is not deforestation." in texts
    assert "coverage fraction" in texts


@pytest.mark.parametrize("preset", ["hansen", "prodes", "eudr"])
def test_each_definition_is_told(server: Server, preset: str):
    bench = paint(server)
    spec = spec_of(server, bench, preset)
    found = findings.find(server.store, spec)
    assert (found["preset"]["sieved"] is None) == (preset == "hansen")
    assert findings.tell(spec, found)


def test_a_line_for_each_area_and_label(server: Server):
    keep(server, "Square")
    keep(server, "Far away", [[-900, -900], [-800, -900], [-800, -800]])
    rows = areas.csv_rows(findings.find(server.store, spec_of(server, paint(server))))
    assert {row["area"] for row in rows} == {"Square", "Far away"}
    far = [row for row in rows if row["area"] == "Far away"]
    assert {row["area_ha"] for row in far} == {None}
    assert {row["crs"] for row in rows} == {"EPSG:32718"}


def test_what_is_no_area_and_no_scene(server: Server):
    seq = server.store.add_record(server.scene.id, "reading", "One", {}).seq
    bench = paint(server)
    with pytest.raises(Refused, match="SV-NUM-064"):
        findings.find(server.store, spec_of(server, bench) | {"areas": [seq]})
    volume = server.volume.visits[0]
    with pytest.raises(Refused, match="SV-NUM-063"):
        findings.find(server.store, areas.now(server.store, volume, volume.id, 0, None))


def test_how_much_of_a_scene_shows_nothing(server: Server):
    visit = server.scene.visits[0]
    spec = gaps.now(visit.id, server.scene.id)
    found = findings.find(server.store, spec)
    assert (found["nodata_share"], found["nodata_ha"], found["cloud_share"]) == (0, 0, None)
    assert findings.tell(spec, found)
    scan = gaps.now(server.volume.visits[0].id, server.volume.id)
    with pytest.raises(Refused, match="SV-NUM-066"):
        findings.find(server.store, scan)


class Classes:
    """A scene of two bands, the second of which says what was seen."""

    def __init__(self, name: str, values: list[list[int]]) -> None:
        self.channels = ("B4", name)
        self.values = np.array([np.zeros_like(values), values])

    def read(self, window, bands=None, shape=None):
        row, row_stop, column, column_stop = window
        values = self.values[bands, row:row_stop, column:column_stop]
        return values, np.ones(values.shape[1:], bool)


@pytest.mark.parametrize(
    ("name", "values", "clouded"),
    [
        ("SCL", [[4, 8, 9], [3, 10, 5]], [[0, 1, 1], [1, 1, 0]]),
        ("QA_PIXEL", [[21824, 21826, 22280], [23888, 21762, 1]], [[0, 1, 1], [1, 1, 0]]),
    ],
)
def test_what_an_image_calls_cloud(name: str, values: list, clouded: list):
    look = clouds.clouds_of(Classes(name, values))
    assert look is not None
    assert look((0, 2, 0, 3)).astype(int).tolist() == clouded
    assert look((1, 2, 1, 3)).astype(int).tolist() == [clouded[1][1:]]


def test_an_image_or_a_mask_that_knows_no_cloud():
    assert clouds.clouds_of(Classes("B8", [[1]])) is None
    labels, legend = np.array([[1, 0]], np.uint8), Legend.named("forest", "cloud")
    grid = RasterGrid((1, 2), SCENE_GRID.transform, SCENE_GRID.crs)
    assert clouds.clouds_in(Mask(grid, labels, legend)) is None
    look = clouds.clouds_in(Mask(grid, labels * 2, legend))
    assert look is not None
    assert look((0, 1, 0, 2)).tolist() == [[True, False]]
