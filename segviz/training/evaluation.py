"""Measuring the shipped models again, through the same door as any run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from segviz.errors import NotFound
from segviz.inference import catalog
from segviz.inference.catalog import Card
from segviz.training.scores import (
    brain_anatomy_mr,
    enhancing_tumour_t1c,
    forest_rgb,
    forest_sentinel2,
    hippocampus_t1,
    land_cover_sentinel2,
)
from segviz.training.scores.overlap import Progress, Row

EVALUATIONS: Mapping[str, Callable[[Card, Path, Progress | None], list[Row]]] = {
    "brain-anatomy-mr": brain_anatomy_mr.evaluate,
    "enhancing-tumour-t1c": enhancing_tumour_t1c.evaluate,
    "forest-rgb": forest_rgb.evaluate,
    "forest-sentinel2": forest_sentinel2.evaluate,
    "hippocampus-t1": hippocampus_t1.evaluate,
    "land-cover-sentinel2": land_cover_sentinel2.evaluate,
}

ROUNDING = 0.002
"""What another processor, or bf16, may change in a value, of a large one as a share."""


def evaluate(card: Card, data: Path, progress: Progress | None = None) -> list[Row]:
    """The rows of a card's ``eval_metrics``, measured from the data.

    Args:
        data: folder with the data of all models.
        progress: called with (cases measured, cases).

    Raises:
        NotFound: this model is not measured on data (SV-MDL-012), or they are not in the folder
            (SV-MDL-013).
    """
    if card.name not in EVALUATIONS:
        raise NotFound(
            "SV-MDL-012",
            f"There is no evaluation of '{card.name}'; there are: {', '.join(EVALUATIONS)}.",
        )
    catalog.verify(card)
    try:
        return EVALUATIONS[card.name](card, data, progress)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(
            "SV-MDL-013",
            f"The folder does not hold the data that '{card.name}' is measured on, so nothing was "
            "measured; its card names them. Give the folder with --data.",
        ) from error


def agree(rows: Sequence[Row], published: Sequence[Row]) -> bool:
    """Whether two evaluations say the same, but for ``ROUNDING``."""
    return [(row["data"], row["measure"], [*row["values"]]) for row in rows] == [
        (row["data"], row["measure"], [*row["values"]]) for row in published
    ] and all(
        math.isclose(value, other["values"][name], rel_tol=ROUNDING, abs_tol=ROUNDING)
        for row, other in zip(rows, published, strict=True)
        for name, value in row["values"].items()
    )
