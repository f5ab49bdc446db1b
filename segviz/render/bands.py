"""Which bands of a scene are shown as red, green and blue."""

from __future__ import annotations

from collections.abc import Sequence

_NATURAL = (
    (("red", "r", "b4", "b04"), ("green", "g", "b3", "b03"), ("blue", "b", "b2", "b02")),
    (("nir", "b8", "b08"), ("red", "r", "b4", "b04"), ("green", "g", "b3", "b03")),
)
"""True colour, else colour infrared. Numbered names are Sentinel-2's and Landsat 8's."""


def natural(channels: Sequence[str]) -> tuple[int, ...]:
    """0-based red, green, blue of bands with known names, else the first three; (0,) if fewer."""
    names = [name.strip().lower() for name in channels]
    for colours in _NATURAL:
        found = [_first(names, words) for words in colours]
        if None not in found:
            return tuple(index for index in found if index is not None)
    return (0, 1, 2) if len(names) >= 3 else (0,)


def _first(names: list[str], words: tuple[str, ...]) -> int | None:
    return next((names.index(word) for word in words if word in names), None)
