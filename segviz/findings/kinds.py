"""Which findings there are, by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol, cast

from segviz.errors import Refused
from segviz.findings import (
    accuracy,
    agreement,
    amounts,
    areas,
    consensus,
    gaps,
    land_change,
    ledger,
    lesions,
    objects,
    objects_over_dates,
    panoptic,
    provenance,
    series,
)
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
    "accuracy": accuracy,
    "agreement": agreement,
    "amounts": amounts,
    "areas": areas,
    "consensus": consensus,
    "gaps": gaps,
    "land_change": land_change,
    "ledger": ledger,
    "lesions": lesions,
    "objects": objects,
    "objects_over_dates": objects_over_dates,
    "panoptic": panoptic,
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
