"""Panoptic quality of a mask against a reference (Kirillov et al. 2019, CVPR, "Panoptic
Segmentation").

Two segments of one class match where their IoU exceeds 0.5, which pairs each with one at most.
PQ = sum of the matches' IoU / (TP + FP/2 + FN/2) = SQ x RQ. A thing's segments are its objects, all
of a stuff is one. Void is left out of the areas, and a segment that lies by more than half in the
other mask's void is no error (panopticapi and torchmetrics do the same).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import VolumeGrid, same_grid
from segviz.mask import Legend, Mask
from segviz.measure.counts import pair_counts
from segviz.measure.instances import objects
from segviz.measure.runs import Pairs, Runs

MATCH = 0.5
ABSENT = "Neither mask has this class, so it is left out of the mean."
NOTHING = "Neither mask has a segment of any class."

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Quality:
    """Matches of one class.

    Attributes:
        iou: sum over the matched segments.
        matched, missed, alarms: true positives, false negatives, false positives.
    """

    iou: float
    matched: int
    missed: int
    alarms: int

    def row(self) -> dict[str, Any]:
        """pq, sq, rq (null of an absent class; sq is 0 where nothing matched), tp, fp, fn."""
        segments = self.matched + self.missed / 2 + self.alarms / 2
        row: dict[str, Any] = {
            "pq": self.iou / segments if segments else None,
            "sq": None if not segments else self.iou / self.matched if self.matched else 0.0,
            "rq": self.matched / segments if segments else None,
            "tp": self.matched,
            "fp": self.alarms,
            "fn": self.missed,
        }
        return row if segments else row | {"why": ABSENT}


@dataclass(frozen=True, eq=False)
class Segments:
    """Of one class in one mask: cells of each, and those of them in the other mask's void."""

    cells: Numbers
    void: Numbers


def quality(one: Segments, two: Segments, pairs: Pairs) -> Quality:
    """Match the segments of a class.

    Args:
        one, two: of the mask and of the reference, by their 0-based numbers.
        pairs: segment of the mask, segment of the reference, and the cells that both have.
    """
    here, there, both = pairs
    union = (one.cells - one.void)[here] + (two.cells - two.void)[there] - both
    iou = both / union
    match = iou > MATCH
    return Quality(
        float(iou[match].sum()),
        int(np.count_nonzero(match)),
        missed=_errors(two, there[match]),
        alarms=_errors(one, here[match]),
    )


def _errors(segments: Segments, matched: NDArray[np.int64]) -> int:
    """Segments that match none and lie by no more than half in void."""
    alone = segments.cells > 0
    alone[matched] = False
    return int(np.count_nonzero(alone & (segments.void <= segments.cells / 2)))


def panoptic(
    mask: Mask,
    reference: Mask,
    *,
    things: frozenset[int] | None = None,
    smallest: float = 0.0,
    split: float | None = None,
) -> dict[str, Any]:
    """Panoptic quality by class and its mean.

    0 is background in a scan, and in a scene in which both masks know one label alone; in other
    scenes it is no data, which is void.

    Args:
        things: labels whose objects are counted; None for those that a legend calls things.
        smallest, split: of the objects, see ``instances.objects``; the same for both masks.

    Returns:
        ``classes``: label, name, thing, pq, sq, rq, tp, fp, fn by class, with ``why`` where null;
        ``mean``: pq, sq, rq over the ``classes`` (count) that either mask has; ``void``: whether 0
        was left out.

    Raises:
        Refused: the masks lie on different grids (SV-NUM-114); see ``instances.objects``.
    """
    if not same_grid(mask.grid, reference.grid):
        raise Refused(
            "SV-NUM-114",
            f"The mask ({mask.grid}) and the reference ({reference.grid}) lie on different grids, "
            "so objects at different places would be matched; put one on the grid of the other "
            "first.",
        )
    table = pair_counts(mask.data, reference.data)
    legend = _legend(mask, reference, table)
    counted = {label.value for label in legend if label.thing} if things is None else things
    several = bool(np.count_nonzero(_present(table)) > 1)
    void = several and not isinstance(mask.grid, VolumeGrid)
    found = {
        label.value: (
            objects(mask, label.value, smallest=smallest, split=split).runs,
            objects(reference, label.value, smallest=smallest, split=split).runs,
        )
        for label in legend
        if label.value in counted
    }
    rows = of_classes(mask.data, reference.data, found, legend, table, void=void)
    return {"classes": rows, "mean": mean(rows), "void": void}


def of_classes(
    mask: NDArray[np.uint8],
    reference: NDArray[np.uint8],
    things: Mapping[int, tuple[Runs, Runs]],
    legend: Legend,
    table: NDArray[np.int64],
    *,
    void: bool,
) -> list[dict[str, Any]]:
    """A row for each label of a legend.

    Args:
        things: label -> the runs of its objects in the mask and in the reference.
        table: (256, 256) cells by label in the mask and in the reference.
        void: 0 is void, else background.
    """
    return [
        {"label": label.value, "name": label.name, "thing": label.value in things}
        | (
            _thing(things[label.value], mask, reference, void=void)
            if label.value in things
            else _stuff(table, label.value, void=void)
        ).row()
        for label in legend
    ]


def mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the classes that have a number, and how many these are."""
    there = [row for row in rows if row["pq"] is not None]
    if not there:
        return {"pq": None, "sq": None, "rq": None, "classes": 0, "why": NOTHING}
    return {name: float(np.mean([row[name] for row in there])) for name in ("pq", "sq", "rq")} | {
        "classes": len(there)
    }


def _thing(
    runs: tuple[Runs, Runs],
    mask: NDArray[np.uint8],
    reference: NDArray[np.uint8],
    *,
    void: bool,
) -> Quality:
    one, two = runs
    here, there, both = one.overlaps(two)
    return quality(
        _segments(one, reference if void else None),
        _segments(two, mask if void else None),
        (here - 1, there - 1, both),
    )


def _segments(runs: Runs, other: NDArray[np.uint8] | None) -> Segments:
    cells = runs.totals()
    if other is None:
        return Segments(cells, np.zeros(len(cells)))
    return Segments(cells, runs.totals(runs.sums(lambda first, stop: other[first:stop] == 0)))


def _stuff(table: NDArray[np.int64], label: int, *, void: bool) -> Quality:
    """All cells of a label are one segment, where there are any."""
    one, two = (
        Segments(*(np.array([n], float)[:total] for n in (total, outside * void)))
        for total, outside in (
            (table[label].sum(), table[label, 0]),
            (table[:, label].sum(), table[0, label]),
        )
    )
    met = np.zeros(int(table[label, label] > 0), np.int64)
    return quality(one, two, (met, met, np.array([table[label, label]])[: len(met)]))


def _present(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """[label - 1] cells in either mask."""
    return np.asarray(table.sum(axis=0) + table.sum(axis=1))[1:]


def _legend(mask: Mask, reference: Mask, table: NDArray[np.int64]) -> Legend:
    """Labels of either, by value; a thing of one is a thing."""
    named = {label.value: label for label in (*mask.legend, *reference.legend)}
    named |= {label.value: label for label in (*reference.legend, *mask.legend) if label.thing}
    legend = Legend(tuple(named.values())).covering(np.flatnonzero(_present(table)) + 1)
    return Legend(tuple(sorted(legend, key=lambda label: label.value)))
