"""The browser's part inside the pages.

A component's data hold addresses and options and stay the same from run to run; voxels, tiles and
edits travel over our own routes, never through Streamlit (measured: edits in triggers get lost).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from segviz import viewers
from segviz.store import Store
from segviz.ui import links


def show(name: str, data: Mapping[str, Any], key: str, *triggers: str) -> Any:
    """Mount a component; the value of its trigger in the run that the trigger caused.

    Of several triggers, a tuple of their values.
    """
    key = key.replace("_", ".")  # an id may hold two in a row, which Streamlit keeps for itself
    callbacks: dict[str, Any] = {f"on_{trigger}_change": _noted for trigger in triggers}
    result = _component(name)(key=key, data=dict(data), **callbacks)
    values = tuple(getattr(result, trigger, None) for trigger in triggers)
    return values[0] if len(values) == 1 else values


def uploaded(store: Store, key: str, formats: str) -> Any:
    """An upload that has just arrived, once: its ``upload`` id and the ``names`` of its files.

    A trigger can be lost while the page runs, so the browser says it again until it hears that the
    upload was taken.

    Args:
        formats: what may be dropped, in words.
    """
    taken: dict[str, str] = st.session_state.setdefault("uploads-taken", {})
    data = {"url": links.uploads(store), "taken": taken.get(key, ""), "formats": formats}
    sent = show("upload", data, key, "uploaded")
    if not sent or sent["upload"] == taken.get(key):
        return None
    taken[key] = sent["upload"]
    return sent


@cache
def _component(name: str) -> ComponentRenderer:
    return st.components.v2.component(f"segviz_{name}", js=viewers.inline(name))


def _noted() -> None:
    """Streamlit offers a trigger only where it has a callback."""
