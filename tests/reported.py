"""A document with every kind of block, and a case with masks, for the tests of reports."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import phantoms

from segviz import opening, workbench
from segviz.case import Case
from segviz.findings.blocks import Check, Line, Picture, Plot, Table, Text
from segviz.render import picture
from segviz.report.document import Document, Section
from segviz.store import Store

MADE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> & ≥ é ● 北 $x$"

LINES = Plot(
    "Volume over time",
    "Date",
    "Volume, ml",
    [
        Line(
            "Lesion", "#D55E00", ["2021-01-12", "2021-05-02"], [4.2, 9.8], [4.0, 9.0], [5.0, 10.0]
        ),
        Line(HOSTILE, "#0072B2", ["2021-01-12", "2021-05-02"], [None, 1.0]),
    ],
)
BARS = Plot(
    "Mapped and estimated",
    "Class",
    "Area, ha",
    [
        Line("mapped", "#009E73", ["forest", "loss"], [80.0, 20.0]),
        Line("estimated", "#E69F00", ["forest", "loss"], [75.0, None], [70.0, None], [80.0, None]),
    ],
    "bars",
)
TABLE = Table(
    "Volumes",
    ("Label", "Volume, ml", "Voxels"),
    [[HOSTILE, 17.5, 17500], ["none", None, 0]],
    "How.",
)


def document(*more: object) -> Document:
    png = picture.png(np.full((40, 60, 3), 90, np.uint8))
    blocks = [
        Text("Plain words."),
        Text("A definition.", "note"),
        Text("Heed this.", "warning"),
        TABLE,
        Picture("Slice S 3.0 mm", png),
        LINES,
        BARS,
        Check("Grid", "passed", "The same."),
        Check("Season", "warned", "Two months apart."),
        Check("Model", "failed", "Another one."),
        *more,
    ]
    versions = [("segviz", "1.0"), ("numpy", "2.0")]
    facts = [("Case", "abc"), ("Kind", "Scan")]
    return Document(HOSTILE, facts, "Simulated", [Section("All", blocks)], MADE, versions)  # type: ignore[arg-type]


def two_visits(store: Store, folder: Path) -> Case:
    """A patient whose large sphere is smaller on the second of two dates."""
    made = phantoms.spheres(folder)
    case = opening.open_files(store, [made.image], name="Jane Doe", when=date(2021, 1, 12))
    case = opening.open_files(store, [made.image], case_id=case.id, when=date(2021, 5, 2))
    for number, visit in enumerate(case.visits):
        labels = phantoms.sphere_labels()
        if number:
            labels[:10] = 0
        mask = workbench.get(store, visit.id).mask()
        bench = workbench.get(store, visit.id)
        drawn = type(mask)(visit.grid, labels, phantoms.SPHERES, "phantom")
        bench.replace_by(drawn, title="Import", uuid=f"{number}", author="Dr A")
    return store.case(case.id)


def dates(store: Store, folder: Path) -> Case:
    """A place with two dates, half of it marked on the first and a quarter on the second."""
    from web_case import write_scenes

    case = opening.open_files(store, write_scenes(folder), name="Doe's farm")
    for number, visit in enumerate(case.visits):
        bench = workbench.get(store, visit.id)
        cells = np.arange(600 * 700 // 2 // (number + 1))
        bench.edit_cells(
            cells, np.ones(len(cells), np.uint8), base_revision=0, uuid="1", author="Dr A"
        )
    return store.case(case.id)
