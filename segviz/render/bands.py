"""What the bands of a scene are by their names, and which are shown as red, green and blue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

BAND_NAMES: Mapping[str, tuple[str, ...]] = {
    "blue": ("b2", "b02", "blue", "b"),
    "green": ("b3", "b03", "green", "g"),
    "red": ("b4", "b04", "red", "r"),
    "red edge 1": ("b5", "b05", "rededge1", "re1", "rededge", "vegetationrededge1"),
    "red edge 2": ("b6", "b06", "rededge2", "re2", "vegetationrededge2"),
    "red edge 3": ("b7", "b07", "rededge3", "re3", "vegetationrededge3"),
    "near infrared": ("b8", "b08", "nir", "nir1", "nearinfrared", "b8a"),
    "short-wave infrared 1": ("b11", "swir1", "swir16", "shortwaveinfrared1"),
    "short-wave infrared 2": ("b12", "swir2", "swir22", "shortwaveinfrared2"),
}
"""What files call a band, best first and without blanks; the first is Sentinel-2's number."""

_NUMBERED = re.compile(r"(?<![a-z0-9])b\d{1,2}a?(?![a-z0-9])")
"""A band's number inside a longer name, such as ``B2, central wavelength 490 nm``."""

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


def find_bands(channels: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    """Positions of the wanted bands by name; None where one is not named."""
    found = [_position(channels, band) for band in wanted]
    named = [position for position in found if position is not None]
    return named if len(named) == len(found) else None


def missing_bands(channels: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Those of the wanted bands that no channel is named after."""
    return [band for band in wanted if _position(channels, band) is None]


def _position(channels: Sequence[str], band: str) -> int | None:
    names = [_short_name(channel) for channel in channels]
    return next((names.index(name) for name in BAND_NAMES[band] if name in names), None)


def _short_name(channel: str) -> str:
    """``B2`` of ``B2, central wavelength 490 nm``; else the name without blanks and dashes."""
    name = channel.lower().replace("_", " ")
    numbers = set(_NUMBERED.findall(name))
    return numbers.pop() if len(numbers) == 1 else re.sub(r"[\s-]+", "", name)


def _first(names: list[str], words: tuple[str, ...]) -> int | None:
    return next((names.index(word) for word in words if word in names), None)
