import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from workspace import add_visit, scene_grid, settings_at, store_at, volume_grid

from segviz import store as stores
from segviz.errors import Damaged, NotFound, Refused
from segviz.mask import Legend
from segviz.store import Store, schema
from segviz.store.journal import Entry


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


def test_a_case_comes_back_as_it_was_added(store: Store) -> None:
    before = datetime.now(UTC)
    case = store.add_case(" Glioma 3 ", "volume", notice="Simulated lesion")
    assert store_at(store.home).case(case.id) == case
    assert (case.name, case.world, case.status) == ("Glioma 3", "volume", "new")
    assert case.notice == "Simulated lesion"
    assert before <= case.changed <= datetime.now(UTC)
    assert case.visits == () and case.revision == 0


def test_a_case_needs_a_name(store: Store) -> None:
    with pytest.raises(Refused):
        store.add_case("  ", "volume")


def test_visits_come_in_order_of_date_and_undated_ones_last(store: Store) -> None:
    case = store.add_case("A place", "scene")
    for name, when in (("none", None), ("late", date(2020, 1, 1)), ("early", date(2018, 1, 1))):
        store.add_visit(
            case.id, files=[], when=when, name=name, grid=scene_grid(), channels=(), sha256=""
        )
    assert [visit.name for visit in store.case(case.id).visits] == ["early", "late", "none"]


def test_a_visit_comes_back_as_it_was_added(store: Store) -> None:
    case = store.add_case("A place", "scene")
    visit = store.add_visit(
        case.id,
        files=[],
        when=date(2018, 7, 14),
        name="2018",
        grid=scene_grid(),
        channels=("red", "green"),
        sha256="ab",
        answers={"fill": "0"},
        notes=("No date.",),
        reference=True,
        legend=Legend.named("forest"),
    )
    again = store_at(store.home).visit(visit.id)
    assert again.grid.same_as(visit.grid)  # type: ignore[arg-type]
    assert (again.when, again.channels) == (date(2018, 7, 14), ("red", "green"))
    assert (again.answers, again.notes, again.reference) == ({"fill": "0"}, ("No date.",), True)
    assert store.legend(visit.id) == Legend.named("forest")


def test_worlds_are_not_mixed(store: Store) -> None:
    case = store.add_case("A place", "scene")
    with pytest.raises(Refused):
        store.add_visit(
            case.id, files=[], when=None, name="x", grid=volume_grid(), channels=(), sha256=""
        )


def test_the_case_changed_last_comes_first(store: Store) -> None:
    first, second = store.add_case("first", "scene"), store.add_case("second", "scene")
    store.set_status(first.id, "reviewed")
    assert [case.id for case in store.cases()] == [first.id, second.id]
    assert store.case(first.id).status == "reviewed"


def test_the_revision_of_a_case_counts_what_was_done_to_all_its_masks(store: Store) -> None:
    visit = add_visit(store, volume_grid())
    for revision in (1, 2):
        store.journal.append(Entry(visit.id, revision, f"{revision}", "edit", 0, "t", "a"))
    assert store.cases()[0].revision == 2
    assert store.cases()[0].status == "in progress"


def test_a_deleted_case_is_hidden_and_kept(store: Store) -> None:
    visit = add_visit(store, volume_grid())
    file = store.files(visit.id)[0]
    store.delete_case(visit.case_id)
    assert store.cases() == []
    with pytest.raises(NotFound):
        store.case(visit.case_id)
    with pytest.raises(NotFound):
        store.visit(visit.id)
    assert file.exists()


def test_a_file_that_changed_is_not_used(store: Store, tmp_path: Path) -> None:
    visit = add_visit(store, volume_grid())
    path = store.files(visit.id)[0]
    stamp = path.stat().st_mtime_ns
    path.write_bytes(b"IMAGE")
    os.utime(path, ns=(stamp + 1, stamp + 1))
    with pytest.raises(Damaged):
        store.files(visit.id)
    path.unlink()
    with pytest.raises(Damaged) as told:
        store.files(visit.id)
    assert str(tmp_path) not in told.value.message


def test_a_workspace_can_be_moved_with_its_uploads(store: Store, tmp_path: Path) -> None:
    visit = add_visit(store, volume_grid())
    store._database.engine.dispose()
    moved = store.home.rename(tmp_path / "moved")
    assert store_at(moved).files(visit.id)[0].parent == moved


def test_a_file_picked_outside_stays_where_it_is(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "scan.nii"
    outside.write_bytes(b"x")
    case = store.add_case("A case", "volume")
    visit = store.add_visit(
        case.id, files=[outside], when=None, name="1", grid=volume_grid(), channels=(), sha256=""
    )
    assert store.files(visit.id) == [outside]


def test_uploads_are_listed_when_they_are_whole(store: Store) -> None:
    upload, folder = store.new_upload()
    (folder / "b.dcm").write_bytes(b"b")
    (folder / "a.dcm").write_bytes(b"a")
    (folder / "c.dcm.part").write_bytes(b"half")
    assert [path.name for path in store.upload_files(upload)] == ["a.dcm", "b.dcm"]


@pytest.mark.parametrize("name", ["..", "../../etc/passwd/00", "A" * 22, "", "a/b" * 8])
def test_no_id_leads_out_of_the_workspace(store: Store, name: str) -> None:
    with pytest.raises(NotFound):
        store.upload_files(name)


@pytest.mark.parametrize("name", ["..", "../../etc/passwd/00", "", "a/b" * 8])
def test_no_visit_id_leads_out_of_the_workspace(store: Store, name: str) -> None:
    with pytest.raises(NotFound):
        store.folder(name)


def test_what_a_killed_process_left_is_removed_a_day_later(store: Store) -> None:
    _, folder = store.new_upload()
    old, fresh, other = folder / "old.part", folder / "fresh.part", store.home / "mine.part"
    for path in (old, fresh, other):
        path.write_bytes(b"x")
    for path in (old, other):
        os.utime(path, (0, 0))
    store_at(store.home)
    assert [path.exists() for path in (old, fresh, other)] == [False, True, True]


def test_a_process_has_one_store_for_a_workspace(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")
    assert stores.open(settings) is stores.open(settings)


def test_a_workspace_of_another_version_is_not_opened(store: Store) -> None:
    with store._database.write() as connection:
        connection.execute(update(schema.about).values(version=99))
    with pytest.raises(Refused, match="another version"):
        store_at(store.home)
