"""The process that does slow work: ``python -m segviz.jobs.worker``.

It reads the settings from the environment, takes one job after the other, and ends when its
standard input does, that is with the server. A line on standard input means: look at the queue now;
a visit and a model on it: get ready for this run.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from segviz import settings, store
from segviz.errors import Cancelled, SegvizError
from segviz.jobs.launch import LOCK
from segviz.jobs.pulse import Pulse
from segviz.store import Store, files
from segviz.store.queue import Job

if TYPE_CHECKING:
    from segviz.jobs.work import Work

LOOK_EVERY_S = 1.0
NICENESS = 5
DIES_FIRST = "500"

log = logging.getLogger("segviz.worker")


class Wishes:
    """What the server expects to be asked for next; only the latest counts."""

    def __init__(self) -> None:
        self._lines: deque[list[str]] = deque(maxlen=1)

    def hear(self, line: str) -> None:
        if line.strip():
            self._lines.append(line.split())

    def take(self) -> list[str] | None:
        """Visit and model, once."""
        return self._lines.pop() if self._lines else None


def main() -> None:
    """Work until the server ends; at once over where another worker has the workspace."""
    chosen = settings.load()
    lock = files.try_lock(files.private_folder(chosen.home) / LOCK)
    if lock is None:
        return
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    wake, wishes = Event(), Wishes()
    Thread(target=_follow_parent, args=(wake, wishes), daemon=True).start()
    _give_way()
    workspace = store.open(chosen)
    workspace.queue.recover()
    from segviz.jobs.work import WORK, get_ready  # takes seconds: only once the workspace is ours

    while True:
        wake.clear()
        while (job := workspace.queue.claim()) is not None:
            carry_out(workspace, job, WORK[job.kind])
        _warm_up()
        if wish := wishes.take():
            with suppress(Exception):  # the run itself will say what is wrong
                get_ready(workspace, *wish)
        wake.wait(LOOK_EVERY_S)


def carry_out(workspace: Store, job: Job, work: Work) -> None:
    """Do one job and say what came of it; nothing it raises ends the worker."""
    finish = workspace.queue.finish
    try:
        with Pulse(workspace.queue, job.id) as pulse:
            result = work(workspace, job, pulse)
    except Cancelled as stop:
        finish(job.id, "cancelled", stop.message)
    except SegvizError as error:
        finish(job.id, "failed", str(error))
    except MemoryError:
        finish(
            job.id,
            "failed",
            "The run needs more memory than there is; the mask is as it was. Use a smaller model, "
            "or a machine with more memory. [SV-JOB-003]",
        )
    except Exception:
        log.exception("job %s (%s) failed", job.id, job.kind)
        finish(
            job.id,
            "failed",
            "The run stopped through a fault of the program; the mask is as it was. The server's "
            "log says more. [SV-JOB-004]",
        )
    else:
        finish(job.id, "done", result=result)


def _warm_up() -> None:
    """Load torch while nobody waits for it; takes seconds the first time and nothing later."""
    for room in ("landcover", "volumes"):
        import_module(f"segviz.inference.{room}")


def _follow_parent(wake: Event, wishes: Wishes) -> None:
    """End at once when the pipe does; a result that is not whole has no name yet."""
    for line in sys.stdin.buffer:
        wishes.hear(line.decode())
        wake.set()
    os._exit(0)


def _give_way() -> None:
    """Pages come before slow work, and the worker dies before the server where memory runs out."""
    with suppress(OSError):
        os.nice(NICENESS)
        Path("/proc/self/oom_score_adj").write_text(DIES_FIRST)


if __name__ == "__main__":
    main()
