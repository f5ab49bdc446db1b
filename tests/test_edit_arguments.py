"""What a request says becomes the arguments of a tool, or is refused."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from segviz.edit.arguments import fitted
from segviz.errors import Refused


def tool(
    canvas: object,
    *,
    label: int,
    radius_mm: float = 1.0,
    solid: bool = False,
    way: Literal["grow", "shrink"] = "grow",
    into: int | None = None,
    plane: int | None = None,
    slices: tuple[int, int] | None = None,
    free: Sequence[int] = (),
    points: ArrayLike = (),
    other: NDArray[np.uint8] | None = None,
) -> None:
    """Has a parameter of every kind."""


def test_each_kind_is_taken() -> None:
    other = np.zeros((2, 2), np.uint8)
    said: dict[str, Any] = {
        "label": 3,
        "radius_mm": 2,
        "solid": True,
        "way": "shrink",
        "into": None,
        "slices": [4, 9],
        "free": [5, 6],
        "points": [[1, 2.5]],
        "other": other,
    }
    found = fitted(tool, said)
    assert found == said | {"radius_mm": 2.0, "slices": (4, 9)}
    assert type(found["radius_mm"]) is float
    assert found["other"] is other


def test_what_is_left_out_keeps_its_default() -> None:
    assert fitted(tool, {"label": 1}) == {"label": 1}


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"label": 1.5},
        {"label": True},
        {"label": "1"},
        {"label": 1, "radius_mm": float("nan")},
        {"label": 1, "radius_mm": "2"},
        {"label": 1, "solid": 1},
        {"label": 1, "way": "sideways"},
        {"label": 1, "into": "2"},
        {"label": 1, "slices": [4]},
        {"label": 1, "slices": 4},
        {"label": 1, "free": [1, "2"]},
        {"label": 1, "points": "here"},
        {"label": 1, "other": [[0]]},
        {"label": 1, "unheard": 1},
        {"label": 256},
        {"label": -1},
        {"label": 1, "into": 999},
        {"label": 1, "plane": 3},
    ],
)
def test_anything_else_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        fitted(tool, said)
    assert refused.value.code == "SV-EDIT-044"
