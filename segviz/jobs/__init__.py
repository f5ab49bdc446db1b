"""Slow work in a process of its own, one piece at a time, with progress and cancel.

Asking and looking is cheap and may be done from any process; ``ensure_worker`` is for the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from segviz.jobs import launch
from segviz.jobs.launch import ensure_worker, wake
from segviz.store import Store
from segviz.store.queue import Job

__all__ = ["Job", "Kind", "cancel", "ensure_worker", "expect", "of_visit", "status", "submit"]

Kind = Literal["segment", "learn", "align", "pyramid"]


def submit(store: Store, kind: Kind, visit_id: str, params: Mapping[str, Any] | None = None) -> str:
    """Ask for slow work; answers its id, at once.

    Args:
        kind: ``segment`` (params: model; window for a part of a scene; device and options where
            they differ from the default), ``learn`` (params: model, the name it gets; strokes,
            ``store.strokes`` as JSON; legend; view, the part of a scene that is segmented first),
            ``align`` (params: reference, the visit to lie on; author; after, the ``last_seq`` of
            the alignment so far) or ``pyramid``.

    Raises:
        NotFound: there is no such visit.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"{kind!r} is none of {get_args(Kind)}")
    job_id = store.queue.submit(kind, store.visit(visit_id).id, params or {})
    wake(store.settings)
    return job_id


def expect(store: Store, visit_id: str, model: str) -> None:
    """Say what will probably be asked for next, so that the worker is ready when it is."""
    launch.expect(store.settings, visit_id, model)


def status(store: Store, job_id: str) -> Job:
    """How far a job is; NotFound (SV-JOB-001) where there is none."""
    return store.queue.get(job_id)


def of_visit(store: Store, visit_id: str) -> list[Job]:
    """All jobs of a visit, the newest first."""
    return store.queue.of_visit(visit_id)


def cancel(store: Store, job_id: str) -> None:
    """Stop a job at its next step; one that is over stays as it is."""
    store.queue.cancel(job_id)
