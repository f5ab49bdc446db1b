"""Amounts over time, and from which label to which the cells went between visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.change.align import describe
from segviz.change.rates import yearly, years_between
from segviz.errors import Refused
from segviz.grid import RasterGrid, VolumeGrid
from segviz.image import windows
from segviz.mask import Label, Legend, Mask
from segviz.measure.areas import AreaTally
from segviz.measure.counts import counts, pair_codes
from segviz.measure.counts import pair_counts as transition_counts
from segviz.measure.ellipsoid import is_on_earth

__all__ = ["change", "common_legend", "scene_change", "transition_counts", "volume_change"]

Date = date | str | None
Matrix = NDArray[np.float64]

WINDOW = 1024
BACKGROUND = "background"


@dataclass(frozen=True, eq=False)
class Interval:
    """What happened between two visits; amounts by label, not-a-number where not known.

    Attributes:
        gain: what a label got from others.
        loss: what it gave to others.
        net: gain - loss.
        transitions: (labels, labels) from (rows) to (columns); None where the visits cannot be
            compared cell by cell, and ``why`` says why.
        compared: number of cells compared.
        only: cells with a label at the first, at the second visit alone.
    """

    gain: Matrix
    loss: Matrix
    net: Matrix
    transitions: Matrix | None = None
    compared: int | None = None
    only: tuple[int, int] = (0, 0)
    why: str | None = None

    @classmethod
    def of(cls, transitions: Matrix, compared: int, only: tuple[int, int] = (0, 0)) -> Interval:
        moved = transitions - np.diag(np.diag(transitions))
        gain, loss = moved.sum(axis=0), moved.sum(axis=1)
        return cls(gain, loss, gain - loss, transitions, compared, only)

    @classmethod
    def unaligned(cls, net: Matrix, why: str) -> Interval:
        unknown = np.full(len(net), np.nan)
        return cls(unknown, unknown, net, why=why)


def change(masks: Sequence[Mask], dates: Sequence[Date] | None = None) -> dict[str, Any]:
    """``volume_change`` or ``scene_change``, whichever the masks are.

    Raises:
        Refused: there are volumes and scenes among them (SV-PAIR-006), or as these two say.
    """
    volumes = sum(isinstance(mask.grid, VolumeGrid) for mask in masks)
    if volumes not in (0, len(masks)):
        raise Refused(
            "SV-PAIR-006",
            "Some of the masks are volumes and some are scenes, so there is no change to measure; "
            "choose masks of one patient or of one place.",
        )
    return volume_change(masks, dates) if volumes else scene_change(masks, dates)


def volume_change(masks: Sequence[Mask], dates: Sequence[Date] | None = None) -> dict[str, Any]:
    """ml of each label at each visit, and the matrix of transitions in ml between visits.

    Each visit is counted on its own grid. Background is label 0, so that rows and columns of a
    matrix add up to the whole grid. Visits on different grids are not compared voxel by voxel:
    their matrix, gain and loss are null with the reason in ``why``, and only net is given.

    Args:
        masks: two or more, in order of date.
        dates: of each mask, or None.

    Returns:
        The JSON of ``segviz change``: ``volumes_ml``, ``gain``, ``loss``, ``net`` are lists over
        dates or intervals for each of ``labels``; ``transitions`` holds a matrix per interval.

    Raises:
        Refused: fewer than two masks (SV-PAIR-005), or one label with two names (SV-PAIR-003).
    """
    legend = common_legend(masks)
    grids = [_volume_grid(mask) for mask in masks]
    voxels = [counts(mask.data) for mask in masks]
    found = legend.covering(np.flatnonzero(sum(voxels)))
    labels = sorted({0, *(label.value for label in found)})
    amounts = np.array(
        [count[labels] * grid.voxel_volume_ml for count, grid in zip(voxels, grids, strict=True)]
    )
    intervals = [
        _volume_interval(*pair, labels, net)
        for pair, net in zip(pairwise(masks), np.diff(amounts, axis=0), strict=True)
    ]
    same = all(interval.why is None for interval in intervals)
    return {
        "unit": "ml",
        **_header(labels, legend, dates, len(masks)),
        "volumes_ml": amounts.T.tolist(),
        "common_voxels": int(np.prod(grids[0].shape)) if same else None,
        **_flows(intervals),
    }


def scene_change(masks: Sequence[Mask], dates: Sequence[Date] | None = None) -> dict[str, Any]:
    """ha of each label at each date, and the matrix of transitions in ha between dates.

    ``areas_ha`` counts all labelled pixels of a date, a matrix those with a label (not 0) at both
    of its dates; ``one_date_only`` has those with a label at one of them alone, so that it and the
    sums of a matrix are the areas of a date. ``rates`` are yearly, of the area seen at both dates.
    ``common_valid_pixels`` have a label at all dates. Without a CRS areas are in pixels (``unit``)
    and ``areas_ha`` is null.

    Args:
        masks: two or more on one grid, in order of date; read window by window.
        dates: of each mask, or None.

    Raises:
        Refused: the grids differ (SV-PAIR-001), and as ``volume_change``.
    """
    legend = common_legend(masks)
    grid = _common_raster(masks)
    series = _SceneSeries.of(grid, len(masks))
    for window in windows(grid.shape, WINDOW):
        series.add(window, [_cut(mask, window) for mask in masks])
    found = sorted({label for pair in series.pairs for label in _labels(pair)})
    labels = sorted(label.value for label in legend.covering(found))
    tables = [_tables(pair, [0, *labels]) for pair in series.pairs]
    pixels, areas = (_of_dates([table[n] for table in tables]) for n in (0, 1))
    has_area = is_on_earth(grid.crs)
    intervals = [_scene_interval(*table) for table in tables]
    years = [years_between(*pair) for pair in pairwise(dates or [None] * len(masks))]
    return {
        "unit": "ha" if has_area else "pixels",
        **_header(labels, legend, dates, len(masks)),
        "areas_ha": areas.T.tolist() if has_area else None,
        "pixels": pixels.T.astype(int).tolist(),
        "common_valid_pixels": intervals[0].compared if len(masks) == 2 else series.valid,
        **_flows(intervals),
        "one_date_only": [
            {"first": table[1:, 0].tolist(), "second": table[0, 1:].tolist()} for _, table in tables
        ],
        "rates": [
            [
                yearly(sums[0][n], sums[1][n], span)
                for sums, span in zip(map(_sums, intervals), years, strict=True)
            ]
            for n in range(len(labels))
        ],
    }


def common_legend(masks: Sequence[Mask]) -> Legend:
    """The labels of all masks, by value.

    Raises:
        Refused: there are fewer than two masks (SV-PAIR-005), or a label has one name at one date
            and another at the next (SV-PAIR-003).
    """
    if len(masks) < 2:
        raise Refused("SV-PAIR-005", "Change is measured between masks of two dates; add another.")
    found: dict[int, str] = {}
    named: dict[int, Label] = {}
    for label in (label for mask in masks for label in mask.legend):
        if found.setdefault(label.value, label.name) != label.name:
            raise Refused(
                "SV-PAIR-003",
                f"Label {label.value} is '{found[label.value]}' in one mask and '{label.name}' in "
                "another, so the change between them would mean nothing; give it one name.",
            )
        named.setdefault(label.value, label)
    return Legend(tuple(named[value] for value in sorted(named)))


@dataclass(eq=False)
class _SceneSeries:
    """Running counts of the pairs of labels between dates, nodata (0) among them.

    Attributes:
        valid: cells with a label at all dates, where there are more than two; else what the one
            pair says.
    """

    pairs: list[AreaTally]
    valid: int = 0

    @classmethod
    def of(cls, grid: RasterGrid, count: int) -> _SceneSeries:
        return cls([AreaTally(grid) for _ in range(count - 1)])

    def add(self, window: tuple[int, int, int, int], labels: list[NDArray[np.uint8]]) -> None:
        if len(labels) > 2:
            valid = labels[0] > 0
            for later in labels[1:]:
                valid &= later > 0
            self.valid += int(np.count_nonzero(valid))
        for tally, before, after in zip(self.pairs, labels, labels[1:], strict=False):
            tally.add(window, pair_codes(before, after))


def _labels(pairs: AreaTally) -> set[int]:
    return {label for code in pairs.pixels() for label in divmod(code, 256)}


def _tables(pairs: AreaTally, labels: list[int]) -> tuple[Matrix, Matrix]:
    """(labels, labels) pixels and amounts from (rows) to (columns)."""
    return tuple(
        np.array([[amounts.get(256 * one + two, 0.0) for two in labels] for one in labels])
        for amounts in (pairs.pixels(), _amounts(pairs))
    )  # type: ignore[return-value]


def _of_dates(tables: list[Matrix]) -> Matrix:
    """(dates, labels) all that had a label at a date, whatever it was at the next one."""
    first = [table[1:].sum(axis=1) for table in tables]
    return np.array([*first, tables[-1][:, 1:].sum(axis=0)])


def _scene_interval(pixels: Matrix, amounts: Matrix) -> Interval:
    only = int(pixels[1:, 0].sum()), int(pixels[0, 1:].sum())
    return Interval.of(amounts[1:, 1:], int(pixels[1:, 1:].sum()), only)


def _sums(interval: Interval) -> tuple[list[float], list[float]]:
    """Amount of each label at either date, over the cells that were compared."""
    assert interval.transitions is not None
    rows, columns = (interval.transitions.sum(axis=axis).tolist() for axis in (1, 0))
    return rows, columns


def _volume_interval(one: Mask, two: Mask, labels: list[int], net: Matrix) -> Interval:
    difference = describe(one.grid, two.grid)
    if difference:
        background = np.array(labels) == 0  # two different boxes around the patient
        return Interval.unaligned(
            np.where(background, np.nan, net),
            f"{difference} Voxels at the same index are not the same place, so only the volumes "
            "are compared; align the masks to see what became of what.",
        )
    table = transition_counts(one.data, two.data)[np.ix_(labels, labels)]
    voxel_ml = np.float64(_volume_grid(one).voxel_volume_ml)
    return Interval.of(np.multiply(table, voxel_ml), one.data.size)


def _header(
    labels: list[int], legend: Legend, dates: Sequence[Date] | None, count: int
) -> dict[str, Any]:
    names = [legend[label].name if label else BACKGROUND for label in labels]
    return {
        "labels": [{"label": n, "name": name} for n, name in zip(labels, names, strict=True)],
        "names": names,
        "dates": [str(when) if when else None for when in dates or [None] * count],
    }


def _flows(intervals: list[Interval]) -> dict[str, Any]:
    """The matrices, and for each label what came and went in each interval."""
    matrices = [interval.transitions for interval in intervals]
    return {
        "compared": [interval.compared for interval in intervals],
        "only_at_first": [interval.only[0] for interval in intervals],
        "only_at_second": [interval.only[1] for interval in intervals],
        "transitions": [None if matrix is None else matrix.tolist() for matrix in matrices],
        "gain": _by_label([interval.gain for interval in intervals]),
        "loss": _by_label([interval.loss for interval in intervals]),
        "net": _by_label([interval.net for interval in intervals]),
        "why": [interval.why for interval in intervals],
    }


def _by_label(per_interval: list[Matrix]) -> list[list[float | None]]:
    """[interval][label] turned to [label][interval]; null where not known."""
    by_label = np.column_stack(per_interval).tolist()
    return [[None if np.isnan(value) else value for value in row] for row in by_label]


def _amounts(tally: AreaTally) -> dict[int, float]:
    """ha, or pixels where the grid has no CRS."""
    areas = tally.area_ha()
    return {code: float(n) for code, n in tally.pixels().items()} if areas is None else areas


def _cut(mask: Mask, window: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    row_start, row_stop, column_start, column_stop = window
    return np.asarray(mask.data[row_start:row_stop, column_start:column_stop])


def _volume_grid(mask: Mask) -> VolumeGrid:
    if not isinstance(mask.grid, VolumeGrid):
        raise TypeError("a scene has hectares, not ml")
    return mask.grid


def _common_raster(masks: Sequence[Mask]) -> RasterGrid:
    first = masks[0].grid
    if not isinstance(first, RasterGrid):
        raise TypeError("a volume has ml, not hectares")
    for mask in masks[1:]:
        difference = describe(first, mask.grid)
        if difference:
            raise Refused(
                "SV-PAIR-001",
                f"{difference} Pixels at the same row and column are not the same place and would "
                "show as change; align the masks to one grid first.",
            )
    return first
