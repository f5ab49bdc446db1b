"""Change in scenes: where a class was lost and gained, and how much of each became what."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from segviz import workbench
from segviz.case import Case, Visit
from segviz.change import align
from segviz.change.series import scene_change
from segviz.grid import RasterGrid
from segviz.mask import Label, Mask
from segviz.store import Store
from segviz.ui import charts, components, frame, picture, plots, report, words

AREA_NOTE = (
    "Area = number of pixels × the area of each pixel on the WGS84 ellipsoid. "
    "Tree-cover loss is not deforestation: it says that trees went, not why or for how long."
)


def scenes(store: Store, case: Case) -> None:
    states = [workbench.get(store, visit.id).state() for visit in case.visits]
    lines = charts.series(states)
    if not lines:
        frame.title(case)
        frame.empty("No date is classified yet", "Run a model on the dates on the Review page.")
        return
    first, second, label = choose(store, case, [line.label for line in lines])
    comparable = same_grid(first, second) or aligned(first, second)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(key="change-map"):
        if comparable:
            loss_and_gain(store, case, first, second, label)
    with right, st.container(key="change-side"):
        unit = next(row["unit"] for state in states for row in state["labels"])
        figure = charts.over_time(lines, case.visits, unit)
        plots.show(figure, f"area-of-{case.id}", name=f"{case.name} area")
        if comparable:
            between(store, first, second, label)


def choose(store: Store, case: Case, labels: Sequence[Label]) -> tuple[Visit, Visit, Label]:
    """Two dates and a class."""
    columns = st.columns([3, 2, 2, 3], vertical_alignment="bottom")
    with columns[0]:
        report.titled(store, case)
    with columns[1]:
        first = visit_select(case, "From", case.segmented[0])
    with columns[2]:
        second = visit_select(case, "To", case.segmented[-1])
    with columns[3]:
        label = st.selectbox("Class", labels, format_func=lambda one: one.name)
    return first, second, label


def visit_select(case: Case, name: str, chosen: Visit) -> Visit:
    return st.selectbox(
        name,
        case.visits,
        index=case.visits.index(chosen),
        format_func=words.visit_title,
        key=f"{name}-{case.id}",
    )


def aligned(first: Visit, second: Visit) -> bool:
    """Say how two grids differ and, when asked, compare on the grid of the first."""
    key = f"aligned-{first.id}-{second.id}"
    how = align.describe(first.grid, second.grid) or ""
    if st.session_state.get(key):
        st.html(
            f'<p class="sv-note">{escape(second.name)} is compared on the grid of '
            f"{escape(first.name)} (nearest pixel). {escape(how)}</p>"
        )
        return True
    st.html(
        f'<div class="sv-said"><p>The two dates lie on different grids. {escape(how)}</p></div>'
    )
    names = words.plain(second.name), words.plain(first.name)
    if st.button("Put {} on the grid of {} (nearest)".format(*names)):
        st.session_state[key] = True
        st.rerun()
    return False


def loss_and_gain(store: Store, case: Case, first: Visit, second: Visit, label: Label) -> None:
    """The map of one class between two dates."""
    if not isinstance(first.grid, RasterGrid):
        return
    change = {"a": first.id, "b": second.id, "label": label.value}
    shown = second if same_grid(first, second) else first
    data = picture.map_data(store, case, shown, first.grid, shown.id)
    components.show("map", data | {"mode": "change", "change": change}, f"change-{case.id}")


def between(store: Store, first: Visit, second: Visit, label: Label) -> None:
    """Gain, loss, net and the transition matrix of two dates."""
    benches = [workbench.get(store, visit.id) for visit in (first, second)]
    for visit, bench in zip((first, second), benches, strict=True):
        if not any(row["count"] for row in bench.state()["labels"]):
            st.html(f'<p class="sv-soft">{escape(visit.name)} is not classified yet.</p>')
            return
    numbers = pair_numbers(
        store, first.id, second.id, benches[0].revision, benches[1].revision, str(store.home)
    )
    if any(row["label"] == label.value for row in numbers["labels"]):
        st.html(balance(numbers, label))
    st.html(matrix(numbers, first, second))
    notes = [compared(numbers, first), checks(first, second, *benches), AREA_NOTE]
    st.html("".join(f'<p class="sv-note">{escape(note)}</p>' for note in notes))


@st.cache_data(show_spinner="Comparing the two dates …", max_entries=64)
def pair_numbers(
    _store: Store, first: str, second: str, revision_a: int, revision_b: int, home: str
) -> dict[str, Any]:
    """Transitions between two masks; computed once for each pair of revisions."""
    a, b = (workbench.get(_store, visit).mask() for visit in (first, second))
    when = [_store.visit(visit).when for visit in (first, second)]
    return scene_change([a, on_grid_of(b, a)], when)


def on_grid_of(mask: Mask, other: Mask) -> Mask:
    if align.describe(other.grid, mask.grid) is None:
        return mask
    return align.nearest(mask, other.grid)


def same_grid(first: Visit, second: Visit) -> bool:
    return align.describe(first.grid, second.grid) is None


def balance(numbers: dict[str, Any], label: Label) -> str:
    """Gain, loss and net of one class as three figures."""
    position = [row["label"] for row in numbers["labels"]].index(label.value)
    loss, gain, net = (numbers[flow][position][0] for flow in ("loss", "gain", "net"))
    cells = "".join(
        f"<div><small>{name}</small><b>{words.signed(value, numbers['unit'])}</b></div>"
        for name, value in (("Lost", -loss), ("Gained", gain), ("Net", net))
    )
    return f'<div class="sv-figures"><i>{escape(label.name)}</i>{cells}</div>'


def matrix(numbers: dict[str, Any], first: Visit, second: Visit) -> str:
    """From (rows) to (columns), with sums; the darker a change, the larger its share of the row."""
    table = numbers["transitions"][0]
    used = [n for n in range(len(table)) if any(table[n]) or any(row[n] for row in table)]
    names = [escape(numbers["labels"][n]["name"]) for n in used]
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(
        matrix_row(name, [table[n][m] for m in used], used.index(n))
        for n, name in zip(used, names, strict=True)
    )
    sums = "".join(f"<td>{area(sum(table[n][m] for n in used))}</td>" for m in used)
    total = area(sum(table[n][m] for n in used for m in used))
    corner = f"<small>{escape(first.name)} ↓ &ensp; {escape(second.name)} →</small>"
    return (
        '<div class="sv-scroll"><table class="sv-table sv-matrix">'
        f"<thead><tr><th>{corner}</th>{head}<th>{escape(first.name)}, {numbers['unit']}</th></tr>"
        f'</thead><tbody>{rows}<tr class="sum"><td>{escape(second.name)}, {numbers["unit"]}</td>'
        f"{sums}<td>{total}</td></tr></tbody></table></div>"
    )


def matrix_row(name: str, values: list[float], diagonal: int) -> str:
    whole = sum(values)
    cells = "".join(
        f"<td{tint(value / whole if whole else 0.0, column == diagonal)}>{area(value)}</td>"
        for column, value in enumerate(values)
    )
    return f'<tr><td>{name}</td>{cells}<td class="sum">{area(whole)}</td></tr>'


def tint(share: float, stays: bool) -> str:
    """What stayed is grey, what changed the deeper the more of its row it is."""
    if stays:
        return ' class="stays"'
    return f' style="--share:{100 * min(1.0, 2 * share):.0f}%" class="went"' if share else ""


def area(value: float) -> str:
    """
    >>> area(0.0), area(0.42), area(48952.31)
    ('–', '0.42', '48,952')
    """
    if not value:
        return "–"
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def compared(numbers: dict[str, Any], first: Visit) -> str:
    """Over which pixels the two dates were compared, and what was left out."""
    whole = first.grid.shape[0] * first.grid.shape[1]
    both = numbers["compared"][0]
    return (
        f"Compared over the {words.plural(both, 'pixel')} with a class on both dates "
        f"({both / whole:.1%} of the scene); where one of them has none, nothing is counted."
    )


def checks(first: Visit, second: Visit, a: workbench.Workbench, b: workbench.Workbench) -> str:
    """What would make two dates differ without anything having changed on the ground."""
    makers = {source(bench) for bench in (a, b)}
    bands = first.channels == second.channels
    return " ".join(
        [
            "Same bands." if bands else "The bands differ between the two dates.",
            f"Both masks: {makers.pop()}."
            if len(makers) == 1
            else f"The masks were made differently ({', '.join(sorted(makers))}), which by itself "
            "can show as change.",
        ]
    )


def source(bench: workbench.Workbench) -> str:
    return bench.state()["source"] or "drawn by hand"
