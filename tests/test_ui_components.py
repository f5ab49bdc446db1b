"""The lines between pages and the browser's part."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from segviz import viewers


def page() -> None:
    from segviz.ui import components

    for key in ("volume-a__b", "volume-a_b"):
        components.show("volume", {}, key, "changed")


def test_an_id_may_hold_two_underscores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewers, "inline", lambda name: "export default () => {}\n")
    test = AppTest.from_function(page).run()
    assert not test.exception
    assert len(test.get("bidi_component")) == 2
