"""Change of a place between its dates: transitions, rates, losses by date, and what speaks for it.

The checks are part of the finding: they go wherever its numbers go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from segviz import opening
from segviz.case import Visit
from segviz.change import align, comparability
from segviz.change.comparability import Facts
from segviz.change.losses import by_definition, losses, since
from segviz.change.rates import FORMULAS
from segviz.change.series import scene_change
from segviz.change.shift import Shift, estimate, false_change, sample_windows
from segviz.errors import Refused
from segviz.findings.blocks import Block, Check, Line, Plot, Table, Text
from segviz.findings.inputs import layers_of, mask_of
from segviz.grid import same_grid
from segviz.image import Scene
from segviz.inference.reflectance import judge
from segviz.inference.run import Run
from segviz.mask import PALETTE, Legend, Mask
from segviz.measure import forest
from segviz.measure.clouds import clouds_in, clouds_of
from segviz.render.bands import find_bands, natural
from segviz.store import Store

BY_HAND = ", edited by hand"

AREA = "Area = number of pixels x the area of each pixel on the ellipsoid, at full resolution."
BALANCE = (
    "Rows are the first date, columns the second, over pixels with a class on both; their sums and "
    "what has a class on one date only are the area of that date."
)
LOSSES = (
    "A pixel is lost at the first date that shows another class; what grows back stays in the loss."
)

Spec = dict[str, Any]


def now(
    store: Store,
    visits: Sequence[Visit],
    label: int,
    preset: str | None = None,
    *,
    aligned: bool = False,
) -> Spec:
    """The spec of these dates, with their masks as they are.

    Args:
        label: whose losses are told.
        preset: key of a definition of forest.
        aligned: put all on the grid of the first date (nearest pixel).
    """
    return {
        "kind": "land_change",
        "case": visits[0].case_id,
        "visits": layers_of(store, visits),
        "label": label,
        "preset": preset,
        "alignment": "nearest" if aligned else None,
    }


def find(store: Store, spec: Spec) -> dict[str, Any]:
    """What ``scene_change`` gives, and with it checks, losses and what a definition leaves.

    Returns:
        Beside the keys of ``segviz change``: visits (id, name, when), checks (for each interval
        rows of name, outcome, why), losses (``change.losses.losses``), definition
        (``by_definition``, or null without a preset) and cut_off (``since``, or null).

    Raises:
        Refused: the dates lie on different grids and are not to be aligned (SV-PAIR-001), or by
            what measures them.
    """
    given = [mask_of(store, row["layer"], row["revision"]) for row in spec["visits"]]
    visits = [visit for visit, _ in given]
    masks = [_placed(mask, given[0][1], spec["alignment"]) for _, mask in given]
    dates = [visit.when for visit in visits]
    lost = losses(masks, dates, spec["label"])
    preset = forest.preset(spec["preset"]) if spec["preset"] else None
    cut_off = preset.cut_off if preset else None
    facts = [_facts(store, visit, mask) for visit, mask in given]
    return {
        **scene_change(masks, dates),
        "visits": [
            {"id": visit.id, "name": visit.name, "when": str(visit.when) if visit.when else None}
            for visit in visits
        ],
        "checks": [
            [
                check.to_json()
                for check in (
                    *comparability.of_masks(one, two),
                    *_of_images(store, visits[n : n + 2], (one, two), masks[n], spec["label"]),
                )
            ]
            for n, (one, two) in enumerate(pairwise(facts))
        ],
        "losses": lost,
        "definition": by_definition(masks, spec["label"], preset) if preset else None,
        "cut_off": since(lost, cut_off) if cut_off else None,
    }


def _placed(mask: Mask, first: Mask, alignment: str | None) -> Mask:
    if alignment is None or same_grid(mask.grid, first.grid):
        return mask
    return align.nearest(mask, first.grid)


def _facts(store: Store, visit: Visit, mask: Mask) -> Facts:
    scene = opening.scene(store, visit)
    source, edited = _source(mask.source)
    windows = sample_windows(scene.grid.shape)
    clouds = clouds_of(scene) or clouds_in(mask)
    valid = [scene.read(window, [0])[1] for window in windows]
    seen = sum(int(part.sum()) for part in valid)
    hidden = [
        int((clouds(window) & part).sum())
        for window, part in zip(windows, valid, strict=True)
        if clouds
    ]
    return Facts(
        name=visit.name,
        when=visit.when,
        grid=scene.grid,
        sha256=visit.sha256,
        source=source,
        edited=edited,
        missing=1 - seen / sum(part.size for part in valid),
        bands=scene.channels,
        sensor=comparability.sensor_of(scene.tags),
        baseline=scene.tags.get("PROCESSING_BASELINE", ""),
        offset=_offset(scene),
        eight_bit=scene.dtype == np.uint8,
        cloud=sum(hidden) / max(seen, 1) if clouds else None,
    )


def _source(source: str) -> tuple[str, bool]:
    """Who made a mask, and whether people changed it since."""
    return source.removesuffix(BY_HAND), source.endswith(BY_HAND)


def _offset(scene: Scene) -> float | None:
    """What is added to the values, x 10,000; None where they are no reflectance."""
    try:
        offset = judge(scene, range(len(scene.channels)), Run()).offset
    except Refused:
        return None
    return offset if isinstance(offset, float | int) else None


def _of_images(
    store: Store, visits: Sequence[Visit], facts: tuple[Facts, Facts], mask: Mask, label: int
) -> list[comparability.Check]:
    one, two = (opening.scene(store, visit) for visit in visits)
    shift = _shift(one, two)
    faked = _faked(mask, label, shift) if shift else None
    return comparability.of_images(*facts, shift, faked)


def _shift(one: Scene, two: Scene) -> Shift | None:
    if not same_grid(one.grid, two.grid):
        return None
    return estimate(_pairs(one, two))


def _pairs(one: Scene, two: Scene) -> Iterator[tuple[Any, Any, Any]]:
    bands = [_sharp(scene) for scene in (one, two)]
    for window in sample_windows(one.grid.shape):
        (first, seen), (second, also) = (
            scene.read(window, of) for scene, of in zip((one, two), bands, strict=True)
        )
        for before, after in zip(first, second, strict=False):
            yield before, after, seen & also


def _sharp(scene: Scene) -> list[int]:
    """Bands in which shifts are looked for: red and near infrared, else the one shown red."""
    return find_bands(scene.channels, ["red", "near infrared"]) or [natural(scene.channels)[0]]


def _faked(mask: Mask, label: int, shift: Shift) -> tuple[str, float] | None:
    windows = sample_windows(mask.data.shape[:2])
    parts = (np.asarray(mask.data[r0:r1, c0:c1]) for r0, r1, c0, c1 in windows)
    share = false_change(parts, label, shift)
    return None if share is None else (mask.legend[label].name, share)


def label_of(legend: Legend) -> int:
    """The label whose losses are told unless another is chosen: forest, else the first."""
    return forest.forest_of(legend) or next((label.value for label in legend), 1)


# For people


def tell(spec: Spec, numbers: dict[str, Any]) -> list[Block]:
    """The checks first, then amounts, matrices, rates and losses, with their definitions."""
    legend = {row["label"]: row["name"] for row in numbers["labels"]}
    name, unit = legend.get(spec["label"], str(spec["label"])), numbers["unit"]
    return [
        *checks(numbers),
        *_amounts(numbers),
        *(_matrix(numbers, n) for n in range(len(numbers["transitions"]))),
        Text(f"{AREA} {BALANCE}", "note"),
        _flows(numbers),
        Text("Rates: " + "; ".join(FORMULAS.values()) + ".", "note"),
        _losses(numbers, name, unit),
        *_definition(numbers, name),
        Text(f"{LOSSES} {forest.NOT_DEFORESTATION}", "note"),
    ]


def checks(numbers: dict[str, Any]) -> list[Block]:
    """Every check of every interval; the interval is named where there are several."""
    several = len(numbers["checks"]) > 1
    return [
        Check(f"{row['name']}, {_span(numbers, n)}" if several else row["name"],
              row["outcome"], row["why"])
        for n, rows in enumerate(numbers["checks"])
        for row in rows
    ]  # fmt: skip


def _span(numbers: dict[str, Any], interval: int) -> str:
    first, second = numbers["visits"][interval : interval + 2]
    return f"{first['name']} to {second['name']}"


def _amounts(numbers: dict[str, Any]) -> list[Block]:
    rows = numbers["areas_ha"] or numbers["pixels"]
    visits = [visit["when"] or visit["name"] for visit in numbers["visits"]]
    unit = numbers["unit"]
    lines = [
        Line(label["name"], PALETTE[n % len(PALETTE)], visits, row)
        for n, (label, row) in enumerate(zip(numbers["labels"], rows, strict=True))
    ]
    table = [[label["name"], *row] for label, row in zip(numbers["labels"], rows, strict=True)]
    names = [visit["name"] for visit in numbers["visits"]]
    return [
        Plot("Area over time", "Date", f"Area, {unit}", lines),
        Table(f"Area, {unit}", ["Class", *names], table),
    ]


def _matrix(numbers: dict[str, Any], interval: int) -> Table:
    labels = numbers["labels"]
    table, only = numbers["transitions"][interval], numbers["one_date_only"][interval]
    body = [
        [label["name"], *row, sum(row), only["first"][n]]
        for n, (label, row) in enumerate(zip(labels, table, strict=True))
    ]
    sums = [sum(column) for column in zip(*table, strict=True)]
    return Table(
        f"What became of what, {_span(numbers, interval)}, {numbers['unit']}",
        ["From \\ to", *(label["name"] for label in labels), "Sum", "First date only"],
        [*body, ["Sum", *sums, sum(sums), None], ["Second date only", *only["second"], None, None]],
    )


def _flows(numbers: dict[str, Any]) -> Table:
    unit = numbers["unit"]
    rows = [
        [
            label["name"],
            _span(numbers, n),
            numbers["gain"][at][n],
            numbers["loss"][at][n],
            numbers["net"][at][n],
            rate["a_year"],
            *(rate[key] for key in FORMULAS),
        ]
        for at, label in enumerate(numbers["labels"])
        for n, rate in enumerate(numbers["rates"][at])
    ]
    heads = [f"{name}, {unit}" for name in ("Gain", "Loss", "Net")]
    rates = [f"{unit} a year", "q, % a year", "r, % a year"]
    return Table("Gain, loss and yearly rates", ["Class", "Dates", *heads, *rates], rows)


def _losses(numbers: dict[str, Any], name: str, unit: str) -> Table:
    found = numbers["losses"]
    total = found["kept"] + sum(found["lost"])
    rows = [
        [_span(numbers, n), amount, 100 * amount / total if total else None]
        for n, amount in enumerate(found["lost"])
    ]
    return Table(f"When {name} was lost", ["Dates", f"Lost, {unit}", "Of all that was, %"], rows)


def _definition(numbers: dict[str, Any], name: str) -> list[Block]:
    found, split = numbers["definition"], numbers["cut_off"]
    if not found:
        return []
    preset = forest.preset(found["preset"])
    blocks: list[Block] = []
    if found["area_ha"]:
        blocks.append(
            Table(
                f"{name} and its change from {found['area_ha']:g} ha, {preset.name}",
                ["", "As mapped, ha", "Of patches of forest kept, ha",
                 "Of patches of change kept, ha", "Taken out, ha"],
                [*_sieved(numbers), *_sieved_change(numbers)],
            )
        )  # fmt: skip
    if split:
        said = split["cut_off"]
        rows = [
            [f"Until {said}", split["before"]],
            [f"After {said}", split["after"]],
            ["Between two dates around it", split["undecided"]],
        ]
        blocks.append(Table(f"Loss and the cut-off date, {preset.name}", ["", "Lost, ha"], rows))
    return [*blocks, Text(" ".join((preset.loss, *preset.notes, preset.source)), "note")]


def _sieved(numbers: dict[str, Any]) -> list[list[Any]]:
    return [
        [visit["name"], row["before_ha"], row["after_ha"], None, row["before_ha"] - row["after_ha"]]
        for visit, row in zip(numbers["visits"], numbers["definition"]["forest"], strict=True)
    ]


def _sieved_change(numbers: dict[str, Any]) -> list[list[Any]]:
    return [
        [
            f"{kind.capitalize()}, {_span(numbers, n)}",
            row[kind]["mapped_ha"],
            row[kind]["of_sieved_forest_ha"],
            row[kind]["after_ha"],
            row[kind]["removed_ha"],
        ]
        for n, row in enumerate(numbers["definition"]["intervals"])
        for kind in ("loss", "gain")
    ]
