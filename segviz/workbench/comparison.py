"""Two versions of a mask side by side: where they agree, and what only one of them has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import Window, same_grid
from segviz.mask import Label, Legend
from segviz.workbench import titles
from segviz.workbench.bench import Workbench
from segviz.workbench.changes import strips
from segviz.workbench.tallies import Amounts

AGREE, ONLY_A, ONLY_B, BOTH = 1, 2, 3, 4


def legend(a: str, b: str) -> Legend:
    """What the labels of ``difference`` mean; told apart with any colour vision."""
    return Legend(
        (
            Label(AGREE, "both", "#999999"),
            Label(ONLY_A, f"only {a}", "#0072B2"),
            Label(ONLY_B, f"only {b}", "#D55E00"),
            Label(BOTH, "another label", "#CC79A7"),
        )
    )


@dataclass(frozen=True)
class At:
    """A layer as it was after a revision.

    Raises:
        Refused: it never had that revision (SV-EDIT-096).
    """

    bench: Workbench
    revision: int

    def labels(self, window: Window | None = None) -> NDArray[np.uint8]:
        return self.bench.mask_at(self.revision, window)


def compare(a: At, b: At) -> list[dict[str, Any]]:
    """For each label of either: how much of it both have, and one of them alone; by value.

    Returns:
        Rows of label, name, unit (ml or ha; pixels without a CRS), cells and amounts as ``agree``,
        ``only_a``, ``only_b`` and ``agree_amount``, ``only_a_amount``, ``only_b_amount``,
        ``difference`` (amount of b minus that of a) and ``dice``, null of a label that neither has.

    Raises:
        Refused: the masks lie on different grids (SV-EDIT-097).
    """
    grid = _common(a, b)
    agree, only_a, only_b = Amounts(grid), Amounts(grid), Amounts(grid)
    for window in strips(grid.shape):
        one, two = a.labels(window), b.labels(window)
        same = one == two
        agree.add(np.where(same, one, 0), window)
        only_a.add(np.where(same, 0, one), window)
        only_b.add(np.where(same, 0, two), window)
    names = b.bench.history_at(b.revision).legend
    first = a.bench.history_at(a.revision).legend
    values = {label.value for label in (*names, *first)}
    values |= {*agree.labels(), *only_a.labels(), *only_b.labels()}
    rows = []
    for value in sorted(values):
        (n, amount), (n_a, amount_a), (n_b, amount_b) = (
            each.of(value) for each in (agree, only_a, only_b)
        )
        rows.append(
            {
                "label": value,
                "name": (names if value in names else first)[value].name,
                "unit": titles.unit(grid),
                "agree": n,
                "only_a": n_a,
                "only_b": n_b,
                "agree_amount": amount,
                "only_a_amount": amount_a,
                "only_b_amount": amount_b,
                "difference": amount_b - amount_a,
                "dice": dice(n, n_a, n_b),
            }
        )
    return rows


def difference(
    a: At, b: At, window: Window | None = None, label: int | None = None
) -> NDArray[np.uint8]:
    """Where two versions differ, as labels: 1 both have it, 2 only a, 3 only b, 0 neither.

    Args:
        window: of a scene; all of it when None.
        label: which one is looked at. When None any label counts, and cells that have one in both
            but not the same are 4.

    Raises:
        Refused: the masks lie on different grids (SV-EDIT-097).
    """
    _common(a, b)
    one, two = a.labels(window), b.labels(window)
    in_a, in_b = (one > 0, two > 0) if label is None else (one == label, two == label)
    found = (in_a * np.uint8(ONLY_A) + in_b * np.uint8(ONLY_B)).astype(np.uint8)
    both = in_a & in_b
    found[both] = AGREE
    found[both & (one != two)] = BOTH
    return found


def dice(both: int, only_a: int, only_b: int) -> float | None:
    """Twice what both have over the sum of what each has; None where neither has any."""
    total = 2 * both + only_a + only_b
    return 2 * both / total if total else None


def _common(a: At, b: At) -> Any:
    grid = a.bench.visit.grid
    if not same_grid(grid, b.bench.visit.grid):
        raise Refused(
            "SV-EDIT-097",
            "The two masks lie on different grids, so their cells cannot be told apart one by one; "
            "choose two versions of one image.",
        )
    return grid
