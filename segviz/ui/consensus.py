"""A mask out of several readers' masks, and how each of them stands to it."""

from __future__ import annotations

from html import escape
from typing import Any
from uuid import uuid4

import streamlit as st

from segviz import workbench
from segviz.case import Case, Layer, Visit
from segviz.findings import consensus
from segviz.grid import VolumeGrid
from segviz.measure.consensus import FEWEST_RATERS
from segviz.store import Store
from segviz.ui import agreement, frame, layers, reader, words
from segviz.ui.found import found

RECORD = "consensus"


def section(store: Store, case: Case, visit: Visit) -> None:
    """A door to a consensus, where a scan has three masks or more."""
    readings = store.layers(visit.id)
    if not isinstance(visit.grid, VolumeGrid) or len(readings) < FEWEST_RATERS:
        return
    made = {record.name for record in store.records(case.id, RECORD)}
    with (
        st.popover("Consensus", icon=":material/join_inner:", type="tertiary"),
        st.form(f"consensus-{visit.id}", border=False),
    ):
        chosen = st.multiselect(
            "Masks",
            readings,
            default=[
                layer for layer in readings if layer.id not in made and is_marked(store, layer)
            ],
            format_func=layers.title,
        )
        method = st.radio(
            "By",
            list(consensus.METHODS),
            format_func=consensus.METHODS.__getitem__,
            captions=["what more than half say", "weighed by how reliable each is"],
        )
        if st.form_submit_button("Make a layer", type="primary"):
            with frame.told():
                make(store, case, visit, chosen, str(method))


def is_marked(store: Store, layer: Layer) -> bool:
    """Whether a mask holds anything; an empty one is a reading only if somebody says so."""
    return any(row["count"] for row in workbench.get(store, layer.id).state()["labels"])


def make(store: Store, case: Case, visit: Visit, chosen: list[Layer], method: str) -> None:
    """Keep a consensus as a layer of its own, with a record of what it was made from."""
    spec = consensus.now(store, chosen, method)
    with st.spinner("Finding what they have in common"):
        mask, _ = consensus.made(store, spec)
    name = f"{consensus.METHODS[method]} of {len(chosen)}"
    layer = workbench.new_layer(store, visit.id, name, reader.name())
    workbench.get(store, layer.id).replace_by(
        mask, title=mask.source, author=reader.signature(), uuid=uuid4().hex
    )
    store.add_record(case.id, RECORD, layer.id, spec, reader.signature())
    agreement.leave(visit)
    layers.go(case, visit, layer.id)
    st.rerun()


def told(store: Store, case: Case, layer: Layer) -> None:
    """Of a layer that began as a consensus: each mask's sensitivity and specificity."""
    spec = next(
        (r.body for r in store.records(case.id, RECORD) if r.name == layer.id and r.body), None
    )
    if spec is None:
        return
    frame.heading("Consensus", consensus.METHODS[spec["method"]])
    for row in found(store, spec)["labels"]:
        st.html(rater_table(row))
    with st.popover("How computed", icon=":material/info:", type="tertiary"):
        st.html(f'<p class="sv-note">{escape(consensus.DEFINITIONS[spec["method"]])}</p>')


def rater_table(row: dict[str, Any]) -> str:
    """Who made the consensus of a label, and how well each stands to it."""
    body = "".join(
        f"<tr><td>{escape(rater['name'])}</td><td>{words.quantity(rater['volume_ml'], 'ml')}</td>"
        f"<td>{share(rater['sensitivity'])}</td><td>{share(rater['specificity'])}</td></tr>"
        for rater in row["raters"]
    )
    return (
        f'<table class="sv-table"><thead><tr><th>{escape(row["name"])}</th><th>Volume</th>'
        f"<th>Sensitivity</th><th>Specificity</th></tr></thead><tbody>{body}</tbody></table>"
    )


def share(value: float | None) -> str:
    """
    >>> share(0.98), share(0.999912), share(None)
    ('0.980', '0.9999', '–')
    """
    if value is None:
        return "–"
    return f"{value:.4f}" if 0.999 < value < 1 else f"{value:.3f}"
