"""Slow work: who asked for it, how far it is, what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, Select, case, insert, select, update

from segviz.errors import NotFound
from segviz.store.engine import Database
from segviz.store.schema import jobs

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]

URGENT = ("segment", "learn", "align")
"""These kinds of jobs go before all others: somebody waits for them."""

SILENCE = timedelta(seconds=30)
"""A running job that was not heard of for so long is not running any more."""

ATTEMPTS = 2


@dataclass(frozen=True)
class Job:
    """One piece of slow work.

    Attributes:
        done, total: progress in steps of the work's own; total is 0 until known.
        message: one sentence for the user; for a failed job, why.
        seconds_left: estimate; None until there is one.
        result: what a done job made, as plain data.
    """

    id: str
    kind: str
    visit_id: str
    state: State
    done: int = 0
    total: int = 0
    message: str = ""
    seconds_left: float | None = None
    result: dict[str, Any] | None = None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """True while something may still come of it."""
        return self.state in ("queued", "running")


class Queue:
    """The table ``jobs``. Thread-safe; one worker process takes from it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, kind: str, visit_id: str, params: Mapping[str, Any]) -> str:
        """Ask for work; the id of the same work where it was asked for and is not finished."""
        same = _open_jobs().where(jobs.c.kind == kind, jobs.c.visit_id == visit_id)
        with self._database.write() as connection:
            for row in connection.execute(same):
                if row.params == dict(params):
                    return str(row.id)
            job_id = secrets.token_urlsafe(16)
            connection.execute(
                insert(jobs).values(
                    id=job_id,
                    kind=kind,
                    visit_id=visit_id,
                    params=dict(params),
                    state="queued",
                    submitted=datetime.now(UTC),
                )
            )
        return job_id

    def get(self, job_id: str) -> Job:
        """One job; NotFound (SV-JOB-001) where there is none."""
        with self._database.read() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
        if row is None:
            raise NotFound("SV-JOB-001", "There is no such run; start it again.")
        return _job(row)

    def of_visit(self, visit_id: str) -> list[Job]:
        """The jobs of a visit, the newest first."""
        query = select(jobs).where(jobs.c.visit_id == visit_id).order_by(jobs.c.serial.desc())
        with self._database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def cancel(self, job_id: str) -> None:
        """Stop a job: at once where it waits, at its next step where it runs."""
        this = update(jobs).where(jobs.c.id == job_id)
        with self._database.write() as connection:
            connection.execute(this.values(cancel=True))
            connection.execute(
                this.where(jobs.c.state == "queued").values(
                    state="cancelled", message="Stopped before it began."
                )
            )

    def claim(self) -> Job | None:
        """Take the next job: the most urgent, then the oldest."""
        query = (
            select(jobs.c.id)
            .where(jobs.c.state == "queued")
            .order_by(case((jobs.c.kind.in_(URGENT), 0), else_=1), jobs.c.serial)
            .limit(1)
        )
        with self._database.write() as connection:
            job_id = connection.scalar(query)
            if job_id is None:
                return None
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    state="running",
                    attempts=jobs.c.attempts + 1,
                    heartbeat=datetime.now(UTC),
                    done=0,
                    total=0,
                    seconds_left=None,
                )
            )
        return self.get(job_id)

    def beat(self, job_id: str, done: int, total: int, seconds_left: float | None) -> bool:
        """Say that a job is being worked on; True where it should stop."""
        this = jobs.c.id == job_id
        with self._database.write() as connection:
            connection.execute(
                update(jobs)
                .where(this)
                .values(
                    heartbeat=datetime.now(UTC), done=done, total=total, seconds_left=seconds_left
                )
            )
            return bool(connection.scalar(select(jobs.c.cancel).where(this)))

    def finish(
        self,
        job_id: str,
        state: State,
        message: str = "",
        result: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what came of a job. Its files must be on disk."""
        values: dict[str, Any] = {"state": state, "message": message, "seconds_left": None}
        if result is not None:
            values |= {"result": dict(result), "done": jobs.c.total}
        with self._database.write() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(**values))

    def recover(self) -> None:
        """Put jobs whose worker died back in the queue, once; call with no worker running."""
        left = _open_jobs().where(jobs.c.state == "running")
        now = datetime.now(UTC)
        with self._database.write() as connection:
            for row in connection.execute(left).all():
                connection.execute(
                    update(jobs).where(jobs.c.id == row.id).values(**_after_interruption(row, now))
                )

    def silent(self) -> bool:
        """True where a running job was not heard of for too long."""
        query = select(jobs.c.heartbeat).where(jobs.c.state == "running")
        with self._database.read() as connection:
            return any(_is_silent(heartbeat) for heartbeat in connection.scalars(query))


def _open_jobs() -> Select[Any]:
    return select(jobs).where(jobs.c.state.in_(("queued", "running"))).order_by(jobs.c.serial)


def _after_interruption(row: Row[Any], now: datetime) -> dict[str, Any]:
    """A job that was being worked on when its worker died: once more, then given up."""
    when = (row.heartbeat or now).strftime("%H:%M")
    if row.cancel:
        return {"state": "cancelled", "message": "Stopped."}
    if row.attempts < ATTEMPTS:
        return {"state": "queued", "message": f"Interrupted at {when} UTC, started again."}
    instead = "align by hand" if row.kind == "align" else "choose a smaller model"
    return {
        "state": "interrupted",
        "message": f"Interrupted twice, last at {when} UTC; the mask is as it was. "
        f"Start it again, or {instead}.",
    }


def _is_silent(heartbeat: datetime | None) -> bool:
    return heartbeat is not None and abs(datetime.now(UTC) - heartbeat) > SILENCE


def _job(row: Row[Any]) -> Job:
    silent = row.state == "running" and _is_silent(row.heartbeat)
    return Job(
        id=row.id,
        kind=row.kind,
        visit_id=row.visit_id,
        state="interrupted" if silent else row.state,
        done=row.done,
        total=row.total,
        message=row.message,
        seconds_left=row.seconds_left,
        result=row.result,
        params=dict(row.params),
    )
