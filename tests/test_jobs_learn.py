"""A lesson as the worker gives it: from strokes to a model, the view, and the whole scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from workspace import draw, scene_grid, store_at

from segviz import jobs, workbench
from segviz.case import Visit
from segviz.inference import catalog
from segviz.io import write_scene
from segviz.jobs import worker
from segviz.jobs.work import WORK
from segviz.mask import Legend
from segviz.store import Store
from segviz.workbench.strokes import painted

VIEW = [0, 20, 10, 50]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path / "home")
    workbench.close_all()


@pytest.fixture
def visit(store: Store) -> Visit:
    """A dark left and a bright right half, painted with two strokes each."""
    values = np.full((3, 40, 60), 20, np.uint8)
    values[:, :, 30:] = 200
    values[:, ::2] += 5
    path = store.home / "scene.tif"
    channels = ("red", "green", "blue")
    write_scene(values, scene_grid((40, 60)), path, channels)
    case = store.add_case("A place", "scene")
    visit = store.add_visit(
        case.id,
        files=[path],
        when=None,
        name="2018",
        grid=scene_grid((40, 60)),
        channels=channels,
        sha256="",
        legend=Legend.named("dark", "bright"),
    )
    bench = workbench.get(store, visit.id)
    strokes = [(1, 8, 10), (1, 30, 12), (2, 8, 45), (2, 30, 50)]
    for number, (label, row, column) in enumerate(strokes):
        points = [[row, column]]
        draw(bench, "brush", label, points, 3, base_revision=number, uuid=str(number))
    return visit


def submit(store: Store, visit: Visit, **params: object) -> str:
    strokes = painted(store, store.case(visit.case_id), visit)
    legend = workbench.get(store, visit.id).legend
    given = {
        "model": "learnt-here",
        "strokes": [one.to_json() for one in strokes],
        "legend": legend.to_json(),
    }
    return jobs.submit(store, "learn", visit.id, given | params)


def carry_out_all(store: Store) -> list[str]:
    """Do what is in the queue; the kinds of work in the order in which they were done."""
    done = []
    while (job := store.queue.claim()) is not None:
        worker.carry_out(store, job, WORK[job.kind])
        done.append(job.kind)
    return done


def test_a_lesson_makes_a_model_then_the_view_then_the_whole_mask(
    store: Store, visit: Visit
) -> None:
    lesson = submit(store, visit, view=VIEW)
    assert carry_out_all(store) == ["learn", "segment", "segment"]
    told = jobs.status(store, lesson)
    assert told.state == "done" and told.result is not None
    assert told.result["metrics"][0]["values"] == {"all labels": 1.0, "dark": 1.0, "bright": 1.0}
    card = catalog.card(store.settings, "learnt-here")
    assert (card.title, card.case) == ("Learnt in A place", visit.case_id)

    whole, view = jobs.of_visit(store, visit.id)[:2]
    bench = workbench.get(store, visit.id)
    assert view.result is not None and whole.result is not None
    before = np.array(bench.mask().data)
    bench.adopt(view.id, view.result)
    after = np.array(bench.mask().data)
    top, bottom, left, right = VIEW
    assert (after[top:bottom, left:right] > 0).all()
    outside = np.ones(after.shape, bool)
    outside[top:bottom, left:right] = False
    assert np.array_equal(after[outside], before[outside])
    bench.adopt(whole.id, whole.result)
    labels = bench.mask().data
    assert (labels[:, :22] == 1).all() and (labels[:, 38:] == 2).all()
    assert bench.legend == Legend.named("dark", "bright")
    titles = [operation["title"] for operation in bench.state()["operations"][-2:]]
    assert titles == ["Segment the view with learnt-here 1.0.0", "Segment with learnt-here 1.0.0"]
    bench.undo(bench.revision, "one")
    bench.undo(bench.revision, "two")
    assert np.array_equal(bench.mask().data, before)


def test_one_label_alone_is_no_lesson(store: Store, visit: Visit) -> None:
    bench = workbench.get(store, visit.id)
    for number in range(2):
        bench.undo(bench.revision, f"undo-{number}")
    lesson = submit(store, visit)
    assert carry_out_all(store) == ["learn"]
    told = jobs.status(store, lesson)
    assert told.state == "failed" and "SV-RUN-020" in told.message
