"""Edits at random, with every tool of the editor, as its viewers send them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Params = dict[str, Any]

COMMON = (
    "brush", "eraser", "polygon", "lasso", "fill", "erase-piece", "relabel-piece",
    "relabel-inside", "grow", "seeds", "largest", "small", "split", "holes", "smooth", "margin",
    "union", "intersect", "subtract", "copy",
)  # fmt: skip


@dataclass
class Edits:
    """Draws tools with parameters for one image.

    Attributes:
        shape: canonical (x, y, z) of a volume, (rows, columns) of a scene.
        labels: that may be painted with.
        layer: another mask to copy from.
    """

    rng: np.random.Generator
    shape: tuple[int, ...]
    labels: list[int]
    layer: str

    @property
    def volume(self) -> bool:
        return len(self.shape) == 3

    def draw(self) -> tuple[str, Params, Params]:
        """Tool, params, where."""
        tools = (*COMMON, "between") if self.volume else COMMON
        weights = np.ones(len(tools))
        weights[:5] = 3
        tool = str(self.rng.choice(tools, p=weights / weights.sum()))
        made = getattr(self, tool.replace("-", "_"), None)
        params = made() if made else {"label": self.label()}
        return tool, params, self.where()

    def where(self) -> Params:
        """Limits, now and then."""
        kind = self.rng.integers(0, 8)
        if kind == 0:
            return {"only": int(self.rng.choice([0, *self.labels]))}
        if kind == 1:
            return {"outside": self.label()}
        if kind == 2:
            return {"locked": [self.label()]}
        if kind == 3:
            low = float(self.rng.uniform(0, 150))
            return {"window": [low, low + 80], "channel": 0}
        return {}

    def label(self) -> int:
        return int(self.rng.choice(self.labels))

    def place(self) -> list[float]:
        size = np.array(self.shape if self.volume else self.shape[::-1])
        return [float(n) for n in self.rng.uniform(0, 1, len(size)) * (size - 1)]

    def walk(self, count: int, step: float) -> list[list[float]]:
        size = np.array(self.shape if self.volume else self.shape[::-1])
        steps = self.rng.normal(0, step, (count, len(size)))
        points = np.array(self.place()) + np.cumsum(steps, axis=0)
        if self.volume:
            points[:, 2] = round(points[0, 2])
        return np.clip(points, 0, size - 1).tolist()  # type: ignore[no-any-return]

    def brush(self) -> Params:
        params: Params = {"label": self.label(), "points": self.walk(6, 2)}
        if not self.volume:
            return params | {"radius_cells": float(self.rng.integers(1, 8))}
        plane = int(self.rng.integers(0, 4))
        params["radius_mm"] = float(self.rng.uniform(1, 9))
        return params if plane == 3 else params | {"plane": plane}

    def eraser(self) -> Params:
        return self.brush() | {"label": 0}

    def polygon(self) -> Params:
        label = int(self.rng.choice([0, *self.labels]))
        return {"label": label, "points": self.walk(6, 5)} | self.in_plane()

    lasso = polygon

    def relabel_inside(self) -> Params:
        return {"label": self.label(), "points": self.walk(6, 8)} | self.in_plane()

    def in_plane(self) -> Params:
        return {"plane": 2} if self.volume else {}

    def fill(self) -> Params:
        plane = {"plane": int(self.rng.integers(0, 3))} if self.volume else {}
        return {"label": self.label(), "at": self.place()} | plane

    def erase_piece(self) -> Params:
        return {"label": 0, "at": self.place()}

    def relabel_piece(self) -> Params:
        return {"label": self.label(), "at": self.place()}

    def grow(self) -> Params:
        reach = {"radius_mm": 15.0} if self.volume else {"radius_m": 200.0}
        share = float(self.rng.uniform(0.02, 0.2))
        return {"label": self.label(), "at": self.place(), "share": share} | reach

    def between(self) -> Params:
        return {"label": self.label(), "plane": int(self.rng.integers(0, 3))}

    def small(self) -> Params:
        size = {"size_ml": 0.3} if self.volume else {"area_ha": 2.0}
        return {"label": self.label()} | size

    def split(self) -> Params:
        return {"label": self.label(), "labels": [n for n in range(1, 60) if n not in self.labels]}

    def smooth(self) -> Params:
        return {"label": 0} | ({"radius_mm": 4.0} if self.volume else {"radius_m": 25.0})

    def margin(self) -> Params:
        way = str(self.rng.choice(["grow", "shrink"]))
        length = {"distance_mm": 4.0} if self.volume else {"distance_m": 25.0}
        return {"label": self.label(), "way": way} | length

    def logic(self) -> Params:
        source = str(self.rng.choice(["", self.layer]))
        return {"label": self.label(), "other_label": self.label(), "source": source}

    union = intersect = subtract = logic

    def copy(self) -> Params:
        return self.logic() | {"source": self.layer}
