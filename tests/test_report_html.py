"""The report as one HTML file."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from reported import HOSTILE, TABLE, document

from segviz.report.document import NOTICE, shown
from segviz.report.html import html

ELSEWHERE = re.compile(r"""(?:src|href|url)\s*[=(]\s*["']?(?!data:|#|\))[^"'\s>]+""")


class Reader(HTMLParser):
    """The texts of table cells, the names of elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: list[str] = []
        self.in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        self.in_cell = tag in ("td", "th")
        if self.in_cell:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = False

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.cells[-1] += data


def test_it_holds_all_blocks_and_nothing_from_elsewhere() -> None:
    text = html(document())
    read = Reader(text)
    assert "script" not in read.tags
    assert not ELSEWHERE.findall(re.sub(r"xmlns\S+", "", text))
    assert read.tags.count("svg") == 2
    assert read.tags.count("img") == 1
    for words in ("Plain words.", "A definition.", "Heed this.", "Season: warned", NOTICE):
        assert words in text


def test_cells_are_text() -> None:
    text = html(document())
    cells = Reader(text).cells
    for row in (TABLE.columns, *TABLE.rows):
        for cell in row:
            assert shown(cell) in cells
    assert HOSTILE not in text


def test_it_is_the_same_for_the_same_document() -> None:
    assert html(document()) == html(document())
