"""What counts as a sample: what people painted and left in force, and nothing of a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from workspace import add_visit, draw, scene_grid, store_at, volume_grid

from segviz.case import Visit
from segviz.mask import Legend
from segviz.store import Store
from segviz.store.strokes import Strokes, collect
from segviz.workbench import Workbench, close_all, get
from segviz.workbench.strokes import painted

COVERS = Legend.named("forest", "water")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path / "home")
    close_all()


def paint(bench: Workbench, label: int, row: int, tool: str = "brush") -> None:
    revision = bench.revision
    points = [[row, 5], [row, 9]]
    draw(bench, tool, label, points, 0.5, base_revision=revision, uuid=f"edit-{revision}")


def counts(store: Store, visit: Visit) -> list[dict[int, tuple[int, int]]]:
    case = store.case(visit.case_id)
    return [collect(store.journal, one).counts() for one in painted(store, case, visit)]


def test_strokes_are_counted_without_what_was_undone_erased_or_painted_over(store: Store) -> None:
    visit = add_visit(store, scene_grid(), COVERS)
    bench = get(store, visit.id)
    paint(bench, 1, 2)
    paint(bench, 2, 4)
    assert counts(store, visit) == [{1: (1, 5), 2: (1, 5)}]
    paint(bench, 2, 2)
    assert counts(store, visit) == [{2: (2, 10)}]
    bench.undo(bench.revision, "undo")
    assert counts(store, visit) == [{1: (1, 5), 2: (1, 5)}]
    paint(bench, 0, 2, "eraser")
    assert counts(store, visit) == [{2: (1, 5)}]


def test_strokes_on_top_of_a_run_count_and_its_own_pixels_do_not(store: Store) -> None:
    visit = add_visit(store, scene_grid(), COVERS)
    bench = get(store, visit.id)
    paint(bench, 1, 2)
    (store.home / "run.u8").write_bytes(np.ones(scene_grid().shape, np.uint8).tobytes())
    bench.adopt("job", {"path": "run.u8", "legend": COVERS.to_json(), "source": "a model 1"})
    paint(bench, 2, 10)
    assert counts(store, visit) == [{1: (1, 5), 2: (1, 5)}]


def test_what_is_erased_in_a_scan_and_its_label_background_are_samples_of_nothing(
    store: Store,
) -> None:
    visit = add_visit(store, volume_grid(), Legend.named("Lesion", "Background"))
    bench = get(store, visit.id)
    for number, (tool, label, cells) in enumerate(
        [("brush", 1, [1, 2, 3]), ("brush", 2, [7, 8]), ("eraser", 0, [3]), ("", 1, [20])]
    ):
        bench.edit_cells(
            np.array(cells),
            np.full(len(cells), label, np.uint8),
            base_revision=number,
            uuid=str(number),
            tool=tool,
        )
    assert counts(store, visit) == [{0: (2, 3), 1: (1, 2)}]


def test_other_dates_of_a_place_count_by_the_names_of_their_labels(store: Store) -> None:
    visit = add_visit(store, scene_grid(), COVERS)
    other = store.add_visit(
        visit.case_id,
        files=store.files(visit.id),
        when=None,
        name="Visit 2",
        grid=scene_grid(),
        channels=visit.channels,
        sha256="1" * 64,
        legend=Legend.named("Water", "cloud"),
    )
    paint(get(store, visit.id), 1, 2)
    paint(get(store, other.id), 1, 4)
    paint(get(store, other.id), 2, 6)
    assert counts(store, visit) == [{1: (1, 5)}, {2: (1, 5)}]


def test_strokes_come_back_from_json(store: Store) -> None:
    strokes = Strokes("visit", (3, 5), ((0, 0), (2, 1)))
    assert Strokes.from_json(strokes.to_json()) == strokes
