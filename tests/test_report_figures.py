"""Plot blocks as pictures."""

from __future__ import annotations

from io import BytesIO
from xml.etree import ElementTree

from PIL import Image
from reported import BARS, HOSTILE, LINES

from segviz.findings.blocks import Line, Plot
from segviz.report import figures


def test_an_svg_is_the_same_each_time_takes_the_ink_of_its_page_and_shares_no_ids() -> None:
    for plot in (LINES, BARS):
        text = figures.svg(plot)
        assert text == figures.svg(plot)
        assert text.startswith("<svg")
        assert "currentColor" in text
        assert figures.INK not in text
        assert 'id="axes_1"' not in text
        root = ElementTree.fromstring(text)
        words = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
        assert {plot.title, plot.y_title} <= words


def test_names_are_text_and_never_formulas_or_markup() -> None:
    root = ElementTree.fromstring(figures.svg(LINES))
    words = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert HOSTILE in words


def test_a_png_has_200_dots_per_inch() -> None:
    size = Image.open(BytesIO(figures.png(BARS))).size
    assert size == tuple(round(side * 200) for side in figures.SIZE_IN)


def test_a_plot_without_points_is_drawn_empty() -> None:
    empty = Plot("Nothing", "Date", "Volume, ml", [Line("a", "#000000", [], [])])
    assert "Nothing" in figures.svg(empty)
    gone = Plot("Gone", "Visit", "Volume, ml", [Line("a", "#000000", ["one"], [None])], "bars")
    assert "Gone" in figures.svg(gone)
