"""The report as PDF, read with PDFium."""

from __future__ import annotations

import re
from dataclasses import replace

import pypdfium2 as pdfium
import pytest
from reported import HOSTILE, TABLE, document

from segviz.findings.blocks import Table, Text
from segviz.report.document import NOTICE, Section, shown
from segviz.report.pdf import CELL_MOST, WIDTH, column_widths, pdf


def pages(content: bytes) -> list[str]:
    with pdfium.PdfDocument(content) as file:
        return [page.get_textpage().get_text_range() for page in file]


def plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_every_block_is_on_one_page_with_its_foot() -> None:
    (text,) = pages(pdf(document()))
    for words in ("Plain words.", "A definition.", "Heed this.", "Season", NOTICE, "Page 1 of 1"):
        assert plain(words) in plain(text)
    for row in TABLE.rows:
        for cell in row[1:]:
            assert shown(cell) in text
    latin = HOSTILE.replace("北", "")
    assert all(plain(part) in plain(text) for part in latin.split())


def test_the_bytes_are_the_same_and_say_when_the_report_was_made() -> None:
    content = pdf(document())
    assert content == pdf(document())
    with pdfium.PdfDocument(content) as file:
        assert file.get_metadata_value("CreationDate").startswith("D:20260102030400")


def test_a_long_table_goes_on_under_its_headings_and_pages_are_counted() -> None:
    rows = [[f"lesion {n}", n * 1.5, n] for n in range(200)]
    found = pages(pdf(document(Table("Long", ("Name", "Volume, ml", "Voxels"), rows))))
    assert len(found) > 2
    for number, text in enumerate(found, 1):
        assert f"Page {number} of {len(found)}" in text
    assert sum("Volume, ml" in text for text in found) >= len(found) - 1
    assert "lesion 199" in found[-1]


def test_a_wide_table_stays_on_the_page() -> None:
    columns = [f"A heading that is long {n}" for n in range(18)]
    wide = Table("Wide", columns, [["Wordwithoutanyspaces" * 3] * 18, ["x" * 5000, *[1.5] * 17]])
    with pdfium.PdfDocument(pdf(document(wide))) as file:
        for page in file:
            text = page.get_textpage()
            boxes = [text.get_rect(n) for n in range(text.count_rects())]
            assert min(left for left, *_ in boxes) >= 30
            assert max(right for *_, right, _ in boxes) <= page.get_width() - 30


@pytest.mark.parametrize(
    "rows",
    [
        [["a", "b"], ["1", "2"]],
        [["name", "words " * 80], ["x", "1"]],
        [["y" * 300, "z" * 300, "1"]],
        [["", ""]],
        [["a b c " * 40] * 12],
    ],
)
def test_columns_fill_the_page_and_no_more(rows: list[list[str]]) -> None:
    widths = column_widths(rows, 7, WIDTH)
    assert sum(widths) == pytest.approx(WIDTH)
    assert min(widths) > 0


def test_a_cell_is_never_longer_than_a_page() -> None:
    text = "".join(pages(pdf(document(Table("T", ("Words",), [["word " * 5000]])))))
    assert "…" in text
    assert text.count("word") < CELL_MOST


def test_a_heading_stays_with_what_follows_it() -> None:
    filling = [Text(f"Line {n}.") for n in range(56)]
    kept = Table("Kept", ("Name", "Voxels"), [[f"row {n}", n] for n in range(9)])
    sections = [Section("First", filling), Section("Second", [Text("About", "heading"), kept])]
    found = pages(pdf(replace(document(), sections=sections)))
    at = [n for n, text in enumerate(found) if "Second" in text]
    assert at == [n for n, text in enumerate(found) if "About" in text]
    assert at == [n for n, text in enumerate(found) if "row 0" in text and "row 8" in text]
