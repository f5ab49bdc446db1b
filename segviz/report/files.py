"""A report as the file that is asked for."""

from __future__ import annotations

import re

from segviz.case import Case
from segviz.report import data
from segviz.report.html import html
from segviz.report.making import Report
from segviz.report.pdf import pdf
from segviz.store import Store

FORMS = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}
"""Endings of the files, and their media types."""


def written(store: Store, report: Report, form: str) -> bytes:
    """The bytes of a file; ``form`` is one of ``FORMS``."""
    match form:
        case "pdf":
            return pdf(report.document)
        case "html":
            return html(report.document).encode()
        case "json":
            return data.as_json(store, report).encode()
        case "csv":
            return data.as_csv(report).encode()
    raise ValueError(f"{form!r} is none of {', '.join(FORMS)}")


def file_name(case: Case, form: str, *, named: bool) -> str:
    """It holds the name of the case only where that was asked for."""
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", case.name).strip("-.")[:60] if named else case.id[:8]
    return f"report_{name or case.id[:8]}.{form}"
