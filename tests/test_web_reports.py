"""The routes of reports."""

from __future__ import annotations

import pytest
from web_case import Server


@pytest.mark.parametrize(
    ("form", "kind", "begins"),
    [
        ("pdf", "application/pdf", b"%PDF-"),
        ("html", "text/html; charset=utf-8", b"<!doctype html>"),
        ("json", "application/json", b"{"),
        ("csv", "text/csv; charset=utf-8", b"section,about,table,"),
    ],
)
def test_each_form(server: Server, form: str, kind: str, begins: bytes) -> None:
    answer = server.client.get(f"{server.base(server.volume)}/report.{form}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.content.startswith(begins)
    assert "Patient" not in answer.headers["content-disposition"]
    assert b"Patient A" not in answer.content
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_what_was_chosen(server: Server) -> None:
    url = f"{server.base(server.scene)}/report.html?sections=amounts&named=1&smallest=50"
    answer = server.client.get(url)
    assert "<h1>Place B</h1>" in answer.text
    assert "Provenance" not in answer.text
    assert 'filename="report_Place-B.html"' in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("report.exe", 404, "SV-CASE-407"),
        ("report.pdf?sections=horoscope", 400, "SV-NUM-130"),
        ("report.pdf?named=maybe", 400, "SV-CASE-400"),
        ("report.pdf?smallest=nan", 400, "SV-CASE-400"),
    ],
)
def test_refused(server: Server, path: str, status: int, code: str) -> None:
    answer = server.client.get(f"{server.base(server.volume)}/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_token_is_needed(server: Server) -> None:
    answer = server.client.get(f"/sv/cases/{server.volume.id}/wrong/report.pdf")
    assert answer.status_code == 403
