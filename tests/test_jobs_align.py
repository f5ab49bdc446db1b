"""Visits of a patient are laid on the first one in the worker; what people say meanwhile stands."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from workspace import store_at

from segviz import jobs, opening
from segviz.case import Case
from segviz.change import motion
from segviz.jobs import worker
from segviz.jobs.work import WORK
from segviz.registration import REGISTRATION
from segviz.store import Store

AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
SHAPE = (40, 44, 36)
PARTS = (
    ((20, 22, 18), 15, 300),
    ((14, 16, 15), 4, 500),
    ((26, 20, 22), 3, -200),
    ((18, 30, 20), 5, 250),
    ((22, 26, 10), 3, 700),
)
"""Centre, radius and brightness of balls."""


def blobs(shift: int) -> np.ndarray:
    """Four unlike balls in a ball, all of them moved by whole voxels along the first axis."""
    at = np.stack(np.indices(SHAPE), axis=-1) - np.array([shift, 0, 0])
    image = np.zeros(SHAPE, np.float32)
    for centre, radius, brightness in PARTS:
        image[np.linalg.norm(at - centre, axis=-1) < radius] += brightness
    return image


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


@pytest.fixture
def case(store: Store, tmp_path: Path) -> Case:
    files = []
    for date, shift in (("2021-01-01", 0), ("2021-06-01", 2)):
        files.append(tmp_path / f"head_{date}.nii.gz")
        nib.save(nib.Nifti1Image(blobs(shift), AFFINE), files[-1])
    return opening.open_files(store, files, name="Patient")


def carry_out(store: Store) -> jobs.Job:
    job = store.queue.claim()
    assert job is not None
    worker.carry_out(store, job, WORK[job.kind])
    return jobs.status(store, job.id)


def test_a_visit_is_laid_on_the_first_one(store: Store, case: Case) -> None:
    (job_id,) = opening.align(store, case, "Dr A")
    job = carry_out(store)
    assert (job.id, job.state) == (job_id, "done")
    (record,) = store.records(case.id, REGISTRATION)
    assert job.result == {"record": record.seq, "by": "automatic"}
    assert (record.name, record.author, record.body["to"]) == (
        case.visits[1].id, "Dr A", case.visits[0].id,
    )  # fmt: skip
    _, shift = motion.parts(np.array(record.body["matrix"]), (0.0, 0.0, 0.0))
    assert shift == pytest.approx([-8.0, 0.0, 0.0], abs=0.8)


def test_what_a_hand_said_meanwhile_stands(store: Store, case: Case) -> None:
    opening.align(store, case, "Dr A")
    hand = opening.align_by_hand(store, case, case.visits[1], (0, 0, 0), (1, 2, 3), "Dr B")
    job = carry_out(store)
    assert job.result == {"record": hand.seq, "by": "hand"}
    assert store.records(case.id, REGISTRATION) == [hand]


def test_a_cancelled_alignment_leaves_nothing(store: Store, case: Case) -> None:
    (job_id,) = opening.align(store, case, "Dr A")
    jobs.cancel(store, job_id)
    assert jobs.status(store, job_id).state == "cancelled"
    assert store.queue.claim() is None and store.records(case.id, REGISTRATION) == []
