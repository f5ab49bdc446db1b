"""Accuracy: draw a random sample of a map, read it, and see what the map is worth."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from segviz import opening, workbench
from segviz.case import Case, Layer, Record, Visit
from segviz.findings import accuracy, samples
from segviz.findings.blocks import Table
from segviz.io import table
from segviz.measure import sampling
from segviz.store import Store
from segviz.ui import blocks, charts, checks, frame, interpretation, layers, plots, reader, words
from segviz.ui.found import found

DESIGN, INTERPRET, RESULTS = "Design", "Interpret", "Results"
NEW = "New sample"

RULES = {f"At least {least} in a rare class": f"at least {least}" for least in sampling.RARE} | {
    "By area": "proportional",
    "Equal": "equal",
    "Neyman": "neyman",
}

USUAL_RULE = 2
RARE_SHARE = 0.1
EXPECTED_RARE, EXPECTED = 0.75, 0.9
"""User's accuracy to begin with, of classes below a tenth of the area and of the others."""

STANDARD_ERROR = 0.02
INTERVAL = "#E69F00"
"""Seen on the bars and on both backgrounds."""

COLUMNS = [2.2, 1.4, 1, 1.5, 1, 1, 1, 1.5]

HOW = (
    "Points are drawn at random within each class of the map. Their number is (Σ W S ÷ standard "
    "error)², with W the share of a class in the area and S = √(U (1 − U)) from the user's "
    "accuracy U you expect. Rare classes get 50 to 100 points at least (Olofsson et al. 2014); "
    "Neyman would give the least error of the overall accuracy."
)


@frame.fragment
def of_map(store: Store, case_id: str) -> None:
    """The page for one case."""
    case = store.case(case_id)
    if case.world != "scene":
        frame.title(case)
        frame.empty(
            "A sample of points is for maps",
            "Choose a satellite scene on the Cases page; of a scan, compare two masks on Review.",
        )
        st.page_link("cases.py", label="Go to Cases", icon=":material/view_list:")
        return
    opening.take_finished(store, case.visits)
    sample, step = choose(store, case)
    if sample is None or step == DESIGN:
        design(store, case)
    elif step == INTERPRET:
        interpretation.read_points(store, case, sample)
    else:
        results(store, sample)


def choose(store: Store, case: Case) -> tuple[Record | None, str]:
    """Which sample, and what is done with it."""
    drawn = store.records(case.id, samples.SAMPLE)[::-1]
    name, which, steps = st.columns([3, 4, 4], vertical_alignment="bottom")
    with name, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        frame.title(case)
        reader.choose()
    if not drawn:
        return None, DESIGN
    with which:
        sample = st.selectbox(
            "Sample", drawn, format_func=sample_title, key=f"sample-{case.id}-{drawn[0].seq}"
        )
    read = samples.readings(store, sample)
    usual = RESULTS if len(read) == len(sample.body["points"]) else INTERPRET
    key = step_key(case)
    st.session_state.setdefault(key, usual)
    with steps:
        step = st.segmented_control("Step", [DESIGN, INTERPRET, RESULTS], key=key, required=True)
    return sample, step or usual


def step_key(case: Case) -> str:
    return f"accuracy-step-{case.id}"


def sample_title(sample: Record) -> str:
    points = words.plural(len(sample.body["points"]), "point")
    who = f", {sample.author}" if sample.author else ""
    return f"{sample.body['title']} · {points} · {sample.made:%-d %b %Y %H:%M}{who}"


def design(store: Store, case: Case) -> None:
    """How many points, of which classes, from which map."""
    of = choose_map(store, case)
    if of is None:
        return
    strata = strata_of(store, json.dumps(of, sort_keys=True), str(store.home))
    weights = [row["area_ha"] or row["pixels"] for row in strata]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        error = st.number_input(
            "Standard error of the overall accuracy",
            min_value=0.002,
            max_value=0.2,
            value=STANDARD_ERROR,
            step=0.005,
            format="%.3f",
            width=290,
        )
        rule = st.selectbox("Points in each class", list(RULES), index=USUAL_RULE, width=240)
        seed = st.number_input("Seed", min_value=0, value=seed_of(case), step=1, width=150)
        with st.popover("How computed", type="tertiary"):
            st.html(f'<p class="sv-note">{escape(HOW)}</p>')
    points, users = allocation(strata, weights, error, RULES[rule], json.dumps(of))
    names = [row["name"] for row in strata]
    sampling.require_drawable(points, [row["pixels"] for row in strata], names)
    expected = sampling.expected_error(weights, users, points)
    st.html(
        f'<p class="sv-cell"><b>{words.plural(sum(points), "point")}</b>: expected standard error '
        f"of the overall accuracy {100 * expected:.2f} %.</p>"
    )
    if st.button("Draw the sample", type="primary", icon=":material/casino:"):
        plan = {
            "rule": RULES[rule],
            "standard_error": error,
            "users": dict(zip(names, users, strict=True)),
        }
        wanted = {row["value"]: n for row, n in zip(strata, points, strict=True)}
        with st.spinner("Drawing points …"):
            samples.draw(store, case.id, of, wanted, int(seed), plan, reader.signature())
        st.session_state.pop(step_key(case), None)
        st.session_state.pop(f"seed-{case.id}", None)
        st.rerun()


def choose_map(store: Store, case: Case) -> dict[str, Any] | None:
    """The map of a date, or what became of a class between two; None where there is none yet."""
    mapped = [
        (visit, layer)
        for visit in case.segmented
        for layer in store.layers(visit.id)
        if has_classes(store, layer)
    ]
    if not mapped:
        frame.empty("No date has a map yet", "Run a model on the dates on the Review page.")
        return None
    kinds = ["Map of one date", "Change between two dates"][: 2 if len(mapped) > 1 else 1]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control("Sample of", kinds, default=kinds[0], required=True)
        if kind == kinds[0]:
            return as_it_is(store, choose_layer("Map", store, mapped, len(mapped) - 1))
        before = choose_layer("From", store, mapped, 0)
        after = choose_layer("To", store, mapped, len(mapped) - 1)
        label = st.selectbox(
            "Class",
            list(workbench.get(store, before.id).legend),
            format_func=lambda one: one.name,
            width=180,
        )
    return {
        "before": as_it_is(store, before),
        "after": as_it_is(store, after),
        "label": label.value,
    }


def choose_layer(
    name: str, store: Store, mapped: Sequence[tuple[Visit, Layer]], index: int
) -> Layer:
    def title(one: tuple[Visit, Layer]) -> str:
        visit, layer = one
        alone = len(store.layers(visit.id)) == 1
        return words.visit_title(visit) + ("" if alone else f" · {layers.title(layer)}")

    return st.selectbox(name, mapped, index=index, format_func=title, width=240)[1]


def has_classes(store: Store, layer: Layer) -> bool:
    return any(row["count"] for row in workbench.get(store, layer.id).state()["labels"])


def as_it_is(store: Store, layer: Layer) -> dict[str, Any]:
    return {"layer": layer.id, "revision": workbench.get(store, layer.id).revision}


@st.cache_data(show_spinner="Counting the classes of the map …", max_entries=16)
def strata_of(_store: Store, of: str, home: str) -> list[dict[str, Any]]:
    """Classes of a map, counted once for each revision."""
    return samples.strata(samples.class_map(_store, json.loads(of)))


def seed_of(case: Case) -> int:
    """A seed to begin with, the same until it was used."""
    key = f"seed-{case.id}"
    return int(st.session_state.setdefault(key, secrets.randbelow(1_000_000)))


def allocation(
    strata: Sequence[Mapping[str, Any]],
    weights: Sequence[float],
    error: float,
    rule: str,
    key: str,
) -> tuple[list[int], list[float]]:
    """A row for each class: what is expected of it, and how many points it gets; editable."""
    frame.heading("Classes")
    header(strata)
    total = sum(weights)
    rows = [st.columns(COLUMNS, vertical_alignment="center") for _ in strata]
    users = []
    for row, stratum, weight in zip(rows, strata, weights, strict=True):
        share = weight / total
        row[0].html(f'<div class="sv-cell">{swatch_name(stratum)}</div>')
        row[1].html(number(words.quantity(weight, unit(strata))))
        row[2].html(number(f"{share:.1%}"))
        users.append(
            row[3].number_input(
                f"Expected user's accuracy of {stratum['name']}",
                0.01,
                1.0,
                EXPECTED_RARE if share < RARE_SHARE else EXPECTED,
                0.05,
                key=f"expected-{key}-{stratum['value']}",
                label_visibility="collapsed",
            )
        )
    size = sampling.sample_size(weights, users, error)
    by_rule = {
        "proportional": sampling.proportional(size, weights),
        "equal": sampling.equal(size, weights),
        "neyman": sampling.neyman(size, weights, users),
    } | {f"at least {least}": sampling.at_least(size, weights, least) for least in sampling.RARE}
    points = []
    for n, (row, stratum) in enumerate(zip(rows, strata, strict=True)):
        for column, name in zip(row[4:7], ("proportional", "equal", "neyman"), strict=True):
            column.html(number(f"{by_rule[name][n]:,}"))
        given = min(max(sampling.LEAST, int(by_rule[rule][n])), stratum["pixels"])
        points.append(
            row[7].number_input(
                f"Points in {stratum['name']}",
                0,
                None,
                given,
                1,
                key=f"points-{key}-{rule}-{size}-{stratum['value']}",
                label_visibility="collapsed",
            )
        )
    st.html(
        f'<p class="sv-note">{words.plural(size, "point")} give the standard error asked for '
        "if they are shared out as Neyman says.</p>"
    )
    return points, users


def header(strata: Sequence[Mapping[str, Any]]) -> None:
    titles = (
        "Class", f"Mapped, {unit(strata)}", "Share", "Expected user's accuracy",
        "By area", "Equal", "Neyman", "Points",
    )  # fmt: skip
    for column, title in zip(st.columns(COLUMNS, vertical_alignment="bottom"), titles, strict=True):
        side = "" if title == "Class" else " sv-right"
        column.html(f'<div class="sv-soft{side}">{escape(title)}</div>')


def swatch_name(stratum: Mapping[str, Any]) -> str:
    return words.swatch(stratum["color"]) + escape(stratum["name"])


def number(text: str) -> str:
    return f'<div class="sv-cell sv-right">{escape(text)}</div>'


def unit(strata: Sequence[Mapping[str, Any]]) -> str:
    return "pixels" if strata[0]["area_ha"] is None else "ha"


def results(store: Store, sample: Record) -> None:
    """Areas and accuracies by what was read so far."""
    with st.spinner("Computing …"):
        numbers = found(store, accuracy.now(store, sample))
    with st.container():
        for warning in accuracy.warnings(numbers):
            st.html(blocks.text(warning))
    left, right = st.columns([1.15, 1], gap="large")
    with left:
        section(accuracy.area_table(numbers))
        plots.show(area_figure(numbers), f"areas-{sample.seq}", name=f"Areas, {numbers['title']}")
        frame.heading("Checks")
        st.html(checks.row([[asdict(check) for check in accuracy.checks(numbers)]], [""]))
        downloads(store, sample, numbers)
    with right:
        overall, apart = accuracy.overall(numbers)
        section(overall)
        st.html(blocks.text(apart))
        section(accuracy.accuracy_table(numbers))
        for matrix in accuracy.matrices(numbers):
            section(matrix)
        with st.popover("How computed", type="tertiary", icon=":material/function:"):
            for text in (accuracy.DEFINITIONS, accuracy.source(numbers)):
                st.html(f'<p class="sv-note">{escape(text)}</p>')


def section(block: Table) -> None:
    frame.heading(block.title)
    st.html(blocks.table(block))


def area_figure(numbers: Mapping[str, Any]) -> go.Figure:
    """Mapped and estimated area of each class side by side, with 95 % intervals."""
    plot = accuracy.area_plot(numbers)
    figure = go.Figure()
    for line in plot.lines:
        bars = None
        if line.high:
            ends = zip(line.y, line.high, strict=True)
            above = [None if y is None or high is None else high - y for y, high in ends]
            bars = {"type": "data", "array": above, "color": INTERVAL, "thickness": 2, "width": 7}
        figure.add_trace(
            go.Bar(
                name=line.name,
                x=[charts.plain(name) for name in line.x],
                y=list(line.y),
                marker={"color": line.color},
                error_y=bars,
                hovertemplate="%{x}: %{y:,.1f} "
                + numbers["unit"]
                + "<extra>"
                + line.name
                + "</extra>",
            )
        )
    figure.update_layout(
        height=280,
        barmode="group",
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        yaxis={"title": plot.y_title, "rangemode": "tozero", "separatethousands": True},
        xaxis={"title": None, "type": "category"},
    )
    return figure


def downloads(store: Store, sample: Record, numbers: Mapping[str, Any]) -> None:
    """Numbers and points as CSV."""
    with st.container(horizontal=True, gap="small"):
        for name, rows in (
            ("Results", result_rows(numbers)),
            ("Points", point_rows(store, sample)),
        ):
            st.download_button(
                f"{name} (CSV)",
                table.csv_text(rows),
                f"accuracy-{name.lower()}.csv",
                "text/csv",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
            )


def result_rows(numbers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each class: its points by reference class, areas and accuracies."""
    names = [row["name"] for row in numbers["classes"]]
    rows = []
    for n, row in enumerate(numbers["classes"]):
        kept = {"class": row["name"], f"mapped_{numbers['unit']}": row["mapped"]}
        for name, key in (
            (f"estimated_{numbers['unit']}", "estimated"),
            ("users_accuracy", "users"),
            ("producers_accuracy", "producers"),
        ):
            kept |= {name: row[key]["value"], f"{name}_margin_95": row[key].get("margin")}
        points = dict(zip(names, numbers["counts"][n], strict=True))
        rows.append(kept | {f"points_read_as_{name}": count for name, count in points.items()})
    return rows


def point_rows(store: Store, sample: Record) -> list[dict[str, Any]]:
    """A row for each point: its place, its stratum, and the reading that counts."""
    legend = samples.legend_of(sample.body)
    read = samples.readings(store, sample)
    rows = []
    for n, point in enumerate(sample.body["points"]):
        newest = read[n][0] if n in read else None
        body = newest.body if newest else {}
        label = body.get("label")
        rows.append(
            {
                "point": n + 1,
                "row": point["row"],
                "column": point["column"],
                "longitude": point.get("longitude"),
                "latitude": point.get("latitude"),
                "stratum": legend[point["stratum"]].name,
                "read": legend[label].name if label else None,
                "why_not": body.get("why") or None,
                "confidence": body.get("confidence"),
                "note": body.get("note") or None,
                "reader": newest.author if newest else None,
                "when": newest.made.isoformat() if newest else None,
            }
        )
    return rows
