"""Pictures of a report: the slice or the map of each visit, with what one needs to read it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from segviz import opening
from segviz.case import Visit
from segviz.findings.blocks import Picture
from segviz.findings.inputs import mask_of
from segviz.grid import RasterGrid, VolumeGrid
from segviz.mask import Label, Mask
from segviz.opening import tiling
from segviz.render import slices, thumbnails
from segviz.store import Store

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
DRAWN = 400
"""Pixels of the longer side on which outlines are drawn, one pixel wide; enlarged afterwards."""

TEXT = 36
EDGE = 14

LABELS_SHOWN = 9
LENGTHS = (1, 2, 5)
"""Scale bars are these times a power of ten."""


def of_visit(store: Store, layer_id: str, revision: int) -> Picture:
    """What a visit looks like with its mask as it was after a revision.

    A scan shows the axial slice on which the mask is largest, patient right on the left, with its
    position; a scene all of itself. Both have a scale bar and the names of the colours.
    """
    visit, mask = mask_of(store, layer_id, revision)
    if isinstance(visit.grid, VolumeGrid):
        return _slice(store, visit, visit.grid, mask)
    return _map(store, visit, visit.grid, mask)


def _slice(store: Store, visit: Visit, grid: VolumeGrid, mask: Mask) -> Picture:
    index = thumbnails.largest_slice(mask, grid)
    first, _, step = slices.range_mm(grid, "axial")
    at = first + index * step
    drawn = slices.slice_png(opening.volume(store, visit), mask, "axial", at, DRAWN)
    canvas = _enlarged(Image.open(BytesIO(drawn)).convert("RGB"))
    across = grid.canonical.shape[0] * grid.canonical.spacing_mm[0]
    draw = ImageDraw.Draw(canvas)
    for letter, x, anchor in (("R", EDGE, "lm"), ("L", canvas.width - EDGE, "rm")):
        _write(draw, (x, canvas.height / 2), letter, anchor)
    _scale_bar(draw, canvas.size, canvas.width / across, "mm")
    cut = grid.to_canonical(mask.data)[:, :, index]
    _legend(draw, _present(mask, cut))
    side = "S" if at >= 0 else "I"
    return Picture(f"{visit.name} · axial, {side} {abs(at):.1f} mm", _png(canvas))


def _map(store: Store, visit: Visit, grid: RasterGrid, mask: Mask) -> Picture:
    scale = DRAWN / max(grid.shape)
    shape = max(1, round(grid.shape[0] * scale)), max(1, round(grid.shape[1] * scale))
    read = (min(shape[0], grid.shape[0]), min(shape[1], grid.shape[1]))
    colors, thinned = thumbnails.quicklook(opening.scene(store, visit), mask, read)
    assert thinned is not None
    labels = slices.resize(thinned, shape, Image.Resampling.NEAREST)
    pixels = slices.resize(colors, shape, Image.Resampling.NEAREST)
    canvas = _enlarged(Image.fromarray(slices.overlay(pixels, labels, mask.legend)))
    draw = ImageDraw.Draw(canvas)
    metres = tiling.metres_per_pixel(grid)
    if metres is not None:
        across = grid.shape[1] * metres
        unit, size = ("km", 1000.0) if across >= 3000 else ("m", 1.0)
        _scale_bar(draw, canvas.size, canvas.width / across * size, unit)
    _legend(draw, _present(mask, labels))
    return Picture(f"{visit.name} · whole scene", _png(canvas))


def _enlarged(canvas: Image.Image) -> Image.Image:
    """Outlines become as wide as paper needs them; letters are drawn on it afterwards."""
    return canvas.resize((canvas.width * 2, canvas.height * 2), Image.Resampling.BICUBIC)


def _present(mask: Mask, labels: NDArray[np.uint8]) -> list[Label]:
    found = np.unique(labels)
    return [mask.legend[int(value)] for value in found if value]


def _legend(draw: ImageDraw.ImageDraw, labels: Sequence[Label]) -> None:
    """Names of the colours in the upper left corner."""
    for n, label in enumerate(labels[:LABELS_SHOWN]):
        top = EDGE + n * (TEXT + 8)
        draw.rectangle((EDGE, top, EDGE + TEXT, top + TEXT), label.color, "white")
        name = label.name if n < LABELS_SHOWN - 1 or len(labels) == LABELS_SHOWN else "more"
        _write(draw, (EDGE + TEXT + 8, top + TEXT / 2), name, "lm")


def _scale_bar(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], pixels_per_unit: float, unit: str
) -> None:
    """In the lower right corner, a round length of at most a third of the picture."""
    length = round_length(size[0] / 3 / pixels_per_unit)
    right, bottom = size[0] - EDGE, size[1] - EDGE
    left = right - length * pixels_per_unit
    for width, color in ((10, "black"), (5, "white")):
        draw.line((left, bottom, right, bottom), color, width)
    _write(draw, ((left + right) / 2, bottom - 10), f"{length:g} {unit}", "mb")


def round_length(most: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten that is no longer.

    >>> round_length(73.3), round_length(0.9), round_length(2.0)
    (50.0, 0.5, 2.0)
    """
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(step * power for step in LENGTHS if step * power <= most * (1 + 1e-9)))


def _write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, anchor: str) -> None:
    draw.text(at, text, "white", _font(), anchor, stroke_width=3, stroke_fill="black")


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / "DejaVuSans.ttf"), TEXT)


def _png(canvas: Image.Image) -> bytes:
    """256 colours, a third of the bytes."""
    buffer = BytesIO()
    canvas.quantize(256).save(buffer, "PNG")
    return buffer.getvalue()
