"""What models and imports said of a mask, and what people made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.grid import Grid, Window
from segviz.measure.counts import counts
from segviz.store import Store
from segviz.store.journal import Entry
from segviz.workbench import titles
from segviz.workbench.bench import Workbench
from segviz.workbench.changes import strips
from segviz.workbench.comparison import dice
from segviz.workbench.generations import Generations
from segviz.workbench.history import History
from segviz.workbench.tallies import Amounts


def chain(history: History) -> Iterator[Entry]:
    """All operations in force, those of the layer that was copied first."""
    if history.origin is not None:
        yield from chain(history.origin)
    yield from history.in_force


def answer(
    store: Store, bench: Workbench, history: History, window: Window | None
) -> NDArray[np.uint8]:
    """What models and imports said of a window, the last word counts; 0 where they said nothing."""
    said = np.zeros(shape_of(bench, window), np.uint8)
    for entry in chain(history):
        if entry.kind == "replace":
            files = files_of(store, bench, entry.layer_id)
            labels = files.before(entry.generation, entry.revision, window)
            part = part_of(entry, window)
            said[part] = labels[part]
    return said


@dataclass(frozen=True, eq=False)
class Answer:
    """What models and imports said of all of a mask.

    Attributes:
        labels: in native order.
        counts: (256,) cells of each label.
    """

    labels: NDArray[np.uint8]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, store: Store, bench: Workbench, history: History) -> Answer:
        """Takes a byte a cell."""
        labels = answer(store, bench, history, None)
        return cls(labels, counts(labels))


def departed(bench: Workbench, said: Answer) -> list[dict[str, Any]]:
    """What people added to and removed from an answer, label by label of either, by value.

    Returns:
        Rows of label, name, ``added`` and ``removed`` in ``unit``, and the Dice to the answer.
    """
    mask = bench.mask()
    found = Departures(mask.grid)
    found.look(mask.data, said.labels, None)
    values = {*found.added.labels(), *(np.flatnonzero(said.counts[1:]) + 1).tolist()}
    return [
        {
            "label": value,
            "name": mask.legend[value].name,
            **found.row(value, int(said.counts[value]) - found.removed.of(value)[0]),
        }
        for value in sorted(values)
    ]


def labels(store: Store, bench: Workbench, history: History) -> list[dict[str, Any]]:
    """Amounts of a mask after a history, and what people did, strip by strip; as provenance."""
    grid, legend = bench.visit.grid, history.legend
    found, all_of_it = Departures(grid), Amounts(grid)
    for window in strips(grid.shape):
        now = bench.mask_at(history.revision, window)
        found.look(now, answer(store, bench, history, window), window)
        all_of_it.add(now, window)
    rows = []
    for value in sorted({*(label.value for label in legend), *all_of_it.labels()}):
        count, amount = all_of_it.of(value)
        row = found.row(value, count - found.added.of(value)[0])
        if history.base is None:
            row["dice"] = None
        about = {"label": value, "name": legend[value].name}
        rows.append(about | {"count": count, "amount": amount} | row)
    return rows


class Departures:
    """What is in a mask and was not in the answer, and the other way round.

    Attributes:
        added, removed: amounts of each label.
    """

    def __init__(self, grid: Grid) -> None:
        self.added, self.removed = Amounts(grid), Amounts(grid)
        self._grid = grid

    def look(self, now: NDArray[np.uint8], said: NDArray[np.uint8], window: Window | None) -> None:
        """Compare a strip of a scene as wide as it is, or all of a mask."""
        is_now, was_said = now.reshape(-1), said.reshape(-1)
        differ = np.flatnonzero(is_now != was_said)
        cells = differ + (window[0] * self._grid.shape[1] if window else 0)
        self.added.add_cells(cells, is_now[differ])
        self.removed.add_cells(cells, was_said[differ])

    def row(self, label: int, kept: int) -> dict[str, Any]:
        """Amounts, and the Dice where so many cells of the label are in both."""
        (more, added), (less, removed) = self.added.of(label), self.removed.of(label)
        return {
            "unit": titles.unit(self._grid),
            "added": added,
            "removed": removed,
            "dice": dice(kept, more, less),
        }


def files_of(store: Store, bench: Workbench, layer_id: str) -> Generations:
    shape = bench.visit.grid.shape
    return Generations(store.journal, store.mask_folder(layer_id), layer_id, shape)


def shape_of(bench: Workbench, window: Window | None) -> tuple[int, ...]:
    if window is None:
        return bench.visit.grid.shape
    return window[1] - window[0], window[3] - window[2]


def window_of(entry: Entry) -> Window | None:
    """The part of a scene that a run was about; None where it was about all of it."""
    told = (entry.facts or {}).get("window")
    return tuple(told) if told else None


def part_of(entry: Entry, window: Window | None) -> tuple[slice, ...]:
    """Where in an array of ``window`` a run was at work."""
    about = window_of(entry)
    if about is None:
        return (slice(None),)
    top, left = (window[0], window[2]) if window else (0, 0)
    rows = slice(max(0, about[0] - top), max(0, about[1] - top))
    columns = slice(max(0, about[2] - left), max(0, about[3] - left))
    return rows, columns
