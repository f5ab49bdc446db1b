"""The report of a case as a file, made when it is asked for."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import report
from segviz.case import Case
from segviz.errors import NotFound
from segviz.findings.ledger import SMALLEST_MM3
from segviz.report import Options
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import CASE, get

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A report is opened in the app's own origin and may do nothing there."""


def routes(store: Store) -> list[Route]:
    return [get(store, CASE + "/report.{form}", send)]


def send(store: Store, case: Case, request: Request) -> Response:
    """PDF, JSON and CSV are saved; HTML is shown."""
    form = request.path_params["form"]
    if form not in report.FORMS:
        raise NotFound("SV-CASE-407", "This case has no such download.")
    options = options_of(request)
    name = report.file_name(case, form, named=options.named)
    kept = "inline" if form == "html" else "attachment"
    return Response(
        report.written(store, report.make(store, case, options), form),
        media_type=report.FORMS[form],
        headers={
            "Content-Disposition": f'{kept}; filename="{name}"',
            "Content-Encoding": "identity",
            "Content-Security-Policy": POLICY,
            "Cache-Control": answers.NEVER,
        },
    )


def options_of(request: Request) -> Options:
    """``sections=amounts,lesions``, ``named=1`` and ``smallest=50`` (mm3), each as it is wanted."""
    return Options(
        sections=tuple(part for part in query.text(request, "sections").split(",") if part),
        named=query.whole(request, "named", 0) == 1,
        smallest_mm3=max(0.0, query.number(request, "smallest", SMALLEST_MM3)),
    )
