"""What an image measures, as tools ask for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segviz.case import Visit
from segviz.edit.canvas import Channel, Values
from segviz.errors import Refused
from segviz.grid import Box, VolumeGrid
from segviz.opening import images
from segviz.store import Store


def values(store: Store, visit: Visit) -> Values:
    """Values of a visit's image by box, in canonical order for scans; NaN where there is none.

    The image is opened when it is first asked for. A band that a scene lacks is refused
    (SV-EDIT-046).
    """
    return _of_scan(store, visit) if isinstance(visit.grid, VolumeGrid) else _of_scene(store, visit)


def _of_scan(store: Store, visit: Visit) -> Values:
    def read(box: Box, channel: Channel) -> NDArray[np.float32]:
        volume = images.volume(store, visit)
        return np.asarray(volume.grid.to_canonical(volume.data)[box], dtype=np.float32)

    return read


def _of_scene(store: Store, visit: Visit) -> Values:
    def read(box: Box, channel: Channel) -> NDArray[np.float32]:
        rows, columns = box
        bands = [channel] if isinstance(channel, int) else list(channel)
        if not all(0 <= band < len(visit.channels) for band in bands):
            raise Refused(
                "SV-EDIT-046",
                f"The scene has {len(visit.channels)} bands, and a tool was told to look at "
                "another one, so nothing was changed; choose one of its bands.",
            )
        window = rows.start, rows.stop, columns.start, columns.stop
        pixels, valid = images.scene(store, visit).read(window, bands)
        measured = np.where(valid, pixels.astype(np.float32), np.float32(np.nan))
        return measured[0] if len(bands) == 1 else difference(measured[0], measured[1])

    return read


def difference(one: NDArray[np.float32], two: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normalised difference (one - two) / (one + two), from -1 to 1; NaN where both are 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((one - two) / (one + two), dtype=np.float32)
