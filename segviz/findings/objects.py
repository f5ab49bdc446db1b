"""Objects of a mask: how many of each label, how large, where.

Spec: ``layer`` and ``revision``; ``labels`` that are counted; ``smallest`` size in ml, ha or
pixels; ``split``, the depth in mm or m at which touching objects are told apart, or None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz import workbench
from segviz.case import Layer
from segviz.findings.blocks import Block, Line, Plot, Table, Text
from segviz.findings.inputs import mask_of
from segviz.mask import PALETTE, Label, Legend
from segviz.measure.instances import Objects, objects, summary
from segviz.opening.images import Recent
from segviz.store import Store

Spec = dict[str, Any]

TOLD = 20
"""Rows of the largest objects in a report."""

DEFINITION = (
    "An object is a connected piece of its label: cells that touch, be it at a corner (26 "
    "neighbours in a scan, 8 in a scene). Its size is that of its cells: ml by |det| of the scan's "
    "position matrix, ha by the area of each cell on the ellipsoid. Quartiles by linear "
    "interpolation (type 7)."
)
SPLIT = (
    " Objects that touch are split where the neck between them is narrower than both sides by more "
    "than the depth, measured from the outline (watershed of the distance to the outline from its "
    "h-maxima)."
)

_recent: Recent[Objects] = Recent(4)


def now(
    store: Store,
    layer: Layer,
    labels: Sequence[int] | None = None,
    smallest: float = 0.0,
    split: float | None = None,
) -> Spec:
    """Of a layer as it stands; of the labels that its legend calls things, else of all."""
    bench = workbench.get(store, layer.id)
    return {
        "kind": "objects",
        "layer": layer.id,
        "revision": bench.revision,
        "labels": list(things(bench.legend) if labels is None else labels),
        "smallest": smallest,
        "split": split,
    }


def things(legend: Legend) -> list[int]:
    """Labels whose objects are counted: those called things, all where none is."""
    return [label.value for label in legend if label.thing] or [label.value for label in legend]


def find(store: Store, spec: Mapping[str, Any]) -> dict[str, Any]:
    """See ``measure.instances.summary``, for each label.

    Raises:
        Refused: see ``measure.instances.objects``.
    """
    return {"labels": [summary(counted(store, spec, label)) for label in spec["labels"]]}


def counted(store: Store, spec: Mapping[str, Any], label: int) -> Objects:
    """The objects of one label; those looked at last are kept."""
    names = ("layer", "revision", "smallest", "split")
    key = "/".join(str(part) for part in (store.home, label, *(spec[name] for name in names)))

    def count() -> Objects:
        _, mask = mask_of(store, spec["layer"], spec["revision"])
        return objects(mask, label, smallest=spec["smallest"], split=spec["split"])

    return _recent.get(key, count)


COLORS = Legend(
    tuple(Label(n, f"object {n}, {n + 7}, ...", color) for n, color in enumerate(PALETTE[:-1], 1))
)
"""Of objects by number, so that neighbours can mostly be told apart."""


def colored(numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Labels of ``COLORS`` for the numbers of objects, 0 where there is none."""
    return np.where(numbers > 0, (numbers - 1) % len(COLORS) + 1, 0).astype(np.uint8)


def definition(spec: Mapping[str, Any], unit: str) -> str:
    """What is counted, with the options that were chosen."""
    parts = [DEFINITION]
    if spec["split"] is not None:
        length = "mm" if unit == "ml" else "m"
        parts.append(f"{SPLIT.strip()} Depth here: {spec['split']:g} {length}.")
    if spec["smallest"]:
        parts.append(f"Objects below {spec['smallest']:g} {unit} are left out.")
    return " ".join(parts)


def tell(spec: Mapping[str, Any], numbers: Mapping[str, Any]) -> Sequence[Block]:
    rows = numbers["labels"]
    if not rows:
        return [Text("The mask has no label whose objects could be counted.")]
    unit = rows[0]["unit"]
    columns = ("Label", "Objects", f"All, {unit}", f"Smallest, {unit}", f"Quartile 1, {unit}",
               f"Median, {unit}", f"Quartile 3, {unit}", f"Largest, {unit}")  # fmt: skip
    names = ("name", "count", "total", "smallest", "quartile_1", "median", "quartile_3", "largest")
    blocks: list[Block] = [
        Table(
            "Objects",
            columns,
            [[row[name] for name in names] for row in rows],
            definition(spec, unit),
        )
    ]
    blocks += [sizes(row) for row in rows if row["count"] > 1]
    blocks += [largest(row) for row in rows if row["count"]]
    left_out = sum(row["left_out"] for row in rows)
    if left_out:
        blocks.append(Text(f"{left_out:,} smaller objects were left out.", "note"))
    return blocks


def sizes(row: Mapping[str, Any]) -> Plot:
    """How many objects there are of which size."""
    edges, counts = row["histogram"]["edges"], row["histogram"]["counts"]
    spans = [f"{low:g}–{high:g}" for low, high in pairwise(edges)]
    return Plot(
        f"Sizes of {row['name']}",
        f"Size, {row['unit']}",
        "Objects",
        [Line(row["name"], row["color"], spans, counts)],
        "bars",
    )


PLACES = {
    "x_mm": "x (right), mm",
    "y_mm": "y (front), mm",
    "z_mm": "z (up), mm",
    "longitude": "Longitude, °",
    "latitude": "Latitude, °",
    "row": "Row",
    "column": "Column",
}


def largest(row: Mapping[str, Any]) -> Table:
    """The largest objects with their places."""
    shown = row["objects"][:TOLD]
    names = [name for name in PLACES if name in shown[0]]
    return Table(
        f"Largest objects of {row['name']}",
        ("Number", f"Size, {row['unit']}", *(PLACES[name] for name in names)),
        [[item["id"], item["size"], *(item[name] for name in names)] for item in shown],
        "Places are centroids.",
    )
