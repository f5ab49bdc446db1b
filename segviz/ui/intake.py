"""Opening a study or a scene: files from the browser or from the server's folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from html import escape
from itertools import islice
from pathlib import Path

import streamlit as st

from segviz.case import Case
from segviz.errors import Question, SegvizError
from segviz.opening import open_files
from segviz.store import Store
from segviz.ui import asks, components, frame, links, words

IMAGE = re.compile(r"\.(nii|nii\.gz|nrrd|nhdr|mha|tif|tiff|zip)$", re.IGNORECASE)
LISTED = 500
NEW = "a new case"
FORMATS = "NIfTI, NRRD, MetaImage, DICOM (a folder or a zip) and GeoTIFF; several dates at once"


@dataclass(frozen=True)
class Waiting:
    """Files that are here and not yet open."""

    paths: tuple[Path, ...]
    names: tuple[str, ...]
    name: str = ""
    case_id: str | None = None
    when: date | None = None
    answers: dict[str, str] = field(default_factory=dict)
    question: Question | None = None


def section(store: Store, cases: list[Case]) -> None:
    """Choose files, name the case, answer what the files leave open."""
    frame.heading("Open a study or a scene")
    with st.container():
        if refusal := st.session_state.pop("refusal", None):
            frame.say(refusal)
    waiting: Waiting | None = st.session_state.get("waiting")
    if waiting is None:
        choose(store)
    elif waiting.question is not None:
        answer = asks.ask(waiting.question)
        if answer:
            given = waiting.answers | {waiting.question.key: answer}
            attempt(store, replace(waiting, answers=given, question=None))
        start_again()
    else:
        describe(store, cases, waiting)


def choose(store: Store) -> None:
    """From the browser or from the server's folder."""
    if sent := components.uploaded(store, "upload", FORMATS):
        files = [p for p in store.upload_files(sent["upload"]) if p.is_file()]
        keep(Waiting(tuple(files), tuple(sent["names"])))
    listed = list(islice(entries(store.settings.data), LISTED))
    if not listed:
        return
    with st.form("picker", border=False):
        chosen = st.multiselect(
            "or from the server's folder",
            range(len(listed)),
            format_func=lambda i: str(listed[i].relative_to(store.settings.data)),
            placeholder="Choose files or folders",
        )
        if st.form_submit_button("Continue") and chosen:
            paths = tuple(listed[i] for i in chosen)
            keep(Waiting(paths, tuple(path.name for path in paths)))


def describe(store: Store, cases: list[Case], waiting: Waiting) -> None:
    """Say what the files are called here and where they belong."""
    shown = ", ".join(waiting.names[:3]) + (" …" if len(waiting.names) > 3 else "")
    count = words.plural(len(waiting.names), "file")
    st.html(f'<p class="sv-soft">{count}: {escape(shown)}</p>')
    with st.form("describe", border=False):
        targets = {None: NEW} | {case.id: case.name for case in cases}
        target = st.selectbox("Add to", list(targets), format_func=targets.__getitem__)
        name = st.text_input("Name of the new case", placeholder="no patient's name, please")
        with st.expander("Where the file is silent or wrong"):
            spacing = st.text_input("Voxel size, mm", placeholder="0.86,0.86,6.5").strip()
            when = st.date_input("Date of the image", None, date(1970, 1, 1), date.today())
        if st.form_submit_button("Open", type="primary"):
            typed = {"spacing_mm": spacing} if spacing else {}
            described = replace(waiting, case_id=target, name=name.strip(), when=when)
            attempt(store, replace(described, answers=waiting.answers | typed))
    start_again()


def attempt(store: Store, waiting: Waiting) -> None:
    """Open the files; ask what they leave open, or go to the case."""
    try:
        with st.spinner(f"Checking and opening {words.plural(len(waiting.names), 'file')} …"):
            case = open_files(
                store,
                waiting.paths,
                case_id=waiting.case_id,
                name=waiting.name,
                when=waiting.when,
                answers=waiting.answers,
            )
    except Question as question:
        keep(replace(waiting, question=question))
    except SegvizError as refusal:
        st.session_state.pop("waiting", None)
        st.session_state["refusal"] = refusal
        st.rerun()
    else:
        st.session_state.pop("waiting", None)
        st.switch_page("review.py", query_params=links.query(case))


def keep(waiting: Waiting) -> None:
    st.session_state["waiting"] = waiting
    st.rerun()


def start_again() -> None:
    if st.button("Choose other files", type="tertiary"):
        st.session_state.pop("waiting", None)
        st.rerun()


def entries(folder: Path, depth: int = 4) -> Iterator[Path]:
    """Image files below a folder, and folders of loose files (DICOM series)."""
    if depth == 0 or not folder.is_dir():
        return
    loose = False
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from entries(path, depth - 1)
        elif IMAGE.search(path.name):
            yield path
        else:
            loose = loose or path.suffix.lower() in ("", ".dcm", ".ima")
    if loose:
        yield folder
