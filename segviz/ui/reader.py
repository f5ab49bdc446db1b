"""Who is working: the name that stands in the history and on a reader's own layers."""

from __future__ import annotations

from urllib.parse import unquote

import streamlit as st

from segviz import workbench

COOKIE = "segviz-reader"
"""Set by the viewers, so that a browser keeps its reader's name."""

MOST_LETTERS = 60


def name() -> str:
    """The reader's name; empty until one is given."""
    if "reader" not in st.session_state:
        st.session_state["reader"] = unquote(st.context.cookies.get(COOKIE, ""))[:MOST_LETTERS]
    return str(st.session_state["reader"])


def signature() -> str:
    """What stands in the history for this reader."""
    return name() or workbench.bench.READER


def choose() -> None:
    """A small door behind which the name is changed."""
    known = name()
    with st.popover(known or "Who is reading?", icon=":material/person:", type="tertiary"):
        st.html('<p class="sv-note">Stands beside each of your steps in the history.</p>')
        typed = st.text_input("Your name", known, max_chars=MOST_LETTERS)
        if typed.strip() != known:
            st.session_state["reader"] = typed.strip()
            st.rerun()
