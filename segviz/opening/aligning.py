"""How the visits of a case lie on its first one: found, or given by hand, and kept as records."""

from __future__ import annotations

from collections.abc import Sequence

from segviz.case import Case, Record, Visit
from segviz.change import motion
from segviz.grid import VolumeGrid
from segviz.opening.images import volume
from segviz.registration import rigid
from segviz.store import Store

KIND = "registration"


def align(store: Store, case: Case, visit: Visit, author: str) -> Record:
    """Lay a visit on the first one and keep how; takes seconds.

    Raises:
        Refused: they cannot be aligned (SV-NUM-030, SV-NUM-031).
    """
    reference = case.segmented[0]
    found = rigid.register(volume(store, visit), volume(store, reference))
    body = {
        "matrix": found.matrix.tolist(),
        "to": reference.id,
        "metric": {"before": found.before, "after": found.after},
        "by": "automatic",
    }
    return store.add_record(case.id, KIND, visit.id, body, author)


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
    return store.add_record(case.id, KIND, visit.id, body, author)
