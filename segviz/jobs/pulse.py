"""Signs of life of a running job, and the wish to stop it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event, Thread
from types import TracebackType

from segviz.errors import DiskFull
from segviz.store.queue import Queue

LOOK_EVERY_S = 0.25
BEAT_EVERY_S = 1.0


@dataclass
class Pace:
    """Time left, from how fast the steps since the first one went.

    What comes before the first step (loading a model) is not counted, nor is another stage.
    """

    since: float = 0.0
    first: int = 0
    total: int = 0

    def seconds_left(self, now: float, done: int, total: int) -> float | None:
        """Estimate at a moment of a monotonic clock; None until a step has been seen to end."""
        if total != self.total or done < self.first:
            self.since, self.first, self.total = now, done, total
        if done == self.first:
            return None
        return (total - done) * (now - self.since) / (done - self.first)


class Pulse:
    """Tells the queue of a job's progress from a thread, so that the work never waits for it.

    Use as a context: it beats while the block runs. ``progress`` and ``cancelled`` are what slow
    functions take as arguments.
    """

    def __init__(self, queue: Queue, job_id: str) -> None:
        self._queue = queue
        self._job_id = job_id
        self._pace = Pace()
        self._now: tuple[int, int, float | None] = (0, 0, None)
        self._cancelled = Event()
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def progress(self, done: int, total: int) -> None:
        """Say how many of the steps are done."""
        left = self._pace.seconds_left(time.monotonic(), done, total)
        self._now = (done, total, left)

    def cancelled(self) -> bool:
        """True once somebody asked to stop."""
        return self._cancelled.is_set()

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        told, beaten = None, 0.0
        while not self._over.wait(LOOK_EVERY_S):
            now = time.monotonic()
            if self._now != told or now - beaten >= BEAT_EVERY_S:
                told, beaten = self._now, now
                self._beat()

    def _beat(self) -> None:
        try:
            if self._queue.beat(self._job_id, *self._now):
                self._cancelled.set()
        except DiskFull:
            pass  # the work goes on; what it makes is refused later if the disk stays full
