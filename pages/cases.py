"""Cases: the worklist, and where a study or a scene is opened."""

from segviz.ui import cases, frame

with frame.page("Cases") as store:
    cases.worklist(store)
