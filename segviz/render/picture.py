"""Encode arrays of grey levels, colours or labels."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segviz.mask import Legend

_FAST = {"compress_level": 1}
_HUFFMAN = {"compress_level": 1, "compress_type": 2}  # photographs hold no repeats to search for


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """[row, column] grey or [row, column, 3] colours, quality 85."""
    return _save(Image.fromarray(pixels), format="JPEG", quality=85)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """[row, column] grey, or [row, column, 2 | 3 | 4] with colours and opacity."""
    return _save(Image.fromarray(pixels), format="PNG", **_HUFFMAN)


def paletted_png(labels: NDArray[np.uint8], legend: Legend, opacity: float = 1.0) -> bytes:
    """Labels [row, column] in the legend's colours; 0 is clear."""
    picture = Image.fromarray(labels)
    picture.putpalette(palette(legend).tobytes())
    opaque = bytes([0]) + bytes([round(255 * opacity)]) * 255
    return _save(picture, format="PNG", transparency=opaque, **_FAST)


def webp(pixels: NDArray[np.uint8]) -> bytes:
    """[row, column, 3] colours, quality 82."""
    return _save(Image.fromarray(pixels), format="WEBP", quality=82, method=6)


def media_type(picture: bytes) -> str:
    """``"image/png"``, ``"image/webp"`` or ``"image/jpeg"``."""
    if picture[8:12] == b"WEBP":
        return "image/webp"
    return "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"


@lru_cache(maxsize=64)
def palette(legend: Legend) -> NDArray[np.uint8]:
    """(256, 3) colours by label; 0 is black."""
    colors = [bytes.fromhex(legend[value].color.removeprefix("#")) for value in range(1, 256)]
    return np.frombuffer(b"\0\0\0" + b"".join(colors), np.uint8).reshape(256, 3)


def _save(picture: Image.Image, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, **options)  # type: ignore[arg-type]
    return buffer.getvalue()
