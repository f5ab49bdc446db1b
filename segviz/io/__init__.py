"""The only door to the file formats: one reader for each, ours, and one grid for every number."""

import os

# Before rasterio is first imported: a text file called .tif must not be able to read other files,
# to call servers or to write. (GeoTIFFs are opened with driver="GTiff" only, too.)
os.environ.setdefault(
    "GDAL_SKIP", "VRT MRF WMS WMTS WCS HTTP STACIT STACTA GTI EEDA EEDAI PLMOSAIC"
)
os.environ.setdefault("CPL_LOG", os.devnull)  # its warnings go past Python to the terminal
os.environ.setdefault("GDAL_CACHEMAX", "32")  # MB; its own default is a share of the machine

from segviz.io.geotiff import (
    GeoTiffScene,
    build_pyramid,
    needs_pyramid,
    write_quicklook,
    write_scene,
)
from segviz.io.hashing import sha256
from segviz.io.masks import read_mask, write_mask
from segviz.io.nifti import canonical_bytes
from segviz.io.open import Finding, check, is_volume, open_image
from segviz.io.table import write_csv

__all__ = [
    "Finding",
    "GeoTiffScene",
    "build_pyramid",
    "canonical_bytes",
    "check",
    "is_volume",
    "needs_pyramid",
    "open_image",
    "read_mask",
    "sha256",
    "write_csv",
    "write_mask",
    "write_quicklook",
    "write_scene",
]
