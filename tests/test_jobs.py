import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import phantoms
import psutil
import pytest
import tiny_models
from numpy.typing import NDArray
from workspace import add_visit, scene_grid, settings_at, store_at, volume_grid

from segviz import jobs, settings, workbench
from segviz.errors import Cancelled, NotFound, Refused
from segviz.inference.classical import Fitted
from segviz.io import open_image
from segviz.io.geotiff import write_scene
from segviz.jobs import launch, work, worker
from segviz.jobs.pulse import Pace, Pulse
from segviz.store import Store, files
from segviz.store.queue import Job

PATIENCE_S = 60.0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


@pytest.fixture
def visit(store: Store) -> str:
    return add_visit(store, volume_grid()).id


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again every 20 ms: other processes cannot be waited for otherwise."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        threading.Event().wait(0.02)


# asking


def test_work_is_for_a_visit_that_there_is(store: Store, visit: str) -> None:
    job = jobs.submit(store, "segment", visit, {"model": "m"})
    assert jobs.status(store, job) == jobs.of_visit(store, visit)[0]
    with pytest.raises(NotFound):
        jobs.submit(store, "segment", "no-visit-with-this-id", {})
    with pytest.raises(ValueError, match="none of"):
        jobs.submit(store, "dream", visit, {})  # type: ignore[arg-type]


# time left


def test_time_left_follows_the_steps_seen_so_far() -> None:
    pace = Pace()
    assert pace.seconds_left(100.0, 0, 10) is None
    assert pace.seconds_left(102.0, 2, 10) == 8.0
    assert pace.seconds_left(110.0, 10, 10) == 0.0


def test_loading_before_the_first_step_and_other_stages_do_not_count() -> None:
    pace = Pace()
    pace.seconds_left(50.0, 1, 10)
    assert pace.seconds_left(51.0, 2, 10) == 8.0
    assert pace.seconds_left(60.0, 1, 4) is None
    assert pace.seconds_left(63.0, 2, 4) == 6.0


# one job


def carried_out(store: Store, visit: str, work: Callable[[Store, Job, Pulse], Any]) -> Job:
    job = jobs.submit(store, "segment", visit, {})
    claimed = store.queue.claim()
    assert claimed is not None
    worker.carry_out(store, claimed, work)
    return jobs.status(store, job)


def test_work_that_ends_leaves_its_result(store: Store, visit: str) -> None:
    job = carried_out(store, visit, lambda store, job, pulse: {"path": "x"})
    assert (job.state, job.result) == ("done", {"path": "x"})


def test_progress_reaches_the_queue_while_the_work_runs(store: Store, visit: str) -> None:
    def work(store: Store, job: Job, pulse: Pulse) -> dict[str, Any]:
        pulse.progress(3, 8)
        wait_until(lambda: jobs.status(store, job.id).done == 3)
        return {"total": jobs.status(store, job.id).total}

    assert carried_out(store, visit, work).result == {"total": 8}


def test_a_cancelled_job_stops_at_its_next_step(store: Store, visit: str) -> None:
    def work(store: Store, job: Job, pulse: Pulse) -> dict[str, Any]:
        assert not pulse.cancelled()
        jobs.cancel(store, job.id)
        wait_until(pulse.cancelled)
        raise Cancelled

    job = carried_out(store, visit, work)
    assert (job.state, job.result) == ("cancelled", None)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("SV-RUN-003", "It is not for this image."), "SV-RUN-003"),
        (MemoryError(), "SV-JOB-003"),
        (KeyError("/secret/patient.nii"), "SV-JOB-004"),
    ],
)
def test_work_that_fails_says_why_in_words(
    store: Store, visit: str, error: BaseException, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    def work(store: Store, job: Job, pulse: Pulse) -> dict[str, Any]:
        raise error

    with caplog.at_level(logging.CRITICAL, logger="segviz.worker"):
        job = carried_out(store, visit, work)
    assert job.state == "failed"
    assert code in job.message
    assert "patient" not in job.message


# the process


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    yield home
    if started := launch._workers.pop(home, None):
        started.process.kill()
        started.process.wait()


def scene_visit(store: Store) -> tuple[str, NDArray[np.uint8]]:
    """A dark and a bright half."""
    values = np.full((3, 40, 50), 20, np.uint8)
    values[:, :, 25:] = 200
    values[:, ::2] += 5
    path = store.home / "scene.tif"
    write_scene(values, scene_grid((40, 50)), path, ("red", "green", "blue"))
    image = open_image([path])
    case = store.add_case("A place", "scene")
    visit = store.add_visit(
        case.id,
        files=[path],
        when=None,
        name="2018",
        grid=image.grid,
        channels=image.channels,  # type: ignore[union-attr]
        sha256="",
    )
    return visit.id, values


def test_a_worker_segments_a_scene_and_the_mask_is_adopted(home: Path) -> None:
    store = store_at(home)
    visit, values = scene_visit(store)
    jobs.ensure_worker(store.settings)
    params = {"model": "k-means", "options": {"k": 2}}
    job = jobs.submit(store, "segment", visit, params)
    pyramid = jobs.submit(store, "pyramid", visit)
    wait_until(lambda: not jobs.status(store, pyramid).is_open)
    done = jobs.status(store, job)
    assert (done.state, done.message) == ("done", "")
    assert jobs.status(store, pyramid).state == "done"
    assert (store.folder(visit) / "pyramid.tif").exists()
    bench = workbench.Workbench.open(store, visit)
    assert np.array_equal(bench.mask().data == 2, values[0] > 100)
    assert bench.state()["operations"][0]["title"] == "Segment with k-means 1.0.0"


def test_probabilities_lie_beside_the_mask_of_a_model_with_a_threshold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_models.threshold_card(tmp_path / "models" / "one-lesion")
    monkeypatch.setenv("SEGVIZ_MODELS", str(tmp_path / "models"))
    store = store_at(tmp_path / "home")
    scan = phantoms.spheres(tmp_path).image
    visit = store.add_visit(
        store.add_case("Spheres", "volume").id,
        files=[scan],
        when=None,
        name="2018",
        grid=open_image([scan]).grid,
        channels=("MR",),
        sha256="",
    )
    jobs.submit(store, "segment", visit.id, {"model": "one-lesion", "options": {"threshold": 0.4}})
    job = store.queue.claim()
    assert job is not None
    with Pulse(store.queue, job.id) as pulse:
        result = work.segment(store, job, pulse)
    mask = np.fromfile(store.home / result["path"], np.uint8)
    probability = np.fromfile(store.home / result["probability"], np.uint8)
    assert result["probability"] == result["path"].removesuffix(".u8") + ".p8"
    assert (mask == (probability >= result["report"]["threshold"]["least_byte"])).all()


def test_a_workspace_has_one_worker_even_for_two_servers(home: Path) -> None:
    chosen = settings_at(home)
    jobs.ensure_worker(chosen)
    first = launch._workers[home]
    wait_until(lambda: not launch._is_free(home))
    jobs.ensure_worker(chosen)
    assert launch._workers[home] is first
    second = launch._start(chosen)
    assert second.wait(PATIENCE_S) == 0
    assert first.is_alive


def test_a_dead_worker_is_replaced(home: Path) -> None:
    chosen = settings_at(home)
    jobs.ensure_worker(chosen)
    first = launch._workers[home]
    first.process.kill()
    first.process.wait()
    jobs.ensure_worker(chosen)
    assert launch._workers[home].is_alive


SERVER = """
import sys
from segviz import jobs, settings
from segviz.jobs import launch
chosen = settings.load()
jobs.ensure_worker(chosen)
print(launch._workers[chosen.home].process.pid, flush=True)
sys.stdin.read()
"""


def test_a_killed_server_leaves_no_worker_behind(home: Path) -> None:
    environment = launch._environment(settings_at(home))
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    wait_until(lambda: not launch._is_free(home))
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    wait_until(lambda: launch._is_free(home) and is_gone(pid))


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_worker_reads_the_same_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings_at(home)
    for name, value in launch._environment(chosen).items():
        monkeypatch.setenv(name, value)
    assert settings.load() == chosen


def test_a_result_half_written_is_no_result(home: Path) -> None:
    store = store_at(home)
    visit, _ = scene_visit(store)
    left = store.folder(visit) / f"old.u8.1234{files.PART}"
    left.write_bytes(b"half")
    assert workbench.Workbench.open(store, visit).revision == 0


def test_the_worker_is_told_once_what_to_expect(store: Store) -> None:
    class Process:
        def __init__(self) -> None:
            self.stdin = BytesIO()

    told = launch.Worker(Process(), 0.0)  # type: ignore[arg-type]
    launch._workers[store.home] = told
    try:
        for model in ("otsu", "otsu", "k-means"):
            jobs.expect(store, "visit-1", model)
        assert told.process.stdin.getvalue() == b"visit-1 otsu\nvisit-1 k-means\n"  # type: ignore
    finally:
        del launch._workers[store.home]


def test_only_the_latest_wish_counts() -> None:
    wishes = worker.Wishes()
    for line in ("v otsu\n", "v k-means\n", "\n"):
        wishes.hear(line)
    assert wishes.take() == ["v", "k-means"]
    assert wishes.take() is None


def test_getting_ready_runs_one_window_and_keeps_the_image(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, _ = scene_visit(store)
    seen = []
    classify = Fitted.classify
    monkeypatch.setattr(Fitted, "classify", lambda *at: (seen.append(1), classify(*at))[1])
    work.get_ready(store, visit, "otsu")
    assert len(seen) == 1
    monkeypatch.setattr(work, "open_image", lambda *_: pytest.fail("opened again"))
    work.get_ready(store, visit, "otsu")
