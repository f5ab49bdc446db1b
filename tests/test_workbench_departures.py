"""What people did to a model's answer, against counts of plain arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from workspace import add_visit, finished_run, scene_grid, store_at, volume_grid

from segviz import workbench
from segviz.grid import Grid
from segviz.mask import Legend, Mask
from segviz.measure.ellipsoid import cell_area_m2
from segviz.store import Store
from segviz.workbench import Answer, Workbench, changes, departed, operations, owner_map, provenance

ABC = Legend.named("a", "b", "c")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


def bench_on(store: Store, grid: Grid) -> Workbench:
    return Workbench.open(store, add_visit(store, grid, ABC).id)


def imported(bench: Workbench, labels: np.ndarray, title: str = "Import") -> None:
    mask = Mask(bench.visit.grid, labels.reshape(bench.visit.grid.shape), ABC)
    bench.replace_by(mask, title=title, author="Dr A", uuid=f"import {bench.revision}")


@pytest.mark.parametrize("grid", [volume_grid(), scene_grid(), scene_grid(crs=None)])
def test_departures_are_those_of_plain_arrays(
    store: Store, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "STRIP_CELLS", 90)
    bench, random = bench_on(store, grid), np.random.default_rng(0)
    size = int(np.prod(grid.shape))
    said = random.integers(0, 4, size).astype(np.uint8)
    imported(bench, said)
    answer = Answer.of(store, bench, bench.history_at())
    if grid.shape == (20, 30):
        rows, columns = np.divmod(np.arange(size), 30)
        amount = cell_area_m2(grid, rows, columns) / 1e4 if grid.crs else np.ones(size)
    else:
        amount = np.full(size, 0.001)
    for step in range(20):
        cells = random.choice(size, 9, replace=False)
        labels = random.integers(0, 4, 9).astype(np.uint8)
        bench.edit_cells(cells, labels, base_revision=bench.revision, uuid=f"{step}")
        now = bench.mask().data.reshape(-1)
        found = departed(bench, answer)
        assert [row["label"] for row in found] == [1, 2, 3]
        for row in found:
            has, had = now == row["label"], said == row["label"]
            assert row["added"] == pytest.approx(amount[has & ~had].sum(), rel=1e-6)
            assert row["removed"] == pytest.approx(amount[had & ~has].sum(), rel=1e-6)
            assert row["dice"] == pytest.approx(2 * (has & had).sum() / (has.sum() + had.sum()))
    for row, told in zip(found, provenance(store, bench)["labels"], strict=True):
        same = ("label", "name", "unit", "dice")
        assert [row[key] for key in same] == [told[key] for key in same]
        assert (row["added"], row["removed"]) == pytest.approx((told["added"], told["removed"]))


def test_every_owner_is_in_the_table_of_operations(store: Store) -> None:
    bench = bench_on(store, volume_grid())
    job, result = finished_run(store, bench.visit.id, np.full((4, 5, 6), 255, np.uint8), 0.5)
    bench.adopt(job, result)
    for step in (1, 2, 3):
        cells = np.arange(step * 10)
        bench.edit_cells(cells, np.zeros(step * 10), base_revision=step, uuid=f"{step}")
    bench.restore(bench, 2, base_revision=4, uuid="r")
    bench.jump(1, 5, "j")
    other = workbench.new_layer(store, bench.visit.id, "Mine", "Dr B", bench.layer.id, 5)
    copy = workbench.get(store, other.id)
    copy.edit_cells(np.array([100]), np.array([0]), base_revision=0, uuid="c", author="Dr B")
    known = {row["number"]: row for row in operations(store, copy)}
    owners = np.unique(owner_map(store, copy)).tolist()
    assert set(owners) <= set(known)
    assert [known[n]["by"] for n in owners] == ["model", "person", "person"]
    workbench.close_all()


def test_the_name_of_an_imported_file_stays_here(store: Store) -> None:
    bench = bench_on(store, volume_grid())
    imported(bench, np.ones(120, np.uint8), "Import of DOE_JOHN.nii.gz")
    told = json.dumps([provenance(store, bench), operations(store, bench)])
    assert "DOE" not in told and '"Import"' in told
