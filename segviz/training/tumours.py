"""Tumours that never were: lumpy balls with an enhancing rim, a dark core and oedema.

Points are in mm. A tumour is drawn where points lie, so it is the same under any grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Tumour:
    """Shape and brightness.

    Attributes:
        center: [3] mm.
        radii: [3] mm of the outer edge of the rim, without its lumps.
        rim: thickness as a share of the radius; from 1 on there is no core.
        lumps: wave vectors [n, 3] per mm, of the lumps of the edge.
        phases: [n] of them.
        height: of the lumps, as a share of the radius.
        gaps: how much the thickness of the rim varies around the tumour, as a share of it; above 1
            the rim has gaps.
        bright: rim, as a multiple of the brightness of the brain around.
        core: likewise of what the rim encloses.
        oedema: likewise of what lies outside, at the rim.
        reach: of the oedema, as a share of the radius.
        push: mm by which the tumour has moved tissue at its edge outwards.
    """

    center: Field
    radii: Field
    rim: float
    lumps: Field
    phases: Field
    height: float
    gaps: float
    bright: float
    core: float
    oedema: float
    reach: float
    push: float


def draw_tumour(rng: np.random.Generator, center: Field, radius: float) -> Tumour:
    """A tumour of a mean radius (mm) at a place; one in five is solid."""
    stretch = np.exp(rng.normal(0, 0.2, 3))
    waves = rng.normal(0, 1.6 / radius, (6, 3))
    return Tumour(
        center=np.asarray(center, np.float32),
        radii=(radius * stretch / np.prod(stretch) ** (1 / 3)).astype(np.float32),
        rim=1.0 if rng.random() < 0.2 else float(rng.uniform(0.2, 0.65)),
        lumps=waves.astype(np.float32),
        phases=rng.uniform(0, 2 * np.pi, 6).astype(np.float32),
        height=float(rng.uniform(0.02, 0.18)),
        gaps=float(rng.uniform(0, 0.9)),
        bright=float(rng.uniform(1.15, 1.9)),
        core=float(rng.uniform(0.35, 0.95)),
        oedema=float(rng.uniform(0.7, 1.0)),
        reach=float(rng.uniform(0.2, 0.6)),
        push=float(rng.uniform(0, 0.25) * radius),
    )


def depth(tumour: Tumour, points: Field) -> Field:
    """Distance from the centre as a share of the radius there: 1 at the outer edge.

    Args:
        points: [3, ...] mm.
    """
    away = points - tumour.center.reshape(3, *[1] * (points.ndim - 1))
    radii = tumour.radii.reshape(3, *[1] * (points.ndim - 1))
    distance = np.sqrt(np.sum((away / radii) ** 2, axis=0))
    lumpy: Field = (distance / (1 + tumour.height * _lumps(tumour, away))).astype(np.float32)
    return lumpy


def _lumps(tumour: Tumour, away: Field) -> Field:
    """Between about -1 and 1, with a mean of 0."""
    turns = np.tensordot(tumour.lumps, away, axes=(1, 0))
    turns += tumour.phases.reshape(-1, *[1] * (away.ndim - 1))
    waves: Field = np.sin(turns).sum(axis=0) * np.float32((2 / len(tumour.phases)) ** 0.5)
    return waves


def rim_and_core(tumour: Tumour, points: Field) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What enhances and what it encloses."""
    away = points - tumour.center.reshape(3, *[1] * (points.ndim - 1))
    place = depth(tumour, points)
    thickness = tumour.rim * (1 + tumour.gaps * _lumps(tumour, 1.7 * away[::-1]))
    inside = place < 1
    core = inside & (place < 1 - thickness) if tumour.rim < 1 else np.zeros_like(inside)
    return inside & ~core, core


def pushed(tumour: Tumour, points: Field) -> Field:
    """Where the tissue that now lies at ``points`` lay before the tumour moved it."""
    if tumour.push == 0:
        return points
    away = points - tumour.center.reshape(3, *[1] * (points.ndim - 1))
    distance = np.sqrt(np.sum(away**2, axis=0)) + 1e-3
    moved = tumour.push * np.exp(-0.5 * (distance / (1.5 * tumour.radii.mean())) ** 2)
    moved = np.minimum(moved, 0.6 * distance)
    result: Field = (points - away * (moved / distance)).astype(np.float32)
    return result


def paint(
    image: Field, tumour: Tumour, points: Field, base: float, texture: Field
) -> tuple[Field, Field]:
    """The image with the tumour in it, and the share of each cell that enhances.

    Args:
        image: [...] brightness.
        points: [sub-point, 3, ...] mm; several for each cell give soft edges.
        base: brightness of brain at this place.
        texture: [...] around 0, of the rim.
    """
    rim = np.zeros(image.shape, np.float32)
    core = np.zeros(image.shape, np.float32)
    for each in points:
        enhancing, enclosed = rim_and_core(tumour, each)
        rim += enhancing
        core += enclosed
    rim /= len(points)
    core /= len(points)
    place = depth(tumour, points.mean(axis=0))
    halo = np.exp(-0.5 * (np.maximum(place - 1, 0) / tumour.reach) ** 2) * (place < 4)
    darker = 1 - (1 - tumour.oedema) * halo
    surrounded = image * darker * (1 - rim - core)
    bright = rim * base * np.maximum(tumour.bright * (1 + texture), 1.1)
    painted: Field = (surrounded + bright + core * base * tumour.core).astype(np.float32)
    return painted, rim
