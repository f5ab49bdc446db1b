"""What people did to a model's answer, in a line below the labels."""

from __future__ import annotations

import math
from html import escape
from typing import Any

import streamlit as st

from segviz import workbench
from segviz.store import Store
from segviz.ui import words
from segviz.workbench import Answer, Workbench
from segviz.workbench.departures import chain
from segviz.workbench.history import History
from segviz.workbench.origins import model_of

QUICK_CELLS = 1 << 24
"""Cells of a mask that are compared after each stroke; what that takes is not felt."""

MOST_ROWS = 3

Row = dict[str, Any]


def section(store: Store, bench: Workbench) -> None:
    """The line, where people changed what a model or an import said."""
    history = bench.history_at()
    if history.base is None:
        return
    rows = compared(store, bench, history)
    model = history.base.source if model_of(store, history.base) else ""
    for line in lines(rows, model):
        st.html(f'<p class="sv-note">{escape(line)}</p>')


def compared(store: Store, bench: Workbench, history: History) -> list[Row]:
    """Rows of ``departed``; of a large mask none until somebody asks for those of a revision."""
    if math.prod(bench.visit.grid.shape) <= QUICK_CELLS:
        runs = tuple(entry.seq for entry in chain(history) if entry.kind == "replace")
        return workbench.departed(bench, answer(store, bench, history, store.home, runs))
    kept: dict[str, tuple[int, list[Row]]] = st.session_state.setdefault("since", {})
    revision, rows = kept.get(bench.layer.id, (None, []))
    if revision == history.revision or not history.by_hand:
        return rows if revision == history.revision else []
    if not st.button("Compare with the model's answer", type="tertiary", key="since-model"):
        return []
    found: list[Row] = workbench.provenance(store, bench, history.revision)["labels"]
    kept[bench.layer.id] = history.revision, found
    return found


@st.cache_resource(max_entries=2, show_spinner=False)
def answer(
    _store: Store, _bench: Workbench, _history: History, home: object, runs: tuple[int, ...]
) -> Answer:
    """What the runs and imports of a workspace said; strokes leave it as it is."""
    return Answer.of(_store, _bench, _history)


def lines(rows: list[Row], model: str) -> list[str]:
    """The labels that people changed most, in words.

    Args:
        model: what the mask stands on; empty for an import.
    """
    changed = [row for row in rows if row["added"] or row["removed"]]
    changed.sort(key=lambda row: row["added"] + row["removed"], reverse=True)
    since = f"Since {model or 'the import'}"
    if not changed:
        return []
    if len(changed) == 1:
        (row,) = changed
        return [f"{since}: {amounts(row)} by people; Dice to its answer {dice(row)}"]
    shown = [f"{row['name']}: {amounts(row)}; Dice {dice(row)}" for row in changed[:MOST_ROWS]]
    more = len(changed) - len(shown)
    rest = [f"and {words.plural(more, 'more label')}"] if more else []
    return [f"{since}, by people:", *shown, *rest]


def amounts(row: Row) -> str:
    """
    >>> amounts({"added": 1.2, "removed": 0.4, "unit": "ml"})
    '+1.20 ml, −0.40 ml'
    """
    flows = (row["added"], -row["removed"])
    return ", ".join(words.signed(flow, row["unit"]) for flow in flows if flow)


def dice(row: Row) -> str:
    """
    >>> dice({"dice": 0.942}), dice({"dice": 0.9991})
    ('0.94', 'over 0.99')
    """
    return f"{row['dice']:.2f}" if row["dice"] < 0.995 else "over 0.99"
