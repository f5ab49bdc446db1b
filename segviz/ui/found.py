"""Findings on the pages, each computed once for each spec."""

from __future__ import annotations

import json

import streamlit as st

from segviz import findings
from segviz.store import Store


def found(store: Store, spec: findings.Spec) -> findings.Numbers:
    """The numbers of a spec; kept, since a spec always gives the same."""
    return _found(store, json.dumps(spec, sort_keys=True), str(store.home))


@st.cache_data(show_spinner=False, max_entries=256)
def _found(_store: Store, spec: str, home: str) -> findings.Numbers:
    return findings.find(_store, json.loads(spec))
