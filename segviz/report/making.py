"""The report of a case as it stands now: findings computed, pictures drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import segviz
from segviz import findings, opening
from segviz.case import Case
from segviz.errors import Refused
from segviz.findings import Numbers, Spec, amounts
from segviz.findings.blocks import Block, Check, Plot, Table, Text
from segviz.report import pictures
from segviz.report.contents import PICTURES, Options, sections
from segviz.report.document import Document, Section
from segviz.store import Store

PACKAGES = ("numpy", "scipy", "SimpleITK", "nibabel", "pydicom", "rasterio", "pyproj")
"""What the numbers depend on besides segviz."""

PICTURES_MOST = 4


@dataclass(frozen=True)
class Found:
    """One finding of a report."""

    section: str
    caption: str
    spec: Spec
    numbers: Numbers


@dataclass(frozen=True)
class Report:
    """What was found, and the same as a document."""

    case: Case
    named: bool
    found: Sequence[Found]
    document: Document


def make(
    store: Store, case: Case, options: Options | None = None, made: datetime | None = None
) -> Report:
    """Compute all of it.

    Raises:
        Refused: a section is asked for that this case cannot have (SV-NUM-130).
        Damaged: an image is not what was opened (SV-CASE-022).
    """
    options = options or Options()
    parts = sections(case)
    if unknown := set(options.sections) - set(parts):
        raise Refused(
            "SV-NUM-130",
            f"A report of this case has no section '{min(unknown)}', so none was made; choose from "
            f"{', '.join(parts)}.",
        )
    opening.take_finished(store, case.visits)
    found: list[Found] = []
    printed: list[Section] = []
    said: set[Any] = set()
    for key, part in parts.items():
        if options.sections and key not in options.sections:
            continue
        blocks: list[Block] = []
        if key == PICTURES:
            blocks = [pictures.of_visit(store, *at) for at in _pictured(store, case)]
        for asked in part.ask(store, case, options):
            try:
                numbers = findings.find(store, asked.spec)
            except Refused as error:  # what cannot be computed is said in its place
                blocks += _captioned([Text(error.message, "warning")], asked.caption)
            else:
                found.append(Found(key, asked.caption, asked.spec, numbers))
                blocks += _captioned(findings.tell(asked.spec, numbers), asked.caption)
        if blocks := list(_once(blocks, said)):
            printed.append(Section(part.title, blocks))
    return Report(case, options.named, found, _document(case, options, printed, made))


def _captioned(blocks: Sequence[Block], caption: str) -> list[Block]:
    """Blocks under what they are about, which the title of a first table can say."""
    match blocks:
        case _ if not caption:
            return [*blocks]
        case [Table() as table, *rest]:
            return [replace(table, title=f"{caption} · {table.title}"), *rest]
    return [Text(caption, "heading"), *blocks]


def _once(blocks: Iterable[Block], said: set[Any]) -> Iterator[Block]:
    """Leave out definitions, checks and plots that stand in the report already."""
    for block in blocks:
        new = _says(block)
        if isinstance(block, Table):
            yield replace(block, note="") if block.note in said else block
        elif not new or new - said:
            yield block
        said |= new


def _says(block: Block) -> set[Any]:
    """What a block says that need not be said twice; the points of a plot one by one, but for 0."""
    match block:
        case Text(text, tone) if tone != "heading":
            return {text}
        case Table(note=note) if note:
            return {note}
        case Check():
            return {block}
        case Plot(title=title):
            return {
                (title, line.name, str(x), round(y, 6))
                for line in block.lines
                for x, y in zip(line.x, line.y, strict=True)
                if y
            }
    return set()


def versions() -> dict[str, str]:
    """Of segviz and of what the numbers depend on."""
    return {"segviz": segviz.__version__} | {name: version(name) for name in PACKAGES}


def _pictured(store: Store, case: Case) -> list[tuple[str, int]]:
    """The first masks of the first visit and of the last ones."""
    first = [
        (at["layer"], at["revision"])
        for at in amounts.layers(store, case)
        if at["layer"] in {visit.id for visit in case.visits}
    ]
    return first if len(first) <= PICTURES_MOST else [first[0], *first[1 - PICTURES_MOST :]]


def _document(
    case: Case, options: Options, printed: list[Section], made: datetime | None
) -> Document:
    kind = "Scan" if case.world == "volume" else "Scene"
    dates = [visit.when for visit in case.visits if visit.when]
    facts = [
        ("Case", case.id),
        ("Kind", kind),
        ("Visits" if case.world == "volume" else "Dates", str(len(case.visits))),
        ("Status", case.status),
    ]
    if dates:
        facts.insert(3, ("From", f"{min(dates)} to {max(dates)}"))
    return Document(
        title=case.name if options.named else f"{kind} report",
        facts=facts,
        notice=case.notice,
        sections=printed,
        made=made or datetime.now(UTC),
        versions=list(versions().items()),
    )
