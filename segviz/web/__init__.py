"""HTTP routes for voxels, tiles, edits, downloads and uploads.

Nothing here knows of Streamlit. Each route asks for the token of its case (``store.access``), since
routes stand outside any sign-in of the pages, and none takes a path from the browser.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from segviz import store, viewers
from segviz.settings import Settings
from segviz.web import (
    areas,
    downloads,
    edits,
    layers,
    masks,
    pictures,
    reports,
    tiles,
    uploads,
    volumes,
)


def routes(settings: Settings) -> list[BaseRoute]:
    """All routes of the app that are not pages, under ``/sv`` and ``/sv-assets``."""
    workspace = store.open(settings)
    rooms = (volumes, masks, layers, edits, tiles, areas, downloads, reports, uploads, pictures)
    return [
        *(route for room in rooms for route in room.routes(workspace)),
        Mount("/sv-assets", StaticFiles(directory=viewers.ASSETS, check_dir=False)),
    ]
