"""One mask out of several readers': by majority, and by STAPLE.

Warfield, Zou and Wells (2004), "Simultaneous truth and performance level estimation (STAPLE)", IEEE
Trans Med Imaging 23:903.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.grid import box_of
from segviz.measure.counts import counts

Labels = NDArray[np.uint8]
Floats = NDArray[np.float64]

START = 0.99999
"""Sensitivity and specificity of every rater before the first step (as ITK has it)."""
SETTLED = 1e-7
"""The estimate stands when no sensitivity or specificity moves by more than this."""
MOST_ITERATIONS = 1000
FEWEST_RATERS = 3


@dataclass(frozen=True)
class Rater:
    """How a rater stands to the consensus; None where that is empty, or is all there is."""

    sensitivity: float | None
    specificity: float | None


@dataclass(frozen=True, eq=False)
class Majority:
    """What more than half of the raters say.

    Attributes:
        labels: 0 where no label has more than half.
        ties: voxels where neither a label nor "no label" has more than half.
    """

    labels: Labels
    ties: int


@dataclass(frozen=True, eq=False)
class Staple:
    """The hidden truth of one label as EM estimates it.

    Attributes:
        probability: of the label, voxel by voxel.
        prior: share of the label over all voxels and raters.
        raters: their estimated sensitivity and specificity.
        converged: False where it still moved after the last iteration.
    """

    probability: Floats
    prior: float
    raters: list[Rater]
    iterations: int
    converged: bool


def require_raters(count: int) -> None:
    """Refuse a consensus of fewer than three masks (SV-NUM-021)."""
    if count < FEWEST_RATERS:
        raise Refused(
            "SV-NUM-021",
            f"{count} masks cannot outvote each other, so a consensus of them would be one "
            "reader's opinion; choose three or more.",
        )


def majority(masks: Sequence[Labels]) -> Majority:
    """The label that more than half of the raters gave each voxel.

    Raises:
        Refused: there are fewer than three masks (SV-NUM-021).
    """
    require_raters(len(masks))
    labels = np.zeros(masks[0].shape, np.uint8)
    box = box_of(np.any(masks, axis=0))
    inside = [mask[box] for mask in masks]
    decided = np.zeros(inside[0].shape, bool)
    for value in (0, *_values(masks)):
        won = 2 * np.sum([mask == value for mask in inside], axis=0) > len(masks)
        labels[box][won] = value
        decided |= won
    return Majority(labels, int(np.count_nonzero(~decided)))


def staple(masks: Sequence[Labels], value: int) -> Staple:
    """STAPLE of one label over all voxels of the grid.

    The prior is the share of the label over all voxels and raters; it is not updated. Voxels with
    the same votes have the same probability, so EM runs over the patterns of votes.

    Raises:
        Refused: there are fewer than three masks (SV-NUM-021).
    """
    require_raters(len(masks))
    box = box_of(np.any([mask == value for mask in masks], axis=0))
    votes = np.sum([(mask[box] == value) * (1 << n) for n, mask in enumerate(masks)], axis=0)
    flat = np.append(votes.ravel(), 0)  # nobody's vote, which all voxels beyond the box share
    codes, back, times = np.unique(flat, return_inverse=True, return_counts=True)
    times[0] += masks[0].size - flat.size
    says = ((codes[:, None] >> np.arange(len(masks))) & 1).astype(bool)
    prior = float(times @ says.mean(axis=1) / times.sum())
    sensitivity, specificity = np.full((2, len(masks)), START)
    known = prior not in (0.0, 1.0)
    iterations, converged = 0, not known
    while not converged and iterations < MOST_ITERATIONS:
        weight = _truth(says, prior, sensitivity, specificity)
        before = np.concatenate([sensitivity, specificity])
        inside, outside = times * weight, times * (1 - weight)
        sensitivity = inside @ says / inside.sum()
        specificity = outside @ ~says / outside.sum()
        moved = np.abs(np.concatenate([sensitivity, specificity]) - before)
        iterations, converged = iterations + 1, bool(moved.max() < SETTLED)
    weight = _truth(says, prior, sensitivity, specificity)
    raters = [
        Rater(float(p), float(q)) if known else Rater(None, None)
        for p, q in zip(sensitivity, specificity, strict=True)
    ]
    probability = np.full(masks[0].shape, weight[0])
    probability[box] = weight[back[:-1]].reshape(votes.shape)
    return Staple(probability, prior, raters, iterations, converged)


def staple_labels(found: dict[int, Staple]) -> Labels:
    """The label of each voxel whose probability is at least 0.5; the likeliest of several."""
    shape = next(iter(found.values())).probability.shape
    labels, best = np.zeros(shape, np.uint8), np.full(shape, 0.5)
    for value, estimate in sorted(found.items()):
        won = (estimate.probability >= best) & ((labels == 0) | (estimate.probability > best))
        labels[won] = value
        best[won] = estimate.probability[won]
    return labels


def against(mask: Labels, consensus: Labels, value: int) -> Rater:
    """Share of the consensus that a rater marked, and of all else that was left unmarked."""
    says, true = mask == value, consensus == value
    inside = int(np.count_nonzero(true))
    outside = true.size - inside
    return Rater(
        np.count_nonzero(says & true) / inside if inside else None,
        np.count_nonzero(~says & ~true) / outside if outside else None,
    )


def _values(masks: Sequence[Labels]) -> list[int]:
    present = np.sum([counts(mask) for mask in masks], axis=0)
    return [int(value) for value in np.flatnonzero(present) if value]


def _truth(
    says: NDArray[np.bool_], prior: float, sensitivity: Floats, specificity: Floats
) -> Floats:
    """Probability of the label given each pattern of votes (the E step)."""
    yes = np.where(says, sensitivity, 1 - sensitivity).prod(axis=1) * prior
    no = np.where(says, 1 - specificity, specificity).prod(axis=1) * (1 - prior)
    total = yes + no
    return np.where(total > 0, yes / np.where(total > 0, total, 1), prior)
