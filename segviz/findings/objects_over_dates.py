"""Objects of one label followed through the dates of a scene.

Spec: ``layers``, each with ``layer`` and ``revision``, the oldest first; ``label``; ``smallest``,
``split`` as of objects; ``share`` of the smaller object that links two of neighbouring dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from segviz import workbench
from segviz.case import Case
from segviz.change.objects import LEAST_SHARE, STATES, followed
from segviz.findings.blocks import Block, Line, Plot, Table, Text
from segviz.findings.objects import counted, definition
from segviz.store import Store

Spec = dict[str, Any]

COLORS = {
    "new": "#0072B2",
    "persistent": "#009E73",
    "split": "#E69F00",
    "merged": "#CC79A7",
    "vanished": "#D55E00",
}
"""Okabe and Ito (2008)."""

TOLD = 20
LINKED = (
    "Objects of neighbouring dates are linked where they share at least {share:.0%} of the cells "
    "of the smaller; the pair that shares most keeps the number. New: nothing was linked to it at "
    "the date before. Vanished and what merged into another count with the size that they had; all "
    "others with the size at the later date."
)


def now(
    store: Store,
    case: Case,
    label: int,
    smallest: float = 0.0,
    split: float | None = None,
    share: float = LEAST_SHARE,
) -> Spec:
    """Of the first mask of each date that is segmented, as they stand."""
    return {
        "kind": "objects_over_dates",
        "layers": [
            {"layer": visit.id, "revision": workbench.get(store, visit.id).revision}
            for visit in case.segmented
        ],
        "label": label,
        "smallest": smallest,
        "split": split,
        "share": share,
    }


def find(store: Store, spec: Mapping[str, Any]) -> dict[str, Any]:
    """See ``change.objects.followed``; of each date also its name and day.

    Raises:
        Refused: dates on different grids (SV-NUM-115); see ``measure.instances.objects``.
    """
    options = {name: spec[name] for name in ("smallest", "split")}
    found = [counted(store, {**at, **options}, spec["label"]) for at in spec["layers"]]
    told = followed(found, spec["share"])
    for at, row in zip(spec["layers"], told["dates"], strict=True):
        visit = workbench.get(store, at["layer"]).visit
        row["name"] = visit.name
        row["date"] = visit.when.isoformat() if visit.when else None
    return {"label": found[0].label.name, **told}


def defined(spec: Mapping[str, Any], unit: str) -> str:
    """What is counted and how objects are linked."""
    return f"{definition(spec, unit)} {LINKED.format(share=spec['share'])}"


def tell(spec: Mapping[str, Any], numbers: Mapping[str, Any]) -> Sequence[Block]:
    unit, dates = numbers["unit"], numbers["dates"]
    if len(dates) < 2:
        return [Text("Objects are followed from the second date on.", "note")]
    note = defined(spec, unit)
    return [
        Table(
            f"{numbers['label']} from date to date",
            ("From", "To", *(f"{state}, {what}" for state in STATES for what in ("n", unit))),
            [
                [one["name"], two["name"], *(step[state][what] for state in STATES
                                             for what in ("count", "size"))]
                for (one, two), step in zip(pairwise(dates), numbers["steps"], strict=True)
            ],
            note,
        ),
        states(numbers),
        _largest(numbers),
    ]  # fmt: skip


def states(numbers: Mapping[str, Any]) -> Plot:
    """Size by state at each date but the first."""
    x = [date["date"] or date["name"] for date in numbers["dates"][1:]]
    return Plot(
        f"Objects of {numbers['label']}",
        "Date",
        f"Size, {numbers['unit']}",
        [
            Line(state, COLORS[state], x, [step[state]["size"] for step in numbers["steps"]])
            for state in STATES
        ],
        "bars",
    )


def _largest(numbers: Mapping[str, Any]) -> Table:
    dates = [date["name"] for date in numbers["dates"]]
    return Table(
        "Largest objects",
        ("Number", *(f"{date}, {numbers['unit']}" for date in dates), "Last state"),
        [
            [row["name"], *row["sizes"], next(state for state in row["states"][::-1] if state)]
            for row in numbers["objects"][:TOLD]
        ],
    )
