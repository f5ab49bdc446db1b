"""A report as data: JSON that can be computed again, and CSV of its tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from segviz.findings import tell
from segviz.findings.blocks import Table
from segviz.io import table
from segviz.report.making import Report
from segviz.store import Store

Json = dict[str, Any]


def as_json(store: Store, report: Report) -> str:
    """What ``segviz replay`` reads; the name of the case is in it where that was asked for."""
    case, document = report.case, report.document
    specs = [found.spec for found in report.found]
    told: Json = {
        "segviz": dict(document.versions)["segviz"],
        "made": document.made.isoformat(timespec="seconds"),
        "use": "research only, not for diagnosis",
        "case": {"id": case.id, "world": case.world, "notice": case.notice}
        | ({"name": case.name} if report.named else {}),
        "images": images(store, report, specs),
        "findings": [
            {
                "section": found.section,
                "about": found.caption,
                "spec": dict(found.spec),
                "numbers": found.numbers,
            }
            for found in report.found
        ],
        "versions": dict(document.versions),
    }
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def images(store: Store, report: Report, specs: list[Any]) -> list[dict[str, str]]:
    """The images that specs stand on: those of visits and layers that they name."""
    named = set(_texts(specs))
    return [
        {"visit": visit.id, "sha256": visit.sha256}
        for visit in report.case.visits
        if named & {visit.id, *(layer.id for layer in store.layers(visit.id))}
    ]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def as_csv(report: Report) -> str:
    """All tables below each other: section, what of, title, then the columns as they come."""
    rows = []
    for found in report.found:
        for block in tell(found.spec, found.numbers):
            if isinstance(block, Table):
                rows += [
                    {"section": found.section, "about": found.caption, "table": block.title}
                    | dict(zip(block.columns, row, strict=True))
                    for row in block.rows
                ]
    return table.csv_text(rows)
