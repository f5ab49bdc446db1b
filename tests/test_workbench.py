import base64
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from workspace import add_visit, draw, finished_run, scene_grid, store_at, volume_grid

from segviz import workbench
from segviz.edit import runs
from segviz.edit.delta import Delta
from segviz.errors import Conflict, DiskFull, NotFound, Refused
from segviz.grid import VolumeGrid
from segviz.mask import Label, Legend, Mask
from segviz.store import Store
from segviz.workbench import Workbench

TWO = Legend((Label(1, "Core", "#E69F00"), Label(2, "Oedema", "#56B4E9")))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


@pytest.fixture
def bench(store: Store) -> Workbench:
    return Workbench.open(store, add_visit(store, volume_grid(), TWO).id)


@pytest.fixture
def scene(store: Store) -> Workbench:
    return Workbench.open(store, add_visit(store, scene_grid()).id)


def paint(bench: Workbench, cells: list[int], label: int, uuid: str = "") -> workbench.State:
    revision = bench.revision
    return bench.edit_cells(
        np.array(cells),
        np.full(len(cells), label, np.uint8),
        base_revision=revision,
        uuid=uuid or f"edit-{revision}",
        title="Brush",
        tool="brush",
    )


def flat(bench: Workbench) -> NDArray[np.uint8]:
    return np.array(bench.mask().data).reshape(-1)


def reopened(store: Store, bench: Workbench) -> Workbench:
    return Workbench.open(store, bench.visit.id)


def from_journal(store: Store, bench: Workbench, first: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask of one generation computed from nothing but the journal."""
    mask = first.copy()
    for packed in store.journal.deltas(bench.visit.id, bench.state()["generation"], 0):
        Delta.decode(packed).apply(mask)
    return mask


# a new mask


def test_a_new_mask_is_empty(bench: Workbench) -> None:
    state = bench.state()
    assert not flat(bench).any()
    assert state["revision"] == state["generation"] == 0
    assert state["saved"] is None
    assert not state["can_undo"] and not state["can_redo"]
    assert [(row["name"], row["count"]) for row in state["labels"]] == [("Core", 0), ("Oedema", 0)]


def test_the_first_legend_suits_the_world(scene: Workbench, store: Store) -> None:
    assert [label.name for label in scene.legend] == ["forest", "other", "water", "cloud"]
    volume = Workbench.open(store, add_visit(store, volume_grid()).id)
    assert [label.name for label in volume.legend] == ["Lesion"]


def test_the_mask_cannot_be_written_from_outside(bench: Workbench) -> None:
    with pytest.raises(ValueError, match="read-only"):
        bench.mask().data[0, 0, 0] = 1


def test_an_unknown_visit_has_no_mask(store: Store) -> None:
    with pytest.raises(NotFound):
        workbench.get(store, "unknown-visit-id-0")


# editing


def test_an_edit_changes_cells_numbers_and_history(bench: Workbench) -> None:
    state = paint(bench, [3, 1, 2], 1)
    assert np.flatnonzero(flat(bench)).tolist() == [1, 2, 3]
    assert state["revision"] == 1
    assert state["labels"][0]["count"] == 3
    assert state["labels"][0]["amount"] == pytest.approx(0.003)
    assert [(o["title"], o["done"]) for o in state["operations"]] == [
        ("Brush: +0.003 ml Core", True)
    ]
    assert state["saved"].endswith("+00:00")
    assert state["source"] == "drawn by hand"


def test_an_edit_that_changes_nothing_is_no_operation(bench: Workbench) -> None:
    assert paint(bench, [1], 0)["revision"] == 0
    paint(bench, [1], 1)
    assert paint(bench, [1], 1)["revision"] == 1


def test_erasing_is_told_as_a_loss_of_what_was_there(bench: Workbench) -> None:
    paint(bench, [1, 2, 3], 2)
    assert paint(bench, [1, 2], 0)["operations"][-1]["title"] == "Brush: -0.002 ml Oedema"


def test_the_same_edit_sent_twice_is_applied_once(bench: Workbench) -> None:
    paint(bench, [1], 1, uuid="same")
    paint(bench, [1], 2)
    state = paint(bench, [1], 1, uuid="same")
    assert state["revision"] == 2
    assert flat(bench)[1] == 2


@pytest.mark.parametrize(
    ("cells", "label", "uuid"), [([1], 3, "a"), ([-1], 1, "a"), ([120], 1, "a"), ([1], 1, "x" * 65)]
)
def test_impossible_edits_are_refused(
    bench: Workbench, cells: list[int], label: int, uuid: str
) -> None:
    with pytest.raises(Refused):
        paint(bench, cells, label, uuid)
    assert bench.revision == 0


def test_the_first_edit_sets_the_case_in_progress(store: Store, bench: Workbench) -> None:
    before = store.case(bench.visit.case_id)
    paint(bench, [1], 1)
    after = store.case(bench.visit.case_id)
    assert (before.status, after.status) == ("new", "in progress")
    assert after.changed > before.changed
    assert after.revision == 1


def test_a_label_can_be_added_and_taken_back(bench: Workbench) -> None:
    state = bench.add_label("Necrosis", "#123456", uuid="label")
    assert state["labels"][2]["name"] == "Necrosis"
    paint(bench, [7], 3)
    bench.undo(2, "u1")
    assert 3 not in Legend(tuple(bench.legend)) or bench.revision == 3
    bench.undo(3, "u2")
    assert 3 not in bench.legend
    with pytest.raises(Refused):
        bench.add_label(" core ", uuid="again")


# scenes


def test_a_brush_paints_a_disc_and_says_its_box(scene: Workbench) -> None:
    state = draw(scene, "brush", 1, [(10, 10)], 2, base_revision=0, uuid="a")
    assert state["labels"][0]["count"] == 13
    assert state["labels"][0]["amount"] == pytest.approx(13, rel=1e-3)
    assert state["operations"][0]["title"] == "Brush: +13.01 ha forest"
    assert state["box"] == [8, 13, 8, 13]
    assert state["runs"] is None


def test_an_eraser_is_a_brush_of_nothing(scene: Workbench) -> None:
    draw(scene, "polygon", 1, [(0, 0), (0, 5), (5, 5), (5, 0)], base_revision=0, uuid="a")
    state = draw(scene, "eraser", 1, [(0, 0)], 1, base_revision=1, uuid="b")
    assert state["labels"][0]["count"] == 22
    assert state["operations"][-1]["title"] == "Eraser: -3.00 ha forest"


def test_painting_over_one_label_leaves_the_others(scene: Workbench) -> None:
    draw(scene, "brush", 1, [(5, 5)], 1, base_revision=0, uuid="a")
    state = draw(scene, "brush", 2, [(5, 5)], 3, only=1, base_revision=1, uuid="b")
    assert [row["count"] for row in state["labels"][:2]] == [0, 5]


def test_a_scene_without_a_crs_counts_pixels(store: Store) -> None:
    bench = Workbench.open(store, add_visit(store, scene_grid(crs=None)).id)
    state = draw(bench, "brush", 1, [(5, 5)], 1, base_revision=0, uuid="a")
    assert state["operations"][0]["title"] == "Brush: +5 pixels forest"
    assert state["labels"][0]["unit"] == "pixels"


# undo and redo


def test_undo_and_redo_walk_the_history(bench: Workbench) -> None:
    paint(bench, [1], 1)
    paint(bench, [1, 2], 2)
    assert bench.undo(2, "u1")["can_redo"]
    assert flat(bench)[:4].tolist() == [0, 1, 0, 0]
    bench.undo(3, "u2")
    assert not flat(bench).any()
    state = bench.redo(4, "r1")
    assert flat(bench)[:4].tolist() == [0, 1, 0, 0]
    assert [o["done"] for o in state["operations"]] == [True, False]
    assert bench.redo(5, "r2")["can_redo"] is False
    assert flat(bench)[:4].tolist() == [0, 2, 2, 0]
    assert bench.state()["revision"] == 6


def test_there_is_an_end_to_undo_and_redo(bench: Workbench) -> None:
    with pytest.raises(Refused):
        bench.undo(0, "u")
    with pytest.raises(Refused):
        bench.redo(0, "r")


def test_an_edit_after_undo_drops_what_could_be_redone(bench: Workbench, store: Store) -> None:
    paint(bench, [1], 1)
    bench.undo(1, "u")
    state = paint(bench, [2], 2)
    assert not state["can_redo"]
    assert [o["title"] for o in state["operations"]] == ["Brush: +0.001 ml Oedema"]
    assert len(store.journal.entries(bench.visit.id)) == 3


def test_undo_tells_the_browser_the_labels_of_the_changed_voxels(bench: Workbench) -> None:
    paint(bench, [1, 2, 50], 1)
    paint(bench, [2, 50, 99], 2)
    state = bench.undo(2, "u")
    grid = bench.visit.grid
    assert isinstance(grid, VolumeGrid)
    cells, labels = runs.decode(base64.b64decode(state["runs"]), 120)
    assert dict(zip(grid.native_index(cells).tolist(), labels.tolist(), strict=True)) == {
        2: 1,
        50: 1,
        99: 0,
    }
    assert not state["reload"]
    assert bench.undo(2, "u")["runs"] == state["runs"], "the answer to an undo sent again"


def test_undo_of_a_scene_tells_the_box(scene: Workbench) -> None:
    draw(scene, "brush", 1, [(10, 4)], 1, base_revision=0, uuid="a")
    assert scene.undo(1, "u")["box"] == [9, 12, 3, 6]


# a whole new mask


def raw(store: Store, values: NDArray[np.uint8]) -> Path:
    path = store.home / "mask.u8"
    path.write_bytes(values.tobytes())
    return path


def test_a_replacement_is_one_operation(bench: Workbench, store: Store) -> None:
    paint(bench, [1], 1)
    values = (np.arange(120) % 4).astype(np.uint8)
    state = bench.replace(
        raw(store, values), TWO, title="Segment with m 1", source="m 1", uuid="run"
    )
    assert np.array_equal(flat(bench), values)
    assert state["reload"] and state["generation"] == 1
    assert state["source"] == "m 1"
    assert [row["name"] for row in state["labels"]] == ["Core", "Oedema", "label 3"]
    assert state["operations"][-1] | {"when": ""} == {
        "seq": 2,
        "kind": "replace",
        "title": "Segment with m 1",
        "author": "m 1",
        "when": "",
        "done": True,
        "tool": "",
        "amount": None,
        "position": 2,
    }


def test_undo_brings_back_the_mask_before_and_redo_the_one_after(
    bench: Workbench, store: Store
) -> None:
    paint(bench, [1], 1)
    values = np.full(120, 2, np.uint8)
    bench.replace(raw(store, values), TWO, title="Run", source="m 1", uuid="run")
    paint(bench, [5], 1)
    assert bench.state()["source"] == "m 1, edited by hand"
    bench.undo(3, "u1")
    state = bench.undo(4, "u2")
    assert state["generation"] == 0 and state["reload"]
    assert np.flatnonzero(flat(bench)).tolist() == [1]
    assert state["labels"][0]["count"] == 1
    state = bench.redo(5, "r1")
    assert np.array_equal(flat(bench), values)
    assert state["labels"][1]["count"] == 120
    bench.redo(6, "r2")
    assert flat(bench)[5] == 1
    assert np.array_equal(flat(reopened(store, bench)), flat(bench))


def test_a_new_mask_after_undo_gets_a_file_of_its_own(bench: Workbench, store: Store) -> None:
    for value in (1, 2):
        values = np.full(120, value, np.uint8)
        bench.replace(raw(store, values), TWO, title="Run", source="m", uuid=f"run{value}")
        if value == 1:
            bench.undo(1, "u")
    assert bench.state()["generation"] == 2
    bench.undo(3, "u2")
    assert not flat(bench).any()


def test_a_mask_of_another_size_or_grid_is_refused(bench: Workbench, store: Store) -> None:
    with pytest.raises(Refused):
        bench.replace(raw(store, np.zeros(119, np.uint8)), TWO, title="Run", source="m", uuid="run")
    other = VolumeGrid((4, 5, 6), np.eye(4))
    with pytest.raises(Refused):
        bench.replace_by(Mask(other, np.zeros((4, 5, 6), np.uint8), TWO), title="x", uuid="import")
    assert bench.revision == 0


def test_a_mask_in_memory_can_be_imported(bench: Workbench) -> None:
    values = (np.arange(120) % 3).astype(np.uint8).reshape(6, 5, 4).transpose(2, 1, 0)
    mask = Mask(bench.visit.grid, values, TWO)
    state = bench.replace_by(mask, title="Import", author="Dr B", uuid="import")
    assert np.array_equal(bench.mask().data, values)
    assert (state["source"], state["operations"][0]["author"]) == ("Dr B", "Dr B")


def test_a_finished_job_is_adopted_once(bench: Workbench, store: Store) -> None:
    job = store.queue.submit("segment", bench.visit.id, {"model": "m"})
    path = store.folder(bench.visit.id) / f"{job}.u8"
    path.write_bytes(np.full(120, 1, np.uint8).tobytes())
    result = {
        "path": str(path.relative_to(store.home)),
        "legend": TWO.to_json(),
        "source": "m 0.1",
        "report": {},
    }
    store.queue.finish(job, "done", result=result)
    opened = reopened(store, bench)
    assert opened.revision == 1
    assert opened.adopt(job, result)["revision"] == 1
    assert opened.state()["operations"][0]["title"] == "Segment with m 0.1"
    assert not path.exists()
    assert reopened(store, bench).revision == 1


# opening again


def test_history_and_mask_survive_a_restart(bench: Workbench, store: Store) -> None:
    paint(bench, [1], 1)
    paint(bench, [2], 2)
    bench.undo(2, "u")
    again = reopened(store, bench)
    assert again.state() == bench.state()
    again.redo(3, "r")
    assert flat(again)[2] == 2
    again.undo(4, "u2")
    again.undo(5, "u3")
    assert not flat(again).any()


def test_the_mask_file_is_only_a_cache_of_the_journal(bench: Workbench, store: Store) -> None:
    paint(bench, [1, 2], 1)
    paint(bench, [2, 3], 2)
    path = store.mask_folder(bench.visit.id) / "0.u8"
    path.write_bytes(bytes(120))
    assert flat(reopened(store, bench))[:5].tolist() == [0, 1, 2, 2, 0]
    bench.close()
    path.unlink()
    assert flat(reopened(store, bench))[:5].tolist() == [0, 1, 2, 2, 0]


def test_a_checkpoint_spares_replaying(bench: Workbench, store: Store) -> None:
    for n in range(65):
        paint(bench, [n], 1)
    assert store.journal.checkpoint(bench.visit.id, 0) == 64
    bench.close()
    assert store.journal.checkpoint(bench.visit.id, 0) == 65
    assert flat(reopened(store, bench))[:66].tolist() == [1] * 65 + [0]


def test_two_processes_see_each_other(bench: Workbench, store: Store) -> None:
    other = reopened(store, bench)
    paint(bench, [1], 1)
    paint(other, [2], 2, uuid="other")
    with pytest.raises(Conflict):
        bench.edit_cells(np.array([2]), np.array([1], np.uint8), base_revision=1, uuid="late")
    paint(bench, [3], 1)
    assert bench.state() | {"box": None} == other.state()
    assert flat(other)[:5].tolist() == [0, 1, 2, 1, 0]


def test_no_edit_of_many_threads_is_lost(bench: Workbench, store: Store) -> None:
    told: list[int] = []

    def edit(cell: int) -> None:
        while True:
            try:
                paint(bench, [cell], 1, uuid=f"cell-{cell}")
                return
            except Conflict:
                told.append(cell)

    threads = [threading.Thread(target=edit, args=(cell,)) for cell in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert flat(bench)[:41].tolist() == [1] * 40 + [0]
    assert bench.revision == 40
    assert np.array_equal(from_journal(store, bench, np.zeros(120, np.uint8)), flat(bench))


def test_random_work_always_equals_the_journal(bench: Workbench, store: Store) -> None:
    """Edits, undo, redo against a plain list of snapshots."""
    random = np.random.default_rng(0)
    snapshots, at = [np.zeros(120, np.uint8)], 0
    for step in range(150):
        action = random.choice(["edit", "edit", "undo", "redo"])
        if action == "edit":
            cells = random.choice(120, 20, replace=False)
            labels = random.integers(0, 3, 20).astype(np.uint8)
            after = snapshots[at].copy()
            after[cells] = labels
            bench.edit_cells(cells, labels, base_revision=bench.revision, uuid=f"{step}")
            snapshots, at = [*snapshots[: at + 1], after], at + 1
        elif action == "undo" and at:
            bench.undo(bench.revision, f"{step}")
            at -= 1
        elif action == "redo" and at + 1 < len(snapshots):
            bench.redo(bench.revision, f"{step}")
            at += 1
        assert np.array_equal(flat(bench), snapshots[at])
    counted = {row["value"]: row["count"] for row in bench.state()["labels"]}
    assert counted == {v: int((snapshots[at] == v).sum()) for v in (1, 2)}
    assert np.array_equal(from_journal(store, bench, np.zeros(120, np.uint8)), snapshots[at])
    assert reopened(store, bench).state()["labels"] == bench.state()["labels"]


# a full disk


def fill_disk(store: Store) -> None:
    with store._database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    store._database.engine.dispose()

    from sqlalchemy import event

    @event.listens_for(store._database.engine, "connect")
    def limit(connection: object, record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]


def test_a_full_disk_stops_saving_and_keeps_what_was_saved(bench: Workbench, store: Store) -> None:
    paint(bench, [1], 1)
    fill_disk(store)
    random = np.random.default_rng(0)
    kept = 0
    with pytest.raises(DiskFull, match=r"last saved stroke: \d\d:\d\d:\d\d") as told:
        for n in range(1000):
            before, kept = flat(bench), bench.revision
            cells = random.choice(120, 60, replace=False)
            labels = random.integers(0, 3, 60).astype(np.uint8)
            bench.edit_cells(cells, labels, base_revision=kept, uuid=f"many-{n}")
    assert told.value.message.startswith("Saving stopped: the disk is full.")
    assert bench.revision == kept
    assert np.array_equal(flat(bench), before)
    store._database.engine.dispose()
    again = store_at(store.home)
    assert np.array_equal(flat(reopened(again, bench)), before)


# the registry


def test_a_process_has_one_workbench_for_a_visit(store: Store, bench: Workbench) -> None:
    one = workbench.get(store, bench.visit.id)
    assert workbench.get(store, bench.visit.id) is one
    paint(one, [1], 1)
    workbench.close_all()
    assert store.journal.checkpoint(bench.visit.id, 0) == 1
    assert workbench.get(store, bench.visit.id) is not one
    workbench.close_all()


# the threshold of a run

P8 = np.zeros(4 * 5 * 6, np.uint8)
P8[:6] = [255, 200, 128, 127, 60, 10]


def thresholded(store: Store, bench: Workbench, threshold: float = 0.5) -> str:
    """A finished run whose mask the bench has taken over; its job."""
    job, result = finished_run(store, bench.visit.id, P8, threshold)
    bench.adopt(job, result)
    return job


def move(bench: Workbench, threshold: float) -> workbench.State:
    revision = bench.revision
    return bench.move_threshold(threshold, base_revision=revision, uuid=f"threshold-{revision}")


def test_a_threshold_draws_the_runs_label_again(store: Store, bench: Workbench) -> None:
    job = thresholded(store, bench)
    assert np.flatnonzero(flat(bench)).tolist() == [0, 1, 2]
    about = bench.state()["probability"]
    assert about == {"run": job, "label": 1, "default": 0.5, "threshold": 0.5}
    state = move(bench, 0.2)
    assert np.flatnonzero(flat(bench)).tolist() == [0, 1, 2, 3, 4]
    assert state["operations"][-1]["title"] == "Threshold 0.2: +0.002 ml Lesion"
    assert state["source"] == "lesions 1.0, threshold 0.2"
    cells, labels = runs.decode(base64.b64decode(state["runs"]), P8.size)
    assert sorted(bench.visit.grid.native_index(cells)) == [3, 4] and set(labels) == {1}


def test_a_moved_threshold_is_undone_and_survives(store: Store, bench: Workbench) -> None:
    thresholded(store, bench)
    move(bench, 0.9)
    again = reopened(store, bench)
    assert np.flatnonzero(flat(again)).tolist() == [0]
    assert again.state()["probability"]["threshold"] == 0.9
    state = again.undo(again.revision, "undo")
    assert np.flatnonzero(flat(again)).tolist() == [0, 1, 2]
    assert state["probability"]["threshold"] == 0.5


def test_a_threshold_leaves_alone_what_hands_have_painted(store: Store, bench: Workbench) -> None:
    thresholded(store, bench)
    paint(bench, [1], 0)
    paint(bench, [50], 1)
    assert move(bench, 0.05)["source"] == "lesions 1.0, threshold 0.05, edited by hand"
    assert np.flatnonzero(flat(bench)).tolist() == [0, 2, 3, 4, 50]
    move(bench, 0.9)
    assert np.flatnonzero(flat(bench)).tolist() == [0, 50]
    assert [part.tolist() for part in bench.painted()[:2]] == [[1, 50], [0, 1]]


def test_a_stroke_that_was_taken_back_is_not_painted(store: Store, bench: Workbench) -> None:
    thresholded(store, bench)
    paint(bench, [1], 0)
    bench.undo(bench.revision, "undo")
    move(bench, 0.75)
    assert np.flatnonzero(flat(bench)).tolist() == [0, 1]


def test_a_threshold_that_changes_no_voxel_is_still_chosen(store: Store, bench: Workbench) -> None:
    thresholded(store, bench)
    assert move(bench, 0.49)["probability"]["threshold"] == 0.49
    assert reopened(store, bench).state()["probability"]["threshold"] == 0.49


def test_a_mask_without_probabilities_has_no_threshold(store: Store, bench: Workbench) -> None:
    assert bench.state()["probability"] is None
    with pytest.raises(Refused) as error:
        move(bench, 0.3)
    assert error.value.code == "SV-EDIT-041"
    thresholded(store, bench)
    bench.replace_by(Mask(bench.visit.grid, np.zeros((4, 5, 6), np.uint8), TWO), title="", uuid="i")
    assert bench.state()["probability"] is None


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1, float("nan")])
def test_a_threshold_of_all_or_nothing_is_refused(
    store: Store, bench: Workbench, threshold: float
) -> None:
    thresholded(store, bench)
    with pytest.raises(Refused) as error:
        move(bench, threshold)
    assert error.value.code == "SV-EDIT-042"


def test_a_new_run_brings_its_own_threshold(store: Store, bench: Workbench) -> None:
    thresholded(store, bench)
    move(bench, 0.9)
    job = thresholded(store, bench, 0.3)
    about = bench.state()["probability"]
    assert (about["run"], about["threshold"]) == (job, 0.3)
