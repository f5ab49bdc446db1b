"""How much of a label was lost, when, and how much of that a smallest area leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from segviz.change.map import GAIN, KEPT, LOSS, loss_dates, loss_gain
from segviz.change.rates import day
from segviz.grid import RasterGrid
from segviz.image import windows
from segviz.mask import Legend, Mask
from segviz.measure.areas import AreaTally
from segviz.measure.forest import Preset, sieve

WINDOW = 1024
CHANGE = Legend.named("stable", "loss", "gain")


def losses(masks: Sequence[Mask], dates: Sequence[date | str | None], label: int) -> dict[str, Any]:
    """What was lost at each date, each cell once, and what is left.

    Args:
        masks: two or more of scenes on one grid, in order of date; read window by window.

    Returns:
        label, kept (amount of the label that no date shows as lost), lost (for each date after
        the first), from and to (the dates of each loss); amounts in ha, or in pixels without a CRS.
    """
    grid = _raster(masks[0])
    tally = AreaTally(grid)
    for window in windows(grid.shape, WINDOW):
        r0, r1, c0, c1 = window
        parts = [np.asarray(mask.data[r0:r1, c0:c1]) for mask in masks]
        tally.add(window, loss_dates(parts, label))
    areas = tally.area_ha()
    amounts = areas if areas is not None else {k: float(n) for k, n in tally.pixels().items()}
    named = [str(when) if when else None for when in dates]
    return {
        "label": label,
        "kept": amounts.get(KEPT, 0.0),
        "lost": [amounts.get(number + 1, 0.0) for number in range(1, len(masks))],
        "from": named[:-1],
        "to": named[1:],
    }


def since(found: dict[str, Any], cut_off: date) -> dict[str, Any]:
    """The losses before and after a day; those between two dates around it belong to neither.

    Args:
        found: what ``losses`` gave.

    Returns:
        cut_off, before, after, undecided: amounts; undated losses are undecided.
    """
    sums = {"before": 0.0, "after": 0.0, "undecided": 0.0}
    for first, second, amount in zip(found["from"], found["to"], found["lost"], strict=True):
        start, stop = day(first), day(second)
        if stop is not None and stop <= cut_off:
            sums["before"] += amount
        elif start is not None and start >= cut_off:
            sums["after"] += amount
        else:
            sums["undecided"] += amount
    return {"cut_off": cut_off.isoformat(), **sums}


def by_definition(masks: Sequence[Mask], label: int, preset: Preset) -> dict[str, Any]:
    """Forest, loss and gain under a definition's smallest area, which is applied twice.

    First to the forest of each date, then to the patches of loss and of gain between two dates:
    else a strip along every edge of a forest counts as a clearing.

    Raises:
        Refused: the scene does not say where it lies (SV-NUM-051).

    Returns:
        area_ha: the smallest patch, and connectivity; forest: for each date ``before_ha`` and
        ``after_ha`` of its sieve; intervals: for each, ``loss_ha`` and ``gain_ha`` as mapped, of
        the sieved forest, and without small patches of change.
    """
    if preset.mmu_ha is None:
        return {"preset": preset.key, "area_ha": None, "forest": [], "intervals": []}
    forests = [sieve(mask, label, preset.mmu_ha, preset.connectivity) for mask in masks]
    sieved = [
        replace(mask, data=forest.labels) for mask, forest in zip(masks, forests, strict=True)
    ]
    return {
        "preset": preset.key,
        "area_ha": preset.mmu_ha,
        "connectivity": preset.connectivity,
        "forest": [forest.to_json() for forest in forests],
        "intervals": [
            _interval(mapped, alone, label, preset)
            for mapped, alone in zip(pairwise(masks), pairwise(sieved), strict=True)
        ],
    }


def _interval(
    mapped: tuple[Mask, Mask], sieved: tuple[Mask, Mask], label: int, preset: Preset
) -> dict[str, Any]:
    change = _changed(*sieved, label)
    at_first = _amounts(_changed(*mapped, label))
    of_forest = _amounts(change)
    kept = {
        code: sieve(change, code, preset.mmu_ha or 0.0, preset.connectivity, into=0)
        for code in (LOSS, GAIN)
    }
    return {
        name: {
            "mapped_ha": at_first.get(code, 0.0),
            "of_sieved_forest_ha": of_forest.get(code, 0.0),
            "after_ha": kept[code].after_ha,
            "removed_ha": at_first.get(code, 0.0) - kept[code].after_ha,
            "patches": kept[code].patches,
            "patches_removed": kept[code].removed,
        }
        for name, code in (("loss", LOSS), ("gain", GAIN))
    }


def _changed(one: Mask, two: Mask, label: int) -> Mask:
    """Codes of loss and gain as a mask; made window by window."""
    grid = _raster(one)
    codes = np.zeros(grid.shape, np.uint8)
    for r0, r1, c0, c1 in windows(grid.shape, WINDOW):
        here = slice(r0, r1), slice(c0, c1)
        codes[here] = loss_gain(np.asarray(one.data[here]), np.asarray(two.data[here]), label)
    return Mask(grid, codes, CHANGE)


def _amounts(mask: Mask) -> dict[int, float]:
    grid = _raster(mask)
    tally = AreaTally(grid)
    tally.add((0, grid.shape[0], 0, grid.shape[1]), mask.data)
    return tally.area_ha() or {}


def _raster(mask: Mask) -> RasterGrid:
    if not isinstance(mask.grid, RasterGrid):
        raise TypeError("a volume has ml, not hectares")
    return mask.grid
