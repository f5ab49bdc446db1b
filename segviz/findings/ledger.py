"""The lesion ledger of a case: each lesion at each visit, sums of diameters, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np

from segviz import workbench
from segviz.case import Case, Record, Visit
from segviz.change import ledger, motion, response
from segviz.change.response import CRITERIA, Criterion, Size
from segviz.findings.blocks import Block, Check, Line, Plot, Table, Text
from segviz.findings.inputs import mask_of
from segviz.grid import VolumeGrid
from segviz.measure.uncertainty import expected, of_difference
from segviz.registration import REGISTRATION
from segviz.store import Store
from segviz.workbench import shares

Numbers = dict[str, Any]
Spec = Mapping[str, Any]

KIND = "ledger"
DECISION = "lesion"
FOLLOW_UP = "follow-up"
"""Kind of the records that keep ``Choices``; their name is the value of the label."""

SMALLEST_MM3 = 50.0
"""Pieces below it are left out unless the reader says otherwise."""

SAME_SPACING = 0.05
"""Spacings that differ by more than this share are another protocol."""

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")

DEFINITION = (
    "A lesion is a piece of the label whose voxels touch at a face, edge or corner. It keeps its "
    "name at the next visit where it overlaps itself once both are aligned, in mm; of several, "
    "the one with the most in common keeps it. Volume = voxels × voxel volume. Diameters lie "
    "within one axial slice, from voxel centre to voxel centre; of parts they are added up. "
    "± is half a voxel all around the outline; of a change, both visits in quadrature."
)


@dataclass(frozen=True)
class Choices:
    """What a reader chose for the ledger of a label.

    Attributes:
        targets: names of lesions; none for the largest measurable ones.
        nodes: targets that are lymph nodes.
        baseline: id of a visit; None for the first one.
        layers: visit -> the layer to read; its first one where it is not named.
    """

    smallest_mm3: float = SMALLEST_MM3
    criterion: str = "rano-2010"
    targets: Sequence[str] = ()
    nodes: Sequence[str] = ()
    baseline: str | None = None
    layers: Mapping[str, str] = field(default_factory=dict)


def kept(store: Store, case: Case, label: int) -> Choices | None:
    """The choices that were made for a label; None where nobody made any."""
    said = {record.name: record.body for record in store.records(case.id, FOLLOW_UP)}
    return Choices(**said[str(label)]) if str(label) in said else None


def keep(store: Store, case: Case, label: int, chosen: Choices, author: str) -> Record:
    """Have pages and reports use these choices from now on."""
    return store.add_record(case.id, FOLLOW_UP, str(label), asdict(chosen), author)


def now(store: Store, case: Case, label: int, chosen: Choices | None = None) -> dict[str, Any]:
    """The spec of a case as it stands: its marked visits, alignments and decisions.

    Args:
        chosen: those that were kept when None.
    """
    chosen = chosen or kept(store, case, label) or Choices()
    marked = []
    for visit in case.segmented:
        bench = workbench.get(store, chosen.layers.get(visit.id, visit.id))
        found = bench.shares()
        run = found.run if found is not None and found.label == label else None
        if bench.revision or bench.layer.origin:
            marked.append(
                {"visit": visit.id, "layer": bench.layer.id, "revision": bench.revision, "run": run}
            )
    there = {row["visit"] for row in marked}
    return {
        "kind": KIND,
        "case": case.id,
        "visits": marked,
        "label": label,
        "smallest_mm3": chosen.smallest_mm3,
        "registrations": {
            record.name: record.seq
            for record in store.records(case.id, REGISTRATION)
            if record.name in there
        },
        "decisions": [
            record.seq
            for record in store.records(case.id, DECISION)
            if record.body["label"] == label
        ],
        "criterion": chosen.criterion,
        "targets": list(chosen.targets) or None,
        "nodes": list(chosen.nodes),
        "baseline": chosen.baseline,
    }


def find(store: Store, spec: Spec) -> Numbers:
    """The numbers of a spec.

    Raises:
        NotFound, Refused: as ``mask_of`` and ``motion.of_rows``.
    """
    pairs = [mask_of(store, row["layer"], row["revision"]) for row in spec["visits"]]
    records = {name: store.record(spec["case"], seq) for name, seq in spec["registrations"].items()}
    decisions = [store.record(spec["case"], seq).body for seq in spec["decisions"]]
    visits = [visit for visit, _ in pairs]
    looks = [
        ledger.look(
            mask.data, _grid(visit), spec["label"], spec["smallest_mm3"], _matrix(records, visit)
        )
        for visit, mask in pairs
    ]
    place = {visit.id: n for n, visit in enumerate(visits)}
    said = [
        body | {"visit": place[body["visit"]]} for body in decisions if body.get("visit") in place
    ]
    named, lost = ledger.named_by(looks, said)
    rows = ledger.ledger(looks, named)
    titles = {body["lesion"]: body["title"] for body in decisions if "title" in body}
    first = place.get(spec["baseline"], 0)
    known = [mask.legend[spec["label"]] for _, mask in pairs[-1:]]
    return {
        "label": {"label": spec["label"], "name": known[0].name if known else ""},
        "visits": [
            _visit_numbers(store, spec, n, visits, looks, records) for n in range(len(visits))
        ],
        "lesions": [_lesion(row, titles, first) for row in rows],
        "lost_decisions": [said[n]["lesion"] for n in lost],
        "response": _response(rows, spec, first, [look.grid for look in looks]),
    }


def tell(spec: Spec, numbers: Numbers) -> list[Block]:
    """The ledger for people: lesions, sums, volumes over time, what was checked."""
    visits, answer = numbers["visits"], numbers["response"]
    names = [_when(visit) for visit in visits]
    blocks: list[Block] = [
        Table(
            f"Lesions of {numbers['label']['name']}, volume in ml (longest × perpendicular in mm)",
            ["Lesion", *names],
            [[row["title"], *(_cell(at) for at in row["visits"])] for row in numbers["lesions"]],
            f"{DEFINITION} Pieces below {spec['smallest_mm3']:g} mm³ are left out.",
        ),
        volume_plot(numbers),
        response_table(numbers),
        Text(f"{answer['aid']} {answer['asks']} Thresholds: {answer['source']}.", "warning"),
        *checks(numbers),
    ]
    return blocks


def volume_plot(numbers: Numbers) -> Plot:
    """ml of each lesion over its visits, with half a voxel of the outline as interval."""
    x = [visit["date"] or visit["name"] for visit in numbers["visits"]]
    lines = []
    for n, row in enumerate(numbers["lesions"]):
        there = [measured(at) for at in row["visits"]]
        y = [None if at is None else at["volume_ml"] for at in there]
        half = [0.0 if at is None else at["outline_ml"] for at in there]
        ends = [
            [None if v is None else max(0.0, v + sign * h) for v, h in zip(y, half, strict=True)]
            for sign in (-1, 1)
        ]
        lines.append(Line(row["title"], COLORS[n % len(COLORS)], x, y, *ends))
    return Plot("Volume of each lesion", "Visit", "Volume, ml", lines)


def measured(at: Numbers | None) -> Numbers | None:
    """A lesion at a visit if it has a volume of its own there: 0 where it vanished."""
    return at if at and (at["pieces"] or at["state"] == "vanished") else None


def response_table(numbers: Numbers) -> Table:
    """Sums over the targets at each visit and the range they alone fall in."""
    answer = numbers["response"]
    unit = "mm²" if answer["total"] == "spd" else "mm"
    title = f"{answer['title']}: targets {', '.join(answer['targets']) or 'none'}"
    rows = [
        [
            _when(numbers["visits"][answer["first"] + n]),
            reading["sld_mm"],
            reading["spd_mm2"],
            _share(reading["from_baseline"]),
            _share(reading["from_nadir"]),
            reading["range"] or "–",
            reading["why"],
        ]
        for n, reading in enumerate(answer["readings"])
    ]
    columns = ["Visit", "Sum of diameters, mm", "Sum of products, mm²",
               f"{answer['total'].upper()} ({unit}) vs baseline", "vs smallest before",
               "Range by diameters alone", "Why"]  # fmt: skip
    return Table(title, columns, rows, answer["asks"])


def checks(numbers: Numbers) -> list[Check]:
    """What makes two visits differ without the lesion having changed."""
    found = []
    for visit in numbers["visits"][1:]:
        name = _when(visit)
        found.append(
            Check(f"{name}: aligned", "passed", f"Aligned {_by(visit['aligned'])}.")
            if visit["aligned"]
            else Check(
                f"{name}: aligned",
                "warned",
                "Not aligned: lesions are compared by the positions that the files say.",
            )
        )
        found.append(
            Check(f"{name}: comparable", "warned", "Not directly comparable. "
                  + " ".join(visit["differs"]))
            if visit["differs"]
            else Check(f"{name}: comparable", "passed", "Same sequence, spacing and slice gap.")
        )  # fmt: skip
    return found


def differences(first: Visit, other: Visit) -> list[str]:
    """Why two visits are not directly comparable; empty where they are."""
    said = []
    if first.channels != other.channels:
        said.append(
            f"Another sequence: {', '.join(filter(None, first.channels)) or 'unnamed'} and "
            f"{', '.join(filter(None, other.channels)) or 'unnamed'}."
        )
    one, two = (_grid(visit).canonical.spacing_mm for visit in (first, other))
    if any(abs(a - b) > SAME_SPACING * max(a, b) for a, b in zip(one, two, strict=True)):
        shown = (" × ".join(f"{mm:.3g}" for mm in spacing) for spacing in (one, two))
        said.append("Another spacing or slice gap: {} and {} mm.".format(*shown))
    return said


def _visit_numbers(
    store: Store,
    spec: Spec,
    n: int,
    visits: Sequence[Visit],
    looks: Sequence[ledger.Look],
    records: Mapping[str, Record],
) -> Numbers:
    visit, look, layer = visits[n], looks[n], spec["visits"][n]["layer"]
    record = records.get(visit.id)
    turns, shift = motion.parts(look.to_reference, motion.middle_mm(look.grid))
    return {
        "visit": visit.id,
        "name": visit.name,
        "date": visit.when.isoformat() if visit.when else None,
        "days": _days(visits[0].when, visit.when),
        "interval_days": _days(visits[n - 1].when, visit.when) if n else None,
        "aligned": record.body["by"] if record else None,
        "rotation_deg": turns.round(3).tolist() if record else None,
        "translation_mm": shift.round(3).tolist() if record else None,
        "metric": record.body.get("metric") if record else None,
        "volume_ml": sum(piece.volume_ml for piece in look.found),
        "outline_ml": sum(piece.outline_ml for piece in look.found),
        "expected": _expected(store, visit, spec["visits"][n].get("run")),
        "too_small": {"pieces": look.too_small[0], "voxels": look.too_small[1]},
        "differs": differences(visits[0], visit) if n else [],
    } | ({} if layer == visit.id else {"layer": store.layer(layer).name})


def _expected(store: Store, visit: Visit, run: str | None) -> Numbers | None:
    """By the model's probabilities, where its run kept them."""
    kept = shares.of_run(store, visit, run) if run else None
    return None if kept is None else expected(kept.read(), _grid(visit)).to_json()


def _lesion(row: Numbers, titles: Mapping[str, str], first: int) -> Numbers:
    """A lesion with its changes against the baseline and the smallest volume before."""
    seen: list[Numbers] = []
    visits: list[Numbers | None] = []
    for n, at in enumerate(row["visits"]):
        if at is None:
            visits.append(None)
            continue
        base = row["visits"][first] if n > first else None
        before = seen[-1] if seen else None
        least = min((earlier["volume_ml"] for earlier in seen), default=None)
        visits.append(
            at
            | {
                "from_baseline": response.relative(base and base["volume_ml"], at["volume_ml"]),
                "from_nadir": response.relative(least, at["volume_ml"]),
                "change_ml": at["volume_ml"] - before["volume_ml"] if before else None,
                "change_outline_ml": of_difference(
                    before["outline_ml"] if before else None, at["outline_ml"]
                ),
            }
        )
        seen.append(at)
    volumes = {n: at["volume_ml"] for n, at in enumerate(row["visits"]) if at and at["pieces"]}
    return {
        "name": row["name"],
        "title": titles.get(row["name"], row["name"]),
        "visits": visits,
        "nadir": min(volumes, key=volumes.__getitem__) if volumes else None,
    }


def _response(
    rows: Sequence[Numbers], spec: Spec, first: int, grids: Sequence[VolumeGrid]
) -> Numbers:
    criterion = CRITERIA[spec["criterion"]]
    nodes = set(spec["nodes"])
    slice_mm = grids[first].canonical.spacing_mm[2] if grids else 0.0
    why = {
        row["name"]: response.not_measurable(size, slice_mm, criterion, row["name"] in nodes)
        for row in rows
        if (size := _size(row["visits"][first])) is not None
    }
    targets = _targets(rows, why, criterion, spec["targets"], nodes, first)
    parts = _parts(rows, targets)
    chosen = [row for row in rows if row["name"] in targets or row["name"] in parts]
    sums = {
        total: [_sum(chosen, n, criterion_of, nodes) for n in range(first, len(grids))]
        for total, criterion_of in (("spd", CRITERIA["rano-2010"]), ("sld", CRITERIA["recist-1.1"]))
    }
    new = [_has_new(rows, n, first) for n in range(first, len(grids))]
    readings = response.readings(sums[criterion.total], new, criterion)
    return {
        "criterion": spec["criterion"],
        "title": criterion.title,
        "total": criterion.total,
        "first": first,
        "targets": targets,
        "parts": parts,
        "not_measurable": {name: reason for name, reason in why.items() if reason},
        "readings": [
            reading.to_json() | {"spd_mm2": spd, "sld_mm": sld}
            for reading, spd, sld in zip(readings, sums["spd"], sums["sld"], strict=True)
        ],
        "geometric_equivalents": [
            {"change": change, "volume": response.volume_equivalent(change, criterion.total)}
            for change in (-criterion.partial, criterion.progress)
        ],
        "aid": response.AID,
        "asks": criterion.asks,
        "source": criterion.source,
    }


def _targets(
    rows: Sequence[Numbers],
    why: Mapping[str, str | None],
    criterion: Criterion,
    chosen: Sequence[str] | None,
    nodes: set[str],
    first: int,
) -> list[str]:
    """Those chosen, else the largest measurable ones at the baseline."""
    if chosen is not None:
        return [row["name"] for row in rows if row["name"] in chosen]
    sizes = {
        row["name"]: response.amount(_size(row["visits"][first]), criterion, row["name"] in nodes)
        for row in rows
        if row["name"] in why and why[row["name"]] is None
    }
    return sorted(sizes, key=lambda name: -sizes[name])[: response.MOST_TARGETS]


def _parts(rows: Sequence[Numbers], targets: Sequence[str]) -> list[str]:
    """Lesions that split off a target: they are added to it, as RECIST 1.1 does."""
    family = list(targets)
    for row in rows:  # in order of first appearance, so that parts of parts come after them
        begun = next(at for at in row["visits"] if at)
        if begun["state"] == "split" and row["name"] not in family and set(begun["of"]) & {*family}:
            family.append(row["name"])
    return family[len(targets) :]


def _sum(rows: Sequence[Numbers], n: int, criterion: Criterion, nodes: set[str]) -> float | None:
    if not rows:
        return None
    return sum(
        response.amount(_size(row["visits"][n]), criterion, row["name"] in nodes) for row in rows
    )


def _size(at: Numbers | None) -> Size | None:
    if at is None or not at["pieces"]:
        return None
    return Size(at["longest_mm"], at["perpendicular_mm"], at["slices"], at["product_mm2"])


def _has_new(rows: Sequence[Numbers], n: int, first: int) -> bool:
    """Whether a lesion is there that came new after the baseline."""
    for row in rows:
        begun = next(at for at in row["visits"] if at)
        late = row["visits"].index(begun) > first
        at = row["visits"][n]
        if late and begun["state"] == "new" and at and at["pieces"]:
            return True
    return False


def _matrix(records: Mapping[str, Record], visit: Visit) -> ledger.Matrix:
    record = records.get(visit.id)
    return np.eye(4) if record is None else motion.of_rows(record.body["matrix"])


def _grid(visit: Visit) -> VolumeGrid:
    if not isinstance(visit.grid, VolumeGrid):
        raise TypeError("a scene has no lesions")
    return visit.grid


def _days(one: date | None, two: date | None) -> int | None:
    return (two - one).days if one and two else None


def _when(visit: Numbers) -> str:
    """Date or name of a visit, with the layer where it is not the first one."""
    return ", ".join(filter(None, (visit["date"] or visit["name"], visit.get("layer"))))


def _by(how: str) -> str:
    return "by hand" if how == "hand" else "automatically"


def _cell(at: Numbers | None) -> str:
    if at is None:
        return "–"
    if not at["pieces"]:
        into = f" into {at['of'][0]}" if at["of"] else ""
        return f"{at['state']}{into}"
    size = f"{at['volume_ml']:.2f} ({at['longest_mm']:.1f} × {at['perpendicular_mm']:.1f})"
    return size if at["state"] in ("first", "persistent") else f"{size}, {at['state']}"


def _share(change: float | None) -> str:
    return "–" if change is None else f"{100 * change:+.1f} %"
