"""Plot blocks as Matplotlib figures: SVG for pages, PNG for paper.

Figures are made without pyplot, so that nothing of them is shared between threads.
"""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from segviz.findings.blocks import Line, Plot

mpl.rcParams["text.parse_math"] = False
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["svg.hashsalt"] = "segviz"

SIZE_IN = (4.4, 2.0)
DPI = 200
INK = "#1c2529"
"""Of text and axes; the SVG has the ink of the page around it instead."""

MARKERS = "osD^vPX*"
DASHES = ("-", "--", "-.", ":")
"""Lines differ in more than colour."""

UNUSED_IDS = re.compile(r' id="[A-Za-z][A-Za-z0-9.]*_\d+"')
PROLOGUE = re.compile(r"\A.*?(?=<svg)", re.DOTALL)
ABOUT = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)


def png(plot: Plot) -> bytes:
    """200 dots per inch on white."""
    buffer = BytesIO()
    _figure(plot).savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def svg(plot: Plot) -> str:
    """An ``<svg>`` element in the ink of the page that it stands in, the same for the same plot."""
    buffer = BytesIO()
    _figure(plot).savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = ABOUT.sub("", PROLOGUE.sub("", buffer.getvalue().decode()))
    return UNUSED_IDS.sub("", text).replace(INK, "currentColor")


def _figure(plot: Plot) -> Figure:
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if plot.form == "bars":
        _bars(axes, plot)
    else:
        _lines(axes, plot)
    _dress(axes, plot)
    return figure


def _lines(axes: Any, plot: Plot) -> None:
    for n, line in enumerate(plot.lines):
        places, values, bars = _points(line)
        axes.errorbar(
            places,
            values,
            yerr=bars,
            label=line.name,
            color=line.color,
            marker=MARKERS[n % len(MARKERS)],
            linestyle=DASHES[n % len(DASHES)],
            markersize=4,
            linewidth=1.4,
            capsize=2.5,
        )
    kinds = {type(_place(x)) for line in plot.lines for x in line.x}
    if kinds == {date}:
        locator = AutoDateLocator(minticks=2, maxticks=6)
        axes.xaxis.set_major_locator(locator)
        shown = ConciseDateFormatter(locator)
        axes.xaxis.set_major_formatter(shown)


def _bars(axes: Any, plot: Plot) -> None:
    """Groups of bars side by side, one for each place of the axis."""
    places = list(dict.fromkeys(str(x) for line in plot.lines for x in line.x))
    width = 0.8 / max(1, len(plot.lines))
    for n, line in enumerate(plot.lines):
        known = [
            (places.index(str(x)), y, low, high) for x, y, low, high in _ends(line) if y is not None
        ]
        axes.bar(
            [at + (n + 0.5) * width - 0.4 for at, *_ in known],
            [y for _, y, _, _ in known],
            width,
            yerr=_bar_lengths([(y, low, high) for _, y, low, high in known]),
            label=line.name,
            color=line.color,
            edgecolor=INK,
            linewidth=0.4,
            ecolor=INK,
            capsize=2.5,
        )
    axes.set_xticks(range(len(places)), places)


def _points(line: Line) -> tuple[list[Any], list[float], list[list[float]] | None]:
    """Places, values (NaN breaks the line where there is none) and lengths of error bars."""
    ends = _ends(line)
    values = [float("nan") if y is None else float(y) for _, y, _, _ in ends]
    known = [
        (value, low, high) if y is not None else (value, None, None)
        for value, (_, y, low, high) in zip(values, ends, strict=True)
    ]
    return [_place(x) for x, *_ in ends], values, _bar_lengths(known)


def _ends(line: Line) -> list[tuple[Any, float | None, float | None, float | None]]:
    none = [None] * len(line.y)
    return list(zip(line.x, line.y, line.low or none, line.high or none, strict=True))


def _bar_lengths(
    known: list[tuple[float, float | None, float | None]],
) -> list[list[float]] | None:
    """Below and above each value; None where no interval is known."""
    if all(low is None or high is None for _, low, high in known):
        return None
    below = [0.0 if low is None else max(0.0, y - low) for y, low, _ in known]
    above = [0.0 if high is None else max(0.0, high - y) for y, _, high in known]
    return [below, above]


def _place(x: Any) -> Any:
    """A day where it is one, a number, else a name."""
    if isinstance(x, int | float):
        return x
    try:
        return date.fromisoformat(str(x)[:10])
    except ValueError:
        return str(x)


def _dress(axes: Any, plot: Plot) -> None:
    axes.set_title(plot.title, fontsize=8.5, color=INK, loc="left", fontweight="bold")
    axes.set_xlabel(plot.x_title, fontsize=7.5, color=INK)
    axes.set_ylabel(plot.y_title, fontsize=7.5, color=INK)
    axes.tick_params(labelsize=7, colors=INK, width=0.6)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.get_offset_text().set(fontsize=7, color=INK)
    axes.grid(axis="y", color=INK, alpha=0.15, linewidth=0.6)
    axes.set_axisbelow(True)
    for name, spine in axes.spines.items():
        spine.set(color=INK, linewidth=0.6, visible=name in ("left", "bottom"))
    bottom, top = axes.get_ylim()
    if bottom > 0 or (bottom > -0.1 * top and _lowest(plot) >= 0):
        axes.set_ylim(0, top + 0.05 * (top - min(bottom, 0)))
    if len(plot.lines) > 1:
        axes.legend(
            fontsize=6.5, frameon=False, labelcolor=INK, loc="upper left", bbox_to_anchor=(1, 1)
        )


def _lowest(plot: Plot) -> float:
    found = [y for line in plot.lines for y in (*line.y, *line.low) if y is not None]
    return min(found, default=0.0)
