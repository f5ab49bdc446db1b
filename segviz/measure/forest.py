"""Definitions of forest and of its loss, and the minimum mapping unit in true hectares.

A preset says what a reader of the number will take "forest" to mean. It changes a map in one way
only: patches of forest below its smallest area are taken out (``sieve``); what a map calls forest
stays what its model or its reader called so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import Box, RasterGrid
from segviz.mask import Legend, Mask
from segviz.measure.areas import M2_PER_HA, cell_areas_m2
from segviz.measure.connected import Pieces, Weights, facing, of_label, surrounding, touching
from segviz.measure.ellipsoid import cell_area_m2, is_on_earth
from segviz.measure.zones import require_scene

Connectivity = Literal[4, 8]

FOREST_NAMES = ("forest", "trees", "tree cover", "primary forest", "woodland")
SLACK = 1e-6
"""Relative: 50 cells of 100 m2 are half a hectare, whatever the last digit of their sum."""

NOT_DEFORESTATION = "Tree-cover loss is not deforestation."
LAND_USE = "Forest is a land use here, so imagery alone cannot decide it."


@dataclass(frozen=True)
class Preset:
    """A definition of forest.

    Attributes:
        key: what specs, reports and the command line call it.
        name: what people call it.
        forest: what counts as forest.
        loss: what counts as its loss.
        mmu_ha: the smallest patch that counts; None where each pixel does.
        connectivity: over edges alone (4) or over corners too (8). None of the sources names one.
        cut_off: loss counts after this day alone.
        notes: what has to be said beside a number of it.
        source: where it is written.
    """

    key: str
    name: str
    forest: str
    loss: str
    mmu_ha: float | None
    notes: tuple[str, ...]
    source: str
    connectivity: Connectivity = 8
    cut_off: date | None = None


_FAO_FOREST = (
    "More than 0.5 ha with trees higher than 5 m and a canopy of more than 10 %, or able to reach "
    "them; not land that is mainly farmed or built on."
)
_FAO_EXCLUDES = "Orchards, oil palm, olive groves and agroforestry are not forest."

PRESETS: Mapping[str, Preset] = {
    preset.key: preset
    for preset in (
        Preset(
            "fao",
            "FAO Forest Resources Assessment",
            _FAO_FOREST,
            "Deforestation: conversion to another land use, or a canopy that stays below 10 %.",
            0.5,
            ("Harvest with regrowth is not deforestation.", _FAO_EXCLUDES, LAND_USE),
            "FAO, Global Forest Resources Assessment 2025, Terms and Definitions.",
        ),
        Preset(
            "eudr",
            "EU Deforestation Regulation",
            _FAO_FOREST,
            "Deforestation: conversion to agricultural use, human-induced or not, after 31 "
            "December 2020.",
            0.5,
            (
                "Harvest with regrowth is not deforestation.",
                _FAO_EXCLUDES,
                LAND_USE,
                "Plots over 4 ha are declared as polygons, smaller ones may be points, with six "
                "decimals of a degree (Art. 2(28)).",
            ),
            "Regulation (EU) 2023/1115, Art. 2.",
            cut_off=date(2020, 12, 31),
        ),
        Preset(
            "hansen",
            "Hansen Global Forest Change",
            "Tree cover in 2000 at or above a threshold (often 30 %), trees higher than 5 m.",
            "Stand-replacement disturbance of a pixel, by year from 2001.",
            None,
            (
                NOT_DEFORESTATION,
                "Each pixel of 0.00025° counts; gain is known for 2000-2012 alone.",
            ),
            "Hansen et al. 2013, Science 342:850-853; version 1.12, 2000-2024.",
        ),
        Preset(
            "prodes",
            "PRODES",
            "Primary forest.",
            "Clear-cut, by year from August to July.",
            6.25,
            ("Its alerts (DETER) begin at 3 ha.", "Regrowth does not become forest again."),
            "INPE, Projeto de Monitoramento do Desmatamento na Amazônia Legal por Satélite.",
        ),
    )
}


@dataclass(frozen=True, eq=False)
class Sieved:
    """A mask without the small patches of a label, and what that did to its area.

    Attributes:
        labels: uint8 [row, column], a copy.
        area_ha: the smallest patch that was kept.
        cells: so many cells at the middle of the scene make this area.
        before_ha, after_ha: of the label.
        pixels_before, pixels_after: of the label.
        patches, removed: of the label, and how many of them were below the area.
    """

    labels: NDArray[np.uint8]
    area_ha: float
    connectivity: Connectivity
    cells: float
    before_ha: float
    after_ha: float
    pixels_before: int
    pixels_after: int
    patches: int
    removed: int

    def to_json(self) -> dict[str, Any]:
        """All but the labels."""
        return {name: value for name, value in vars(self).items() if name != "labels"}


def preset(key: str) -> Preset:
    """A definition by its key.

    Raises:
        Refused: there is none of this name (SV-NUM-050).
    """
    if key not in PRESETS:
        raise Refused(
            "SV-NUM-050",
            f"There is no definition of forest called '{key}', so nothing was measured by it; "
            f"choose one of {', '.join(PRESETS)}.",
        )
    return PRESETS[key]


def forest_of(legend: Legend) -> int | None:
    """The label that means forest, by its name; None where no label is called so."""
    values = {label.name.casefold(): label.value for label in reversed(tuple(legend))}
    return next((values[name] for name in FOREST_NAMES if name in values), None)


def sieve(
    mask: Mask,
    label: int,
    area_ha: float,
    connectivity: Connectivity = 8,
    into: int | None = None,
) -> Sieved:
    """Take out the patches of a label that are smaller than a true area.

    Patches as large as the area are kept. The mask is looked at in strips; only its copy is held
    whole.

    Args:
        mask: of a scene.
        connectivity: whether cells hang together over edges alone (4) or over corners too (8).
        into: what small patches become; the label with which they share most edges where it is
            None, and 0 only for those that touch nothing else.

    Raises:
        Refused: the scene does not say where it lies (SV-NUM-051); the area is not above 0
            (SV-NUM-052).
    """
    grid = require_scene(mask)
    if not is_on_earth(grid.crs):
        raise Refused(
            "SV-NUM-051",
            "The file does not say where on the Earth its pixels lie, so patches have no hectares "
            "and none was removed; export it again with its coordinate system.",
        )
    if not 0 < area_ha < np.inf:
        raise Refused(
            "SV-NUM-052",
            "The smallest area is no number of hectares above 0, so no patch was removed; type "
            "one.",
        )
    neighbours = facing(2) if connectivity == 4 else touching(2)
    pieces = Pieces.find(mask.data, _whole(grid), of_label(label), neighbours, _hectares(grid))
    below = pieces.real & (pieces.size < area_ha * (1 - SLACK))
    new: NDArray[np.uint8] | int = into or 0
    if into is None:
        new, known = surrounding(mask.data, pieces, below, prefer_labels=True)
        below &= known
    labels = np.array(mask.data)
    for box, after in pieces.relabelled(mask.data, below, new):
        labels[box] = after
    kept = pieces.real & ~below
    return Sieved(
        labels,
        area_ha,
        connectivity,
        cells_of(area_ha, grid),
        float(pieces.size[1:].sum()),
        float(pieces.size[kept].sum()),
        int(pieces.cells[1:].sum()),
        int(pieces.cells[kept].sum()),
        len(pieces) - 1,
        int(below.sum()),
    )


@dataclass(frozen=True, eq=False)
class Defined:
    """A mask by a definition: its numbers for JSON, and the mask where that changes it."""

    numbers: dict[str, Any]
    mask: Mask | None = None


def by_definition(mask: Mask, key: str) -> Defined:
    """What a definition leaves of a mask's forest.

    Raises:
        Refused: there is no such definition (SV-NUM-050), or by ``sieve``.
    """
    chosen, label = preset(key), forest_of(mask.legend)
    told = {"key": key, "name": chosen.name, "mmu_ha": chosen.mmu_ha, "label": label}
    if label is None:
        why = "No label of this mask is called forest or trees."
        return Defined(told | {"sieved": None, "why": why})
    if chosen.mmu_ha is None:
        why = "Each pixel counts in this definition, so nothing is taken out."
        return Defined(told | {"sieved": None, "why": why})
    sieved = sieve(mask, label, chosen.mmu_ha, chosen.connectivity)
    left = Mask(mask.grid, sieved.labels, mask.legend, mask.source)
    return Defined(told | {"sieved": sieved.to_json()}, left)


def cells_of(area_ha: float, grid: RasterGrid) -> float:
    """How many cells at the middle of a scene make an area; whole only by chance."""
    rows, columns = grid.shape
    return area_ha * M2_PER_HA / float(cell_area_m2(grid, rows // 2, columns // 2))


def _whole(grid: RasterGrid) -> Box:
    return tuple(slice(0, n) for n in grid.shape)


def _hectares(grid: RasterGrid) -> Weights:
    look = cell_areas_m2(grid)

    def weights(box: Box) -> NDArray[np.float64]:
        rows, columns = box
        return look((rows.start, rows.stop, columns.start, columns.stop)) / M2_PER_HA

    return weights
