"""Findings by kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from workspace import store_at

from segviz import findings
from segviz.errors import Refused


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="'horoscope'") as refused:
        findings.find(store_at(tmp_path), {"kind": "horoscope"})
    assert refused.value.code == "SV-NUM-001"
