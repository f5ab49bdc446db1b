"""Masks of scenes as GeoTIFF."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.enums import Resampling

from segviz.errors import Question, Refused
from segviz.grid import RasterGrid, Window
from segviz.image import windows
from segviz.io.atomic import replacing
from segviz.io.geotiff.handles import dataset
from segviz.io.geotiff.scene import GeoTiffScene, open_scene, rasterio_window
from segviz.io.geotiff.writer import TILE, add_overviews, profile
from segviz.io.labels import ROUNDED, Labels, whole_labels
from segviz.io.legends import rgb
from segviz.mask import Label, Legend, Mask

LEGEND, SOURCE = "SEGVIZ_LEGEND", "SEGVIZ_SOURCE"
DOMAIN, PROVENANCE = "SEGVIZ", "SEGVIZ_PROVENANCE"
IN_MEMORY = 2**28
READ_WINDOW = 2048


def write_mask(mask: Mask, path: Path, provenance: Mapping[str, Any] | None = None) -> None:
    """Write labels window by window: uint8, 0 is nodata, colours in the file, nearest overviews.

    The provenance is a tag of a domain of its own, which other programs keep or skip.
    """
    if not isinstance(mask.grid, RasterGrid):
        raise ValueError("a GeoTIFF mask lies on a scene's grid")
    with replacing(path) as temporary:
        options = profile(mask.grid, 1, np.dtype(np.uint8))
        with rasterio.open(temporary, "w", **options, nodata=0) as target:
            target.write_colormap(1, _colour_table(mask.legend))
            target.set_band_description(1, "label")
            target.update_tags(**{LEGEND: json.dumps(mask.legend.to_json()), SOURCE: mask.source})
            target.update_tags(1, **{f"CLASS_{label.value}": label.name for label in mask.legend})
            _tell(target, provenance)
            for row, row_stop, column, column_stop in windows(mask.grid.shape, TILE):
                target.write(
                    mask.data[row:row_stop, column:column_stop],
                    1,
                    window=rasterio_window((row, row_stop, column, column_stop)),
                )
        add_overviews(temporary, Resampling.nearest)


def write_cog(mask: Mask, path: Path, provenance: Mapping[str, Any] | None = None) -> None:
    """Write labels as ``write_mask`` does, laid out as Cloud Optimized GeoTIFF (OGC 21-026).

    Tiles of 512 cells, the overviews before the full image, so that a reader over the network asks
    for what it shows alone.
    """
    with replacing(path) as temporary:
        plain = temporary.with_name(f"plain{temporary.name}")
        try:
            write_mask(mask, plain)
            if provenance:  # GDAL copies tags of other domains to the loss of those of the band
                with rasterio.open(plain, "r+", driver="GTiff") as target:
                    target.update_tags(**{PROVENANCE: json.dumps(provenance)})
            rasterio.shutil.copy(
                plain,
                temporary,
                driver="COG",
                blocksize=TILE,
                compress="deflate",
                overviews="force_use_existing",
                bigtiff="if_safer",
            )
        finally:
            plain.unlink(missing_ok=True)


def write_owners(
    owners: Callable[[Window], NDArray[np.int32]],
    grid: RasterGrid,
    path: Path,
    provenance: Mapping[str, Any],
) -> None:
    """Write numbers of operations window by window: int32, 0 is nodata, nearest overviews."""
    with replacing(path) as temporary:
        options = profile(grid, 1, np.dtype(np.int32))
        with rasterio.open(temporary, "w", **options, nodata=0) as target:
            target.set_band_description(1, "operation")
            _tell(target, provenance)
            for window in windows(grid.shape, READ_WINDOW):
                target.write(owners(window), 1, window=rasterio_window(window))
        add_overviews(temporary, Resampling.nearest)


def _tell(target: rasterio.io.DatasetWriter, provenance: Mapping[str, Any] | None) -> None:
    if provenance:
        target.update_tags(ns=DOMAIN, **{PROVENANCE: json.dumps(provenance)})


def _colour_table(legend: Legend) -> dict[int, tuple[int, int, int, int]]:
    table = {value: (*rgb(legend[value].color), 255) for value in range(1, 256)}
    return {0: (0, 0, 0, 0), **table}


def read_labels(path: Path, answers: Mapping[str, str]) -> Labels:
    """Labels of a class map with one band, read window by window.

    Pixels without data become 0. Where a file declares another nodata value and 0 is also found,
    the reader says what 0 means.

    Raises:
        Refused: several bands, or values that are no labels (SV-MSK-...); see ``open_scene``.
        Question: what 0 means (SV-MSK-006, key ``zero``).
    """
    scene = open_scene(path, {"palette": "numbers"})
    if len(scene.channels) != 1:
        raise Refused(
            "SV-MSK-004",
            f"The mask has {len(scene.channels)} bands; one band of labels is needed. "
            "Is it the image itself?",
        )
    data = _canvas(scene.grid.shape)
    tally = np.zeros(256, np.int64)
    rounded, left_out = False, 0
    for window in windows(scene.grid.shape, READ_WINDOW):
        values, valid = scene.read(window)
        labels, was_rounded = whole_labels(values[0], valid)
        data[window[0] : window[1], window[2] : window[3]] = labels
        tally += np.bincount(labels[valid], minlength=256)
        rounded |= was_rounded
        left_out += int(valid.size - valid.sum())
    legend, source = _legend_of(scene, np.flatnonzero(tally))
    if tally[0] and left_out and scene.nodata != 0 and not source:
        data, legend = _with_zero(data, scene, legend, tally, answers)
    notes = (ROUNDED,) if rounded else ()
    return Labels(scene.grid, data, legend, source, notes)


def read_legend(path: Path) -> Legend:
    """The labels that a class map names or colours, whether or not a pixel has them.

    Raises:
        Refused: it has no colour table (SV-MSK-045); see ``open_scene``.
    """
    scene = open_scene(path, {"palette": "numbers"})
    legend, _ = _legend_of(scene, _in_colour_table(scene) if scene.is_palette else np.empty(0, int))
    if not len(legend):
        raise Refused(
            "SV-MSK-045",
            "This GeoTIFF has no colour table, so it tells no names or colours of labels; choose a "
            "class map that has one, or a list of labels as text.",
        )
    return legend


def _in_colour_table(scene: GeoTiffScene) -> NDArray[np.intp]:
    """Values with a name or a colour; tables in GeoTIFF are filled up with black."""
    source = dataset(scene.path)
    colours, names = source.colormap(1), source.tags(1)
    found = [v for v in colours if any(colours[v][:3]) or f"CLASS_{v}" in names]
    return np.array([v for v in sorted(found) if v <= 255], np.intp)


def _canvas(shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Zeros in memory, or in an unnamed file where they are many."""
    if shape[0] * shape[1] <= IN_MEMORY:
        return np.zeros(shape, np.uint8)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)


def _with_zero(
    data: NDArray[np.uint8],
    scene: GeoTiffScene,
    legend: Legend,
    tally: NDArray[np.int64],
    answers: Mapping[str, str],
) -> tuple[NDArray[np.uint8], Legend]:
    """The labels with 0 read as the reader says: no data, or a class under the next free number."""
    free = int(np.flatnonzero(tally)[-1]) + 1
    choices = {"background": "0 is background: it is left out of hectares and shares"}
    if free <= 255:
        choices["class"] = f"0 is a class of its own: it becomes label {free}"
    answer = answers.get("zero")
    if answer not in choices:
        raise Question(
            "SV-MSK-006",
            f"{int(tally[0]):,} pixels hold 0 although the file marks missing pixels in another "
            "way; "
            "hectares and change depend on what 0 means. Which is it?",
            "zero",
            choices,
        )
    if answer == "background":
        return data, legend
    for window in windows(scene.grid.shape, READ_WINDOW):
        values, valid = scene.read(window)
        part = data[window[0] : window[1], window[2] : window[3]]
        part[valid & (np.rint(values[0]) == 0)] = free
    return data, Legend((*legend, Label(free, "class 0", legend[free].color)))


def _legend_of(scene: GeoTiffScene, present: NDArray[np.intp]) -> tuple[Legend, str]:
    """Legend and source that we wrote, or what the colour table says of each value found."""
    source = dataset(scene.path)
    tags = source.tags()
    try:
        return Legend.from_json(json.loads(tags[LEGEND])), tags.get(SOURCE, "")
    except (KeyError, ValueError, TypeError):
        pass
    if not scene.is_palette:
        return Legend(()), ""
    colours, names = source.colormap(1), source.tags(1)
    found = (int(value) for value in present if value != 0)
    return Legend(tuple(_palette_label(v, colours[v], names) for v in found)), ""


def _palette_label(value: int, colour: tuple[int, ...], names: Mapping[str, str]) -> Label:
    red, green, blue = colour[:3]
    name = names.get(f"CLASS_{value}", f"label {value}")
    return Label(value, name, f"#{red:02X}{green:02X}{blue:02X}")
