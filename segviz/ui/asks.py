"""Questions that a file leaves open, asked as a small form."""

from __future__ import annotations

from html import escape

import streamlit as st

from segviz.errors import Question


def ask(question: Question) -> str | None:
    """The reader's answer, in the run in which it was given."""
    with st.form(f"ask-{question.key}", border=True):
        st.html(f'<p class="sv-cell">{escape(question.message)}</p>')
        answer = _field(question)
        given = st.form_submit_button("Use this and open", type="primary")
    return answer if given and answer else None


def _field(question: Question) -> str | None:
    if question.choices:
        return st.radio(
            "Choose",
            list(question.choices),
            index=None,
            format_func=question.choices.__getitem__,
            label_visibility="collapsed",
        )
    return st.text_input("Your answer", placeholder=PLACEHOLDERS.get(question.key, "")).strip()


PLACEHOLDERS = {"spacing_mm": "for example 0.86,0.86,6.5", "date": "2021-05-02"}
