"""A report computed again: does every number still come out as it was written down?"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segviz import findings
from segviz.errors import NotFound, Refused, SegvizError
from segviz.io import sha256
from segviz.store import Store

LARGEST_BYTES = 64 * 2**20
RELATIVE = 1e-9
"""Numbers with a fraction agree to this; whole ones and texts have to be the same."""

MISTAKEN = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What a spec brings about that is not one of ours."""


@dataclass(frozen=True)
class Difference:
    """Where a report and what is found now do not agree."""

    path: str
    was: Any
    now: Any


@dataclass(frozen=True)
class Replayed:
    """One finding, or the images, computed again.

    Attributes:
        what: the kind of the finding.
        compared: numbers and texts that were looked at.
    """

    what: str
    compared: int
    differences: tuple[Difference, ...]


def read(path: Path) -> dict[str, Any]:
    """A report that ``report.json`` holds.

    Raises:
        Refused: it is too large, no JSON or no report (SV-NUM-131, SV-NUM-132).
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise Refused(
            "SV-NUM-131",
            f"The file is larger than {LARGEST_BYTES // 2**20} MB, which no report is; nothing "
            "was computed. Give the report.json that segviz wrote.",
        )
    try:
        told = json.loads(path.read_bytes(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _no_report() from None
    if not _is_report(told):
        raise _no_report()
    return dict(told)


def replay(store: Store, report: Mapping[str, Any]) -> list[Replayed]:
    """Compute everything again from the images, masks and records of a workspace.

    Raises:
        NotFound: its case is not in this workspace (SV-NUM-133).
        Refused: a finding is not one that can be computed (SV-NUM-001, SV-NUM-134).
        Damaged: the file of an image is not what was opened (SV-CASE-022).
    """
    try:
        case = store.case(report["case"]["id"])
    except NotFound:
        raise NotFound(
            "SV-NUM-133",
            "The case of this report is not in this workspace, so no number can be computed again; "
            "set SEGVIZ_HOME to the workspace that it was made in.",
        ) from None
    visits = {visit.id for visit in case.visits}
    was = {str(one["visit"]): one["sha256"] for one in report["images"]}
    now = {visit: sha256(store.files(visit)) if visit in visits else None for visit in was}
    return [
        _compared("images", was, now),
        *(_found_again(store, one) for one in report["findings"]),
    ]


def _found_again(store: Store, one: Mapping[str, Any]) -> Replayed:
    kind = str(one["spec"].get("kind"))
    try:
        numbers = findings.find(store, one["spec"])
    except SegvizError:
        raise
    except MISTAKEN:
        raise Refused(
            "SV-NUM-134",
            f"A finding of the kind '{kind[:40]}' does not say all that it depends on, so its "
            "numbers cannot be computed; the report was changed after it was written.",
        ) from None
    return _compared(kind, one["numbers"], json.loads(json.dumps(numbers, allow_nan=False)))


def _compared(what: str, was: Any, now: Any) -> Replayed:
    return Replayed(what, leaves(was), tuple(differences(was, now)))


def leaves(value: Any) -> int:
    """How many numbers and texts a value holds."""
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    return sum(map(leaves, value)) if isinstance(value, list) else 1


def differences(was: Any, now: Any, path: str = "") -> Iterator[Difference]:
    """Where two JSON values differ, by path.

    >>> [d.path for d in differences({"a": [1, 2.0]}, {"a": [1, 2.0 + 1e-12], "b": 1})]
    ['b']
    """
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*was, *now]):
            here = f"{path}.{key}" if path else key
            if key in was and key in now:
                yield from differences(was[key], now[key], here)
            else:
                yield Difference(here, _told(was.get(key)), _told(now.get(key)))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for n, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from differences(one, other, f"{path}[{n}]")
    elif not _same(was, now):
        yield Difference(path, _told(was), _told(now))


def _same(was: Any, now: Any) -> bool:
    if isinstance(was, float) and isinstance(now, float):
        return math.isclose(was, now, rel_tol=RELATIVE)
    return type(was) is type(now) and bool(was == now)


def _told(value: Any) -> Any:
    """A value short enough for a line."""
    if isinstance(value, dict | list):
        return f"{len(value)} values"
    return value if len(str(value)) <= 60 else f"{str(value)[:59]}…"


def _is_report(told: Any) -> bool:
    """True of what has the form of our reports."""
    return (
        isinstance(told, dict)
        and isinstance(told.get("case"), dict)
        and isinstance(told["case"].get("id"), str)
        and isinstance(told.get("findings"), list)
        and isinstance(told.get("images"), list)
        and all(_has(one, spec=dict, numbers=dict) for one in told["findings"])
        and all(_has(one, visit=str, sha256=str) for one in told["images"])
    )


def _has(one: Any, **fields: type) -> bool:
    return isinstance(one, dict) and all(
        isinstance(one.get(name), kind) for name, kind in fields.items()
    )


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _no_report() -> Refused:
    return Refused(
        "SV-NUM-132",
        "This is not a report of segviz, or it was damaged, so there is nothing to compute again; "
        "give the report.json that segviz wrote.",
    )
