"""Comparisons of versions, and who gave each cell its label."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from workspace import add_visit, finished_run, scene_grid, store_at, volume_grid

from segviz import workbench
from segviz.errors import Refused
from segviz.mask import Legend
from segviz.store import Store
from segviz.store.journal import Journal
from segviz.workbench import (
    At,
    Workbench,
    changes,
    compare,
    departures,
    difference,
    owners,
    provenance,
)

ABC = Legend.named("a", "b", "c")
SIZE = 120


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


@pytest.fixture
def bench(store: Store) -> Workbench:
    return Workbench.open(store, add_visit(store, volume_grid(), ABC).id)


@pytest.fixture
def scene(store: Store) -> Workbench:
    return Workbench.open(store, add_visit(store, scene_grid(), ABC).id)


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
        uuid=f"edit-{revision}",
        title="Brush",
        tool="brush" if label else "eraser",
        author=author,
    )


def run(
    store: Store, bench: Workbench, labels: NDArray[np.uint8], window: list[int] | None = None
) -> None:
    """A finished run of ``m`` 1.0 is taken over."""
    job = store.queue.submit("segment", bench.visit.id, {"model": "m", "n": bench.revision})
    path = store.folder(bench.visit.id) / f"{job}.u8"
    path.write_bytes(labels.tobytes())
    result = {
        "path": str(path.relative_to(store.home)),
        "legend": ABC.to_json(),
        "source": "m 1.0",
        "report": {"model": {"name": "m", "version": "1.0", "sha256": "ab"}},
        **({"window": window} if window else {}),
    }
    store.queue.finish(job, "done", result=result)
    bench.adopt(job, result)


def who(store: Store, bench: Workbench, **more: object) -> list[str]:
    """Author of each cell, ``-`` where there is none."""
    found, table = owners(store, bench, **more)  # type: ignore[arg-type]
    return [table[n]["author"] if n else "-" for n in found.reshape(-1).tolist()]


# two versions


def test_two_versions_are_compared_label_by_label(bench: Workbench) -> None:
    paint(bench, [0, 1, 2, 3], 1)
    paint(bench, [3, 4], 2)
    rows = compare(At(bench, 1), At(bench, 2))
    assert [(r["label"], r["agree"], r["only_a"], r["only_b"]) for r in rows] == [
        (1, 3, 1, 0),
        (2, 0, 0, 2),
        (3, 0, 0, 0),
    ]
    assert [r["dice"] for r in rows] == [pytest.approx(6 / 7), 0.0, None]
    assert [r["difference"] for r in rows] == pytest.approx([-0.001, 0.002, 0])
    assert rows[0]["unit"] == "ml" and rows[0]["agree_amount"] == pytest.approx(0.003)


def test_versions_of_a_scene_are_compared_in_hectares(
    scene: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "STRIP_CELLS", 90)
    paint(scene, list(range(300)), 1)
    paint(scene, list(range(250, 400)), 0)
    row = compare(At(scene, 1), At(scene, 2))[0]
    assert (row["agree"], row["only_a"], row["only_b"]) == (250, 50, 0)
    assert row["only_a_amount"] == pytest.approx(50, rel=1e-2)
    assert row["difference"] == pytest.approx(-50, rel=1e-2)


def test_a_difference_is_a_picture(bench: Workbench, scene: Workbench) -> None:
    paint(bench, [0, 1, 2, 3], 1)
    bench.jump(0, 1, "j")
    paint(bench, [2, 4], 1)
    paint(bench, [3], 2)
    a, b = At(bench, 1), At(bench, 4)
    assert difference(a, b).reshape(-1)[:6].tolist() == [2, 2, 1, 4, 3, 0]
    assert difference(a, b, label=1).reshape(-1)[:6].tolist() == [2, 2, 1, 2, 3, 0]
    paint(scene, [31, 32], 1)
    seen = difference(At(scene, 0), At(scene, 1), (1, 3, 2, 6))
    assert seen.tolist() == [[3, 0, 0, 0], [0, 0, 0, 0]]
    with pytest.raises(Refused) as error:
        difference(a, At(scene, 0))
    assert error.value.code == "SV-EDIT-097"


# owners


def test_each_cell_has_who_gave_it_its_label(store: Store, bench: Workbench) -> None:
    paint(bench, [9], 1, "Dr Z")
    run(store, bench, np.ones(SIZE, np.uint8))
    paint(bench, [0, 1], 2, "Dr A")
    paint(bench, [1, 2], 0, "Dr B")
    paint(bench, [5], 2, "Dr C")
    bench.undo(5, "u")
    assert who(store, bench)[:6] == ["Dr A", "Dr B", "Dr B", "m 1.0", "m 1.0", "m 1.0"]
    assert who(store, bench, revision=1)[8:10] == ["-", "Dr Z"]
    found, table = owners(store, bench)
    run_seq = int(found.reshape(-1)[9])
    assert table[run_seq] | {"when": ""} == {
        "by": "model",
        "author": "m 1.0",
        "when": "",
        "tool": "",
        "title": "Segment with m 1.0",
        "name": "m",
        "version": "1.0",
        "sha256": "ab",
    }
    assert table[int(found.reshape(-1)[0])]["tool"] == "brush"


def test_a_run_on_the_view_owns_its_window(store: Store, scene: Workbench) -> None:
    paint(scene, [0, 31], 1)
    run(store, scene, np.full((20, 30), 2, np.uint8), window=[1, 4, 0, 2])
    paint(scene, [60], 3, "Dr B")
    names = who(store, scene)
    assert (names[0], names[31], names[30], names[60], names[2]) == (
        "Dr A", "m 1.0", "m 1.0", "Dr B", "-",
    )  # fmt: skip
    assert who(store, scene, window=(0, 3, 1, 3)) == ["-", "-", "m 1.0", "-", "m 1.0", "-"]


def test_restored_cells_have_their_old_owners(store: Store, bench: Workbench, limit: int) -> None:
    run(store, bench, np.ones(SIZE, np.uint8))
    paint(bench, [0, 1, 2], 2, "Dr A")
    paint(bench, [2, 3, 4], 3, "Dr B")
    bench.restore(bench, 2, base_revision=3, uuid="r", author="Dr C")
    paint(bench, [1, 5, 6], 3, "Dr D")
    assert who(store, bench)[:7] == ["Dr A", "Dr D", "Dr A", "m 1.0", "m 1.0", "Dr D", "Dr D"]


def test_a_copied_layer_brings_its_past_along(store: Store, bench: Workbench, limit: int) -> None:
    run(store, bench, np.ones(SIZE, np.uint8))
    paint(bench, [0, 1, 2], 2, "Dr A")
    layer = workbench.new_layer(store, bench.visit.id, "mine", "Dr B", bench.layer.id, 2)
    copy = workbench.get(store, layer.id)
    paint(copy, [2, 3, 4], 3, "Dr B")
    assert who(store, copy)[:5] == ["Dr A", "Dr A", "Dr B", "Dr B", "Dr B"]
    assert who(store, copy)[5] == "m 1.0"
    told = provenance(store, copy)
    assert told["models"][0]["sha256"] == "ab"
    assert told["labels"][0]["dice"] == pytest.approx(2 * 115 / (120 + 115))
    workbench.close_all()


@pytest.mark.parametrize("world", ["bench", "scene"])
def test_owners_equal_a_plain_walk(
    store: Store, world: str, request: pytest.FixtureRequest
) -> None:
    """Random edits, runs and undos against owners kept as plain arrays."""
    bench: Workbench = request.getfixturevalue(world)
    size = int(np.prod(bench.visit.grid.shape))
    random = np.random.default_rng(0)
    expected, at = [np.full(size, "-", object)], 0
    for step in range(60):
        action = random.choice(
            ["paint", "paint", "run", "undo", "redo"], p=[0.4, 0.3, 0.05, 0.15, 0.1]
        )
        after = expected[at].copy()
        if action == "paint":
            cells = random.choice(size, 30, replace=False)
            labels = random.integers(0, 4, 30).astype(np.uint8)
            changed = bench.mask().data.reshape(-1)[cells] != labels
            after[cells[changed]] = f"Dr {step}"
            bench.edit_cells(
                cells, labels, base_revision=bench.revision, uuid=f"{step}", author=f"Dr {step}"
            )
        elif action == "run":
            run(store, bench, random.integers(0, 4, size).astype(np.uint8))
            after[:] = "m 1.0"
        elif action == "undo" and at:
            bench.undo(bench.revision, f"{step}")
            at -= 1
            continue
        elif action == "redo" and at + 1 < len(expected):
            bench.redo(bench.revision, f"{step}")
            at += 1
            continue
        else:
            continue
        expected, at = [*expected[: at + 1], after], at + 1
        assert who(store, bench) == expected[at].tolist()


def test_reading_the_past_leaves_the_mask_to_those_who_edit_it(
    store: Store, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stroke that comes between what is read of the journal stays in the mask."""
    run(store, bench, np.ones(SIZE, np.uint8))
    paint(bench, [0], 2)
    deltas = Journal.deltas

    def interrupted(*args: Any, **more: Any) -> Iterator[bytes]:
        found = list(deltas(*args, **more))
        monkeypatch.setattr(Journal, "deltas", deltas)
        paint(bench, [0], 3)
        yield from found

    monkeypatch.setattr(Journal, "deltas", interrupted)
    said = departures.answer(store, bench, bench.history_at(), None)
    assert said.reshape(-1)[:2].tolist() == [1, 1]
    assert bench.mask().data.reshape(-1)[:2].tolist() == [3, 1]


# the summary


def test_a_summary_says_what_people_did_to_what_the_model_said(
    store: Store, bench: Workbench
) -> None:
    labels = np.zeros(SIZE, np.uint8)
    labels[:50] = 1
    run(store, bench, labels)
    paint(bench, [60, 61], 1, "Dr A")
    paint(bench, [0, 1, 2], 0, "Dr B")
    paint(bench, [3], 2, "Dr B")
    bench.name_version("v1", author="Dr A")
    told = provenance(store, bench)
    assert told["source"] == "m 1.0, edited by hand"
    assert [m["name"] for m in told["models"]] == ["m"]
    row = told["labels"][0]
    assert (row["count"], row["unit"]) == (48, "ml")
    assert (row["added"], row["removed"]) == pytest.approx((0.002, 0.004))
    assert row["dice"] == pytest.approx(2 * 46 / (50 + 48))
    assert told["labels"][1]["added"] == pytest.approx(0.001)
    assert [(w["author"], w["tool"], w["operations"]) for w in told["work"]] == [
        ("Dr A", "brush", 1),
        ("Dr B", "eraser", 1),
        ("Dr B", "brush", 1),
    ]
    assert told["versions"] == [{"name": "v1", "revision": 4, "author": "Dr A"}]
    assert len(told["fingerprint"]) == 16
    assert told["fingerprint"] == provenance(store, bench, 4)["fingerprint"]


def test_what_was_drawn_from_nothing_has_no_dice(store: Store, scene: Workbench) -> None:
    paint(scene, [1, 2], 1)
    row = provenance(store, scene)["labels"][0]
    assert row["dice"] is None and row["added"] == pytest.approx(2, rel=1e-2)


def test_a_run_from_before_models_were_noted_is_still_one(store: Store, bench: Workbench) -> None:
    job, result = finished_run(store, bench.visit.id, np.full(SIZE, 255, np.uint8), 0.5)
    result["report"]["model"] = {"name": "lesions", "version": "1.0", "sha256": "cd"}
    store.queue.finish(job, "done", result=result)
    path = store.home / "mask.u8"
    path.write_bytes(bytes(SIZE))
    bench.replace(path, ABC, title="Segment", source="lesions 1.0", uuid=job)
    assert provenance(store, bench)["models"][0]["sha256"] == "cd"
