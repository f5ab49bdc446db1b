"""Change: the same place at several times, and the numbers over time."""

from __future__ import annotations

import streamlit as st

from segviz import opening
from segviz.case import Case
from segviz.store import Store
from segviz.ui import followup, frame, objects_over_dates, transitions


def over_time(store: Store, case: Case) -> None:
    """The page for one case."""
    if len(case.visits) < 2:
        frame.title(case)
        frame.empty(
            "One visit has no change",
            "Open another image of the same patient or place and add it to this case.",
        )
        st.page_link("cases.py", label="Go to Cases", icon=":material/view_list:")
        return
    opening.take_finished(store, case.visits)
    if case.world == "volume":
        followup.volumes(store, case)
    else:
        with frame.part():
            transitions.scenes(store, case)
        with frame.part():
            objects_over_dates.section(store, case)
