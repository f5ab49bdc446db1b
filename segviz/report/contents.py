"""What goes into the report of a case: its sections, and the findings of each as they stand now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from segviz.case import Case, World
from segviz.findings import Spec, amounts, land_change, provenance
from segviz.store import Store

BOTH: tuple[World, ...] = ("volume", "scene")


@dataclass(frozen=True)
class Options:
    """What whoever asks for a report chooses.

    Attributes:
        sections: keys of ``SECTIONS``; all that the case has when empty.
        named: True prints the name of the case, which may be a patient's.
        smallest_mm3: lesions below this volume are left out.
    """

    sections: tuple[str, ...] = ()
    named: bool = False
    smallest_mm3: float = 0.0


@dataclass(frozen=True)
class Part:
    """A section that a report can have.

    Attributes:
        title: its heading.
        worlds: cases that can have it.
        specs: its findings as they stand now; none where the case has nothing to say.
    """

    title: str
    worlds: Sequence[World]
    specs: Callable[[Store, Case, Options], list[Spec]]


def _amounts(store: Store, case: Case, options: Options) -> list[Spec]:
    return [amounts.now(store, case)]


def _provenance(store: Store, case: Case, options: Options) -> list[Spec]:
    return [provenance.now(store, case)]


def _change(store: Store, case: Case, options: Options) -> list[Spec]:
    return land_change.of_case(store, case)


def _pictures(store: Store, case: Case, options: Options) -> list[Spec]:
    return []


PICTURES = "pictures"
"""The section that has no numbers."""

SECTIONS: dict[str, Part] = {
    PICTURES: Part("Pictures", BOTH, _pictures),
    "amounts": Part("Amounts", BOTH, _amounts),
    "change": Part("Change", ("scene",), _change),
    "provenance": Part("Provenance", BOTH, _provenance),
}


def sections(case: Case) -> dict[str, Part]:
    """The sections that a case can have, in the order in which they are printed."""
    return {key: part for key, part in SECTIONS.items() if case.world in part.worlds}
