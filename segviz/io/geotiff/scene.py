"""A GeoTIFF as a Scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window as RasterioWindow

from segviz.errors import Question, Refused
from segviz.grid import RasterGrid, Window
from segviz.io.failures import refusing
from segviz.io.geotiff.directory import Directory, read_directory
from segviz.io.geotiff.handles import dataset
from segviz.io.geotiff.metadata import acquired, band_names, grid_of, notes_on, tags_of

PYRAMID_FACTOR = 4
"""One pyramid cell stands for this many cells along each axis; thinner reads need no more."""

MAX_PIXELS_WITHOUT_OVERVIEWS = 400_000_000


@dataclass(eq=False)
class GeoTiffScene:
    """A raster in a file, read window by window; safe to share between threads and to pickle.

    Attributes:
        path: of the file.
        has_overviews: the file holds thinned copies of itself.
        pyramid: a file that ``build_pyramid`` or ``write_quicklook`` made, for thinned reads.
        bands: 1-based number in the file of each channel.
        nodata: value of pixels without data, if one is declared.
        has_mask: the file holds a mask or an alpha band.
        scales, offsets: by channel; read value x scale + offset is what was measured.
        missing: blocks that the file does not hold [plane, block row, block column].
    """

    path: Path
    grid: RasterGrid
    channels: tuple[str, ...]
    dtype: np.dtype
    when: date | None
    notes: tuple[str, ...]
    bands: tuple[int, ...]
    nodata: float | None
    has_mask: bool
    has_overviews: bool
    is_palette: bool
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    block: tuple[int, int]
    missing: NDArray[np.bool_] | None
    tags: Mapping[str, str] = field(default_factory=dict)
    pyramid: Path | None = None
    sha256: str = ""

    def read(
        self,
        window: Window,
        bands: Sequence[int] | None = None,
        shape: tuple[int, int] | None = None,
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """Values [band, row, column], scale and offset applied, and where they are valid.

        Values are 0 where they are not valid. A pixel is not valid where the file's mask says so,
        where its tile is absent, where a band asked for holds no number or the declared nodata
        value; a nodata value of 0 counts only where all bands of the file hold it, because 0 is
        also a true dark value.

        Args:
            window: row start, row stop, column start, column stop, inside the grid.
            bands: 0-based; all when None.
            shape: (rows, columns) to thin the window to; full resolution when None.

        Raises:
            Refused: pixels in the window are damaged (SV-TIF-010).
        """
        asked = tuple(range(len(self.channels)) if bands is None else bands)
        size = (window[1] - window[0], window[3] - window[2])
        shape = shape or size
        if self.pyramid and min(size[0] / shape[0], size[1] / shape[1]) >= PYRAMID_FACTOR:
            return self._read_pyramid(self.pyramid, window, asked, shape)
        return self._read_file(window, asked, shape)

    def _read_pyramid(
        self, pyramid: Path, window: Window, asked: tuple[int, ...], shape: tuple[int, int]
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        with refusing(
            "SV-TIF-011", "The thinned copy of the image is damaged; open the image again."
        ):
            source = dataset(pyramid)
            factor = round(max(self.grid.shape) / max(source.shape))
            coarse = rasterio_window(tuple(edge / factor for edge in window))
            values = source.read([b + 1 for b in asked], window=coarse, out_shape=shape)
            valid = source.read_masks(1, window=coarse, out_shape=shape) > 0
        return values, valid

    def _read_file(
        self, window: Window, asked: tuple[int, ...], shape: tuple[int, int]
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        raw = self._raw(window, [self.bands[b] for b in asked], shape)
        valid = self._present(window, [self.bands[b] for b in asked], shape)
        if self.has_mask:
            with refusing("SV-TIF-010", _damaged(window)):
                mask = dataset(self.path).read_masks(
                    self.bands[0], window=rasterio_window(window), out_shape=shape
                )
            valid &= mask > 0
        if raw.dtype.kind == "f":
            valid &= np.isfinite(raw).all(axis=0)
        if self.nodata is not None:
            valid &= self._holds_data(raw, window, shape)
        values = self._scaled(raw, asked)
        if not valid.all():
            values[:, ~valid] = 0
        return values, valid

    def _raw(
        self, window: Window, numbers: Sequence[int], shape: tuple[int, int]
    ) -> NDArray[np.generic]:
        with refusing("SV-TIF-010", _damaged(window)):
            stored: NDArray[np.generic] = dataset(self.path).read(
                list(numbers), window=rasterio_window(window), out_shape=shape
            )
        return stored

    def _holds_data(
        self, raw: NDArray[np.generic], window: Window, shape: tuple[int, int]
    ) -> NDArray[np.bool_]:
        """Where the declared nodata value does not stand."""
        holds = np.not_equal(raw, np.asarray(self.nodata).astype(raw.dtype))
        if self.nodata != 0:
            return np.asarray(holds.all(axis=0))
        some = holds.any(axis=0)
        if not some.all() and len(raw) < len(self.bands):
            some = (self._raw(window, self.bands, shape) != 0).any(axis=0)
        return np.asarray(some)

    def _present(
        self, window: Window, numbers: Sequence[int], shape: tuple[int, int]
    ) -> NDArray[np.bool_]:
        """Where the file holds a block for all these bands."""
        if self.missing is None:
            return np.ones(shape, np.bool_)
        planes = [n - 1 for n in numbers] if len(self.missing) > 1 else [0]
        rows = _sampled(window[0], window[1], shape[0]) // self.block[0]
        columns = _sampled(window[2], window[3], shape[1]) // self.block[1]
        absent = np.asarray(self.missing[planes].any(axis=0))
        return ~absent[np.ix_(rows, columns)]

    def _scaled(self, raw: NDArray[np.generic], asked: Sequence[int]) -> NDArray[np.generic]:
        if self.dtype == raw.dtype:
            return raw
        scales = np.array([self.scales[b] for b in asked]).reshape(-1, 1, 1)
        offsets = np.array([self.offsets[b] for b in asked]).reshape(-1, 1, 1)
        return np.asarray(raw.astype(np.float64) * scales + offsets, self.dtype)


def open_scene(path: Path, answers: Mapping[str, str]) -> GeoTiffScene:
    """Judge a GeoTIFF by its tags and describe it; no pixel is read.

    Raises:
        Refused: not a GeoTIFF, damaged, cut short, too large or complex (SV-TIF-...).
        Question: the pixels are numbers of a colour table (SV-TIF-009, key ``palette``).
    """
    directory = read_directory(path)
    scene = describe(path, directory)
    if scene.is_palette and answers.get("palette") != "numbers":
        raise Question(
            "SV-TIF-009",
            "This image is a map of classes in a colour table, not a measurement; indices and "
            "models "
            "would give nonsense. Open it as a mask, or look at the class numbers as one band?",
            "palette",
            {"numbers": "Open the class numbers as one band"},
        )
    return scene


def describe(path: Path, directory: Directory) -> GeoTiffScene:
    """The scene of a file whose directory was found sound.

    Raises:
        Refused: complex values, or too large to show without overviews (SV-TIF-007, SV-TIF-008).
    """
    with refusing(
        "SV-TIF-006", "The image's tags are damaged, so it has no place; export it again."
    ):
        source = dataset(path)
        stored = np.dtype(source.dtypes[0])
        has_overviews = bool(source.overviews(1))
        _require_real(stored)
        _require_showable(source, has_overviews)
        grid, grid_notes = grid_of(source)
        bands = tuple(
            n for n, colour in enumerate(source.colorinterp, 1) if colour != ColorInterp.alpha
        )
        scales = tuple(source.scales[n - 1] for n in bands)
        offsets = tuple(source.offsets[n - 1] for n in bands)
        is_scaled = scales != (1.0,) * len(bands) or offsets != (0.0,) * len(bands)
        return GeoTiffScene(
            path=path,
            grid=grid,
            channels=band_names(source, bands),
            dtype=np.dtype(np.float32) if is_scaled else stored,
            when=acquired(source, path.name),
            notes=(*grid_notes, *notes_on(directory, stored, is_scaled)),
            bands=bands,
            nodata=_nodata(source, stored),
            has_mask=MaskFlags.per_dataset in source.mask_flag_enums[bands[0] - 1],
            has_overviews=has_overviews,
            is_palette=directory.palette,
            scales=scales,
            offsets=offsets,
            block=directory.block,
            missing=directory.missing,
            tags=tags_of(source, bands, path.name),
        )


def _require_real(stored: np.dtype) -> None:
    if stored.kind == "c":
        raise Refused(
            "SV-TIF-007",
            "The pixels are complex numbers (radar); export the amplitude or the phase first.",
        )


def _require_showable(source: rasterio.DatasetReader, has_overviews: bool) -> None:
    pixels = source.width * source.height
    if pixels > MAX_PIXELS_WITHOUT_OVERVIEWS and not has_overviews:
        raise Refused(
            "SV-TIF-008",
            f"The image has {source.height:,} x {source.width:,} pixels and no overviews, so every "
            "view of it would take minutes; crop it, or add overviews (gdaladdo -r average).",
        )


def _nodata(source: rasterio.DatasetReader, stored: np.dtype) -> float | None:
    """The declared value where a pixel can hold it; NaN needs no declaration."""
    nodata = source.nodata
    if nodata is None or np.isnan(nodata):
        return None
    if stored.kind in "iu":
        limits = np.iinfo(stored)
        return nodata if limits.min <= nodata <= limits.max and nodata == int(nodata) else None
    return float(nodata)


def rasterio_window(window: tuple[float, ...]) -> RasterioWindow:
    row, row_stop, column, column_stop = window
    return RasterioWindow(column, row, column_stop - column, row_stop - row)


def _sampled(start: int, stop: int, count: int) -> NDArray[np.int64]:
    """The cell that the nearest method takes for each of ``count`` cells of [start, stop)."""
    return (start + (np.arange(count) + 0.5) * (stop - start) / count).astype(np.int64)


def _damaged(window: Window) -> str:
    rows, columns = window[:2], window[2:]
    return (
        f"A tile between rows {rows[0]:,} and {rows[1]:,}, columns {columns[0]:,} and "
        f"{columns[1]:,} "
        "is damaged, so no hectares can be given there; copy the file again."
    )
