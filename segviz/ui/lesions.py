"""The lesions of a scan's mask beside its picture: a table whose rows lead to their slices."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from segviz.case import Layer, Visit
from segviz.findings import Numbers, lesions
from segviz.measure.lesions import said
from segviz.store import Store
from segviz.ui import agreement, picture, words
from segviz.ui.found import found
from segviz.workbench import Workbench

QUICK_S = 0.5
"""What took longer is measured again when somebody asks, not after each stroke."""

SIDES = {"left": "L", "midline": "mid", "right": "R"}
COLUMNS = {
    "No.": st.column_config.NumberColumn(width=28),
    "ml": st.column_config.NumberColumn(width=48, format="%.3f"),
    "⌀, mm": st.column_config.TextColumn(
        width=84, help="Longest in-plane diameter × its perpendicular"
    ),
    "3-D": st.column_config.NumberColumn(width=42, format="%.1f", help="Longest 3-D diameter, mm"),
    "Side": st.column_config.TextColumn(width=34, help="The patient's; mid is the midline"),
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """Numbers as they were last found, and how long that took."""

    spec: Row
    numbers: Numbers
    seconds: float


@dataclass(frozen=True)
class Chosen:
    """The lesion that the picture shows, and with what it was measured."""

    spec: Row
    row: Row


def calipers(store: Store, bench: Workbench) -> list[Row]:
    """The diameters of the chosen lesion for the picture; they follow strokes if that is quick."""
    layer = bench.layer
    chosen = _chosen().get(layer.id)
    if chosen is None:
        return []
    if chosen.spec["revision"] != bench.revision:
        chosen = measured_again(store, layer, chosen, bench.revision)
    edges = bool(st.session_state.get(f"lesions-edges-{layer.id}", False))
    return [] if chosen is None else drawn(chosen.row, edges)


def measured_again(store: Store, layer: Layer, chosen: Chosen, revision: int) -> Chosen | None:
    """The chosen lesion at another revision; None where it is gone or takes long to measure."""
    kept = _measured().get(layer.id)
    if kept is None or kept.seconds > QUICK_S:
        return None
    spec = chosen.spec | {"revision": revision}
    rows = measure(store, layer, spec).numbers["labels"][0]["lesions"]
    at = same(rows, chosen.row)
    if at is None:
        let_go(layer.id)
        return None
    _chosen()[layer.id] = Chosen(spec, rows[at])
    return _chosen()[layer.id]


def drawn(row: Row, edges: bool) -> list[Row]:
    """Both in-plane diameters with their lengths."""
    return [
        {
            "slice": row["slice"],
            "from": list(row[name]["start"]),
            "to": list(row[name]["end"]),
            "text": words.quantity(lesions.diameter(row, name, edges), "mm"),
        }
        for name in ("longest", "perpendicular")
        if row[name]["mm"] > 0
    ]


def section(store: Store, visit: Visit, bench: Workbench) -> None:
    """Measured while it is open."""
    layer = bench.layer
    door = st.expander(
        "Lesions",
        key=f"lesions-{layer.id}",
        type="compact",
        on_change=let_go,
        args=(layer.id,),
    )
    if not door.open:
        return
    with door:
        present = [row for row in bench.state()["labels"] if row["count"]]
        if not present:
            st.html('<p class="sv-soft">Nothing is marked yet: run a model or paint.</p>')
            return
        spec = asked(store, layer, {row["value"]: row["name"] for row in present})
        with st.container():
            kept = measured(store, layer, spec)
        label = kept.numbers["labels"][0]
        if label["whole"] is None:
            st.html('<p class="sv-soft">Nothing is marked with this label: paint it.</p>')
            return
        table(visit, layer, kept.spec, label)


def asked(store: Store, layer: Layer, names: dict[int, str]) -> Row:
    """What to measure: label, smallest size, from where to where."""
    label = st.selectbox(
        "Label",
        list(names),
        format_func=names.__getitem__,
        key=f"lesions-label-{layer.id}",
        label_visibility="collapsed",
        on_change=let_go,
        args=(layer.id,),
    )
    with st.container(horizontal=True, gap="small"):
        with st.popover("Options", icon=":material/tune:", type="tertiary"):
            smallest = st.number_input(
                "Smallest lesion, mm³",
                min_value=0.0,
                step=10.0,
                key=f"lesions-smallest-{layer.id}",
                help="Smaller pieces are counted together.",
            )
            edges = st.toggle(
                "Diameters from edge to edge",
                key=f"lesions-edges-{layer.id}",
                help="One voxel more than from centre to centre.",
            )
        notes = (lesions.DEFINITIONS, lesions.EDGES if edges else lesions.CENTRES)
        agreement.computed(" ".join((*notes, lesions.PLACES, lesions.INTENSITIES)))
    return lesions.now(store, layer.id, [label], smallest, edge_to_edge=edges)


def measured(store: Store, layer: Layer, spec: Row) -> Measured:
    """The numbers of a spec, or older ones with a button where those take long to find."""
    kept = _measured().get(layer.id)
    if kept is not None:
        if kept.spec == spec:
            return kept
        if about(kept.spec) == about(spec) and kept.seconds > QUICK_S:
            st.html(f'<p class="sv-missing">{older(kept.spec, spec)}</p>')
            if not st.button("Measure again", key=f"lesions-again-{layer.id}", width="stretch"):
                return kept
    with st.spinner("Measuring lesions"):
        return measure(store, layer, spec)


def measure(store: Store, layer: Layer, spec: Row) -> Measured:
    began = time.perf_counter()
    numbers = found(store, spec)
    _measured()[layer.id] = Measured(spec, numbers, time.perf_counter() - began)
    return _measured()[layer.id]


def older(then: Row, now: Row) -> str:
    """
    >>> older({"revision": 7}, {"revision": 9})
    'These numbers are of version 7; the mask is at version 9.'
    """
    return (
        f"These numbers are of version {then['revision']:,}; the mask is at version "
        f"{now['revision']:,}."
    )


def about(spec: Row) -> Row:
    """A spec without its revision."""
    return {key: value for key, value in spec.items() if key != "revision"}


def table(visit: Visit, layer: Layer, spec: Row, label: Row) -> None:
    """Count, rows to choose from, the chosen one, and what is to be heeded."""
    edges = spec["edge_to_edge"]
    st.html(f'<p class="sv-note">{escape(lesions.count_told(label))}.</p>')
    rows = label["lesions"]
    chosen = _chosen().get(layer.id)
    at = None if chosen is None else same(rows, chosen.row)
    if rows:
        key = f"lesions-table-{layer.id}-{spec['revision']}-{label['label']}-{spec['smallest_mm3']}"

        def choose() -> None:
            picked = st.session_state[key].selection.rows
            if not picked:
                let_go(layer.id)
                return
            row = rows[picked[0]]
            _chosen()[layer.id] = Chosen(spec, row)
            picture.go(visit, middle(row))

        st.dataframe(
            [cells(row, edges) for row in rows],
            hide_index=True,
            height=min(36 * (len(rows) + 1), 290),
            column_config=COLUMNS,
            selection_mode="single-row",
            selection_default={"selection": {"rows": [] if at is None else [at]}},
            on_select=choose,
            key=key,
        )
    st.html(details(rows[at] if at is not None else label["whole"], edges, at))
    for line in (lesions.rest_told(label), *label["warnings"]):
        if line:
            st.html(f'<p class="sv-note">{escape(line)}</p>')


def cells(row: Row, edges: bool) -> Row:
    """A line of the table; in-plane diameters as readers write them."""
    longest, across, feret = (
        lesions.diameter(row, name, edges) for name in ("longest", "perpendicular", "diameter_3d")
    )
    return {
        "No.": row["lesion"],
        "ml": row["volume_ml"],
        "⌀, mm": f"{longest:.1f} × {across:.1f}",
        "3-D": feret,
        "Side": SIDES[row["side"]],
    }


def details(row: Row, edges: bool, at: int | None) -> str:
    """All numbers of a lesion, or of the label as a whole."""
    longest, across, feret = (
        lesions.diameter(row, name, edges) for name in ("longest", "perpendicular", "diameter_3d")
    )
    lines = [
        ("Volume", words.quantity(row["volume_ml"], "ml")),
        ("Voxels", f"{row['voxels']:,}"),
        ("In-plane ⌀", f"{longest:,.1f} × {across:,.1f} mm"),
        ("Product", f"{longest * across:,.0f} mm²"),
        ("3-D ⌀", words.quantity(feret, "mm")),
        ("Slice", f"{row['slice']:,} at {height(row)}"),
        ("Centroid", f"{row['centroid']} mm"),
        ("Side", row["side"]),
        *levels(row["intensity"]),
    ]
    if row["touches"]:
        lines.append(("At the edge of the scan", ", ".join(row["touches"])))
    body = "".join(f"<tr><td>{name}</td><td>{escape(text)}</td></tr>" for name, text in lines)
    head = "Chosen lesion" if at is not None else "All of the label"
    notes = "".join(f'<p class="sv-note">{escape(note)}</p>' for note in row["notes"])
    return (
        f'<table class="sv-table"><thead><tr><th>{head}</th><th></th></tr></thead>'
        f"<tbody>{body}</tbody></table>{notes}"
    )


def levels(level: Row | None) -> list[tuple[str, str]]:
    """Intensities, where there are some."""
    if level is None:
        return []
    if level["mean"] is None:
        return [("Intensity", level["why"])]
    lines = [
        ("Intensity, mean ± sd", f"{level['mean']:,.1f} ± {level['sd']:,.1f}"),
        ("Median (5 to 95 %)", f"{level['p50']:,.1f} ({level['p5']:,.1f} to {level['p95']:,.1f})"),
        ("Middle half", f"{level['p25']:,.1f} to {level['p75']:,.1f}"),
        ("Lowest to highest", f"{level['min']:,.1f} to {level['max']:,.1f}"),
    ]
    if level["missing"]:
        lines.append(("Without a number", words.plural(level["missing"], "voxel")))
    return lines


def middle(row: Row) -> list[int]:
    """The voxel halfway along the longest diameter."""
    ends = zip(row["longest"]["start"], row["longest"]["end"], strict=True)
    return [round((a + b) / 2) for a, b in ends]


def height(row: Row) -> str:
    """Where the slice of the diameters lies, at their middle: ``S 24.0 mm``."""
    ends = (row["longest"][end] for end in ("start_mm", "end_mm"))
    return said([sum(parts) / 2 for parts in zip(*ends, strict=True)]).split(" ", 4)[-1] + " mm"


def same(rows: list[Row], before: Row) -> int | None:
    """Which row a lesion is that was chosen earlier: that with the nearest centroid.

    None where that is further off than the lesion was long.
    """
    if not rows:
        return None
    apart = [math.dist(row["centroid_mm"], before["centroid_mm"]) for row in rows]
    at = apart.index(min(apart))
    return at if apart[at] <= before["diameter_3d"]["edge_mm"] / 2 else None


def let_go(layer_id: str) -> None:
    """No lesion of a layer is chosen any more."""
    _chosen().pop(layer_id, None)


def _measured() -> dict[str, Measured]:
    kept: dict[str, Measured] = st.session_state.setdefault("lesions-measured", {})
    return kept


def _chosen() -> dict[str, Chosen]:
    chosen: dict[str, Chosen] = st.session_state.setdefault("lesions-chosen", {})
    return chosen
