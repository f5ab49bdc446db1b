"""How the visits of a case lie on its first one: asked of the worker, or given by hand."""

from __future__ import annotations

from collections.abc import Sequence

from segviz import jobs
from segviz.case import Case, Record, Visit
from segviz.change import motion
from segviz.grid import VolumeGrid
from segviz.registration import REGISTRATION
from segviz.store import Store


def align(store: Store, case: Case, author: str) -> list[str]:
    """Have the worker lay each visit on the first one; the ids of the jobs, at once."""
    reference, *visits = case.segmented
    return [
        jobs.submit(
            store,
            "align",
            visit.id,
            {
                "reference": reference.id,
                "author": author,
                "after": store.last_seq(case.id, REGISTRATION, visit.id),
            },
        )
        for visit in visits
    ]


def align_by_hand(
    store: Store,
    case: Case,
    visit: Visit,
    rotation_deg: Sequence[float],
    shift_mm: Sequence[float],
    author: str,
) -> Record:
    """Keep turns about R, A, S through the middle of the visit's scan, then shifts along them."""
    if not isinstance(visit.grid, VolumeGrid):
        raise TypeError("a scene is not aligned by turns")
    matrix = motion.moved(rotation_deg, shift_mm, motion.middle_mm(visit.grid))
    body = {
        "matrix": matrix.tolist(),
        "to": case.segmented[0].id,
        "metric": None,
        "by": "hand",
    }
    return store.add_record(case.id, REGISTRATION, visit.id, body, author)
