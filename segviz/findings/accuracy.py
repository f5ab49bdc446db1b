"""Accuracy of a map and area of its classes, by a sample that people read.

While the map is what it was when the points were drawn, its classes are the strata and the
estimates are those of Olofsson et al. 2014. Once it was edited the strata stay those of the draw,
the map's classes are those of now, and the estimates are those of Stehman 2014.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.case import Record
from segviz.findings import samples
from segviz.findings.blocks import Block, Check, Line, Plot, Table, Text
from segviz.measure.accuracy import Assessment, Estimate, Z, olofsson, stehman
from segviz.store import Store

Numbers = Mapping[str, Any]
Spec = Mapping[str, Any]

OLOFSSON, STEHMAN = "Olofsson et al. 2014", "Stehman 2014"
NO_CLASS = "no class"
UNMAPPED = Estimate(None, None, "the map says nothing here")

ESTIMATED, MAPPED = "#0072B2", "#999999"

DEFINITIONS = (
    "Estimated area: the share of each class by the reference readings, times the sampled area. "
    "User's accuracy: share of what is mapped as a class that truly is this class. Producer's "
    "accuracy: share of what truly is a class that is mapped as it. Overall accuracy: share of the "
    "area that is mapped right. All are weighted by area, with 95 % intervals (± 1.959964 standard "
    "errors)."
)
BOTH = (
    "Mapped and estimated area stand side by side: the first counts pixels and is off by the map's "
    "errors; the second takes them out, and its interval says how well the sample can."
)


def now(store: Store, sample: Record) -> dict[str, Any]:
    """The spec of a sample as it is read, and its map as it is drawn, at present."""
    seen = [one.seq for found in samples.readings(store, sample).values() for one in found]
    return {
        "kind": "accuracy",
        "case": sample.case_id,
        "sample": sample.seq,
        "readings": max(seen, default=0),
        "map": samples.current(store, sample.body["map"]),
    }


def find(store: Store, spec: Spec) -> dict[str, Any]:
    """Matrix, areas and accuracies of a sample.

    Raises:
        Refused: a class has one point that was read (SV-NUM-070).
    """
    sample = store.record(spec["case"], spec["sample"])
    body, strata = sample.body, sample.body["strata"]
    read = samples.readings(store, sample, spec["readings"])
    used = {point: found[0].body["label"] for point, found in read.items()}
    points = [point for point, label in used.items() if label is not None]
    mapped, sizes, edited = _mapped(store, spec, body)
    values = sorted({*sizes, *(mapped[point] for point in points), *(used[p] for p in points)})
    cube = np.zeros((len(strata), len(values), len(values)), np.int64)
    rows = [stratum["value"] for stratum in strata]
    for point in points:
        stratum = rows.index(body["points"][point]["stratum"])
        cube[stratum, values.index(mapped[point]), values.index(used[point])] += 1
    names = _names(body, values)
    assessed = _assess(cube, strata, values, edited)
    unit, total = _unit(strata), sum(_sizes(strata))
    return {
        "title": body["title"],
        "method": STEHMAN if edited else OLOFSSON,
        "edited": edited,
        "z": Z,
        "unit": unit,
        "area": total,
        "seed": body["seed"],
        "points": {
            "drawn": len(body["points"]),
            "read": len(points),
            "left_out": _left_out(read),
            "missing": len(body["points"]) - len(read),
        },
        "strata": [
            {name: stratum[name] for name in ("value", "name", "pixels", "area_ha", "points")}
            | {"read": int(cube[n].sum())}
            for n, stratum in enumerate(strata)
        ],
        "classes": [
            {
                "value": value,
                "name": names[n],
                "color": _color(body, value),
                "mapped": sizes.get(value, 0.0),
                "estimated": told(assessed.areas[n], total),
                "users": told(assessed.users[n] if value else UNMAPPED),
                "producers": told(assessed.producers[n] if value else UNMAPPED),
            }
            for n, value in enumerate(values)
        ],
        "counts": assessed.counts.tolist(),
        "shares": None if assessed.shares is None else assessed.shares.tolist(),
        "overall": told(assessed.overall),
        "raw_overall": assessed.raw_overall,
        "disagreements": _disagreements(read),
    }


def told(estimate: Estimate, total: float = 1.0) -> dict[str, Any]:
    """An estimate as JSON; a share of a total as the amount it stands for."""
    if estimate.value is None or estimate.se is None or estimate.margin is None:
        return {"value": None, "se": None, "low": None, "high": None, "why": estimate.why}
    value, margin = total * estimate.value, total * estimate.margin
    return {
        "value": value,
        "se": total * estimate.se,
        "margin": margin,
        "low": value - margin,
        "high": value + margin,
    }


def _assess(
    cube: NDArray[np.int64],
    strata: Sequence[Mapping[str, Any]],
    values: Sequence[int],
    edited: bool,
) -> Assessment:
    pixels, sizes = [stratum["pixels"] for stratum in strata], _sizes(strata)
    if edited:
        return stehman(cube, pixels, sizes, [stratum["name"] for stratum in strata])
    by_value = {stratum["value"]: n for n, stratum in enumerate(strata)}
    areas = [sizes[by_value[value]] if value in by_value else 0.0 for value in values]
    names = [strata[by_value[value]]["name"] if value in by_value else "" for value in values]
    return olofsson(cube.sum(axis=0), areas, names)


def _mapped(
    store: Store, spec: Spec, body: Mapping[str, Any]
) -> tuple[list[int], dict[int, float], bool]:
    """The map's class at each point, its area of each class, and whether it was edited."""
    at_draw = [point["stratum"] for point in body["points"]]
    drawn_sizes = {
        stratum["value"]: size
        for stratum, size in zip(body["strata"], _sizes(body["strata"]), strict=True)
    }
    if spec["map"] == body["map"]:
        return at_draw, drawn_sizes, False
    then = samples.class_map(store, body["map"])
    present = samples.class_map(store, spec["map"])
    if samples.same(then, present):
        return at_draw, drawn_sizes, False
    tally = samples.areas(present, within=then)
    counts = tally.pixels()
    hectares = tally.area_ha() if _unit(body["strata"]) == "ha" else None
    sizes = hectares or {value: float(count) for value, count in counts.items()}
    if sum(counts.values()) < sum(stratum["pixels"] for stratum in body["strata"]):
        sizes[0] = sum(drawn_sizes.values()) - sum(sizes.values())
    return [samples.class_at(present, point) for point in body["points"]], sizes, True


def _unit(strata: Sequence[Mapping[str, Any]]) -> str:
    return "pixels" if strata[0]["area_ha"] is None else "ha"


def _sizes(strata: Sequence[Mapping[str, Any]]) -> list[float]:
    """ha of each stratum, pixels where the scene has no CRS."""
    key = "pixels" if _unit(strata) == "pixels" else "area_ha"
    return [float(stratum[key]) for stratum in strata]


def _names(body: Mapping[str, Any], values: Sequence[int]) -> list[str]:
    legend = samples.legend_of(body)
    return [legend[value].name if value else NO_CLASS for value in values]


def _color(body: Mapping[str, Any], value: int) -> str:
    return samples.legend_of(body)[value].color if value else MAPPED


def _left_out(read: Mapping[int, Sequence[Record]]) -> dict[str, int]:
    """Reason -> points that were looked at and count neither as right nor as wrong."""
    reasons = [found[0].body["why"] for found in read.values() if found[0].body["label"] is None]
    return {reason: reasons.count(reason) for reason in sorted(set(reasons))}


def _disagreements(read: Mapping[int, Sequence[Record]]) -> list[dict[str, Any]]:
    """Points at which readers saw different classes."""
    return [
        {
            "point": point,
            "readings": [{"author": one.author, "label": one.body["label"]} for one in found],
        }
        for point, found in read.items()
        if len({one.body["label"] for one in found}) > 1
    ]


def tell(spec: Spec, numbers: Numbers) -> Sequence[Block]:
    """Areas side by side, accuracies, matrices, a plot, and what to heed."""
    return [
        *warnings(numbers),
        area_table(numbers),
        area_plot(numbers),
        accuracy_table(numbers),
        *overall(numbers),
        *matrices(numbers),
        *checks(numbers),
        Text(DEFINITIONS, "note"),
        Text(source(numbers), "note"),
    ]


def warnings(numbers: Numbers) -> list[Text]:
    """That points are missing, or that no error was found, and what this means."""
    points, said = numbers["points"], []
    if points["missing"]:
        said.append(
            f"Provisional: {points['missing']:,} of {points['drawn']:,} points are not read yet. "
            "The estimates are from the points read so far."
        )
    if numbers["raw_overall"] == 1:
        said.append(
            "No point was found to be mapped wrongly, so the intervals are 0 wide. This says that "
            "the sample found no error, not that the map has none; more points may find some."
        )
    return [Text(text, "warning") for text in said]


def area_table(numbers: Numbers) -> Table:
    unit = numbers["unit"]
    return Table(
        "Area",
        ("Class", f"Mapped, {unit}", f"Estimated, {unit}", f"± 95 %, {unit}", "Share, %"),
        [
            (
                row["name"],
                row["mapped"],
                row["estimated"]["value"],
                row["estimated"].get("margin"),
                _percent(row["estimated"]["value"], numbers["area"]),
            )
            for row in numbers["classes"]
        ],
        note=BOTH,
    )


def accuracy_table(numbers: Numbers) -> Table:
    return Table(
        "Accuracy by class",
        ("Class", "User's, %", "± 95 %", "Producer's, %", "± 95 %"),
        [
            (
                row["name"],
                *(
                    _percent(row[kind].get(part))
                    for kind in ("users", "producers")
                    for part in ("value", "margin")
                ),
            )
            for row in numbers["classes"]
        ],
        note=_notes(numbers),
    )


def overall(numbers: Numbers) -> tuple[Table, Text]:
    """The accuracy of the map, and apart from it the share of points that agree."""
    found = numbers["overall"]
    rows = [("Overall accuracy, by area", _percent(found["value"]), _percent(found.get("margin")))]
    agree = _percent(numbers["raw_overall"])
    return (
        Table("Overall accuracy", ("Measure", "%", "± 95 %"), rows),
        Text(
            "Points that agree, not weighted by area: "
            + ("none read yet." if agree is None else f"{agree:.1f} %.")
            + " This depends on how the points were shared out and is no accuracy of the map.",
            "note",
        ),
    )


def matrices(numbers: Numbers) -> list[Table]:
    """Points, and shares of the area, by map (rows) and reference (columns)."""
    names = [row["name"] for row in numbers["classes"]]
    columns = ("Map ↓   Reference →", *names, "Sum")
    counts = np.array(numbers["counts"])
    tables = [
        Table(
            "Points", columns, _with_sums(names, counts), note="Rows: map; columns: what was read."
        )
    ]
    if numbers["shares"] is not None:
        shares = 100 * np.array(numbers["shares"])
        tables.append(Table("Share of the area, %", columns, _with_sums(names, shares)))
    return tables


def area_plot(numbers: Numbers) -> Plot:
    names = [row["name"] for row in numbers["classes"]]
    estimates = [row["estimated"] for row in numbers["classes"]]
    return Plot(
        "Mapped and estimated area",
        "Class",
        f"Area, {numbers['unit']}",
        [
            Line("mapped", MAPPED, names, [row["mapped"] for row in numbers["classes"]]),
            Line(
                "estimated, 95 % interval",
                ESTIMATED,
                names,
                [one["value"] for one in estimates],
                [one["low"] for one in estimates],
                [one["high"] for one in estimates],
            ),
        ],
        "bars",
    )


def checks(numbers: Numbers) -> list[Check]:
    points = numbers["points"]
    left_out = ", ".join(f"{count} {reason}" for reason, count in points["left_out"].items())
    found = [
        Check(
            "All points are read",
            "warned" if points["missing"] else "passed",
            f"{points['drawn'] - points['missing']:,} of {points['drawn']:,}",
        ),
        Check(
            "The map is as it was when the points were drawn",
            "warned" if numbers["edited"] else "passed",
            "it was edited, so the strata are those of the draw and the estimator is Stehman's"
            if numbers["edited"]
            else "its classes are the strata",
        ),
        Check(
            "All points could be told",
            "warned" if left_out else "passed",
            f"{left_out}; left out, not counted as wrong" if left_out else "none was left out",
        ),
    ]
    differing = len(numbers["disagreements"])
    if differing:
        why = f"they differ at {differing:,} points, where the newest reading counts"
        found.append(Check("Readers agree", "warned", why))
    return found


def source(numbers: Numbers) -> str:
    """Which estimator, from which sample."""
    read, seed = numbers["points"]["read"], numbers["seed"]
    return (
        f"{numbers['method']}, stratified random sample of {numbers['title']} (seed {seed}), "
        f"{read:,} points used."
    )


def _notes(numbers: Numbers) -> str:
    """Why accuracies are missing, each reason once, and what an interval of 0 width means."""
    found = [
        (row["name"], row[kind]) for row in numbers["classes"] for kind in ("users", "producers")
    ]
    said = list(dict.fromkeys(f"{name}: {one['why']}" for name, one in found if one.get("why")))
    if any(one.get("margin") == 0 for _, one in found):
        said.append("± 0 means that the points read were all alike, not that no other exists")
    return "; ".join(said) + "." if said else ""


def _with_sums(names: Sequence[str], matrix: NDArray[Any]) -> list[tuple[Any, ...]]:
    rows = [
        (name, *row.tolist(), row.sum().item()) for name, row in zip(names, matrix, strict=True)
    ]
    return [*rows, ("Sum", *matrix.sum(axis=0).tolist(), matrix.sum().item())]


def _percent(share: float | None, whole: float = 1.0) -> float | None:
    return None if share is None else 100 * share / whole
