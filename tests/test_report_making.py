"""The report of a case: every form says the same, and names nobody unasked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import reported
from test_report_html import Reader
from workspace import add_visit, store_at, volume_grid

from segviz import findings, report, workbench
from segviz.case import Case
from segviz.errors import Damaged, Refused
from segviz.findings.blocks import Check, Line, Plot, Table, Text
from segviz.report import Options, Report, making
from segviz.report.document import shown
from segviz.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path / "home")
    workbench.close_all()


@pytest.fixture(params=["volume", "scene"])
def case(request: pytest.FixtureRequest, store: Store, tmp_path: Path) -> Case:
    make = reported.two_visits if request.param == "volume" else reported.dates
    return make(store, tmp_path)


def pdf_pages(content: bytes) -> list[str]:
    with pdfium.PdfDocument(content) as file:
        return [page.get_textpage().get_text_range() for page in file]


def cells(made: Report) -> list[str]:
    """Of all tables of its findings, as people read them."""
    return [
        shown(cell)
        for found in made.found
        for block in findings.tell(found.spec, found.numbers)
        if isinstance(block, Table)
        for row in block.rows
        for cell in row
    ]


def test_all_forms_hold_the_same_numbers(store: Store, case: Case) -> None:
    made = report.make(store, case, made=reported.MADE)
    files = {form: report.written(store, made, form) for form in report.FORMS}
    page = "".join(pdf_pages(files["pdf"]))
    told = cells(made)
    counted = [cell for cell in told if cell[:1].isdigit()]
    assert len(counted) > 10
    assert [cell for cell in counted if cell not in page] == []
    html_cells = Reader(files["html"].decode()).cells
    assert [cell for cell in told if cell not in html_cells] == []
    data = json.loads(files["json"])
    numbers = json.loads(json.dumps([one.numbers for one in made.found]))
    assert [one["numbers"] for one in data["findings"]] == numbers
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode())))
    for row in rows:
        kept = [
            text.removeprefix("'")  # marks what a spreadsheet would take for a formula
            for key, text in row.items()
            if text and key not in ("section", "about", "table")
        ]
        assert [text for text in kept if text not in told and not is_number_of(text, told)] == []
    assert {row["section"] for row in rows} == {found.section for found in made.found}


def test_one_label_of_two_visits_or_dates_is_one_page(store: Store, case: Case) -> None:
    for visit in case.visits if case.world == "volume" else ():
        bench = workbench.get(store, visit.id)
        bench.change_legend("delete", value=2, uuid="small")
    assert len(pdf_pages(report.written(store, report.make(store, case), "pdf"))) == 1


def is_number_of(text: str, told: list[str]) -> bool:
    """A number of CSV, with all its digits, among those that people read."""
    return shown(int(text) if text.isdigit() else float(text)) in told


def test_each_form_has_the_same_bytes_each_time(store: Store, case: Case) -> None:
    one, two = (report.make(store, case, made=reported.MADE) for _ in range(2))
    for form in report.FORMS:
        assert report.written(store, one, form) == report.written(store, two, form)


def test_the_name_is_in_it_only_when_asked_for(store: Store, case: Case) -> None:
    for named in (False, True):
        made = report.make(store, case, Options(named=named))
        for form in ("html", "json", "csv", "pdf"):
            content = report.written(store, made, form)
            text = "".join(pdf_pages(content)) if form == "pdf" else content.decode()
            holds = "Doe" in text
            assert holds == (named and form != "csv"), form
        assert ("Doe" in report.file_name(case, "pdf", named=named)) == named


def test_sections_are_chosen(store: Store, case: Case) -> None:
    made = report.make(store, case, Options(sections=("provenance",)))
    assert [found.spec["kind"] for found in made.found] == ["provenance"]
    with pytest.raises(Refused, match="SV-NUM-130"):
        report.make(store, case, Options(sections=("horoscope",)))


def test_what_cannot_be_computed_is_said_in_its_place(
    store: Store, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(store: Store, spec: findings.Spec) -> findings.Numbers:
        raise Refused("SV-NUM-001", "It cannot be.")

    monkeypatch.setattr(making.findings, "find", refuse)
    made = report.make(store, case, Options(sections=("amounts",)))
    assert made.found == []
    assert "It cannot be." in report.written(store, made, "html").decode()


def test_a_report_of_an_image_that_was_changed_is_not_made(store: Store) -> None:
    visit = add_visit(store, volume_grid())
    store.files(visit.id)[0].write_bytes(b"another image")
    with pytest.raises(Damaged):
        report.make(store, store.case(visit.case_id), Options(sections=("provenance",)))


def test_what_was_said_is_not_said_again() -> None:
    def plot(*y: float) -> Plot:
        x = ["2018", "2019", "2020"][: len(y)]
        return Plot("Area over time", "Date", "Area, ha", [Line("forest", "#009E73", x, y)])

    blocks = [
        Text("How.", "note"), plot(1.0, 2.0, 3.0), Text("About", "heading"), Text("How.", "note"),
        plot(1.0, 2.0), plot(1.0, 5.0), Text("About", "heading"),
        Check("Grid", "passed", "Same."), Check("Grid", "passed", "Same."),
        Check("Grid", "failed", "Same."),
    ]  # fmt: skip
    kept = list(making._once(blocks, set()))
    assert kept == [blocks[n] for n in (0, 1, 2, 5, 6, 7, 9)]
