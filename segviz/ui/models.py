"""The cards of the models: what each is for, how good it was found to be, where it fails."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from segviz.inference import catalog
from segviz.inference.catalog import Card
from segviz.settings import Settings
from segviz.ui import frame, words

KINDS = {"volume": "medical volumes", "scene": "satellite scenes", "both": "volumes and scenes"}
METHODS = {"network": "network", "kmeans": "clustering", "otsu": "threshold"}


def cards(settings: Settings) -> None:
    found = catalog.models(settings)
    if not found:
        frame.empty("No models", "Put a model's folder into the models folder of the server.")
        return
    for left, right in zip(found[::2], [*found[1::2], None], strict=False):
        columns = st.columns(2, gap="medium")
        for column, shown in zip(columns, (left, right), strict=True):
            if shown is not None:
                with column, st.container(border=True, key=f"model-{shown.name}"):
                    card(shown)


def card(shown: Card) -> None:
    st.html(
        f'<p class="sv-title">{escape(shown.title)}</p>'
        f'<p class="sv-soft">{escape(shown.name)} {escape(shown.version)} · '
        f"{METHODS[shown.method]} for {KINDS[shown.kind]} · {escape(shown.licence)}</p>"
        f'<p class="sv-cell">{escape(shown.intended_use)}</p>'
        f"{legend(shown)}"
    )
    if shown.waiting:
        st.html(f'<p class="sv-note">{escape(shown.waiting)}</p>')
    if shown.metrics:
        frame.heading("How good it was found to be")
        st.html("".join(metric(row) for row in shown.metrics))
    if shown.examples:
        frame.heading("Where it fails")
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in shown.examples)
        st.html(f'<ul class="sv-list">{items}</ul>')
    if data := shown.metadata.get("data_source"):
        frame.heading("Made from")
        st.html(f'<p class="sv-note">{escape(str(data))}</p>')


def legend(shown: Card) -> str:
    labels = "".join(
        f"<span>{words.swatch(label.color)}{escape(label.name)}</span>" for label in shown.legend
    )
    return f'<p class="sv-legend">{labels}</p>'


def metric(row: dict[str, Any]) -> str:
    """One measure on one data set: a value for each label."""
    names = "".join(f"<th>{escape(str(name))}</th>" for name in row["values"])
    values = "".join(f"<td>{shown_value(value)}</td>" for value in row["values"].values())
    return (
        f'<p class="sv-note">{escape(str(row["measure"]))} on {escape(str(row["data"]))}</p>'
        f'<div class="sv-scroll"><table class="sv-table"><thead><tr>{names}</tr></thead>'
        f"<tbody><tr>{values}</tr></tbody></table></div>"
    )


def shown_value(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else escape(str(value))
