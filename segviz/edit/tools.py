"""Every tool by the name it has in keys, addresses and the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from segviz.edit import (
    arguments,
    ball,
    between,
    grow,
    logic,
    margin,
    pieces,
    polygon,
    seeds,
    smooth,
)
from segviz.edit.canvas import Canvas, Edit
from segviz.errors import Refused

TOOLS: dict[str, Callable[..., Edit]] = {
    "brush": ball.brush,
    "eraser": ball.brush,
    "polygon": polygon.polygon,
    "lasso": polygon.polygon,
    "fill": pieces.fill,
    "erase-piece": pieces.erase_piece,
    "relabel-piece": pieces.relabel_piece,
    "relabel-inside": pieces.relabel_inside,
    "grow": grow.grow,
    "seeds": seeds.seeds,
    "between": between.between,
    "largest": pieces.largest,
    "small": pieces.small,
    "split": pieces.split,
    "holes": pieces.holes,
    "smooth": smooth.smooth,
    "margin": margin.margin,
    "union": logic.union,
    "intersect": logic.intersect,
    "subtract": logic.subtract,
    "copy": logic.copy,
}


def run(canvas: Canvas, name: str, params: Mapping[str, Any]) -> Edit:
    """What a tool would change.

    Args:
        params: its keyword arguments, as JSON brings them.

    Raises:
        Refused: there is no such tool (SV-EDIT-045), or it was told what it does not understand.
    """
    if name not in TOOLS:
        raise Refused(
            "SV-EDIT-045",
            f"There is no tool '{name[:30]}', so nothing was changed; load the page again.",
        )
    tool = TOOLS[name]
    return tool(canvas, **arguments.fitted(tool, params))
