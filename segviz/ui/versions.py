"""Named versions of a mask: name one, compare two, bring one back."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import uuid4

import streamlit as st

from segviz import workbench
from segviz.case import Case, Layer, Visit
from segviz.store import Store
from segviz.ui import agreement, layers, picture, reader, words
from segviz.workbench import At


@dataclass(frozen=True)
class State:
    """A layer as it was after a revision, under the name that people know it by."""

    layer: Layer
    revision: int
    name: str

    @property
    def key(self) -> str:
        return f"{self.layer.id}@{self.revision}"

    @property
    def signed(self) -> str:
        """Its name with whose it is, as it reads on paper."""
        whose = layers.title(self.layer)
        return whose if self.name == whose else f"{whose}, {self.name}"

    def at(self, store: Store) -> At:
        return At(workbench.get(store, self.layer.id), self.revision)


def section(store: Store, case: Case, visit: Visit, layer: Layer) -> None:
    """A door to the versions of a layer, and to other layers beside it."""
    with st.popover("Versions", icon=":material/history:", type="tertiary"):
        name_one(store, layer)
        states = known(store, visit, layer)
        with st.container():
            if len(states) > 1:
                compare(store, case, visit, states)
        restore(store, layer, states)


def name_one(store: Store, layer: Layer) -> None:
    with st.form(f"version-{layer.id}", border=False, clear_on_submit=True):
        name = st.text_input("Name this version", placeholder="First reading")
        if st.form_submit_button("Keep"):
            bench = workbench.get(store, layer.id)
            bench.name_version(name, author=reader.signature())
            st.rerun()


def known(store: Store, visit: Visit, layer: Layer) -> list[State]:
    """The mask now, what the last model or import said, named versions, other layers."""
    bench = workbench.get(store, layer.id)
    now, base = bench.revision, bench.history_at().base
    said = [State(store.layer(base.layer_id), base.revision, base.source)] if base else []
    named = [State(layer, kept.revision, kept.name) for kept in store.versions(layer.id)]
    others = [
        State(other, workbench.get(store, other.id).revision, layers.title(other))
        for other in store.layers(visit.id)
        if other.id != layer.id
    ]
    return [
        State(layer, now, "this mask now"),
        *said,
        *reversed(named),
        *others,
        State(layer, 0, "first version"),
    ]


def compare(store: Store, case: Case, visit: Visit, states: list[State]) -> None:
    """Two of them beside each other: in numbers, and in the picture in place of the mask."""
    a = st.selectbox("Compare", states[1:], format_func=lambda state: state.name, key="version-a")
    b = st.selectbox("with", states, format_func=lambda state: state.name, key="version-b")
    if a.key == b.key:
        return
    st.html(table(workbench.compare(a.at(store), b.at(store)), a.name, b.name))
    if agreement.compared(visit) == (a, b):
        st.html('<p class="sv-note">Shown in the picture.</p>')
    elif st.button("Show in the picture", help="With distances, lesions and the worst slice."):
        agreement.compare(visit, a, b)
        st.rerun()


def table(rows: list[dict[str, Any]], a: str, b: str) -> str:
    """Agreement by label: what both have, what one has alone, Dice."""
    body = "".join(
        f"<tr><td>{escape(row['name'])}</td><td>{amount(row, 'agree')}</td>"
        f"<td>{amount(row, 'only_a')}</td><td>{amount(row, 'only_b')}</td>"
        f"<td>{'–' if row['dice'] is None else format(row['dice'], '.3f')}</td></tr>"
        for row in rows
    )
    return (
        f'<div class="sv-scroll"><table class="sv-table"><thead><tr><th></th><th>both</th>'
        f"<th>only {escape(a)}</th><th>only {escape(b)}</th><th>Dice</th></tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def amount(row: dict[str, Any], which: str) -> str:
    return words.quantity(row[f"{which}_amount"], row["unit"])


def restore(store: Store, layer: Layer, states: list[State]) -> None:
    """Make the mask what it was; that is one more step, nothing is overwritten."""
    state = st.selectbox("Bring back", states[1:], format_func=lambda state: state.name)
    if state is not None and st.button(
        "Bring back", help="A new step of the history; undo takes it back."
    ):
        bench = workbench.get(store, layer.id)
        bench.restore(
            workbench.get(store, state.layer.id),
            state.revision,
            base_revision=bench.revision,
            uuid=uuid4().hex,
            author=reader.signature(),
        )
        picture.changed(bench)
        st.rerun()
