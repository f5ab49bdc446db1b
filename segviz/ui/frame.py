"""What all pages share: the frame, the store, the chosen case, and how errors are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from html import escape
from pathlib import Path
from typing import Any, ParamSpec

import streamlit as st

from segviz import jobs, settings, store
from segviz.case import Case, Visit
from segviz.errors import NotFound, SegvizError
from segviz.store import Store
from segviz.ui import links

STYLE = Path(__file__).with_name("style.css")
ICON = Path(__file__).with_name("icon.svg")
MARK = Path(__file__).with_name("mark.svg")
NOTICE = "Research use, not for diagnosis"

P = ParamSpec("P")


@contextmanager
def page(title: str) -> Iterator[Store]:
    """The frame of a page; a SegvizError inside it becomes one calm sentence."""
    st.set_page_config(page_title=f"{title} · segviz", page_icon=ICON, layout="wide")
    st.logo(MARK, size="small")
    st.html(STYLE)
    st.html(f'<div class="sv-foot">{NOTICE}</div>')
    with told():
        yield workspace()


@contextmanager
def told() -> Iterator[None]:
    """Show what a user can cause as a sentence with its code; let bugs be bugs."""
    try:
        yield
    except SegvizError as error:
        say(error)


@contextmanager
def part(**layout: Any) -> Iterator[None]:
    """A stretch of a page with a place of its own, with errors told inside it.

    What stands below a stretch that may grow keeps its place only so. Without it a rerun that adds
    an element above an open popover closes it, with the upload in it, and takes a button away from
    under the mouse.

    Args:
        layout: as of ``st.container``.
    """
    with st.container(**layout), told():
        yield


def say(error: SegvizError) -> None:
    st.html(
        f'<div class="sv-said" role="alert"><p>{escape(error.message)}</p>'
        f"<small>{escape(error.code)}</small></div>"
    )


def fragment(function: Callable[P, None], run_every: float | None = None) -> Callable[P, None]:
    """A part of a page that reruns by itself, with errors told inside it."""

    @wraps(function)
    def calm(*args: P.args, **kwargs: P.kwargs) -> None:
        with told():
            function(*args, **kwargs)

    return st.fragment(calm, run_every=run_every)


def workspace() -> Store:
    """The store of this server; its worker is started with the first page."""
    chosen = settings.load()
    jobs.ensure_worker(chosen)
    return store.open(chosen)


def chosen_case(store: Store) -> Case | None:
    """The case of the address, else the one looked at last.

    Raises:
        NotFound: the address names a case that is not there.
    """
    asked = st.query_params.get("case") or st.session_state.get("case")
    if not asked:
        return None
    try:
        case = store.case(asked)
    except NotFound:
        st.session_state.pop("case", None)
        raise
    st.session_state["case"] = case.id
    if st.query_params.get("case") != case.id:
        st.query_params.from_dict(links.query(case))
    return case


def chosen_visit(case: Case) -> Visit:
    """The visit of the address, else the one looked at last, else the latest to segment."""
    seen: dict[str, str] = st.session_state.setdefault("visits", {})
    asked = st.query_params.get("visit") or seen.get(case.id)
    visit = next((visit for visit in case.visits if visit.id == asked), case.segmented[-1])
    seen[case.id] = visit.id
    return visit


def title(case: Case) -> None:
    """The case's name, and its notice wherever the case is."""
    notice = f' <span class="sv-notice">{escape(case.notice)}</span>' if case.notice else ""
    st.html(f'<p class="sv-title">{escape(case.name)}{notice}</p>')


def empty(title: str, what_next: str) -> None:
    """An empty state that says what to do next."""
    st.html(f'<div class="sv-empty"><h3>{escape(title)}</h3><p>{escape(what_next)}</p></div>')


def heading(text: str, aside: str = "") -> None:
    """A section's heading in the side panel."""
    st.html(f'<h4 class="sv-heading">{escape(text)}<span>{escape(aside)}</span></h4>')
