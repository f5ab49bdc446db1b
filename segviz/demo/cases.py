"""Dated images with their masks, put into a workspace once: a second run finds them there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from segviz import opening, workbench
from segviz.case import Case, Visit
from segviz.mask import Mask
from segviz.store import Store

Say = Callable[[str], None]
"""Gets a sentence before each thing that takes a while."""

AUTHOR = "segviz demo"


@dataclass(frozen=True, eq=False)
class Shot:
    """An image to open, and what is drawn on it.

    Attributes:
        make: gives the file of the image; called where the workspace lacks it only.
        mask: gives the mask of the opened visit, or None.
        reference: an independent map that is compared with only.
    """

    when: date
    make: Callable[[], Path]
    mask: Callable[[Visit], Mask] | None = None
    answers: dict[str, str] = field(default_factory=dict)
    reference: bool = False


def ensure(store: Store, name: str, notice: str, shots: Sequence[Shot]) -> Case:
    """The case of this name with all its shots; what is there already stays as it is."""
    case = next((case for case in store.cases() if case.name == name), None)
    for shot in shots:
        visit = _visit(case, shot)
        if visit is None:
            case = opening.open_files(
                store,
                [shot.make()],
                case_id=case.id if case else None,
                name=name,
                when=shot.when,
                answers=shot.answers,
                notice=notice,
                reference=shot.reference,
            )
            visit = _visit(case, shot)
        if visit is not None and shot.mask is not None:
            _draw(store, visit, shot.mask)
    if case is None:
        raise ValueError("a case needs a shot")
    return store.case(case.id)


def _visit(case: Case | None, shot: Shot) -> Visit | None:
    """The visit that a shot became."""
    found = case.visits if case else ()
    return next((v for v in found if (v.when, v.reference) == (shot.when, shot.reference)), None)


def _draw(store: Store, visit: Visit, make: Callable[[Visit], Mask]) -> None:
    """Give a visit its first mask; one that was worked on since is left alone."""
    bench = workbench.get(store, visit.id)
    if bench.revision == 0:
        mask = make(visit)
        bench.replace_by(
            mask, title=f"Import: {mask.source}", author=AUTHOR, uuid=f"demo-{visit.id}"
        )
