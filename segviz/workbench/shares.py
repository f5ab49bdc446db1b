"""How sure the run that made a mask was of each cell, kept beside the mask."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segviz.case import Visit
from segviz.edit.delta import Delta
from segviz.errors import NotFound, Refused
from segviz.inference.probability import least_byte
from segviz.store import Store

LOWEST, HIGHEST = 0.01, 0.99
"""Thresholds that can be chosen."""


@dataclass(frozen=True)
class Shares:
    """The probabilities of one run.

    Attributes:
        run: the job that made them.
        path: of the bytes (``segviz.inference.probability``) in native C order.
        label: what they are the probability of.
        threshold: at which the run drew its mask.
    """

    run: str
    path: Path
    label: int
    threshold: float

    def read(self) -> NDArray[np.uint8]:
        """All bytes, flat; mapped, not read."""
        return np.memmap(self.path, np.uint8, "r")


def of_run(store: Store, visit: Visit, job_id: str) -> Shares | None:
    """The probabilities of a run on this visit; None of a model without, and of an import."""
    try:
        job = store.queue.get(job_id)
    except NotFound:
        return None
    result = job.result or {}
    if job.visit_id != visit.id or "probability" not in result:
        return None
    path = store.home / result["probability"]
    if not path.exists() or path.stat().st_size != math.prod(visit.grid.shape):
        return None
    label, threshold = result["legend"][0]["value"], result["report"]["threshold"]["value"]
    return Shares(job.id, path, label, threshold)


def redrawn(
    flat: NDArray[np.uint8], shares: Shares, threshold: float, painted: NDArray[np.int64]
) -> Delta:
    """What another threshold changes in a flat mask; ``painted`` cells (sorted) stay."""
    wanted = shares.read() >= least_byte(threshold)
    cells = np.flatnonzero(wanted != (flat == shares.label))
    cells = np.setdiff1d(cells, painted, assume_unique=True)
    labels = np.where(wanted[cells], shares.label, 0).astype(np.uint8)
    return Delta(cells, np.asarray(flat[cells]), labels)


def require_threshold(threshold: float) -> None:
    """Refuse a threshold at which all or nothing would be marked (SV-EDIT-042)."""
    if not LOWEST <= threshold <= HIGHEST:
        raise Refused(
            "SV-EDIT-042",
            f"The threshold must lie from {LOWEST} to {HIGHEST}, else all voxels or none would be "
            "counted; the mask was left as it is. Choose another one.",
        )


def without() -> Refused:
    return Refused(
        "SV-EDIT-041",
        "This mask does not come from a run that kept its probabilities, so it has no threshold "
        "to move; nothing was changed. Run a model with a threshold first.",
    )
