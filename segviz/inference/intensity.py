"""Intensities as networks of others expect them, step by step as their files say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.grid import Box, box_of

Field = NDArray[np.float32]
Step = Callable[..., Field]

SMALL = 1e-8


def zscore(values: Field, masked: bool = False) -> Field:
    """Mean 0 and spread 1; ``masked``: of what is not 0, which stays 0."""
    part = values[values != 0] if masked else values
    if not part.size:
        return values
    scaled = (values - part.mean()) / max(float(part.std()), SMALL)
    return np.where(values != 0, scaled, np.float32(0)) if masked else scaled


def clipped(values: Field, low: float, high: float, mean: float, std: float) -> Field:
    """Between two values, then by a mean and a spread: those of all training scans."""
    scaled: Field = (np.clip(values, low, high) - np.float32(mean)) / np.float32(max(std, SMALL))
    return scaled


def ranged(values: Field, low: float, high: float, to: Sequence[float], clip: bool) -> Field:
    """From one range to another."""
    share = (values - np.float32(low)) / np.float32(high - low)
    scaled: Field = share * np.float32(to[1] - to[0]) + np.float32(to[0])
    return np.clip(scaled, np.float32(to[0]), np.float32(to[1])) if clip else scaled


def spread(values: Field, to: Sequence[float]) -> Field:
    """The smallest and the largest value to the ends of a range."""
    low, high = float(values.min()), float(values.max())
    return ranged(values, low, high, to, False) if high > low else np.full_like(values, to[0])


STEPS: Mapping[str, Step] = {
    "zscore": zscore,
    "clipped": clipped,
    "ranged": ranged,
    "spread": spread,
}


def prepared(values: Field, steps: Sequence[Mapping[str, Any]], crop: bool) -> tuple[Field, Box]:
    """Values [x, y, z] after all steps, and the box in which the network is run.

    Args:
        steps: ``{"step": name, ...}`` with the arguments of the function of that name.
        crop: to the box of all that is not 0, as before the steps.
    """
    box = box_of(values != 0) if crop else tuple(slice(0, size) for size in values.shape)
    inside = values[box]
    for step in steps:
        arguments = {name: value for name, value in step.items() if name != "step"}
        inside = STEPS[step["step"]](inside, **arguments).astype(np.float32)
    result = np.zeros(values.shape, np.float32)
    result[box] = inside
    return result, box
