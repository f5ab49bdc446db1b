"""Masks and images that commands name as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segviz.cli.options import Answers

if TYPE_CHECKING:
    from segviz.grid import Grid, Window
    from segviz.image import Image, Scene
    from segviz.mask import Mask


def read(file: Path, like: Grid | None, answers: Answers) -> Mask:
    """A mask, on a grid where one is given; moved there only if the reader chose that."""
    from segviz.change import align
    from segviz.io import read_mask

    mask = read_mask(file, like, answers)
    if like is None or align.describe(mask.grid, like) is None:
        return mask
    return align.nearest(mask, like)


def scene_of(image: Image | None) -> Scene | None:
    """The image if it is a scene."""
    from segviz.image import Volume

    return None if image is None or isinstance(image, Volume) else image


def valid(scene: Scene | None) -> Callable[[Window], Any] | None:
    """Where a scene has data, by window; None without a scene."""
    return None if scene is None else lambda window: scene.read(window, bands=[0])[1]
