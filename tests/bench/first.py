"""From Segment to the mask on the page: a worker as the server has it, and a demonstration case."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from measure import Row

from segviz import jobs, opening, settings, store, workbench
from segviz.demo.cases import ensure
from segviz.demo.make import lesion_shots
from segviz.inference import catalog
from segviz.jobs import launch

MODEL = "brain-anatomy-mr"
MOST_S = 5.0
TICK_S = 0.5
"""The page looks this often whether a run is over; half of it is lost on average."""

READY_S = 60.0


def rows(folder: Path, rounds: int) -> list[Row]:
    """Each round has a workspace's own worker, which opening the case lets get ready."""
    chosen = settings.load()
    workspace = store.open(chosen)
    made = chosen.home / "demo"
    made.mkdir(parents=True, exist_ok=True)
    case = ensure(workspace, "MNI152, simulated lesion", "", lesion_shots(made, print)[:1])
    visit = case.visits[0]
    catalog.card(chosen, MODEL)
    seconds, stages = [], {}
    for _ in range(rounds):
        jobs.ensure_worker(chosen)
        jobs.expect(workspace, visit.id, MODEL)
        wait_until_idle(chosen)
        start = time.perf_counter()
        job = jobs.submit(workspace, "segment", visit.id, {"model": MODEL})
        while jobs.status(workspace, job).is_open:
            time.sleep(0.02)
        opening.take_finished(workspace, [visit])
        state = workbench.get(workspace, visit.id).state()
        seconds.append(time.perf_counter() - start + TICK_S / 2)
        done = jobs.status(workspace, job)
        assert done.state == "done", done.message
        assert any(row["count"] for row in state["labels"])
        stages = done.result["report"]["seconds"] if done.result else {}
        print(f"  {seconds[-1]:.2f} s", stages, flush=True)
        stop(chosen)
    workbench.close_all()
    middle = statistics.median(seconds)
    said = "a mask with labels; " + ", ".join(f"{name} {s:.1f}" for name, s in stages.items())
    return [
        Row(
            "first result after Segment",
            f"{middle:.2f} s",
            "",
            "",
            f"< {MOST_S:.0f} s",
            middle < MOST_S,
            said,
        )
    ]


def wait_until_idle(chosen: settings.Settings) -> None:
    """The worker got ready when it has used no CPU for a while, or the patience is over."""
    import psutil

    process = psutil.Process(launch._workers[chosen.home].process.pid)
    deadline = time.monotonic() + READY_S
    spent = -1.0
    while time.monotonic() < deadline:
        now = sum(process.cpu_times()[:2])
        if now > 2 and now - spent < 0.05:
            return
        spent = now
        time.sleep(1.5)


def stop(chosen: settings.Settings) -> None:
    worker = launch._workers.pop(chosen.home)
    worker.process.kill()
    worker.process.wait()
