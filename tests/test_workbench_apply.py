"""Tools through the workbench, limits, and two people on one mask."""

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from workspace import add_visit, scene_grid, store_at, volume_grid

from segviz import workbench
from segviz.edit import runs
from segviz.edit.canvas import Canvas, Channel, Edit
from segviz.edit.delta import Delta
from segviz.edit.where import Where
from segviz.errors import Conflict, Refused
from segviz.grid import Box, VolumeGrid
from segviz.mask import Legend
from segviz.store import Store
from segviz.workbench import Workbench, changes

ABC = Legend.named("a", "b", "c")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


@pytest.fixture
def bench(store: Store) -> Workbench:
    return Workbench.open(store, add_visit(store, volume_grid(), ABC).id)


@pytest.fixture
def scene(store: Store) -> Workbench:
    return Workbench.open(store, add_visit(store, scene_grid(), ABC).id)


def slab(label: int, axis: int, place: int) -> workbench.EditOf:
    """A tool that labels one slice of the canvas."""

    def edit_of(canvas: Canvas) -> Edit:
        box = list(canvas.whole)
        box[axis] = slice(place, place + 1)
        inside = np.ones([s.stop - s.start for s in box], bool)
        return Edit([canvas.relabelled(tuple(box), inside, label)], "Slab")

    return edit_of


def rows(label: int, *chosen: int) -> workbench.EditOf:
    """A tool that goes through a scene row by row."""

    def edit_of(canvas: Canvas) -> Edit:
        def parts() -> Iterator[Delta]:
            for row in chosen:
                inside = np.ones((1, canvas.labels.shape[1]), bool)
                box = (slice(row, row + 1), slice(0, canvas.labels.shape[1]))
                yield canvas.relabelled(box, inside, label)

        return Edit(parts(), "Rows", "By row.")

    return edit_of


def do(
    bench: Workbench, edit_of: workbench.EditOf, where: Where = changes.ANYWHERE, **more: object
) -> workbench.State:
    revision = bench.revision
    given = {"tool": "fill", "base_revision": revision, "uuid": f"edit-{revision}"} | more
    return bench.apply(edit_of, where, **given)  # type: ignore[arg-type]


def canonical(bench: Workbench) -> NDArray[np.uint8]:
    grid = bench.visit.grid
    data = np.array(bench.mask().data)
    return grid.to_canonical(data) if isinstance(grid, VolumeGrid) else data


def told(state: workbench.State, bench: Workbench) -> dict[int, int]:
    """Native cell -> label, of the runs that an answer carries."""
    cells, labels = runs.decode(base64.b64decode(state["runs"]), 120)
    grid = bench.visit.grid
    assert isinstance(grid, VolumeGrid)
    return dict(zip(grid.native_index(cells).tolist(), labels.tolist(), strict=True))


# tools


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_tool_works_in_canonical_order(bench: Workbench, axis: int) -> None:
    state = do(bench, slab(2, axis, 1))
    expected = np.zeros(canonical(bench).shape, np.uint8)
    expected[(slice(None),) * axis + (1,)] = 2
    assert np.array_equal(canonical(bench), expected)
    assert state["operations"][-1]["title"].startswith("Slab: +0.0")
    assert state["revision"] == 1 and not state["reload"]
    assert told(state, bench) == {int(cell): 2 for cell in np.flatnonzero(bench.mask().data)}


def test_cells_of_a_canvas_find_their_place_whatever_the_orientation() -> None:
    for affine in (np.diag([-1, 1, 1, 1]), np.eye(4)[[2, 0, 1, 3]], np.diag([1, -2, -3, 1])):
        for shape in ((4, 3, 2), (1, 3, 2), (4, 1, 2), (4, 3, 1)):
            grid = VolumeGrid(shape, affine.astype(float))
            numbers = np.arange(np.prod(shape)).reshape(shape)
            cells = np.arange(np.prod(shape))
            labels = np.ones(len(cells), np.uint8)
            for chosen in (cells, cells[1::2]):
                found = changes.native(grid, Delta(chosen, labels[chosen] - 1, labels[chosen]))
                expected = np.sort(grid.to_canonical(numbers).ravel()[chosen])
                assert found.cells.tolist() == expected.tolist()


def test_a_scene_is_edited_window_by_window(scene: Workbench) -> None:
    state = do(scene, rows(1, 7, 3))
    assert np.flatnonzero(canonical(scene).any(axis=1)).tolist() == [3, 7]
    assert (state["box"], state["note"]) == ([3, 8, 0, 30], "By row.")
    assert state["operations"][-1]["title"] == "Rows: +60.05 ha a"


def test_a_preview_changes_nothing(bench: Workbench, scene: Workbench) -> None:
    seen = bench.preview(slab(3, 0, 0))
    size = canonical(bench)[0].size
    assert (seen["count"], seen["unit"], seen["title"]) == (
        size, "ml", f"Slab: +{size / 1000:.2g} ml c",
    )  # fmt: skip
    assert seen["amount"] == pytest.approx(size / 1000)
    assert told(seen, bench) == told(do(bench, slab(3, 0, 0)), bench)
    assert scene.preview(rows(1, 2))["count"] == 30
    assert scene.revision == 0 and not canonical(scene).any()


# limits


def test_limits_hold_for_every_tool(bench: Workbench) -> None:
    do(bench, slab(1, 2, 0))
    do(bench, slab(2, 0, 0), Where(locked=frozenset({1})))
    assert (canonical(bench)[:, :, 0] == 1).all()
    assert (canonical(bench)[0, :, 1:] == 2).all()


def test_a_window_of_values_limits_a_tool(scene: Workbench) -> None:
    def values(box: Box, channel: Channel) -> NDArray[np.float32]:
        grid = np.mgrid[box][1] if not isinstance(channel, tuple) else np.mgrid[box][0]
        return grid.astype(np.float32)

    do(scene, rows(1, 4), Where(window=(2, 5)), values=values)
    assert np.flatnonzero(canonical(scene)[4]).tolist() == [2, 3, 4, 5]
    state = do(scene, rows(1, 9), Where(window=(99, 100)), values=values, uuid="none")
    assert state["revision"] == 1 and "outside the chosen window" in state["note"]


@pytest.mark.parametrize(
    ("label", "where", "why"),
    [
        (1, Where(), "already so"),
        (2, Where(locked=frozenset({1})), "locked"),
        (2, Where(only=3), "may be painted over"),
    ],
)
def test_an_edit_that_can_change_nothing_says_why(
    bench: Workbench, label: int, where: Where, why: str
) -> None:
    do(bench, slab(1, 0, 0))
    state = do(bench, slab(label, 0, 0), where)
    assert state["revision"] == 1 and state["runs"] is None
    if label == 1:
        assert "already so" in state["note"]
    assert why in state["note"]


def test_a_tool_cannot_use_a_label_that_is_not_there(bench: Workbench) -> None:
    with pytest.raises(Refused) as error:
        do(bench, slab(9, 0, 0))
    assert error.value.code == "SV-EDIT-020"
    assert bench.revision == 0


def test_locks_hold_for_strokes_and_the_painter_is_told(bench: Workbench) -> None:
    bench.edit_cells(np.array([5]), np.array([1], np.uint8), base_revision=0, uuid="a")
    state = bench.edit_cells(
        np.array([4, 5, 6]),
        np.array([2, 2, 2], np.uint8),
        Where(locked=frozenset({1})),
        base_revision=1,
        uuid="b",
    )
    assert bench.mask().data.reshape(-1)[4:7].tolist() == [2, 1, 2]
    assert told(state, bench) == {5: 1}
    assert "locked" in state["note"]


# an edit too great for one entry


def test_a_great_edit_makes_a_new_file_and_is_still_an_edit(
    scene: Workbench, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(scene, rows(2, 0))
    monkeypatch.setattr(changes, "LIMIT", 40)
    state = do(scene, rows(1, 3, 4, 5))
    assert np.flatnonzero(canonical(scene)[:, 0]).tolist() == [0, 3, 4, 5]
    assert (state["generation"], state["reload"]) == (1, True)
    assert state["source"] == "drawn by hand"
    assert state["operations"][-1]["title"] == "Rows: +90.07 ha a"
    assert state["operations"][-1]["kind"] == "edit"
    assert [row["count"] for row in state["labels"]] == [90, 30, 0]
    again = Workbench.open(store, scene.visit.id)
    assert np.array_equal(canonical(again), canonical(scene))
    scene.undo(2, "u")
    assert np.flatnonzero(canonical(scene)[:, 0]).tolist() == [0]
    scene.redo(3, "r")
    assert canonical(scene)[4].all()
    assert scene.preview(rows(3, 1, 2))["runs"] == ""


def test_a_great_edit_takes_over_what_others_did_meanwhile(
    scene: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "LIMIT", 40)

    def meanwhile(row: int, after: int) -> workbench.EditOf:
        """Somebody paints a row while the tool works on its rows."""

        def edit_of(canvas: Canvas) -> Edit:
            def parts() -> Iterator[Delta]:
                for n, part in enumerate(rows(1, 3, 4, 5)(canvas).parts):
                    if n == after:
                        do(scene, rows(2, row), author="Dr B", uuid=f"meanwhile {row} {after}")
                    yield part

            return Edit(parts(), "Rows")

        return edit_of

    for row, after in ((9, 0), (10, 2)):
        state = do(scene, meanwhile(row, after), author="Dr A")
        assert state["merged"] == ["Dr B"]
        assert np.flatnonzero(canonical(scene)[:, 0]).tolist() == sorted([row, 3, 4, 5])
        assert [o["count"] for o in state["labels"]] == [90, 30, 0]
        for n in range(2):
            scene.undo(scene.revision, f"back {row} {n}")
    for after in (0, 2):
        with pytest.raises(Conflict):
            do(scene, meanwhile(4, after))
        scene.undo(scene.revision, f"u{after}")


# two people


def stroke(
    bench: Workbench, cells: list[int], label: int, base: int, author: str, uuid: str = ""
) -> workbench.State:
    return bench.edit_cells(
        np.array(cells),
        np.full(len(cells), label, np.uint8),
        base_revision=base,
        uuid=uuid or f"{author} {base}",
        title="Brush",
        tool="brush",
        author=author,
    )


def test_edits_of_different_cells_both_stand(bench: Workbench) -> None:
    stroke(bench, [1, 2], 1, 0, "Dr B")
    state = stroke(bench, [3], 2, 0, "Dr A")
    assert state["merged"] == ["Dr B"] and state["revision"] == 2
    assert told(state, bench) == {1: 1, 2: 1}
    assert stroke(bench, [4], 2, 2, "Dr A")["merged"] == []
    assert bench.mask().data.reshape(-1)[:5].tolist() == [0, 1, 1, 2, 2]


def test_edits_of_the_same_cells_are_a_conflict_that_tells_what_was_done(bench: Workbench) -> None:
    stroke(bench, [1, 2, 3], 1, 0, "Dr B")
    with pytest.raises(Conflict) as error:
        stroke(bench, [3, 4], 2, 0, "Dr A")
    found = error.value.conflict
    assert found is not None and error.value.code == "SV-EDIT-030"
    assert (found["revision"], found["cells"]) == (1, 1)
    assert [(o["title"], o["author"]) for o in found["operations"]] == [
        ("Brush: +0.003 ml a", "Dr B")
    ]
    assert "Dr B" in error.value.message
    assert bench.revision == 1
    mine = stroke(bench, [3, 4], 2, 1, "Dr A")
    assert mine["revision"] == 2
    union = bench.edit_cells(
        np.array([2, 5]), np.array([3, 3], np.uint8), Where(union=True), base_revision=2, uuid="u"
    )
    assert told(union, bench) == {2: 1}
    assert bench.mask().data.reshape(-1)[:6].tolist() == [0, 1, 1, 2, 2, 3]


def test_a_stroke_that_was_undone_and_one_over_it_conflict(bench: Workbench) -> None:
    stroke(bench, [1], 1, 0, "Dr B")
    bench.undo(1, "u")
    with pytest.raises(Conflict):
        stroke(bench, [1], 2, 0, "Dr A")


def test_a_new_legend_or_mask_stands_against_any_older_edit(bench: Workbench) -> None:
    bench.add_label("d", uuid="label")
    with pytest.raises(Conflict) as error:
        stroke(bench, [1], 1, 0, "Dr A")
    assert error.value.conflict is not None and error.value.conflict["cells"] is None
    bench.undo(1, "u")
    with pytest.raises(Conflict):
        stroke(bench, [1], 1, 1, "Dr A")


def test_a_revision_that_never_was_is_a_conflict(bench: Workbench) -> None:
    for base in (-1, 3):
        with pytest.raises(Conflict):
            stroke(bench, [1], 1, base, "Dr A")


def test_an_edit_sent_again_tells_what_changed_since_it_was_drawn(bench: Workbench) -> None:
    stroke(bench, [1], 1, 0, "Dr A", "same")
    stroke(bench, [1, 2], 2, 1, "Dr B")
    state = stroke(bench, [1], 1, 0, "Dr A", "same")
    assert state["revision"] == 2 and told(state, bench) == {1: 2, 2: 2}
    again = bench.apply(slab(1, 0, 0), tool="fill", base_revision=0, uuid="same")
    assert again == state
