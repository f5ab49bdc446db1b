"""Grids as text: every number as it was, to the last bit."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
from affine import Affine
from pyproj import CRS

from segviz.grid import Grid, RasterGrid, VolumeGrid


def to_text(grid: Grid) -> str:
    if isinstance(grid, VolumeGrid):
        return json.dumps({"shape": grid.shape, "affine": grid.affine.tolist()})
    crs = grid.crs.to_wkt() if grid.crs is not None else None
    return json.dumps({"shape": grid.shape, "transform": grid.transform[:6], "crs": crs})


@lru_cache(maxsize=512)
def from_text(text: str) -> Grid:
    """The grid; grids cannot be changed, so the same text gives the same object."""
    row = json.loads(text)
    if "affine" in row:
        return VolumeGrid(tuple(row["shape"]), np.array(row["affine"]))
    crs = CRS.from_wkt(row["crs"]) if row["crs"] else None
    return RasterGrid(tuple(row["shape"]), Affine(*row["transform"]), crs)
