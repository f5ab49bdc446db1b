"""The labels of a mask: add, rename, recolour, merge, delete, and lists of them as files."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import streamlit as st

from segviz.io import legends
from segviz.mask import Label, Legend
from segviz.ui import picture, reader
from segviz.workbench import Workbench

ADD, CHANGE, FILE = "Add", "Change", "File"


def section(bench: Workbench) -> None:
    """A door behind which the labels are changed; each change is a step of the history."""
    with st.popover("Labels", icon=":material/label:", type="tertiary"):
        part = st.segmented_control(
            "What to do", [ADD, CHANGE, FILE], default=ADD, required=True,
            label_visibility="collapsed", key=f"legend-{bench.layer.id}",
        )  # fmt: skip
        legend = bench.legend
        if part == ADD:
            add(bench, legend)
        elif part == CHANGE:
            change(bench, legend)
        else:
            files(bench, legend)


def add(bench: Workbench, legend: Legend) -> None:
    with st.form(f"label-{bench.layer.id}", border=False):
        name = st.text_input("Name")
        color = st.color_picker("Colour", legend.free_color)
        if st.form_submit_button("Add", type="primary"):
            changed(bench, "add", name=name, color=color)


def change(bench: Workbench, legend: Legend) -> None:
    if not legend.labels:
        st.html('<p class="sv-soft">There is no label yet; add one.</p>')
        return
    label = st.selectbox("Label", legend.labels, format_func=name_of)
    name = st.text_input("Name", label.name, key=f"name-{label}")
    color = st.color_picker("Colour", label.color, key=f"color-{label}")
    if name.strip() != label.name and st.button("Rename", type="primary"):
        changed(bench, "rename", value=label.value, name=name)
    if color != label.color.lower() and st.button("Recolour", type="primary"):
        changed(bench, "recolour", value=label.value, color=color)
    others = [other for other in legend if other.value != label.value]
    if others:
        into = st.selectbox("Merge into", others, format_func=name_of, key=f"into-{label}")
        if st.button(f"Merge {label.name} into {into.name}"):
            changed(bench, "merge", value=label.value, into=into.value)
    if st.button(f"Delete {label.name}", help="Its cells get no label; undo brings them back."):
        changed(bench, "delete", value=label.value)


def files(bench: Workbench, legend: Legend) -> None:
    """Lists of labels of ITK-SNAP, GDAL and QGIS."""
    for text, kind in (
        (legends.itksnap(legend), "ITK-SNAP.txt"),
        (legends.colour_table(legend), "GDAL.clr"),
    ):
        st.download_button(f"Labels for {kind}", text, f"labels-{kind}", on_click="ignore")
    given = st.file_uploader("Take the labels of a file", ["txt", "label", "clr"])
    if given is not None and st.button("Take them", type="primary"):
        bench.import_legend(
            legends.read(given.getvalue()), uuid=uuid4().hex, author=reader.signature()
        )
        picture.changed(bench)
        st.rerun()


def changed(bench: Workbench, what: str, **said: Any) -> None:
    bench.change_legend(what, **said, uuid=uuid4().hex, author=reader.signature())
    picture.changed(bench)
    st.rerun()


def name_of(label: Label) -> str:
    return f"{label.value} {label.name}"
