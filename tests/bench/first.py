"""From Segment to the mask on the page: a worker as the server has it, and demonstration cases."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from measure import Row

from segviz import jobs, opening, settings, store, workbench
from segviz.case import Case
from segviz.demo.cases import ensure
from segviz.demo.make import forest_over_time, lesion_shots
from segviz.inference import catalog
from segviz.jobs import launch
from segviz.ui.segment import unsuited

MOST_S = 5.0
TICK_S = 0.5
"""The page looks this often whether a run is over; half of it is lost on average."""

READY_S = 60.0


def rows(folder: Path, rounds: int) -> list[Row]:
    """The demonstration cases, each with the model that the page shows first."""
    workspace = store.open(settings.load())
    made = workspace.settings.home / "demo"
    made.mkdir(parents=True, exist_ok=True)
    lesion = ensure(workspace, "MNI152, simulated lesion", "", lesion_shots(made, print)[:1])
    cases = lesion, forest_over_time(workspace, made, print)
    found = [row(workspace, case, rounds) for case in cases]
    workbench.close_all()
    return found


def row(workspace: store.Store, case: Case, rounds: int) -> Row:
    """Each round has a workspace's own worker, which opening the case lets get ready."""
    chosen = workspace.settings
    visit = case.visits[0]
    model = next(
        card.name
        for card in catalog.models(chosen)
        if card.kind in (case.world, "both") and unsuited(workspace, visit, card) is None
    )
    seconds, stages = [], {}
    for _ in range(rounds):
        jobs.ensure_worker(chosen)
        jobs.expect(workspace, visit.id, model)
        wait_until_idle(chosen)
        start = time.perf_counter()
        job = jobs.submit(workspace, "segment", visit.id, {"model": model})
        while jobs.status(workspace, job).is_open:
            time.sleep(0.02)
        opening.take_finished(workspace, [visit])
        state = workbench.get(workspace, visit.id).state()
        seconds.append(time.perf_counter() - start + TICK_S / 2)
        done = jobs.status(workspace, job)
        assert done.state == "done", done.message
        assert any(label["count"] for label in state["labels"])
        stages = done.result["report"]["seconds"] if done.result else {}
        print(f"  {model}: {seconds[-1]:.2f} s", stages, flush=True)
        stop(chosen)
    middle = statistics.median(seconds)
    said = "a mask with labels; " + ", ".join(f"{name} {s:.1f}" for name, s in stages.items())
    title = f"first result of {case.name}, {model}"
    return Row(title, f"{middle:.2f} s", "", "", f"< {MOST_S:.0f} s", middle < MOST_S, said)


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
