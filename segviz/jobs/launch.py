"""The worker process of a workspace: one, which never outlives the server that started it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import segviz
from segviz import store
from segviz.settings import Settings
from segviz.store import files
from segviz.store.queue import SILENCE

LOCK = "worker.lock"


@dataclass
class Worker:
    """A worker that this process started.

    Attributes:
        started: when (monotonic).
        told: what it was last told to expect.
    """

    process: subprocess.Popen[bytes]
    started: float
    told: bytes = b""

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def is_settled(self) -> bool:
        """True once it must have put right what the last worker left behind."""
        return time.monotonic() - self.started > SILENCE.total_seconds()


_workers: dict[Path, Worker] = {}
_lock = Lock()


def ensure_worker(settings: Settings) -> None:
    """Start the worker of this workspace where none runs; start it anew where it fell silent."""
    with _lock:
        worker = _workers.get(settings.home)
        if worker is not None and worker.is_alive:
            if not (worker.is_settled and store.open(settings).queue.silent()):
                return
            worker.process.kill()
            worker.process.wait()
        if _is_free(settings.home):
            _workers[settings.home] = Worker(_start(settings), time.monotonic())


def wake(settings: Settings) -> None:
    """Have our worker look at the queue now."""
    if worker := _workers.get(settings.home):
        _tell(worker, b"\n")


def expect(settings: Settings, visit_id: str, model: str) -> None:
    """Have our worker get ready to run a model on a visit, when it has nothing else to do."""
    line = f"{visit_id} {model}\n".encode()
    worker = _workers.get(settings.home)
    if worker is not None and worker.told != line:
        worker.told = line
        _tell(worker, line)


def _tell(worker: Worker, line: bytes) -> None:
    if worker.process.stdin is not None:
        with suppress(OSError):
            worker.process.stdin.write(line)
            worker.process.stdin.flush()


def _is_free(home: Path) -> bool:
    lock = files.try_lock(files.private_folder(home) / LOCK)
    if lock is None:
        return False
    lock.close()
    return True


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    """The worker holds our pipe: when this process ends, however it ends, it reads the end of it.

    Its own session keeps a Ctrl-C in the server's terminal from it.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "segviz.jobs.worker"],
        stdin=subprocess.PIPE,
        env=_environment(settings),
        start_new_session=True,
    )


def _environment(settings: Settings) -> dict[str, str]:
    packages = str(Path(segviz.__file__).parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    return {
        "OMP_NUM_THREADS": str(len(os.sched_getaffinity(0))),
        **os.environ,
        "PYTHONPATH": f"{packages}{os.pathsep}{inherited}" if inherited else packages,
        "SEGVIZ_HOME": str(settings.home),
        "SEGVIZ_DATA": str(settings.data),
        "SEGVIZ_MODELS": str(settings.models),
        "SEGVIZ_DATABASE": settings.database_url,
        "SEGVIZ_MEM_GB": repr(settings.memory_bytes / 2**30),
        "SEGVIZ_PRECISION": settings.precision,
    }
