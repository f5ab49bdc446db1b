"""Models: what can segment here, for what, and how well."""

from segviz.ui import frame, models

with frame.page("Models") as store:
    models.cards(store)
