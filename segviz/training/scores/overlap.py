"""Overlap of a mask with the truth: Dice (1945) and Jaccard (1912), and rows for a card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = dict[str, Any]
"""``data``, ``measure`` and ``values`` by name, as in a card's ``eval_metrics``."""

Progress = Callable[[int, int], None]
"""(cases measured, cases)"""


def dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """1 where both are empty."""
    both, size = int((mask & truth).sum()), int(mask.sum()) + int(truth.sum())
    return 2 * both / size if size else 1.0


def iou(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """1 where both are empty."""
    union = int((mask | truth).sum())
    return int((mask & truth).sum()) / union if union else 1.0


def row(data: str, measure: str, values: Mapping[str, float]) -> Row:
    """Three digits are what overlap can be told to."""
    return {
        "data": data,
        "measure": measure,
        "values": {name: round(float(value), 3) for name, value in values.items()},
    }


def means(values: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean over scans or scenes, by name."""
    return {name: float(np.mean([value[name] for value in values])) for name in values[0]}
