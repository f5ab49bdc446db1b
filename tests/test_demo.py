"""The demonstration cases: exact where they say so, made once, and made without a network."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from segviz import demo, settings, workbench
from segviz.change.ledger import ledger, look
from segviz.demo import followed as demo_followed
from segviz.demo import lesion, real, romania, summers, synthetic
from segviz.demo.summers import FOREST, OTHER, Summer
from segviz.errors import Damaged, NotFound
from segviz.grid import VolumeGrid
from segviz.io import nrt
from segviz.store import Store

Brain = tuple[VolumeGrid, NDArray[np.float32]]


@pytest.fixture
def brain() -> Brain:
    """A ball of 28 mm around the place of the tumour, with a dark ventricle beside it."""
    affine = np.eye(4)
    affine[:3, 3] = np.array(lesion.CENTRE_MM) - 30
    distance = np.linalg.norm(np.indices((61, 61, 61)) - 30.0 * np.ones((3, 1, 1, 1)), axis=0)
    tissue = np.where(distance < 28, 0.85, 0).astype(np.float32)
    tissue[10:14, 20:40, 20:40] = 0.3
    return VolumeGrid(tissue.shape, affine), tissue


@pytest.fixture
def store(private_home: Path) -> Iterator[Store]:
    yield Store(settings.load())
    workbench.close_all()


def offline(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess(command, 1)


def test_tumour_has_exactly_its_voxels_and_only_grows(brain: Brain) -> None:
    grid, tissue = brain
    order = lesion.growth(grid, tissue)
    small, large = lesion.tumour(order, 420), lesion.tumour(order, 9_800)
    assert (small.sum(), large.sum()) == (420, 9_800)
    assert not (small & ~large).any()
    assert (tissue[large] > 0.25).all()


def test_scan_shows_a_bright_rim_around_a_dark_core(brain: Brain) -> None:
    grid, tissue = brain
    drawn = lesion.tumour(lesion.growth(grid, tissue), 9_800)
    seen = lesion.scan(tissue, drawn, lesion.VISITS[0])
    depth = ndimage.distance_transform_edt(drawn)
    core, rim = seen[depth > 8].mean(), seen[(depth >= 1) & (depth < 3)].mean()
    brain_far_away = seen[(tissue > 0.8) & ~ndimage.binary_dilation(drawn, iterations=10)].mean()
    assert core < brain_far_away < rim
    assert (seen[tissue == 0] == 0).all()
    assert np.array_equal(seen, lesion.scan(tissue, drawn, lesion.VISITS[0]))


def test_volumes_in_the_real_template_are_exact() -> None:
    grid, tissue = lesion.template()
    assert grid.voxel_volume_ml == pytest.approx(0.001, rel=1e-12)
    order = lesion.growth(grid, tissue)
    for visit in lesion.VISITS:
        drawn = lesion.tumour(order, round(visit.volume_ml / grid.voxel_volume_ml))
        assert drawn.sum() * 0.001 == pytest.approx(visit.volume_ml, abs=1e-9)
        assert ndimage.label(drawn, np.ones((3, 3, 3)))[1] == 1


def test_forest_is_what_is_dark_in_green_light() -> None:
    green = np.full((20, 20), 800)
    green[:, :12] = 300
    green[5, 5] = 800
    green[0, 0] = 0
    reflectance = np.stack([green] * 4).astype(np.uint16)
    labels = summers.forest(Summer(2020, reflectance))
    assert labels[0, 0] == 0
    assert (labels[1:, :12] == FOREST).all()
    assert (labels[:, 12:] == OTHER).all()


def test_another_file_under_the_name_of_the_wheel_is_not_used(tmp_path: Path) -> None:
    (tmp_path / nrt.WHEEL).write_bytes(b"something else")
    with pytest.raises(Damaged):
        romania.fetch(tmp_path)
    assert not (tmp_path / nrt.WHEEL).exists()


def test_no_network_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(romania.subprocess, "run", offline)
    with pytest.raises(NotFound, match="pip reached no package index"):
        romania.fetch(tmp_path, say=lambda sentence: None)


def test_synthetic_forest_shrinks() -> None:
    forest = [(summers.forest(summer) == FOREST).mean() for summer in synthetic.summers()]
    assert forest == sorted(forest, reverse=True)
    assert 0.5 < forest[-1] < forest[0] < 0.9


def test_demo_without_a_network_is_made_once(
    store: Store, brain: Brain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesion, "template", lambda: brain)
    monkeypatch.setattr(romania.subprocess, "run", offline)
    said: list[str] = []
    patient, place, followed = demo.make(store, say=said.append)
    assert patient.notice == "Simulated lesion"
    assert [visit.when for visit in patient.visits] == [visit.when for visit in lesion.VISITS]
    amounts = [workbench.get(store, v.id).state()["labels"][0]["amount"] for v in patient.visits]
    assert amounts == pytest.approx([4.2, 9.8, 17.5])
    assert place.notice.startswith("Synthetic scene")
    assert "pip reached no package index" in " ".join(said)
    assert len(place.visits) == 5
    assert followed.notice == "Simulated lesions"

    again = demo.make(store, say=said.append)
    assert [case.id for case in again] == [patient.id, place.id, followed.id]
    assert [case.revision for case in again] == [
        patient.revision,
        place.revision,
        followed.revision,
    ]
    assert len(store.cases()) == 3


def test_a_mask_that_was_worked_on_is_left_alone(
    store: Store, brain: Brain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesion, "template", lambda: brain)
    monkeypatch.setattr(romania.subprocess, "run", offline)
    patient, *_ = demo.make(store, say=lambda sentence: None)
    bench = workbench.get(store, patient.visits[0].id)
    bench.edit_cells(np.array([0]), np.array([1], np.uint8), base_revision=1, uuid="a stroke")
    demo.make(store, say=lambda sentence: None)
    assert workbench.get(store, patient.visits[0].id).revision == 2


def test_visit_dates(tmp_path: Path) -> None:
    table = tmp_path / "supplementary.csv"
    table.write_text("id, sliceCount, initialDate, endDate\n03, 22, 1992-12-29, 1994-02-17\n")
    assert real.visit_dates(table) == {"03": (date(1992, 12, 29), date(1994, 2, 17))}


def test_real_cases(store: Store, real_data: Path) -> None:
    pucallpa, first, second = real.real_cases(store, real_data, say=lambda sentence: None)
    assert [visit.when.year for visit in pucallpa.visits if visit.when] == list(
        range(1985, 2021, 5)
    )
    assert len(second.visits) == 2
    state = workbench.get(store, first.visits[0].id).state()
    assert state["labels"][0]["amount"] == pytest.approx(2198 * 0.859**2 * 6.5 / 1000)


def test_followed_lesions_come_and_go() -> None:
    """What the ledger finds with the known alignment is what was drawn."""
    grid, _ = demo_followed.template()
    looks = [
        look(
            demo_followed.lesions(grid, n).astype(np.uint8), grid, 1, 50.0,
            np.linalg.inv(demo_followed.matrix(visit)),
        )
        for n, visit in enumerate(demo_followed.VISITS)
    ]  # fmt: skip
    rows = {row["name"]: [at and at["state"] for at in row["visits"]] for row in ledger(looks)}
    assert sorted(map(str, rows.values())) == sorted(
        map(
            str,
            [
                ["first", "split", "persistent"],
                ["first", "persistent", "persistent"],
                ["first", "persistent", "vanished"],
                ["first", "persistent", "merged"],
                ["first", "persistent", "merged"],
                [None, "split", "persistent"],
                [None, None, "new"],
            ],
        )
    )
    unaligned = [replace(one, to_reference=np.eye(4)) for one in looks]
    assert len(ledger(unaligned)) > len(rows), "without it lesions lose each other"
