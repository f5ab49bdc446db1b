"""The fingerprint of a mask, and what happens where a file does not have the right one."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from workspace import add_visit, store_at, volume_grid

from segviz.edit.delta import Delta
from segviz.errors import Damaged
from segviz.mask import Legend, Mask
from segviz.store import Store
from segviz.workbench import Workbench, fingerprint, ledger

ABC = Legend.named("a", "b", "c")
SIZE = 120


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


@pytest.fixture
def work(store: Store) -> Workbench:
    return Workbench.open(store, add_visit(store, volume_grid(), ABC).id)


def paint(work: Workbench, cells: list[int], label: int) -> None:
    labels = np.full(len(cells), label, np.uint8)
    revision = work.revision
    work.edit_cells(np.array(cells), labels, base_revision=revision, uuid=f"edit {revision}")


def flat(work: Workbench) -> NDArray[np.uint8]:
    return np.array(work.mask().data).reshape(-1)


def test_what_is_replayed_on_opening_does_not_grow_with_kills(store: Store) -> None:
    layer = add_visit(store, volume_grid(), ABC).id
    for life in range(30):
        work = Workbench.open(store, layer)  # and never closed
        for cell in range(5):
            paint(work, [cell], 1 + life % 3)
    replayed = work.revision - store.journal.checkpoint(layer, 0)
    assert work.revision == 150
    assert replayed < ledger.CHECKPOINT_EVERY


def file(store: Store, work: Workbench, generation: int = 0) -> Path:
    return store.mask_folder(work.layer.id) / f"{generation}.u8"


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)


# the number itself


def test_an_empty_mask_has_fingerprint_0() -> None:
    assert fingerprint.of(np.zeros(100_000, np.uint8)) == 0


def test_every_cell_and_label_counts() -> None:
    found = set()
    for cell in (0, 1, 32_767, 32_768, 99_999):
        for label in (1, 2, 255):
            mask = np.zeros(100_000, np.uint8)
            mask[cell] = label
            found.add(fingerprint.of(mask))
    assert len(found) == 15


def test_swapped_labels_are_noticed() -> None:
    mask = np.random.default_rng(0).integers(0, 4, 70_000).astype(np.uint8)
    swapped = mask.copy()
    swapped[[5, 40_000]] = [1, 2]
    mask[[5, 40_000]] = [2, 1]
    assert fingerprint.of(mask) != fingerprint.of(swapped)


@pytest.mark.filterwarnings("error")
def test_a_change_is_followed_by_its_cells_alone() -> None:
    random = np.random.default_rng(1)
    mask = random.integers(0, 256, 100_001).astype(np.uint8)
    found = fingerprint.of(mask)
    for _ in range(20):
        cells = random.choice(len(mask), 500, replace=False)
        delta = Delta.between(mask, cells, random.integers(0, 256, 500).astype(np.uint8))
        delta.apply(mask)
        found = fingerprint.after(found, delta)
        assert found == fingerprint.of(mask)
        assert -(2**63) <= found < 2**63


def test_the_journal_holds_the_fingerprint_after_each_entry(store: Store, work: Workbench) -> None:
    paint(work, [1, 2], 1)
    paint(work, [2, 3], 2)
    work.undo(2, "u")
    data = np.ones((4, 5, 6), np.uint8)
    work.replace_by(Mask(work.visit.grid, data, ABC), title="Import", uuid="i")
    work.jump(1, 4, "j")
    for entry in store.journal.entries(work.layer.id):
        assert entry.fingerprint == fingerprint.of(work.mask_at(entry.revision).reshape(-1))


# a file that is not what the journal says


def test_a_spoilt_file_is_made_anew_and_the_history_says_so(store: Store, work: Workbench) -> None:
    paint(work, [1, 2], 1)
    paint(work, [3], 2)
    work.close()
    spoil(file(store, work))
    again = Workbench.open(store, work.layer.id)
    assert flat(again)[:5].tolist() == [0, 1, 1, 2, 0] and np.count_nonzero(flat(again)) == 3
    operations = again.state()["operations"]
    assert [o["kind"] for o in operations] == ["edit", "edit", "note"]
    assert "fingerprint is right" in operations[-1]["title"]
    again.undo(3, "u")
    assert flat(again)[:5].tolist() == [0, 1, 1, 0, 0]
    assert Workbench.open(store, work.layer.id).revision == 4


@pytest.mark.parametrize("damage", ["spoilt", "cut", "gone"])
def test_the_file_of_a_run_is_made_anew_from_its_copy(
    store: Store, work: Workbench, damage: str
) -> None:
    data = np.ones((4, 5, 6), np.uint8)
    work.replace_by(Mask(work.visit.grid, data, ABC), title="Import", uuid="i")
    paint(work, [4], 3)
    work.close()
    path = file(store, work, 1)
    if damage == "spoilt":
        spoil(path)
    elif damage == "cut":
        path.write_bytes(b"short")
    else:
        path.unlink()
    again = Workbench.open(store, work.layer.id)
    assert flat(again)[4] == 3 and flat(again).sum() == SIZE + 2


def test_a_file_that_no_copy_leads_to_is_damaged(store: Store, work: Workbench) -> None:
    data = np.ones((4, 5, 6), np.uint8)
    work.replace_by(Mask(work.visit.grid, data, ABC), title="Import", uuid="i")
    work.close()
    path = file(store, work, 1)
    spoil(path)
    copy = path.with_name("1.0.z")
    whole = copy.read_bytes()
    copy.write_bytes(whole[:-5])
    with pytest.raises(Damaged) as error:
        Workbench.open(store, work.layer.id).state()
    assert error.value.code == "SV-EDIT-090"
    path.unlink()
    with pytest.raises(Damaged) as error:
        Workbench.open(store, work.layer.id).state()
    assert error.value.code == "SV-EDIT-031"
    copy.write_bytes(whole)
    assert flat(Workbench.open(store, work.layer.id)).all()


def test_copies_are_kept_now_and_then(
    store: Store, work: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "CHECKPOINT_EVERY", 2)
    monkeypatch.setattr(ledger, "SNAPSHOT_EVERY", 4)
    for n in range(20):
        paint(work, [n], 1)
        work.close()
    folder = store.mask_folder(work.layer.id)
    assert sorted(path.name for path in folder.glob("*.z")) == ["0.16.z", "0.20.z"]
    (folder / "0.20.z").write_bytes(b"spoilt")
    spoil(file(store, work))
    assert flat(Workbench.open(store, work.layer.id)).sum() == 20


def test_looking_back_writes_nothing(store: Store, work: Workbench) -> None:
    paint(work, [1], 1)
    paint(work, [1, 2], 2)
    path = file(store, work)
    path.write_bytes(bytes(SIZE))  # as if nothing had reached the file yet
    assert work.mask_at(1).reshape(-1)[:3].tolist() == [0, 1, 0]
    assert work.mask_at(2).reshape(-1)[:3].tolist() == [0, 2, 2]
    work._ledger.files.snapshot(0, 1)
    assert path.read_bytes() == bytes(SIZE)


def test_a_copy_is_of_one_revision_though_edits_go_on(store: Store, work: Workbench) -> None:
    paint(work, [1], 1)
    paint(work, [2], 2)
    work._ledger.files.snapshot(0, 1)
    copy = store.mask_folder(work.layer.id) / "0.1.z"
    import zlib

    assert np.frombuffer(zlib.decompress(copy.read_bytes()), np.uint8)[:3].tolist() == [0, 1, 0]
