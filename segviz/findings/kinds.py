"""Which findings there are, by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol, cast

from segviz.errors import Refused
from segviz.findings import amounts, areas, gaps, land_change, provenance, series
from segviz.findings.blocks import Block
from segviz.store import Store

Spec = Mapping[str, Any]
Numbers = dict[str, Any]


class Finding(Protocol):
    """A module of this folder."""

    def find(self, store: Store, spec: Spec) -> Numbers:
        """The numbers of a spec, JSON without NaN."""
        ...

    def tell(self, spec: Spec, numbers: Numbers) -> Sequence[Block]:
        """The same for people: tables with units, plots, definitions."""
        ...


KINDS: dict[str, ModuleType] = {
    "amounts": amounts,
    "areas": areas,
    "gaps": gaps,
    "land_change": land_change,
    "provenance": provenance,
    "series": series,
}


def find(store: Store, spec: Spec) -> Numbers:
    """The numbers of a spec.

    Raises:
        Refused: there is no such kind (SV-NUM-001), or what the kind itself refuses.
    """
    return _of(spec).find(store, spec)


def tell(spec: Spec, numbers: Numbers) -> Sequence[Block]:
    """A finding for people."""
    return _of(spec).tell(spec, numbers)


def _of(spec: Spec) -> Finding:
    kind = spec.get("kind")
    if kind not in KINDS:
        raise Refused(
            "SV-NUM-001",
            f"A finding of the kind '{kind}' is not known here, so its numbers cannot be computed; "
            "use the version of segviz that made it.",
        )
    return cast(Finding, KINDS[kind])
