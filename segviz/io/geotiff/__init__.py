"""GeoTIFF: scenes read window by window, pyramids, and masks."""

from segviz.io.geotiff.masks import read_labels, read_legend, write_cog, write_mask, write_owners
from segviz.io.geotiff.pyramid import build_pyramid, needs_pyramid, write_quicklook
from segviz.io.geotiff.scene import GeoTiffScene, open_scene
from segviz.io.geotiff.writer import write_scene

__all__ = [
    "GeoTiffScene",
    "build_pyramid",
    "needs_pyramid",
    "open_scene",
    "read_labels",
    "read_legend",
    "write_cog",
    "write_mask",
    "write_owners",
    "write_quicklook",
    "write_scene",
]
