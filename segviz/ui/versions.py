"""Named versions of a mask: name one, compare two, bring one back."""

from __future__ import annotations

from typing import Any

from segviz.case import Case, Layer, Visit
from segviz.store import Store


def section(store: Store, case: Case, visit: Visit, layer: Layer) -> None:
    """A door to the versions."""


def shown(store: Store, case: Case, visit: Visit, layer: Layer) -> dict[str, Any] | None:
    """The comparison that the picture shows in place of the mask; None while it shows the mask."""
    return None
