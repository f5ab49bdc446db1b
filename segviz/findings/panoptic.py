"""Panoptic quality of a mask against another one of the same image.

Spec: ``mask`` and ``reference``, each with ``layer`` and ``revision``; ``things``, the labels whose
objects are matched; ``smallest`` and ``split`` as of objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segviz import workbench
from segviz.case import Layer
from segviz.findings.blocks import Block, Table, Text
from segviz.findings.inputs import mask_of
from segviz.findings.objects import things
from segviz.measure.panoptic import panoptic
from segviz.store import Store

Spec = dict[str, Any]

DEFINITION = (
    "PQ = sum of the IoU of matched segments / (TP + FP/2 + FN/2) = SQ × RQ (Kirillov 2019). Two "
    "segments match where their IoU exceeds 0.5. SQ is the mean IoU of the matches (0 where there "
    "is none), RQ their F1. Objects of a thing are matched one by one; all cells of a stuff are "
    "one segment. A class that neither mask has is left out of the mean."
)
VOID = (
    " 0 is no data: such cells are left out, and what lies by more than half in the other mask's "
    "is no error."
)
BACKGROUND = " 0 is background: an object there is a false alarm."


def now(
    store: Store,
    layer: Layer,
    reference: Layer,
    smallest: float = 0.0,
    split: float | None = None,
) -> Spec:
    """Of two layers as they stand."""
    benches = [workbench.get(store, each.id) for each in (layer, reference)]
    mask, other = ({"layer": b.layer.id, "revision": b.revision} for b in benches)
    legend = benches[0].legend
    return {
        "kind": "panoptic",
        "mask": mask,
        "reference": other,
        "things": things(legend),
        "smallest": smallest,
        "split": split,
    }


def find(store: Store, spec: Mapping[str, Any]) -> dict[str, Any]:
    """See ``measure.panoptic.panoptic``.

    Raises:
        Refused: the masks lie on different grids (SV-NUM-114); see ``measure.instances.objects``.
    """
    mask, reference = (
        mask_of(store, spec[which]["layer"], spec[which]["revision"])[1]
        for which in ("mask", "reference")
    )
    return panoptic(
        mask,
        reference,
        things=frozenset(spec["things"]),
        smallest=spec["smallest"],
        split=spec["split"],
    )


def definition(numbers: Mapping[str, Any]) -> str:
    return DEFINITION + (VOID if numbers["void"] else BACKGROUND)


def tell(spec: Mapping[str, Any], numbers: Mapping[str, Any]) -> Sequence[Block]:
    names = ("pq", "sq", "rq", "tp", "fp", "fn")
    rows = [
        [row["name"], "thing" if row["thing"] else "stuff", *(row[name] for name in names)]
        for row in numbers["classes"]
    ]
    mean = numbers["mean"]
    over = f"mean of {mean['classes']}"
    rows.append([over, "", *(mean[name] for name in ("pq", "sq", "rq")), None, None, None])
    columns = ("Class", "Kind", "PQ", "SQ", "RQ", "TP", "FP", "FN")
    blocks: list[Block] = [Table("Panoptic quality", columns, rows, definition(numbers))]
    if "why" in mean:
        blocks.append(Text(mean["why"], "note"))
    return blocks
