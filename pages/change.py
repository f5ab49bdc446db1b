"""Change: one place at several times, and its numbers over time."""

from segviz.ui import cases, change, frame

with frame.page("Change") as store:
    case = frame.chosen_case(store)
    if case is None:
        cases.choose(store, "change.py", "Choose a case to compare over time")
    else:
        change.over_time(store, case)
