"""Sums of diameters, and the range of a response criterion that they alone would fall in.

A measurement aid, not a diagnosis: criteria also ask for clinical state, steroids, other sequences,
lesions that are not measured, and confirmation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Range = Literal["CR", "PR", "MinR", "SD", "PD"]
Total = Literal["spd", "sld"]

AID = "Measurement aid, not a diagnosis."
DIGITS = 9
"""Changes are rounded so far before they are compared: 1.25 x is 25 %, whatever its last bit."""

THICK_MM = 5.0


@dataclass(frozen=True)
class Criterion:
    """What is measurable, what is added up, and from where a change counts.

    Attributes:
        total: sum of products (spd, mm2) or of longest diameters (sld, mm).
        longest_mm, perpendicular_mm, slices: least of a measurable lesion.
        node_mm: least short axis of a lymph node, which is then added up; None: nodes are lesions.
        partial: decrease from baseline that is PR; minor: that is MinR, None where there is none.
        progress: increase over the smallest sum so far that is PD, if it is ``least_mm`` as well.
        asks: what else the criterion asks for.
        source: where the thresholds stand.
    """

    title: str
    total: Total
    longest_mm: float
    perpendicular_mm: float
    slices: int
    node_mm: float | None
    partial: float
    minor: float | None
    progress: float
    least_mm: float
    asks: str
    source: str


_RANO_ASKS = (
    "CR and PR must be confirmed after 4 weeks; T2/FLAIR, steroids and clinical state count."
)

CRITERIA: dict[str, Criterion] = {
    "rano-2010": Criterion(
        "RANO 2010, high-grade glioma",
        "spd", 10.0, 10.0, 2, None, 0.5, None, 0.25, 0.0,
        f"Enhancing lesions on T1 after contrast agent. {_RANO_ASKS}",
        "PMC10584081, table 1",
    ),
    "rano-lgg": Criterion(
        "RANO-LGG 2011, low-grade glioma",
        "spd", 10.0, 10.0, 2, None, 0.5, 0.25, 0.25, 0.0,
        f"Lesions on T2 or FLAIR. {_RANO_ASKS}",
        "PMC10584081; PMC6303427, table 1",
    ),
    "recist-1.1": Criterion(
        "RECIST 1.1, solid tumours",
        "sld", 10.0, 0.0, 1, 15.0, 0.3, None, 0.2, 5.0,
        "At most 2 targets in one organ; lesions that are not targets count as well.",
        "Eisenhauer 2009, PMC2755245, table 3",
    ),
}  # fmt: skip

MOST_TARGETS = 5


@dataclass(frozen=True)
class Size:
    """A lesion at a visit, as far as criteria ask."""

    longest_mm: float
    perpendicular_mm: float
    slices: int
    product_mm2: float


@dataclass(frozen=True)
class Reading:
    """A visit under a criterion.

    Attributes:
        total: mm2 or mm; None where a target was not measured.
        from_baseline, from_nadir: relative changes; None at the baseline or where it is 0.
        nadir: the smallest sum before this visit.
        range: by diameters alone; None where there is none, and ``why`` says why.
    """

    total: float | None
    from_baseline: float | None
    from_nadir: float | None
    nadir: float | None
    range: Range | None
    why: str

    def to_json(self) -> dict[str, Any]:
        return {**self.__dict__}


def not_measurable(
    size: Size, slice_mm: float, criterion: Criterion, node: bool = False
) -> str | None:
    """Why a lesion cannot be a target; None where it can.

    Slices thicker than 5 mm raise the least longest diameter to twice their distance.
    """
    if node and criterion.node_mm is not None:
        short = size.perpendicular_mm
        return (
            f"a node with a short axis of {short:.1f} mm is below {criterion.node_mm:g} mm"
            if short < criterion.node_mm
            else None
        )
    least = criterion.longest_mm
    if slice_mm > THICK_MM:
        least = max(least, 2 * slice_mm)
    wide = least if criterion.perpendicular_mm else 0.0
    if size.longest_mm < least:
        return f"longest diameter {size.longest_mm:.1f} mm is below {least:g} mm"
    if size.perpendicular_mm < wide:
        return f"perpendicular diameter {size.perpendicular_mm:.1f} mm is below {wide:g} mm"
    if size.slices < criterion.slices:
        return f"seen on {size.slices} of the {criterion.slices} slices that are asked for"
    return None


def amount(size: Size | None, criterion: Criterion, node: bool = False) -> float:
    """What a target adds to the sum; 0 once it has vanished."""
    if size is None:
        return 0.0
    if criterion.total == "spd":
        return size.product_mm2
    return size.perpendicular_mm if node and criterion.node_mm is not None else size.longest_mm


def readings(
    totals: Sequence[float | None], new: Sequence[bool], criterion: Criterion
) -> list[Reading]:
    """Each visit against the first one, the baseline, and the smallest sum before it.

    Args:
        totals: sum over the targets at each visit, the baseline first.
        new: whether a lesion is there that was not before.
    """
    found: list[Reading] = []
    for visit, total in enumerate(totals):
        earlier = [value for value in totals[:visit] if value is not None]
        nadir = min(earlier, default=None)
        changes = relative(totals[0], total) if visit else None, relative(nadir, total)
        verdict = (
            _range(criterion, total, changes, nadir, new[visit]) if visit else _baseline(total)
        )
        found.append(Reading(total, *changes, nadir, *verdict))
    return found


def relative(before: float | None, after: float | None) -> float | None:
    """(after - before) / before, rounded to nine digits; None where that is not defined."""
    if before is None or after is None or before == 0:
        return None
    return round((after - before) / before, DIGITS)


def volume_equivalent(change: float, total: Total) -> float:
    """The change of a sphere's volume when its product or diameter changes so: geometry alone.

    >>> [round(100 * volume_equivalent(*one), 1) for one in ((-0.5, "spd"), (0.2, "sld"))]
    [-64.6, 72.8]
    """
    return float((1 + change) ** (1.5 if total == "spd" else 3.0) - 1)


def _baseline(total: float | None) -> tuple[Range | None, str]:
    return None, "Baseline." if total else "Baseline without a measurable target."


def _range(
    criterion: Criterion,
    total: float | None,
    changes: tuple[float | None, float | None],
    nadir: float | None,
    new: bool,
) -> tuple[Range | None, str]:
    baseline, least = changes
    if new:
        return "PD", "A new lesion."
    if total is None:
        return None, "A target was not measured at this visit."
    if baseline is None:
        return None, "The baseline has no measurable target, so there is nothing to compare with."
    if total == 0:
        return "CR", "No target is left."
    grown = total if nadir is None else round(total - nadir, DIGITS)
    if _progressed(criterion, least, grown):
        return "PD", f"{_percent(least)} from the smallest sum so far{_and_mm(criterion, grown)}."
    if baseline <= -criterion.partial:
        return "PR", f"{_percent(baseline)} from baseline."
    if criterion.minor is not None and baseline <= -criterion.minor:
        return "MinR", f"{_percent(baseline)} from baseline."
    return "SD", f"{_percent(baseline)} from baseline, {_percent(least)} from the smallest sum."


def _progressed(criterion: Criterion, change: float | None, grown: float) -> bool:
    """What comes again after all had gone has grown without bounds."""
    enough = change is None or change >= criterion.progress
    return enough and grown > 0 and grown >= criterion.least_mm


def _percent(change: float | None) -> str:
    """
    >>> _percent(-0.25), _percent(None)
    ('-25.0 %', 'up from 0')
    """
    return "up from 0" if change is None else f"{100 * change:+.1f} %"


def _and_mm(criterion: Criterion, grown: float) -> str:
    return f" and {grown:+.1f} mm" if criterion.least_mm else ""
