"""A report as PDF: A4, fonts embedded, one page where its contents fit on one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from io import BytesIO
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from PIL import Image as Pillow
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    Image,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as Grid

from segviz.findings.blocks import Block, Check, Picture, Plot, Table, Text
from segviz.report import figures
from segviz.report.document import MARKS, Document, Section, numeric_columns, shown
from segviz.report.pictures import FONTS

FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
INK, SOFT, LINE = HexColor("#1c2529"), HexColor("#5b676c"), HexColor("#c9d1d5")
TONES = {"passed": "#00785a", "warned": "#9a6a00", "failed": "#b34a00"}
MARGIN, FOOT = 13 * mm, 8 * mm
WIDTH = A4[0] - 2 * MARGIN
GAP = 3 * mm
PAD = 4.0
"""Points beside the text of a cell."""

SCALES = (1.0, 0.88, 0.78)
"""A report that needs a little more than a page is set so much smaller."""

Pngs = Mapping[int, bytes]
"""Plots, drawn once, by their ``id``."""

PICTURES_A_ROW, PLOTS_A_ROW = 4, 2
PICTURE_MM, PLOT_MM = 45, 84
"""Height and width that they have at most."""

HEADED = 30 * mm
"""Room that a heading wants below it, else it goes to the next page."""

ROWS_TOGETHER = 12
"""A table up to so long is not broken over pages."""

NARROW = 0.62 * WIDTH
"""Up to so wide a table has room for a plot beside it."""

CELL_MOST = 400
"""Characters of a cell that are printed; a cell cannot go on to the next page."""


def pdf(document: Document) -> bytes:
    """The whole file; the same bytes for the same document."""
    _register()
    plots = {
        id(block): figures.png(block)
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Plot)
    }
    whole, pages = _built(document, _Sizes(SCALES[0]), plots)
    for scale in SCALES[1:] if pages == 2 else ():
        smaller, pages = _built(document, _Sizes(scale), plots)
        if pages == 1:
            return smaller
    return whole


def _built(document: Document, sizes: _Sizes, plots: Pngs) -> tuple[bytes, int]:
    """The file and how many pages it took."""
    buffer = BytesIO()
    template = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=document.title,
        author="segviz",
        subject=document.foot,
        invariant=1,
        lang="en",
    )
    frame = Frame(MARGIN, MARGIN + FOOT / 2, WIDTH, A4[1] - 2 * MARGIN - FOOT / 2,
                  leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)  # fmt: skip
    template.addPageTemplates(PageTemplate("page", [frame]))
    template.build(
        _story(document, sizes, plots),
        canvasmaker=lambda *args, **options: _Pages(document, *args, **options),
    )
    return buffer.getvalue(), template.page


class _Pages(Canvas):  # type: ignore[misc]
    """Writes the foot of each page when it is known how many there are."""

    def __init__(self, document: Document, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._document = document
        self._ended: list[dict[str, Any]] = []
        self.setDateFormatter(lambda *now: f"D:{document.made:%Y%m%d%H%M%S}+00'00'")

    def showPage(self) -> None:  # reportlab's name
        self._ended.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        ended = self._ended
        for number, page in enumerate(ended, 1):
            self.__dict__.update(page)
            self.setFont(FONT, 6.5)
            self.setFillColor(SOFT)
            self.drawString(MARGIN, MARGIN - 3 * mm, self._document.foot)
            side = A4[0] - MARGIN, MARGIN - 3 * mm
            self.drawRightString(*side, f"Page {number} of {len(ended)}")
            super().showPage()
        super().save()


@cache
def _register() -> None:
    """Matplotlib brings the fonts along."""
    for name in (FONT, BOLD):
        registerFont(TTFont(name, FONTS / f"{name}.ttf"))
    registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)


class _Sizes:
    """Styles of paragraphs, all scaled alike."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.title = self._style(14, bold=True)
        self.heading = self._style(9.5, bold=True, before=5)
        self.caption = self._style(8.4, bold=True, before=4, after=1)
        self.table_title = self._style(7.6, bold=True, before=3, after=1)
        self.body = self._style(7.6)
        self.note = self._style(6.4, color=SOFT)
        self.cell = self._style(7)
        self.number = self._style(7, right=True)
        self.head = self._style(6.6, color=SOFT)
        self.head_number = self._style(6.6, color=SOFT, right=True)

    def _style(
        self,
        size: float,
        *,
        bold: bool = False,
        before: float = 0,
        after: float = 0,
        color: Any = INK,
        right: bool = False,
    ) -> ParagraphStyle:
        size *= self.scale
        return ParagraphStyle(
            f"{size}",
            fontName=BOLD if bold else FONT,
            fontSize=size,
            leading=1.26 * size,
            spaceBefore=before * self.scale,
            spaceAfter=after * self.scale,
            textColor=color,
            splitLongWords=1,
            **({"alignment": TA_RIGHT} if right else {}),
        )


def _story(document: Document, sizes: _Sizes, plots: Pngs) -> list[Any]:
    notice = (
        f'  <font size="{7.5 * sizes.scale}" color="#9a6a00">{escape(document.notice)}</font>'
        if document.notice
        else ""
    )
    facts = " · ".join(f"{name}: {value}" for name, value in document.facts)
    story = [
        Paragraph(escape(document.title) + notice, sizes.title),
        Spacer(0, 1.5 * mm * sizes.scale),
        Paragraph(escape(facts), sizes.note),
    ]
    for section in document.sections:
        story += _section(section, sizes, plots)
    return [*story, Spacer(0, 2 * mm), Paragraph(escape(document.versions_line), sizes.note)]


def _section(section: Section, sizes: _Sizes, plots: Pngs) -> Iterator[Any]:
    """Its flowables; a heading stays with what follows it."""
    rule = TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE), *_NO_PADDING])
    heading = Grid([[Paragraph(escape(section.title), sizes.heading)]], [WIDTH], style=rule)
    space, gap = Spacer(0, 2.2 * mm * sizes.scale), Spacer(0, 1 * mm * sizes.scale)
    above = [space, heading, gap]
    yield CondPageBreak(HEADED)
    for kind, blocks in groupby(_paired(section.blocks, sizes), key=type):
        for part in _group(kind, list(blocks), sizes, plots):
            above += part
            if getattr(part[-1], "style", None) is not sizes.caption:
                yield KeepTogether(above) if len(above) > 1 else above[0]
                above = []
    yield from above


def _paired(blocks: Sequence[Block], sizes: _Sizes) -> Iterator[Block | tuple[Table, Plot]]:
    """A narrow table and the one plot that follows it stand side by side."""
    rest = list(blocks)
    while rest:
        match rest:
            case [Table() as table, Plot() as plot, *others] if (
                not (others and isinstance(others[0], Plot))
                and len(table.rows) <= ROWS_TOGETHER
                and _narrowest(table, sizes) <= NARROW
            ):
                yield table, plot
                rest = others
            case [block, *others]:
                yield block
                rest = others


def _beside(table: Table, plot: Plot, sizes: _Sizes, plots: Pngs) -> Grid:
    room = _narrowest(table, sizes)
    image = _image(plots[id(plot)], min(PLOT_MM * mm * sizes.scale, WIDTH - room - 2 * GAP), A4[1])
    room = WIDTH - image.drawWidth - 2 * GAP
    return _side_by_side([[_table(table, sizes, room), image]], [room, image.drawWidth])


def _group(kind: type, blocks: Sequence[Any], sizes: _Sizes, plots: Pngs) -> Iterator[list[Any]]:
    """Flowables of blocks of one kind, those in lists that are kept together."""
    if kind is Picture:
        yield from ([_pictures(row, sizes)] for row in rows_of(blocks, PICTURES_A_ROW))
    elif kind is Plot:
        for row in rows_of([plots[id(block)] for block in blocks], PLOTS_A_ROW):
            yield [Spacer(0, 2 * mm * sizes.scale), _plots(row, sizes)]
    elif kind is tuple:
        yield from ([_beside(table, plot, sizes, plots)] for table, plot in blocks)
    elif kind is Table:
        for table in blocks:
            parts = _table(table, sizes, WIDTH)
            if len(table.rows) <= ROWS_TOGETHER:
                yield parts
            else:
                yield [CondPageBreak(HEADED)]
                yield from ([part] for part in parts)
    else:
        yield from ([_words(block, sizes)] for block in blocks)


def rows_of(blocks: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [blocks[start : start + size] for start in range(0, len(blocks), size)]


def _words(block: Text | Check, sizes: _Sizes) -> Paragraph:
    match block:
        case Check(name, outcome, why):
            mark = f'<font color="{TONES[outcome]}">{MARKS[outcome]} {outcome}</font>'
            return Paragraph(f"{mark}  <b>{escape(name)}</b> {escape(why)}", sizes.cell)
        case Text(text, "warning"):
            mark = f'<font color="{TONES["failed"]}">!</font>'
            return Paragraph(f"{mark} {escape(text)}", sizes.body)
        case Text(text, tone):
            style = {"heading": sizes.caption, "note": sizes.note}.get(tone, sizes.body)
            return Paragraph(escape(text), style)


def _pictures(pictures: Sequence[Picture], sizes: _Sizes) -> Grid:
    """Side by side, as wide as their share of the page, with what they show below."""
    share = (WIDTH - GAP * (len(pictures) - 1)) / len(pictures)
    images = [_image(one.png, share, PICTURE_MM * mm * sizes.scale) for one in pictures]
    titles = [Paragraph(escape(one.title), sizes.note) for one in pictures]
    widths = [image.drawWidth for image in images]
    return _side_by_side([images, titles], widths)


def _plots(pngs: Sequence[bytes], sizes: _Sizes) -> Grid:
    share = min(PLOT_MM * mm * sizes.scale, (WIDTH - GAP * (len(pngs) - 1)) / len(pngs))
    return _side_by_side([[_image(png, share, A4[1]) for png in pngs]], [share] * len(pngs))


def _side_by_side(rows: Sequence[Sequence[Any]], widths: Sequence[float]) -> Grid:
    columns = [width + GAP for width in widths]
    return Grid(
        [list(row) for row in rows], columns, hAlign="LEFT", style=TableStyle(_NO_PADDING_BUT_GAP)
    )


def _image(png: bytes, width: float, height: float) -> Image:
    """As large as fits."""
    pixels = Pillow.open(BytesIO(png)).size
    scale = min(width / pixels[0], height / pixels[1])
    return Image(BytesIO(png), pixels[0] * scale, pixels[1] * scale)


def _table(table: Table, sizes: _Sizes, room: float) -> list[Any]:
    """Columns as wide as their text where there is room, else wrapped; never off the page."""
    numeric = numeric_columns(table.rows) if table.rows else [False] * len(table.columns)
    cells = _cells(table)
    widths = column_widths([list(table.columns), *cells], sizes.cell.fontSize, room)
    head = _row(table.columns, numeric, sizes.head, sizes.head_number)
    body = [_row(row, numeric, sizes.cell, sizes.number) for row in cells]
    grid = Grid([head, *body], widths, repeatRows=1, hAlign="LEFT", style=_rules(sizes.scale))
    note = [Paragraph(escape(table.note), sizes.note)] if table.note else []
    return [Paragraph(escape(table.title), sizes.table_title), grid, *note]


def _cells(table: Table) -> list[list[str]]:
    return [[shortened(shown(cell)) for cell in row] for row in table.rows]


def _narrowest(table: Table, sizes: _Sizes) -> float:
    """Points that a table takes when its headings are wrapped and nothing else is."""
    words = [max(heading.split() or [""], key=len) for heading in table.columns]
    columns = zip(words, *_cells(table), strict=True)
    return sum(max(_length(cell, sizes.cell.fontSize) for cell in column) for column in columns)


def _row(
    cells: Sequence[str], numeric: Sequence[bool], left: ParagraphStyle, right: ParagraphStyle
) -> list[Paragraph]:
    return [
        Paragraph(escape(cell), right if is_right else left)
        for cell, is_right in zip(cells, numeric, strict=True)
    ]


def shortened(text: str) -> str:
    return text if len(text) <= CELL_MOST else f"{text[: CELL_MOST - 1]}…"


def column_widths(rows: Sequence[Sequence[str]], size: float, room: float) -> list[float]:
    """Points for each column, ``room`` in all.

    Each gets what its longest word needs, then what its longest cell needs, as far as that goes.
    """
    columns = list(zip(*rows, strict=True))
    least = [max(_length(word, size) for cell in c for word in cell.split() or [""])
             for c in columns]  # fmt: skip
    most = [max(_length(cell, size) for cell in column) for column in columns]
    if sum(least) > room:
        fair = room / len(columns)
        slim = sum(min(width, fair) for width in least)
        over = sum(max(0.0, width - fair) for width in least)
        return [min(w, fair) + (max(0.0, w - fair) / over * (room - slim)) for w in least]
    wanted = sum(most) - sum(least)
    free = room - sum(least)
    if wanted > free:
        return [a + (b - a) / wanted * free for a, b in zip(least, most, strict=True)]
    return [width * room / sum(most) for width in most]


def _length(text: str, size: float) -> float:
    return float(stringWidth(text, FONT, size)) + 2 * PAD + 0.5


def _rules(scale: float) -> TableStyle:
    return TableStyle(
        [
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("VALIGN", (0, 1), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.6, SOFT),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), PAD),
            ("RIGHTPADDING", (0, 0), (-1, -1), PAD),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.2 * scale),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.4 * scale),
        ]
    )


_NO_PADDING = [
    (f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")
]
_NO_PADDING_BUT_GAP = [*_NO_PADDING, ("RIGHTPADDING", (0, 0), (-1, -1), GAP),
                       ("VALIGN", (0, 0), (-1, -1), "TOP"),
                       ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]  # fmt: skip
