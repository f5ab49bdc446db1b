"""The ledger of a case: equal numbers from equal specs, whatever came after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from workspace import finished_run, store_at

from segviz import findings, opening, workbench
from segviz.case import Case
from segviz.change import motion
from segviz.findings import ledger
from segviz.findings.blocks import Check, Plot, Table, Text
from segviz.grid import VolumeGrid
from segviz.mask import Label, Legend
from segviz.store import Store

GRID = VolumeGrid((30, 30, 12), np.diag([-1.0, 1.0, 2.0, 1.0]))
THICK = VolumeGrid((30, 30, 12), np.diag([-1.0, 1.0, 3.0, 1.0]))
LESION = Legend((Label(1, "Lesion", "#D55E00", thing=True),))
DATES = (date(2021, 1, 1), date(2021, 3, 2), date(2021, 6, 1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path)
    workbench.close_all()


def a_case(store: Store, *masks: np.ndarray, grids: tuple[VolumeGrid, ...] = ()) -> Case:
    case = store.add_case("Patient", "volume")
    for n, mask in enumerate(masks):
        file = store.home / f"{n}.image"
        file.write_bytes(b"image")
        visit = store.add_visit(
            case.id, files=[file], when=DATES[n], name=f"Visit {n + 1}",
            grid=grids[n] if grids else GRID, channels=("T1",), sha256="0" * 64, legend=LESION,
        )  # fmt: skip
        cells = np.flatnonzero(mask)
        workbench.get(store, visit.id).edit_cells(
            cells, mask.ravel()[cells], base_revision=0, uuid=f"draw-{n}"
        )
    return store.case(case.id)


def drawn(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Boxes (i, j, size, depth) from slice 2 on."""
    mask = np.zeros(GRID.shape, np.uint8)
    for i, j, size, depth in boxes:
        mask[i : i + size, j : j + size, 2 : 2 + depth] = 1
    return mask


def three_visits(store: Store) -> Case:
    return a_case(
        store,
        drawn((2, 2, 12, 4), (20, 20, 5, 2)),
        drawn((2, 2, 11, 4)),
        drawn((2, 2, 13, 4), (20, 4, 6, 2)),
    )


def states(numbers: findings.Numbers) -> dict[str, list[str | None]]:
    return {row["name"]: [at and at["state"] for at in row["visits"]] for row in numbers["lesions"]}


def test_what_became_of_each_lesion(store: Store) -> None:
    case = three_visits(store)
    numbers = findings.find(store, ledger.now(store, case, 1))
    assert states(numbers) == {
        "L1": ["first", "persistent", "persistent"],
        "L2": ["first", "vanished", None],
        "L3": [None, None, "new"],
    }
    assert [visit["days"] for visit in numbers["visits"]] == [0, 60, 151]
    assert [visit["interval_days"] for visit in numbers["visits"]] == [None, 60, 91]
    first, second, third = numbers["lesions"][0]["visits"]
    assert [at["volume_ml"] for at in (first, second, third)] == pytest.approx(
        [1.152, 0.968, 1.352]
    )
    assert numbers["lesions"][0]["nadir"] == 1
    assert third["from_baseline"] == round(1.352 / 1.152 - 1, 9)
    assert third["from_nadir"] == round(1.352 / 0.968 - 1, 9)
    assert second["change_ml"] == pytest.approx(-0.184)
    assert second["change_outline_ml"] == pytest.approx(
        np.hypot(first["outline_ml"], second["outline_ml"])
    )


def test_the_response_follows_the_targets(store: Store) -> None:
    case = three_visits(store)
    answer = findings.find(store, ledger.now(store, case, 1))["response"]
    assert answer["targets"] == ["L1"] and "L2" in answer["not_measurable"]
    assert [r["spd_mm2"] for r in answer["readings"]] == pytest.approx([242.0, 200.0, 288.0])
    assert [r["range"] for r in answer["readings"]] == [None, "SD", "PD"]
    assert answer["readings"][2]["why"] == "A new lesion."
    chosen = ledger.now(
        store, case, 1, ledger.Choices(criterion="recist-1.1", targets=["L1", "L2"])
    )
    readings = findings.find(store, chosen)["response"]["readings"]
    assert readings[0]["total"] == pytest.approx(11 * 2**0.5 + 4 * 2**0.5)
    assert readings[1]["total"] == pytest.approx(10 * 2**0.5)


def test_parts_of_a_target_are_added_to_it(store: Store) -> None:
    """12 x 12 falls apart into 12 x 6 and 12 x 5: diameters from centre to centre."""
    whole = drawn((2, 2, 12, 4))
    parts = whole.copy()
    parts[:, 8] = 0
    case = a_case(store, whole, parts)
    numbers = findings.find(
        store, ledger.now(store, case, 1, ledger.Choices(criterion="recist-1.1"))
    )
    answer = numbers["response"]
    assert (answer["targets"], answer["parts"]) == (["L1"], ["L2"])
    assert [r["sld_mm"] for r in answer["readings"]] == pytest.approx(
        [np.hypot(11, 11), np.hypot(11, 5) + np.hypot(11, 4)]
    )


def test_a_later_baseline(store: Store) -> None:
    case = three_visits(store)
    spec = ledger.now(store, case, 1, ledger.Choices(baseline=case.visits[1].id))
    answer = findings.find(store, spec)["response"]
    assert (answer["first"], len(answer["readings"])) == (1, 2)


def test_equal_numbers_on_any_day(store: Store) -> None:
    case = three_visits(store)
    opening.align_by_hand(store, case, case.visits[1], (0, 0, 0), (1, 0, 0), "me")
    spec = json.loads(json.dumps(ledger.now(store, case, 1)))
    numbers = findings.find(store, spec)
    bench = workbench.get(store, case.visits[0].id)
    bench.edit_cells(np.arange(99), np.ones(99, np.uint8), base_revision=1, uuid="later")
    opening.align_by_hand(store, case, case.visits[1], (0, 0, 0), (9, 9, 9), "me")
    again = findings.find(store, spec)
    assert json.dumps(again, allow_nan=False) == json.dumps(numbers, allow_nan=False)
    assert findings.find(store, ledger.now(store, case, 1)) != numbers


def test_alignment_decides_what_is_the_same(store: Store) -> None:
    """The head lay 14 mm further to the right at the second visit."""
    case = a_case(store, drawn((16, 2, 8, 4)), drawn((2, 2, 8, 4)))
    numbers = findings.find(store, ledger.now(store, case, 1))
    assert states(numbers) == {"L1": ["first", "vanished"], "L2": [None, "new"]}
    assert [c.outcome for c in ledger.checks(numbers)] == ["warned", "passed"]
    opening.align_by_hand(store, case, case.visits[1], (0, 0, 0), (-14, 0, 0), "me")
    numbers = findings.find(store, ledger.now(store, case, 1))
    assert states(numbers) == {"L1": ["first", "persistent"]}
    assert numbers["visits"][1]["translation_mm"] == [-14, 0, 0]
    assert numbers["visits"][1]["aligned"] == "hand"
    assert [c.outcome for c in ledger.checks(numbers)] == ["passed", "passed"]


def decide(store: Store, case: Case, name: str, **body: object) -> None:
    store.add_record(case.id, ledger.DECISION, name, {"label": 1, **body}, "me")


def test_people_link_and_name(store: Store) -> None:
    case = a_case(store, drawn((16, 2, 8, 4)), drawn((2, 2, 8, 4)))
    before = findings.find(store, ledger.now(store, case, 1))
    voxel = before["lesions"][1]["visits"][1]["voxel"]
    decide(store, case, "a", visit=case.visits[1].id, voxel=voxel, lesion="L1")
    decide(store, case, "b", lesion="L1", title="Left frontal")
    decide(store, case, "c", visit=case.visits[1].id, voxel=[0, 0, 0], lesion="L5")
    numbers = findings.find(store, ledger.now(store, case, 1))
    assert states(numbers) == {"L1": ["first", "persistent"]}
    assert numbers["lesions"][0]["title"] == "Left frontal"
    assert numbers["lost_decisions"] == ["L5"]


def test_a_visit_that_nobody_marked_is_left_out(store: Store) -> None:
    case = a_case(store, drawn((2, 2, 8, 4)), drawn())
    assert len(ledger.now(store, case, 1)["visits"]) == 1


def test_other_spacing_and_sequence_are_said(store: Store) -> None:
    case = a_case(store, drawn((2, 2, 8, 4)), drawn((2, 2, 8, 4)), grids=(GRID, THICK))
    numbers = findings.find(store, ledger.now(store, case, 1))
    (said,) = numbers["visits"][1]["differs"]
    assert "1 × 1 × 2 and 1 × 1 × 3 mm" in said
    first, second = case.visits
    assert "Another sequence: T1 and FLAIR." in ledger.differences(
        first, replace(second, channels=("FLAIR",))
    )


def test_probabilities_give_an_expected_volume(store: Store) -> None:
    case = a_case(store, drawn((2, 2, 8, 4)), drawn((2, 2, 8, 4)))
    bytes_ = np.where(drawn((2, 2, 8, 4)) > 0, 204, 0).astype(np.uint8)
    visit = case.visits[1]
    job, result = finished_run(store, visit.id, bytes_, 0.5)
    workbench.get(store, visit.id).adopt(job, result)
    numbers = findings.find(store, ledger.now(store, case, 1))
    assert numbers["visits"][0]["expected"] is None
    expected = numbers["visits"][1]["expected"]
    assert expected["volume_ml"] == pytest.approx(256 * 0.8 * 0.002)
    assert expected["sd_least_ml"] < expected["sd_most_ml"]


def test_what_it_tells(store: Store) -> None:
    case = three_visits(store)
    spec = ledger.now(store, case, 1)
    blocks = findings.tell(spec, findings.find(store, spec))
    kinds = {type(block) for block in blocks}
    assert kinds == {Table, Plot, Text, Check}
    assert any("not a diagnosis" in b.text for b in blocks if isinstance(b, Text))
    (plot,) = [b for b in blocks if isinstance(b, Plot)]
    assert list(plot.lines[1].y) == [0.05 * 2, 0.0, None]
    table = blocks[0]
    assert isinstance(table, Table) and table.rows[1][2:] == ["vanished", "–"]


def test_a_matrix_that_was_tampered_with_is_refused(store: Store) -> None:
    case = three_visits(store)
    body = {"matrix": (2 * np.eye(4)).tolist(), "to": case.visits[0].id, "by": "hand"}
    store.add_record(case.id, "registration", case.visits[1].id, body, "me")
    with pytest.raises(motion.Refused):
        findings.find(store, ledger.now(store, case, 1))


def test_what_a_reader_chose_is_kept_and_used(store: Store) -> None:
    case = three_visits(store)
    assert ledger.kept(store, case, 1) is None
    usual = ledger.now(store, case, 1)
    chosen = ledger.Choices(smallest_mm3=8.0, criterion="recist-1.1", targets=["L2"], nodes=["L2"])
    ledger.keep(store, case, 1, chosen, "Dr A")
    assert ledger.kept(store, case, 1) == chosen and ledger.kept(store, case, 2) is None
    spec = ledger.now(store, case, 1)
    assert [spec[key] for key in ("smallest_mm3", "criterion", "targets", "nodes")] == [
        8.0, "recist-1.1", ["L2"], ["L2"],
    ]  # fmt: skip
    assert usual["targets"] is None and usual["visits"] == spec["visits"]
    ledger.keep(store, case, 1, ledger.Choices(), "Dr B")
    assert ledger.now(store, case, 1) == usual


def test_another_layer_of_a_visit_is_read(store: Store) -> None:
    case = three_visits(store)
    last = case.visits[-1]
    mine = workbench.new_layer(store, last.id, "Mine", "Dr A")
    cells = np.flatnonzero(drawn((2, 2, 4, 2)))
    workbench.get(store, mine.id).edit_cells(
        cells, np.ones(len(cells), np.uint8), base_revision=0, uuid="mine"
    )
    ledger.keep(store, case, 1, ledger.Choices(layers={last.id: mine.id}), "Dr A")
    spec = ledger.now(store, case, 1)
    assert [row["layer"] for row in spec["visits"]][-1] == mine.id
    numbers = findings.find(store, spec)
    assert numbers["visits"][-1]["volume_ml"] == pytest.approx(32 * GRID.voxel_volume_ml)
    assert "Mine" in findings.tell(spec, numbers)[0].columns[-1]
