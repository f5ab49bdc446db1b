"""What finished runs made becomes the mask of its visit."""

from __future__ import annotations

from collections.abc import Iterable

from segviz import jobs, workbench
from segviz.case import Visit
from segviz.store import Store

_taken: set[str] = set()
"""Jobs that were taken over in this process; the journal has the last word."""


def take_finished(store: Store, visits: Iterable[Visit]) -> None:
    """Take over the masks of finished segmentations that are not taken over yet, oldest first."""
    for visit in visits:
        for job in reversed(jobs.of_visit(store, visit.id)):
            if job.id not in _taken and job.kind == "segment" and job.result:
                workbench.adopt(store, visit.id, job.id, job.result)
                _taken.add(job.id)
