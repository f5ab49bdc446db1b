"""Labels on a grid, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from colorsys import hls_to_rgb
from dataclasses import asdict, dataclass
from itertools import chain, count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.grid import Grid

PALETTE = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999",
)  # fmt: skip
"""Okabe and Ito (2008): told apart with any kind of colour vision."""


GOLDEN = 0.6180339887498949
"""Share of the circle of hues from one colour to the next."""


def _hex(red: float, green: float, blue: float) -> str:
    return "#" + "".join(f"{round(255 * part):02X}" for part in (red, green, blue))


@dataclass(frozen=True)
class Label:
    """One class: its number in the mask (1-255), name and colour ``#RRGGBB``.

    ``thing`` is True where objects are counted (lesions), False for stuff (forest).
    """

    value: int
    name: str
    color: str
    thing: bool = False


@dataclass(frozen=True)
class Legend:
    """The labels of a mask, by value. 0 is background or "no data" and is never listed."""

    labels: tuple[Label, ...]

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __contains__(self, value: int) -> bool:
        return any(label.value == value for label in self.labels)

    def __getitem__(self, value: int) -> Label:
        """The label with this value; one made up from the palette where the legend has none."""
        for label in self.labels:
            if label.value == value:
                return label
        return Label(value, f"label {value}", PALETTE[(value - 1) % len(PALETTE)])

    def covering(self, values: NDArray[np.generic] | list[int]) -> Legend:
        """This legend and a label for each value that it lacks."""
        missing = [int(v) for v in np.unique(np.asarray(values)) if v != 0 and int(v) not in self]
        return Legend((*self.labels, *(self[v] for v in missing)))

    @property
    def free_color(self) -> str:
        """A colour that no label has yet: of the palette, then hues far from the last ones."""
        taken = {label.color.upper() for label in self.labels}
        hues = (n * GOLDEN % 1 for n in count())
        more = (_hex(*hls_to_rgb(hue, 0.45 + 0.25 * (hue > 0.5), 0.7)) for hue in hues)
        return next(color for color in chain(PALETTE, more) if color not in taken)

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(label) for label in self.labels]

    @classmethod
    def from_json(cls, rows: list[dict[str, Any]]) -> Legend:
        return cls(tuple(Label(**row) for row in rows))

    @classmethod
    def named(cls, *names: str) -> Legend:
        """Labels 1, 2, 3 ... with the palette's colours."""
        return cls(
            tuple(
                Label(n, name, PALETTE[(n - 1) % len(PALETTE)]) for n, name in enumerate(names, 1)
            )
        )


@dataclass(frozen=True, eq=False)
class Mask:
    """uint8 labels on a grid: [i, j, k] of a volume or [row, column] of a scene.

    ``data`` may be a memory map; ``source`` says who or what made it; ``notes`` are sentences
    about the file it was read from.
    """

    grid: Grid
    data: NDArray[np.uint8]
    legend: Legend
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.data.shape != self.grid.shape:
            raise ValueError(f"array {self.data.shape} does not lie on grid {self.grid.shape}")
        if self.data.dtype != np.uint8:
            raise ValueError(f"labels are uint8, not {self.data.dtype}")
