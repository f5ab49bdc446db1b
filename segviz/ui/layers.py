"""Whose mask is shown: the layers of a visit."""

from __future__ import annotations

import streamlit as st

from segviz import workbench
from segviz.case import Case, Layer, Visit
from segviz.store import Store
from segviz.ui import links, reader

EMPTY, COPY = "Empty", "Copy of this mask"


def chosen(store: Store, visit: Visit) -> Layer:
    """The layer of the address, else the visit's first."""
    layers = store.layers(visit.id)
    asked = st.query_params.get("layer")
    return next((layer for layer in layers if layer.id == asked), layers[0])


def title(layer: Layer) -> str:
    return f"{layer.name} ({layer.author})" if layer.author not in ("", layer.name) else layer.name


def choose(store: Store, case: Case, visit: Visit, layer: Layer) -> None:
    """Which layer is edited, where there are several."""
    layers = store.layers(visit.id)
    if len(layers) == 1:
        return
    key = f"layer-of-{layer.id}"

    def follow() -> None:
        go(case, visit, st.session_state[key].id)

    st.selectbox(
        "Layer",
        layers,
        index=layers.index(layer),
        format_func=title,
        key=key,
        on_change=follow,
        help="Each layer is a mask of its own, with its own history.",
    )


def new(store: Store, case: Case, visit: Visit, layer: Layer) -> None:
    """A mask of one's own, so that two readers read independently."""
    with (
        st.popover("Layer", icon=":material/library_add:", type="tertiary"),
        st.form(f"new-layer-{visit.id}", border=False),
    ):
        st.html('<p class="sv-note">Another mask of this image, with a history of its own.</p>')
        name = st.text_input("Name", reader.name() or "Second reading")
        begin = st.radio("Begin with", [EMPTY, COPY], horizontal=True)
        if st.form_submit_button("Make", type="primary"):
            origin = layer.id if begin == COPY else None
            made = workbench.new_layer(store, visit.id, name, reader.name(), origin)
            go(case, visit, made.id)
            st.rerun()


def go(case: Case, visit: Visit, layer_id: str) -> None:
    """Show a layer from now on."""
    st.query_params.from_dict(links.query(case, visit, layer_id))
