"""What people painted in a case so far, as a model may learn from it."""

from __future__ import annotations

from segviz.case import Case, Visit
from segviz.edit.samples import BACKGROUND
from segviz.grid import RasterGrid
from segviz.mask import Legend
from segviz.store import Store
from segviz.store.strokes import Strokes
from segviz.workbench.registry import get


def painted(store: Store, case: Case, visit: Visit, layer_id: str = "") -> list[Strokes]:
    """The strokes of a visit, and of the other dates of a place that have the same bands.

    Those of a layer of the visit, its first where none is named, and of the first of other dates.

    Strokes that were undone do not count, nor does anything that a model marked. Labels of other
    dates count by their names. In a scan erased cells and a label named background are samples of
    label 0; in a scene 0 is "no data", so an erased cell is no sample.
    """
    mine = get(store, layer_id or visit.id)
    others = [get(store, other.id) for other in case.visits if _is_alike(other, visit)]
    found = []
    for bench in (mine, *others):
        entries = tuple(entry.seq for entry in bench.strokes())
        if entries:
            labels = _meaning(bench.legend, mine.legend, scan=case.world == "volume")
            found.append(Strokes(bench.visit.id, entries, labels))
    return found


def _is_alike(other: Visit, visit: Visit) -> bool:
    """Another date whose values mean the same."""
    return (
        other.id != visit.id
        and not other.reference
        and isinstance(other.grid, RasterGrid)
        and other.channels == visit.channels
    )


def _meaning(painted: Legend, legend: Legend, scan: bool) -> tuple[tuple[int, int], ...]:
    """Pairs of a painted label and what it counts for."""
    values = {label.name.casefold(): label.value for label in legend}
    if scan:
        values[BACKGROUND] = 0
    pairs = [
        (label.value, values[label.name.casefold()])
        for label in painted
        if label.name.casefold() in values
    ]
    return tuple([(0, 0), *pairs] if scan else pairs)
