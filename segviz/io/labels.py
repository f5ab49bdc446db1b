"""From stored numbers to labels: whole numbers from 0 to 255, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import Grid
from segviz.io.notes import Note
from segviz.mask import Legend

ROUNDING = 1e-3
ROUNDED = Note("SV-MSK-101", "The labels were stored as fractions close to whole numbers; rounded.")


@dataclass(frozen=True, eq=False)
class Labels:
    """What a mask file holds, before it is held against an image."""

    grid: Grid
    data: NDArray[np.uint8]
    legend: Legend
    source: str
    notes: tuple[Note, ...]


def whole_labels(
    values: NDArray[np.generic], valid: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.uint8], bool]:
    """uint8 labels of the same shape, and whether any value had to be rounded; 0 where not valid.

    Scaled files store 1 as 1.00000006, so values within 0.001 of a label are taken for it.

    Raises:
        Refused: values that are no labels (SV-MSK-001), or voxels without a number (SV-MSK-002).
    """
    kept = values if valid is None else np.where(valid, values, np.zeros((), values.dtype))
    if kept.dtype in (np.uint8, np.bool_):
        return kept.astype(np.uint8, copy=False), False
    if kept.dtype.kind != "f":
        _require_labels(kept, np.greater(kept, 255) | np.less(kept, 0))
        return kept.astype(np.uint8), False
    if not np.isfinite(kept).all():
        raise Refused(
            "SV-MSK-002",
            "Some cells of the mask hold no number; they would count as background. Export it "
            "again.",
        )
    exact = kept.astype(np.float64, copy=False)
    whole = np.rint(exact)
    _require_labels(exact, (np.abs(exact - whole) > ROUNDING) | (whole < 0) | (whole > 255))
    return whole.astype(np.uint8), bool((exact != whole).any())


def _require_labels(values: NDArray[np.generic], wrong: NDArray[np.bool_]) -> None:
    if wrong.any():
        examples = ", ".join(f"{v:g}" for v in np.unique(values[wrong])[:3])
        raise Refused(
            "SV-MSK-001",
            f"The mask holds values that are not whole labels from 0 to 255 ({examples}); cutting "
            "them to fit would change ml or hectares. Is it an image?",
        )
