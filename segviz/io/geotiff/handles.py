"""Open datasets: one for each thread, because GDAL's are not safe to share."""

from __future__ import annotations

import os
import threading
import warnings
from collections import OrderedDict
from pathlib import Path

import rasterio
from rasterio.errors import NotGeoreferencedWarning

from segviz.io.failures import refusing

KEPT = 16
"""Open files a thread keeps; opening one again costs a few ms."""

warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)
_thread = threading.local()

Handles = OrderedDict[tuple[int, str, int, int], rasterio.DatasetReader]


def dataset(path: Path) -> rasterio.DatasetReader:
    """This thread's open handle of a GeoTIFF.

    No other driver is tried, and no file beside it is looked at: its hash then covers all that was
    read. A file replaced under its name is opened anew, and a forked process opens its own.

    Raises:
        Refused: GDAL cannot open it (SV-TIF-006).
    """
    handles: Handles = _thread.__dict__.setdefault("handles", OrderedDict())
    status = path.stat()
    key = os.getpid(), str(path), status.st_mtime_ns, status.st_size
    if key not in handles:
        handles[key] = _open(path)
        if len(handles) > KEPT:
            handles.popitem(last=False)[1].close()
    handles.move_to_end(key)
    return handles[key]


def _open(path: Path) -> rasterio.DatasetReader:
    with (
        refusing(
            "SV-TIF-006", "The image cannot be opened: its tags are damaged; export it again."
        ),
        rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
    ):
        return rasterio.open(path.resolve(), driver="GTiff")
