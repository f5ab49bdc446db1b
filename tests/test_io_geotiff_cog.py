"""Cloud Optimized GeoTIFF: its layout by the rules of OGC 21-026, read from the bytes."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS

from segviz.grid import RasterGrid
from segviz.io import read_mask
from segviz.io.geotiff import write_cog, write_mask
from segviz.mask import Legend, Mask

WIDTH, HEIGHT, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, SUBFILE = 256, 257, 322, 323, 324, 254
SIZES = {1: "B", 3: "H", 4: "I", 16: "Q"}


def scene(shape: tuple[int, int] = (1300, 1700)) -> Mask:
    data = np.random.default_rng(0).integers(0, 3, shape).astype(np.uint8)
    grid = RasterGrid(shape, Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32718))
    return Mask(grid, data, Legend.named("forest", "wäter"), "a reader")


def directories(path: Path) -> list[tuple[int, dict[int, tuple[int, ...]]]]:
    """Where each directory of a little-endian TIFF begins, and its whole-number tags."""
    content = path.read_bytes()
    assert content[:4] == b"II*\0"
    (start,) = struct.unpack_from("<I", content, 4)
    found = []
    while start:
        (count,) = struct.unpack_from("<H", content, start)
        tags = {}
        for n in range(count):
            tag, kind, many, place = struct.unpack_from("<HHII", content, start + 2 + 12 * n)
            if kind in SIZES:
                word = f"<{many}{SIZES[kind]}"
                inline = struct.calcsize(word) <= 4
                at = start + 2 + 12 * n + 8 if inline else place
                tags[tag] = struct.unpack_from(word, content, at)
        found.append((start, tags))
        (start,) = struct.unpack_from("<I", content, start + 2 + 12 * count)
    return found


def test_the_layout_is_that_of_a_cog(tmp_path: Path) -> None:
    write_cog(scene(), tmp_path / "mask.tif")
    found = directories(tmp_path / "mask.tif")
    starts = [start for start, _ in found]
    assert starts == sorted(starts), "directories follow each other"
    assert max(starts) < min(min(tags[TILE_OFFSETS]) for _, tags in found), "and precede all tiles"
    sizes = [(tags[HEIGHT][0], tags[WIDTH][0]) for _, tags in found]
    assert sizes == [(1300, 1700), (650, 850), (325, 425), (163, 213)]
    assert [tags.get(SUBFILE, (0,))[0] & 1 for _, tags in found] == [0, 1, 1, 1]
    assert {(tags[TILE_WIDTH][0], tags[TILE_HEIGHT][0]) for _, tags in found} == {(512, 512)}
    firsts = [min(tags[TILE_OFFSETS]) for _, tags in found]
    assert firsts == sorted(firsts, reverse=True), "the smallest overview comes first"
    for _, tags in found:
        assert list(tags[TILE_OFFSETS]) == sorted(tags[TILE_OFFSETS])


def test_a_plain_geotiff_is_told_from_a_cog(tmp_path: Path) -> None:
    write_mask(scene(), tmp_path / "mask.tif")
    found = directories(tmp_path / "mask.tif")
    assert max(start for start, _ in found) > min(found[0][1][TILE_OFFSETS])


def test_it_holds_the_mask_its_colours_names_and_history(tmp_path: Path) -> None:
    mask, path = scene(), tmp_path / "mask.tif"
    write_cog(mask, path, {"revision": 3})
    back = read_mask(path, mask.grid)
    np.testing.assert_array_equal(back.data, mask.data)
    assert (back.legend, back.source) == (mask.legend, mask.source)
    with rasterio.open(path) as found:
        assert found.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert found.colormap(1)[1] == (0xE6, 0x9F, 0x00, 255)
        assert found.tags(1) == {"CLASS_1": "forest", "CLASS_2": "wäter"}
        assert json.loads(found.tags()["SEGVIZ_PROVENANCE"]) == {"revision": 3}
        assert (found.nodata, found.descriptions) == (0, ("label",))
    assert [file.name for file in tmp_path.iterdir()] == ["mask.tif"]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_overviews_hold_cells_and_no_means(tmp_path: Path, level: int) -> None:
    """Labels 1 and 3 side by side: a mean would be 2, which nobody drew."""
    mask = scene()
    labels = np.where(mask.data > 0, 3, 1).astype(np.uint8)
    write_cog(replace(mask, data=labels), tmp_path / "mask.tif")
    with rasterio.open(tmp_path / "mask.tif", overview_level=level) as small:
        assert set(np.unique(small.read(1))) == {1, 3}


def test_a_small_scene_is_a_cog_too(tmp_path: Path) -> None:
    write_cog(scene((60, 80)), tmp_path / "mask.tif")
    with rasterio.open(tmp_path / "mask.tif") as found:
        assert found.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
