"""Jumping in the history, changes of the legend, named versions, layers."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from workspace import add_visit, finished_run, scene_grid, store_at, volume_grid

from segviz import workbench
from segviz.errors import Conflict, NotFound, Refused
from segviz.mask import Legend, Mask
from segviz.store import Store
from segviz.workbench import Workbench, changes

ABC = Legend.named("a", "b", "c")
SIZE = 120


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


@pytest.fixture
def bench(store: Store) -> Workbench:
    return Workbench.open(store, add_visit(store, volume_grid(), ABC).id)


@pytest.fixture(params=[4_000_000, 2], ids=["one entry", "new file"])
def limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many cells an entry may hold."""
    monkeypatch.setattr(changes, "LIMIT", request.param)
    return int(request.param)


def paint(bench: Workbench, cells: list[int], label: int, author: str = "Dr A") -> workbench.State:
    revision = bench.revision
    return bench.edit_cells(
        np.array(cells),
        np.full(len(cells), label, np.uint8),
        base_revision=revision,
        uuid=f"edit-{bench.layer.id}-{revision}",
        title="Brush",
        tool="brush",
        author=author,
    )


def flat(bench: Workbench) -> NDArray[np.uint8]:
    return np.array(bench.mask().data).reshape(-1)


def import_all(bench: Workbench, label: int) -> workbench.State:
    data = np.full(bench.visit.grid.shape, label, np.uint8)
    mask = Mask(bench.visit.grid, data, ABC, "model 1")
    return bench.replace_by(mask, title="Import", uuid=f"import {bench.revision}")


# jumps


def work(bench: Workbench) -> list[NDArray[np.uint8]]:
    """Six operations of all kinds, and the mask after each."""
    masks = [flat(bench)]
    for do in (
        lambda: paint(bench, [1, 2], 1),
        lambda: paint(bench, [2, 3], 2),
        lambda: import_all(bench, 3),
        lambda: paint(bench, [5], 1),
        lambda: bench.change_legend("merge", value=1, into=2, uuid="merge"),
        lambda: paint(bench, [6], 0),
    ):
        do()
        masks.append(flat(bench))
    return masks


def test_one_can_jump_to_any_place_of_the_history(
    bench: Workbench, store: Store, limit: int
) -> None:
    masks = work(bench)
    random = np.random.default_rng(0)
    for n, position in enumerate([0, 6, *random.integers(0, 7, 20).tolist()]):
        state = bench.jump(position, bench.revision, f"jump {n}")
        assert np.array_equal(flat(bench), masks[position])
        assert state["position"] == position
        assert [o["position"] for o in state["operations"]] == [1, 2, 3, 4, 5, 6]
        assert [o["done"] for o in state["operations"]] == [k < position for k in range(6)]
        assert {row["value"]: row["count"] for row in state["labels"]} == {
            **{label.value: 0 for label in bench.legend},
            **{int(v): int((masks[position] == v).sum()) for v in np.unique(masks[position]) if v},
        }
        again = Workbench.open(store, bench.layer.id)
        assert np.array_equal(flat(again), masks[position])
        assert again.state() == bench.state()
    assert [o["kind"] for o in bench.state()["operations"]] == [
        "edit", "edit", "replace", "edit", "edit", "edit",
    ]  # fmt: skip


def test_a_jump_sent_twice_is_done_once(bench: Workbench) -> None:
    work(bench)
    bench.jump(4, bench.revision, "same")
    state = bench.jump(4, 6, "same")
    assert (state["revision"], state["position"]) == (8, 4)
    assert bench.jump(4, 8, "nowhere")["revision"] == 8
    for position in (-1, 7):
        with pytest.raises(Refused) as error:
            bench.jump(position, 8, "beyond")
        assert error.value.code == "SV-EDIT-034"
    with pytest.raises(Conflict):
        bench.jump(0, 6, "late")


def test_a_jump_tells_the_browser_the_changed_voxels(bench: Workbench) -> None:
    for cell in (1, 2, 3):
        paint(bench, [cell], 1)
    state = bench.jump(1, 3, "jump")
    assert not state["reload"] and state["runs"] is not None
    assert flat(bench)[:4].tolist() == [0, 1, 0, 0]


def test_all_operations_can_be_reached_page_by_page(bench: Workbench) -> None:
    for cell in range(7):
        paint(bench, [cell], 1)
    page = bench.operations(last=3)
    assert [o["position"] for o in page] == [5, 6, 7]
    page = bench.operations(before=page[0]["seq"], last=3)
    assert [o["position"] for o in page] == [2, 3, 4]
    page = bench.operations(before=page[0]["seq"], last=3)
    assert [o["position"] for o in page] == [1]
    assert page[0]["amount"] == pytest.approx(0.001)
    assert page[0]["tool"] == "brush"


# legend


def names(state: workbench.State) -> dict[int, tuple[str, str]]:
    return {row["value"]: (row["name"], row["color"]) for row in state["legend"]}


def test_labels_are_added_renamed_and_recoloured(bench: Workbench) -> None:
    state = bench.change_legend("add", name="d", color="#123456", base_revision=0, uuid="1")
    assert names(state)[4] == ("d", "#123456")
    state = bench.change_legend("rename", value=1, name="core", base_revision=1, uuid="2")
    assert state["operations"][-1]["title"] == "Rename label: a to core"
    state = bench.change_legend("recolour", value=1, color="#ABCDEF", base_revision=2, uuid="3")
    assert names(state)[1] == ("core", "#ABCDEF")
    assert names(bench.undo(3, "u"))[1] == ("core", "#E69F00")
    assert names(bench.undo(4, "u2"))[1] == ("a", "#E69F00")
    assert names(bench.undo(5, "u3")) == {1: ("a", "#E69F00"), 2: ("b", "#56B4E9"),
                                          3: ("c", "#009E73")}  # fmt: skip


def test_a_deleted_label_takes_its_cells_with_it_and_undo_brings_both_back(
    bench: Workbench, limit: int
) -> None:
    paint(bench, [1, 2], 1)
    paint(bench, [3, 4, 5], 2)
    paint(bench, [5], 1)
    state = bench.change_legend("delete", value=1, base_revision=3, uuid="d")
    assert flat(bench)[:6].tolist() == [0, 0, 0, 2, 2, 0]
    assert list(names(state)) == [2, 3]
    assert state["operations"][-1]["title"] == "Delete label a: -0.003 ml a"
    assert (state["revision"], state["reload"]) == (4, limit == 2)
    state = bench.undo(4, "u")
    assert flat(bench)[:6].tolist() == [0, 1, 1, 2, 2, 1]
    assert list(names(state)) == [1, 2, 3]


def test_merged_labels_are_one(bench: Workbench, limit: int) -> None:
    paint(bench, [1, 2, 7], 1)
    paint(bench, [3], 2)
    state = bench.change_legend("merge", value=1, into=2, base_revision=2, uuid="m")
    assert flat(bench)[:8].tolist() == [0, 2, 2, 2, 0, 0, 0, 2]
    assert state["operations"][-1]["title"] == "Merge label a into b: +0.003 ml b"
    assert list(names(state)) == [2, 3]


def test_another_legend_can_be_imported(bench: Workbench) -> None:
    paint(bench, [1], 1)
    paint(bench, [2], 3)
    new = Legend.named("x", "y")
    state = bench.import_legend(new, base_revision=2, uuid="i")
    assert bench.legend == new
    assert flat(bench)[:3].tolist() == [0, 1, 0]
    assert state["operations"][-1]["title"] == "Import 2 labels: -0.001 ml c"
    assert bench.import_legend(new, base_revision=2, uuid="i")["revision"] == 3


@pytest.mark.parametrize(
    ("change", "given", "code"),
    [
        ("add", {"name": " A "}, "SV-EDIT-037"),
        ("add", {"name": "x", "color": "red"}, "SV-EDIT-092"),
        ("rename", {"value": 1, "name": "b"}, "SV-EDIT-037"),
        ("rename", {"value": 9, "name": "x"}, "SV-EDIT-093"),
        ("merge", {"value": 1, "into": 1}, "SV-EDIT-093"),
        ("merge", {"value": 1}, "SV-EDIT-094"),
        ("explode", {}, "SV-EDIT-094"),
    ],
)
def test_impossible_changes_of_a_legend_are_refused(
    bench: Workbench, change: str, given: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as error:
        bench.change_legend(change, uuid="x", **given)  # type: ignore[arg-type]
    assert error.value.code == code
    assert bench.revision == 0


def test_a_legend_that_moved_on_is_a_conflict(bench: Workbench) -> None:
    paint(bench, [1], 1)
    with pytest.raises(Conflict):
        bench.change_legend("delete", value=1, base_revision=0, uuid="late")


# versions


def test_a_mask_can_be_seen_as_it_was_after_any_revision(bench: Workbench, limit: int) -> None:
    masks = work(bench)
    bench.jump(2, 6, "back")
    for revision, mask in enumerate(masks):
        assert np.array_equal(bench.mask_at(revision).reshape(-1), mask)
    assert np.array_equal(bench.mask_at(bench.revision).reshape(-1), masks[2])
    with pytest.raises(Refused) as error:
        bench.mask_at(99)
    assert error.value.code == "SV-EDIT-096"


def test_a_window_of_a_scene_can_be_seen_as_it_was(store: Store) -> None:
    scene = Workbench.open(store, add_visit(store, scene_grid(), ABC).id)
    masks = [np.zeros((20, 30), np.uint8)]
    random = np.random.default_rng(0)
    for _ in range(5):
        paint(scene, random.choice(600, 200, replace=False).tolist(), int(random.integers(0, 4)))
        masks.append(np.array(scene.mask().data))
    for revision in range(scene.revision + 1):
        seen = scene.mask_at(revision, (3, 11, 7, 29))
        assert np.array_equal(seen, masks[revision][3:11, 7:29])


def test_a_version_has_a_name_and_can_be_restored(bench: Workbench, limit: int) -> None:
    paint(bench, [1, 2, 3], 1)
    version = bench.name_version(" v1 ", author="Dr A")
    assert (version.name, version.revision) == ("v1", 1)
    bench.change_legend("delete", value=1, uuid="d")
    import_all(bench, 2)
    state = bench.restore(bench, 1, base_revision=3, uuid="r", author="Dr B")
    assert np.flatnonzero(flat(bench) == 1).tolist() == [1, 2, 3] and flat(bench).sum() == 3
    assert state["operations"][-1]["title"].startswith("Restore version 'v1': ")
    assert list(names(state)) == [1, 2, 3]
    assert [v["name"] for v in state["versions"]] == ["v1"]
    bench.undo(4, "u")
    assert (flat(bench) == 2).all()
    for name in ("v1", " "):
        with pytest.raises(Refused) as error:
            bench.name_version(name)
        assert error.value.code == "SV-EDIT-095"


# layers


def test_each_reader_can_have_a_layer(store: Store, bench: Workbench) -> None:
    paint(bench, [1], 1)
    layer = workbench.new_layer(store, bench.visit.id, "Dr B's", "Dr B")
    other = workbench.get(store, layer.id)
    assert other.legend == bench.legend and not flat(other).any()
    paint(other, [2], 2)
    assert flat(bench)[:3].tolist() == [0, 1, 0] and flat(other)[:3].tolist() == [0, 0, 2]
    assert [(one.id, one.name, one.author) for one in store.layers(bench.visit.id)] == [
        (bench.visit.id, "Mask", ""),
        (layer.id, "Dr B's", "Dr B"),
    ]
    assert other.state()["layer"] == layer.id
    assert store.case(bench.visit.case_id).revision == 2


def test_a_layer_can_begin_as_a_copy_of_an_older_revision(
    store: Store, bench: Workbench, limit: int
) -> None:
    bench.adopt(*finished_run(store, bench.visit.id, np.full(SIZE, 255, np.uint8), 0.5))
    paint(bench, [1, 2], 0)
    paint(bench, [3], 0)
    layer = workbench.new_layer(store, bench.visit.id, "mine", "Dr B", bench.layer.id, 2)
    copy = workbench.get(store, layer.id)
    assert np.flatnonzero(flat(copy) == 0).tolist() == [1, 2]
    assert copy.state()["source"] == "lesions 1.0, edited by hand"
    assert not copy.state()["can_undo"]
    paint(copy, [2], 1)
    assert copy.painted()[0].tolist() == [1, 2]
    assert copy.shares() is not None
    copy.undo(1, "u")
    assert np.flatnonzero(flat(copy) == 0).tolist() == [1, 2]
    workbench.close_all()
    (store.mask_folder(layer.id) / "0.u8").write_bytes(bytes(SIZE))
    again = workbench.get(store, layer.id)
    assert np.flatnonzero(flat(again) == 0).tolist() == [1, 2]


def test_a_run_goes_to_the_layer_that_it_was_started_for(store: Store, bench: Workbench) -> None:
    layer = workbench.new_layer(store, bench.visit.id, "mine", "Dr B")
    job = store.queue.submit("segment", bench.visit.id, {"model": "m", "layer": layer.id})
    path = store.folder(bench.visit.id) / f"{job}.u8"
    path.write_bytes(np.ones(SIZE, np.uint8).tobytes())
    result = {
        "path": str(path.relative_to(store.home)),
        "legend": ABC.to_json(),
        "source": "m 0.1",
        "report": {},
    }
    store.queue.finish(job, "done", result=result)
    assert not flat(Workbench.open(store, bench.visit.id)).any()
    workbench.adopt(store, bench.visit.id, job, result)
    assert flat(workbench.get(store, layer.id)).all()
    assert bench.revision == 0


def test_layers_that_cannot_be_are_refused(store: Store, bench: Workbench) -> None:
    other = add_visit(store, volume_grid())
    for given, code in (
        (("", "x"), "SV-CASE-061"),
        (("copy", "x", other.id), "SV-CASE-062"),
        (("copy", "x", bench.layer.id, 7), "SV-EDIT-096"),
    ):
        with pytest.raises(Refused) as error:
            workbench.new_layer(store, bench.visit.id, *given)  # type: ignore[arg-type]
        assert error.value.code == code
    with pytest.raises(NotFound):
        workbench.new_layer(store, "no-such-visit-here", "x", "x")
    assert len(store.layers(bench.visit.id)) == 1


@pytest.fixture(autouse=True)
def closed() -> object:
    yield
    workbench.close_all()
