"""An index of a point or an area on all dates, clouds and missing data left out, and its breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from segviz import opening, workbench
from segviz.case import Visit
from segviz.change import comparability
from segviz.change.breaks import SEGMENT, SMALLEST, breaks_in
from segviz.change.indices import INDICES, Index, positions, possible
from segviz.errors import Refused
from segviz.findings.areas import area_of
from segviz.findings.blocks import Block, Line, Plot, Table, Text
from segviz.findings.inputs import layers_of, mask_of
from segviz.grid import RasterGrid, Window, same_grid
from segviz.image import Scene
from segviz.inference.reflectance import QUANTIFICATION, judge
from segviz.inference.run import Run
from segviz.measure.clouds import clouds_in, clouds_of
from segviz.measure.coverage import Coverage
from segviz.measure.outlines import onto
from segviz.measure.zones import Where
from segviz.store import Store

LEAST_SEEN = 0.5
"""Share of an area that must be seen clearly for it to have a value."""

Floats = NDArray[np.float64]
Spec = dict[str, Any]
Part = tuple[Window, Floats]
"""A window, and how much each of its cells counts."""


def now(
    store: Store,
    visits: Sequence[Visit],
    index: str,
    *,
    point: tuple[int, int] | None = None,
    area: int | None = None,
) -> Spec:
    """The spec of a point or an area on these dates, with their masks as they are.

    Args:
        point: row and column on the grid of the first of the visits.
        area: number of the record of an area.
    """
    return {
        "kind": "series",
        "case": visits[0].case_id,
        "visits": layers_of(store, visits),
        "index": index,
        "point": list(point) if point else None,
        "area": area,
    }


def find(store: Store, spec: Spec) -> dict[str, Any]:
    """The value on each date, and the breaks; null with a ``why`` where there is none.

    Raises:
        Refused: the index needs bands that no date has (SV-NUM-091), the images are pictures
            (SV-NUM-092), or the record is no area (SV-NUM-064).
    """
    index = INDICES[spec["index"]]
    visits = [store.visit(layer["visit"]) for layer in spec["visits"]]
    _require_bands(visits, index)
    rows = []
    for visit, layer in zip(visits, spec["visits"], strict=True):
        parts = list(_place(store, spec, visits[0], visit))
        rows.append(_row(visit, *_value(store, visit, layer, index, parts)))
    return {
        "index": index.name,
        "formula": index.text,
        "place": _named(store, spec),
        "values": rows,
        **_breaks(rows),
    }


def tell(spec: Spec, numbers: dict[str, Any]) -> list[Block]:
    """A plot with the level between breaks, the values, and how breaks were found."""
    name, rows = numbers["index"], numbers["values"]
    shown = [row for row in rows if row["value"] is not None]
    lines = [Line(name, "#0072B2", [r["when"] or r["name"] for r in shown], _of(shown, "value"))]
    if numbers["breaks"] is not None:
        lines.append(Line("level", "#D55E00", _of(shown, "when"), _of(shown, "fitted")))
    blocks: list[Block] = [
        Plot(f"{name} of {numbers['place']}", "Date", name, lines),
        Table(
            f"{name} of {numbers['place']}",
            ["Date", name, "Seen clearly, %", "Why not"],
            [[r["when"] or r["name"], r["value"], 100 * r["seen"], r["why"] or ""] for r in rows],
        ),
    ]
    if numbers["breaks"]:
        blocks.append(
            Table(
                "Breaks",
                ["From", f"{name} before", f"{name} after", "Step"],
                [[b["when"], b["before"], b["after"], b["step"]] for b in numbers["breaks"]],
            )
        )
    return [*blocks, Text(how(numbers), "note")]


def how(numbers: dict[str, Any]) -> str:
    """What the index is and how breaks were looked for, in a few sentences."""
    said = (
        f"{numbers['index']} = {numbers['formula']}, of reflectance (numbers are Sentinel-2's); "
        "dates under cloud or without data are left out. "
    )
    if numbers["breaks"] is None:
        return f"{said}{numbers['why']}"
    wave = " beside a yearly wave" if numbers["seasonal"] else ""
    found = f"{len(numbers['breaks'])} found" if numbers["breaks"] else "None was found"
    return (
        f"{said}Breaks: least squares of a level that stays the same between them{wave}, at least "
        f"{SEGMENT} dates and {SMALLEST} apart, as many as a modified BIC (5 ln n a break) allows. "
        f"{found}."
    )


@dataclass(frozen=True, eq=False)
class _Look:
    """Sums over the cells of a place."""

    total: float
    seen: float
    of_index: float
    clouded: float

    @property
    def share(self) -> float:
        return self.seen / self.total if self.total else 0.0


def _value(
    store: Store, visit: Visit, layer: Spec, index: Index, parts: list[Part]
) -> tuple[float | None, float, str | None]:
    """The mean index of a place on one date, the share of it that was seen, why there is none."""
    scene = opening.scene(store, visit)
    bands = bands_of(scene, index)
    if bands is None:
        return None, 0.0, f"the bands of {index.name} are not there"
    if not parts:
        return None, 0.0, "it lies outside the image"
    _require_measured(visit, scene)
    look = _look(scene, clouds_of(scene) or _marked(store, layer), index, bands, parts)
    if look.share < LEAST_SEEN:
        hidden = "cloud" if look.clouded > look.total - look.clouded - look.seen else "no data"
        return None, look.share, f"{hidden}: {look.share:.0%} of it was seen"
    return look.of_index / look.seen, look.share, None


def _marked(store: Store, layer: Spec) -> Where | None:
    """Clouds by a label of the layer; a mask is looked at only where it has such a label."""
    legend = workbench.get(store, layer["layer"]).history_at(layer["revision"]).legend
    if not any("cloud" in label.name.casefold() for label in legend):
        return None
    return clouds_in(mask_of(store, layer["layer"], layer["revision"])[1])


def _look(
    scene: Scene, clouds: Where | None, index: Index, bands: list[int], parts: list[Part]
) -> _Look:
    scale = judge(scene, bands, Run())
    total = seen = of_index = clouded = 0.0
    for window, weights in parts:
        stored, valid = scene.read(window, bands)
        found = index.of(*(scale.reflectance(stored) / QUANTIFICATION))
        hidden = clouds(window) & valid if clouds else np.zeros_like(valid)
        clear = valid & ~hidden & np.isfinite(found)
        total += float(weights.sum())
        clouded += float(weights[hidden].sum())
        seen += float(weights[clear].sum())
        of_index += float((weights[clear] * found[clear]).sum())
    return _Look(total, seen, of_index, clouded)


def bands_of(scene: Scene, index: Index) -> list[int] | None:
    """Positions of an index's bands in a scene; None where it lacks one."""
    landsat = "landsat" in comparability.sensor_of(scene.tags).casefold()
    return positions(scene.channels, index, landsat)


def _place(store: Store, spec: Spec, first: Visit, visit: Visit) -> Iterator[Part]:
    """The cells of a visit that the place covers, and how much each counts."""
    grid = visit.grid
    if not isinstance(grid, RasterGrid) or not isinstance(first.grid, RasterGrid):
        raise TypeError("a scan has no index of reflectance")
    if spec["area"] is not None:
        area = area_of(store.record(spec["case"], spec["area"]))
        yield from Coverage.of(onto(grid, area.crs)(area.geometry)).strips()
        return
    cell = moved(first.grid, grid, spec["point"])
    if cell is not None:
        row, column = cell
        yield (row, row + 1, column, column + 1), np.ones((1, 1))


def moved(one: RasterGrid, two: RasterGrid, cell: Sequence[int]) -> tuple[int, int] | None:
    """The cell of another grid that the middle of a cell lies in; None where there is none."""
    row, column = cell[0] + 0.5, cell[1] + 0.5
    if not same_grid(one, two):
        x, y = one.transform @ (column, row)
        if one.crs != two.crs and one.crs is not None and two.crs is not None:
            x, y = Transformer.from_crs(one.crs, two.crs, always_xy=True).transform(x, y)
        column, row = ~two.transform @ (x, y)
    inside = 0 <= row < two.shape[0] and 0 <= column < two.shape[1]
    return (int(row), int(column)) if inside else None


def _require_bands(visits: Sequence[Visit], index: Index) -> None:
    bands = sorted({channel for visit in visits for channel in visit.channels if channel})
    if any(index.name in possible(v.channels) or index.name in possible(v.channels, True)
           for v in visits):  # fmt: skip
        return
    raise Refused(
        "SV-NUM-091",
        f"{index.name} needs {' and '.join(index.bands)}; the dates have "
        f"{', '.join(bands) or 'no named bands'}, so it has no value. Open scenes with these bands "
        "or name them.",
    )


def _require_measured(visit: Visit, scene: Scene) -> None:
    if scene.dtype == np.uint8:
        raise Refused(
            "SV-NUM-092",
            f"{visit.name} is a picture of 0-255 that may have been stretched by itself, so an "
            "index of it would show its stretching; open the scene as reflectance.",
        )


def _row(visit: Visit, value: float | None, seen: float, why: str | None) -> dict[str, Any]:
    return {
        "visit": visit.id,
        "name": visit.name,
        "when": visit.when.isoformat() if visit.when else None,
        "value": value,
        "seen": seen,
        "why": why,
        "fitted": None,
    }


def _breaks(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The breaks; the level at each date goes into its row."""
    clear = [row for row in rows if row["value"] is not None and row["when"]]
    try:
        fit = breaks_in([date.fromisoformat(row["when"]) for row in clear], _of(clear, "value"))
    except Refused as refused:
        return {"breaks": None, "seasonal": False, "why": refused.message}
    for row, level in zip(clear, fit.fitted.tolist(), strict=True):
        row["fitted"] = level
    found = [
        {
            "when": clear[start]["when"],
            "before": fit.levels[n],
            "after": fit.levels[n + 1],
            "step": fit.steps[n],
        }
        for n, start in enumerate(fit.breaks)
    ]
    return {"breaks": found, "seasonal": fit.seasonal, "why": None}


def _named(store: Store, spec: Spec) -> str:
    if spec["area"] is not None:
        return store.record(spec["case"], spec["area"]).name
    row, column = spec["point"]
    return f"row {row}, column {column}"


def _of(rows: list[dict[str, Any]], key: str) -> list[Any]:
    return [row[key] for row in rows]
