"""Simulated lesions over three visits: one grows again, one vanishes, one splits, two merge, one is
new; the head lies differently at each visit, by a known turn and shift.

The brain is nilearn's MNI152 template at 2 mm, so that 125 voxels are 1 ml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segviz.change import motion
from segviz.grid import VolumeGrid

Place = tuple[float, float, float]

GONE = 0.0
BALLS: dict[Place, tuple[float, float, float]] = {
    (-30, 30, 25): (9.0, 7.0, 10.0),  # shrinks, then grows
    (30, -48, 38): (7.0, 5.0, GONE),  # vanishes
    (-33, -30, 22): (8.0, 6.0, 5.5),  # splits from the next one
    (-33, -45, 22): (8.0, 6.0, 5.0),
    (32, 8, 22): (6.0, 6.5, 9.0),  # merges with the next one
    (32, 24, 22): (6.0, 6.0, 9.0),
    (22, -72, 18): (GONE, GONE, 6.0),  # new
}
"""Radii in mm at the three visits, by the centre in RAS+ mm of the first one."""


@dataclass(frozen=True)
class Visit:
    """A date, and how the head lay: turned about R, A, S, and shifted."""

    when: date
    turn_deg: Place
    shift_mm: Place
    seed: int


VISITS = (
    Visit(date(2022, 2, 3), (0, 0, 0), (0, 0, 0), 1),
    Visit(date(2022, 5, 12), (4, -3, 6), (5, -6, 4), 2),
    Visit(date(2022, 9, 8), (-5, 2, -7), (-7, 3, 6), 3),
)
CENTRE_MM = (0.0, -18.0, 10.0)


def matrix(visit: Visit) -> NDArray[np.float64]:
    """RAS+ mm of the first visit to RAS+ mm of this one."""
    return motion.moved(visit.turn_deg, visit.shift_mm, CENTRE_MM)


def template() -> tuple[VolumeGrid, NDArray[np.float32]]:
    """The template's grid and its tissue brightness: 0 outside the brain, 1 the brightest."""
    from nilearn.datasets import load_mni152_template  # takes seconds to import

    image = load_mni152_template(resolution=2)
    shape = image.shape
    grid = VolumeGrid((shape[0], shape[1], shape[2]), image.affine)
    return grid, np.asarray(image.dataobj, np.float32)


def lesions(grid: VolumeGrid, number: int) -> NDArray[np.bool_]:
    """Which voxels of a visit lie in a lesion."""
    places = _first_visit_mm(grid, VISITS[number])
    inside = np.zeros(places.shape[1], bool)
    for centre, radii in BALLS.items():
        away = np.linalg.norm(places.T - np.array(centre), axis=1)
        inside |= away < radii[number]
    return inside.reshape(grid.shape)


def scan(grid: VolumeGrid, tissue: NDArray[np.float32], number: int) -> NDArray[np.int16]:
    """A T1-weighted scan after contrast agent, as the head lay that day."""
    visit = VISITS[number]
    cells = np.linalg.inv(grid.affine)[:3] @ np.vstack(
        [_first_visit_mm(grid, visit), np.ones(tissue.size)]
    )
    seen = 0.75 * ndimage.map_coordinates(tissue, cells, order=1).reshape(grid.shape)
    share = ndimage.gaussian_filter(lesions(grid, number).astype(np.float32), 0.5)
    seen = seen * (1 - share) + share
    seen += 0.012 * np.random.default_rng(visit.seed).standard_normal(grid.shape)
    return np.asarray(1000 * np.clip(seen, 0, None), np.int16)


def _first_visit_mm(grid: VolumeGrid, visit: Visit) -> NDArray[np.float64]:
    """(3, voxels): where each voxel of a visit lies in the head of the first one."""
    cells = np.vstack([np.indices(grid.shape).reshape(3, -1), np.ones(np.prod(grid.shape))])
    places = np.linalg.inv(matrix(visit)) @ grid.affine @ cells
    return np.asarray(places[:3], np.float64)
