from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from workspace import add_visit, store_at, volume_grid

from segviz.errors import NotFound
from segviz.store import Store, schema
from segviz.store.queue import Queue


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


@pytest.fixture
def queue(store: Store) -> Queue:
    return store.queue


@pytest.fixture
def visit(store: Store) -> str:
    return add_visit(store, volume_grid()).id


def test_a_job_goes_from_queued_to_done(queue: Queue, visit: str) -> None:
    job = queue.submit("segment", visit, {"model": "m"})
    assert queue.get(job).state == "queued"
    claimed = queue.claim()
    assert claimed is not None and (claimed.id, claimed.state) == (job, "running")
    assert claimed.params == {"model": "m"}
    assert queue.claim() is None
    assert not queue.beat(job, 3, 8, 12.5)
    now = queue.get(job)
    assert (now.done, now.total, now.seconds_left) == (3, 8, 12.5)
    queue.finish(job, "done", result={"path": "x"})
    now = queue.get(job)
    assert (now.state, now.done, now.result, now.seconds_left) == ("done", 8, {"path": "x"}, None)


def test_the_same_work_asked_for_twice_is_one_job(queue: Queue, visit: str) -> None:
    job = queue.submit("segment", visit, {"model": "m"})
    assert queue.submit("segment", visit, {"model": "m"}) == job
    assert queue.submit("segment", visit, {"model": "n"}) != job
    queue.cancel(job)
    assert queue.submit("segment", visit, {"model": "m"}) != job


def test_what_somebody_waits_for_goes_first(queue: Queue, visit: str) -> None:
    kinds = ["pyramid", "segment", "segment"]
    jobs = [queue.submit(kind, visit, {"n": n}) for n, kind in enumerate(kinds)]
    claimed = [queue.claim() for _ in jobs]
    assert [job.id for job in claimed if job] == [jobs[1], jobs[2], jobs[0]]
    assert [job.id for job in queue.of_visit(visit)] == jobs[::-1]


def test_a_waiting_job_is_cancelled_at_once(queue: Queue, visit: str) -> None:
    job = queue.submit("segment", visit, {})
    queue.cancel(job)
    assert queue.get(job).state == "cancelled"
    assert queue.claim() is None


def test_a_running_job_is_told_to_stop(queue: Queue, visit: str) -> None:
    job = queue.submit("segment", visit, {})
    queue.claim()
    queue.cancel(job)
    assert queue.get(job).state == "running"
    assert queue.beat(job, 0, 0, None)


def test_a_job_whose_worker_died_is_tried_once_more(queue: Queue, visit: str) -> None:
    job = queue.submit("segment", visit, {})
    queue.claim()
    queue.recover()
    again = queue.get(job)
    assert again.state == "queued"
    assert again.message.startswith("Interrupted at ")
    queue.claim()
    queue.recover()
    assert queue.get(job).state == "interrupted"
    assert queue.claim() is None


def test_a_job_that_was_to_stop_is_not_tried_again(queue: Queue, visit: str) -> None:
    job = queue.submit("segment", visit, {})
    queue.claim()
    queue.cancel(job)
    queue.recover()
    assert queue.get(job).state == "cancelled"


def test_a_running_job_not_heard_of_is_shown_as_interrupted(
    store: Store, queue: Queue, visit: str
) -> None:
    job = queue.submit("segment", visit, {})
    queue.claim()
    assert not queue.silent()
    with store._database.write() as connection:
        long_ago = datetime.now(UTC) - timedelta(seconds=31)
        connection.execute(update(schema.jobs).values(heartbeat=long_ago))
    assert queue.silent()
    assert queue.get(job).state == "interrupted"


def test_an_unknown_job_is_told(queue: Queue) -> None:
    with pytest.raises(NotFound):
        queue.get("unknown")
