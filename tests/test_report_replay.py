"""Reports computed again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reported
from workspace import store_at

from segviz import report, workbench
from segviz.case import Case
from segviz.errors import Damaged, NotFound, Refused
from segviz.report import replay
from segviz.store import Store

Json = dict[str, Any]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path / "home")
    workbench.close_all()


@pytest.fixture
def case(store: Store, tmp_path: Path) -> Case:
    return reported.two_visits(store, tmp_path)


@pytest.fixture
def told(store: Store, case: Case) -> Json:
    return dict(json.loads(report.written(store, report.make(store, case), "json")))


def differences(store: Store, told: Json) -> list[tuple[str, str]]:
    return [
        (one.what, difference.path)
        for one in replay.replay(store, told)
        for difference in one.differences
    ]


def test_numbers_agree_after_the_mask_was_edited_further(
    store: Store, case: Case, told: Json
) -> None:
    bench = workbench.get(store, case.visits[0].id)
    bench.edit_cells(np.arange(50), np.ones(50, np.uint8), base_revision=1, uuid="later")
    found = replay.replay(store, told)
    assert [one.what for one in found] == ["images", *(f["spec"]["kind"] for f in told["findings"])]
    assert [one.differences for one in found] == [()] * len(found)
    assert min(one.compared for one in found) > 0


def test_a_number_that_was_changed_is_told(store: Store, told: Json) -> None:
    (amounts,) = (one for one in told["findings"] if one["spec"]["kind"] == "amounts")
    row = amounts["numbers"]["masks"][1]["labels"][0]
    row["volume_ml"] *= 1 + 1e-12
    assert differences(store, told) == []
    row["volume_ml"] *= 1.001
    assert differences(store, told) == [("amounts", "masks[1].labels[0].volume_ml")]


def test_a_number_that_was_added_or_taken_away_is_told(store: Store, told: Json) -> None:
    (amounts,) = (one for one in told["findings"] if one["spec"]["kind"] == "amounts")
    mask = amounts["numbers"]["masks"][0]
    mask["signed"] = 1
    del mask["labels"][0]["voxels"]
    assert differences(store, told) == [
        ("amounts", "masks[0].labels[0].voxels"), ("amounts", "masks[0].signed"),
    ]  # fmt: skip


def test_an_image_that_was_changed_is_told(store: Store, case: Case, told: Json) -> None:
    told["images"][0]["sha256"] = "0" * 64
    assert differences(store, told) == [("images", told["images"][0]["visit"])]
    store.files(case.visits[0].id)[0].write_bytes(b"another image")
    with pytest.raises(Damaged):
        replay.replay(store, told)


def test_an_image_changed_behind_the_back_of_its_date_is_told(
    store: Store, case: Case, told: Json
) -> None:
    import os

    (file,) = store.files(case.visits[0].id)
    before = file.stat()
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    changed = [what for what, _ in differences(store, told)]
    assert changed == ["images"] * 2  # both visits were opened from it


def test_a_report_of_another_workspace(tmp_path: Path, told: Json) -> None:
    with pytest.raises(NotFound, match="SV-NUM-133"):
        replay.replay(store_at(tmp_path / "other"), told)


Change = Callable[[Json], object]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t["findings"][0]["spec"].update(kind="horoscope"), "SV-NUM-001"),
        (lambda t: t["findings"][0]["spec"].update(kind=["a"]), "SV-NUM-134"),
        (lambda t: t["findings"][0]["spec"].pop("layers"), "SV-NUM-134"),
        (lambda t: t["findings"][0]["spec"].update(layers=7), "SV-NUM-134"),
        (lambda t: t["findings"][0]["spec"].update(layers=[{"layer": "../../x"}]), "SV-NUM-134"),
        (
            lambda t: t["findings"][0]["spec"].update(
                layers=[{"layer": "../../etc/passwd", "revision": 1}]
            ),
            "SV-CASE-060",
        ),
        (lambda t: t["findings"][0]["spec"]["layers"][0].update(revision=99), "SV-EDIT-096"),
    ],
)
def test_a_spec_that_was_changed_is_refused(
    store: Store, told: Json, change: Change, code: str
) -> None:
    change(told)
    with pytest.raises((Refused, NotFound)) as refused:
        replay.replay(store, told)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"case": {"id": "x"}, "images": [], "findings": [{"spec": {}}]}',
        b'{"case": {"id": "x"}, "images": [{"visit": 1}], "findings": []}',
        b'{"case": {"id": "x"}, "images": [], "findings": [{"spec": {}, "numbers": {"a": NaN}}]}',
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(Refused, match="SV-NUM-132"):
        replay.read(path)


def test_a_file_larger_than_any_report_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "LARGEST_BYTES", 10)
    path = tmp_path / "report.json"
    path.write_bytes(b'{"case": 12}')
    with pytest.raises(Refused, match="SV-NUM-131"):
        replay.read(path)


@pytest.mark.parametrize(
    ("was", "now", "same"),
    [
        (1, 1, True),
        (1, 2, False),
        (1, 1.0, False),
        (1, True, False),
        (2.0, 2.0 + 1e-10, True),
        (2.0, 2.0 + 1e-7, False),
        (None, None, True),
        (None, 0, False),
        ("a", "b", False),
        ([1, 2], [1], False),
        ({"a": 1}, [1], False),
    ],
)
def test_what_counts_as_the_same(was: Any, now: Any, same: bool) -> None:
    assert (list(replay.differences(was, now)) == []) == same
