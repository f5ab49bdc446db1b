"""The report of a case: what goes into it, and the files it can be had as."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

import streamlit as st

from segviz import report
from segviz.case import Case
from segviz.report import Options
from segviz.store import Store
from segviz.ui import frame, links

FILES = {
    "pdf": ("PDF", "to print and to sign"),
    "html": ("HTML", "one file, opens in the browser"),
    "json": ("JSON", "all numbers; <code>segviz replay</code> computes them again"),
    "csv": ("CSV", "the tables"),
}


def titled(store: Store, case: Case) -> None:
    """The name of a case with its report beside it."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="titled"):
        frame.title(case)
        popover(store, case, f"change-{case.id}")


def popover(store: Store, case: Case, key: str) -> None:
    """A button that opens the choices and the files.

    Args:
        key: unlike that of another report button on the same page.
    """
    with st.popover("Report", icon=":material/description:", type="tertiary"):
        parts = report.sections(case)
        chosen = st.pills(
            "Sections",
            list(parts),
            selection_mode="multi",
            default=list(parts),
            format_func=lambda name: parts[name].title,
            key=f"report-sections-{key}",
        )
        named = st.checkbox(
            "Include the name of the case",
            help="It may be a patient's. Without it the report bears the case's number alone.",
            key=f"report-named-{key}",
        )
        smallest = 0
        if case.world == "volume":
            smallest = st.number_input(
                "Smallest lesion, mm³",
                min_value=0,
                step=10,
                value=int(Options().smallest_mm3),
                key=f"report-smallest-{key}",
            )
        if chosen:
            options = Options(tuple(chosen), named, float(smallest))
            st.html(file_list(links.base(store, case), options))
        else:
            st.html('<p class="sv-soft">Choose at least one section.</p>')
        st.html('<p class="sv-note">Numbers of the masks as they are now.</p>')


def file_list(base: str, options: Options) -> str:
    """Links to the route that makes each file when it is asked for."""
    said = urlencode(asked(options))
    return "".join(
        [
            '<div class="sv-files">',
            *(
                f'<div><a href="{escape(f"{base}/report.{form}?{said}")}" {how(form)}>{name}'
                f"<small>{about}</small></a></div>"
                for form, (name, about) in FILES.items()
            ),
            "</div>",
        ]
    )


def asked(options: Options) -> Mapping[str, str]:
    """Options as the query of an address."""
    return {"sections": ",".join(options.sections), "smallest": f"{options.smallest_mm3:g}"} | (
        {"named": "1"} if options.named else {}
    )


def how(form: str) -> str:
    return 'target="_blank" rel="noopener"' if form == "html" else "download"
