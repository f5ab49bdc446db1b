"""What a request says, as the arguments of a tool."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import ArrayLike

from segviz.errors import Refused

RANGES = {
    **dict.fromkeys(("label", "other_label", "into", "background", "source", "labels"), 255),
    "plane": 2,
}
"""Names whose whole numbers go from 0 to this."""


def fitted(tool: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments for a tool, each of the kind that its signature names.

    Args:
        tool: whose first argument (the canvas) is left to the caller.
        given: by name, as JSON brings them; arrays stay as they are.

    Raises:
        Refused: one is missing, unknown or of another kind (SV-EDIT-044).
    """
    hints = get_type_hints(tool)
    wanted = list(inspect.signature(tool).parameters.values())[1:]
    unknown = set(given) - {parameter.name for parameter in wanted}
    if unknown:
        raise _wrong(sorted(unknown)[0])
    found = {}
    for parameter in wanted:
        if parameter.name in given:
            try:
                found[parameter.name] = _in_range(
                    parameter.name, _as(given[parameter.name], hints[parameter.name])
                )
            except (TypeError, ValueError, OverflowError):
                raise _wrong(parameter.name) from None
        elif parameter.default is parameter.empty:
            raise _wrong(parameter.name)
    return found


def _in_range(name: str, value: Any) -> Any:
    """The value, where whole numbers of this name are labels or axes that there can be."""
    most = RANGES.get(name)
    for number in value if isinstance(value, list) else [value]:
        if most is not None and isinstance(number, int):
            _checked(number, 0 <= number <= most)
    return value


def _as(value: Any, hint: Any) -> Any:
    if hint == ArrayLike:
        return _checked(value, isinstance(value, list | tuple | np.ndarray))
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _first(value, inner)
    if origin is Literal:
        return _checked(value, value in inner)
    if origin is np.ndarray:
        return _checked(value, isinstance(value, np.ndarray))
    if origin is tuple:
        kinds = inner[:1] * len(value) if inner[-1] is ... else inner
        return tuple(_as(one, kind) for one, kind in zip(value, kinds, strict=True))
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return [_as(one, inner[0]) for one in _checked(value, isinstance(value, list | tuple))]
    if hint is NoneType:
        return _checked(value, value is None)
    if hint is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(_checked(value, number and math.isfinite(value)))
    return _checked(value, type(value) is hint)


def _first(value: Any, hints: Sequence[Any]) -> Any:
    for hint in hints:
        try:
            return _as(value, hint)
        except (TypeError, ValueError):
            continue
    raise TypeError


def _checked(value: Any, holds: bool) -> Any:
    if not holds:
        raise TypeError
    return value


def _wrong(name: str) -> Refused:
    return Refused(
        "SV-EDIT-044",
        f"The tool did not understand '{name}', so nothing was changed; load the page again.",
    )
