"""What opening a volume would take, judged from its header before anything is read."""

from __future__ import annotations

from math import prod

from segviz import settings
from segviz.errors import Refused

FLOAT_COPY = 4
MASK = 1
OVERHEAD = 1.4
"""Peak over the sum of the arrays, measured while reading gzipped scans."""


def bytes_needed(shape: tuple[int, ...], itemsize: int) -> float:
    """Memory for the voxels, a float32 copy for a model and a mask; a float cannot overflow."""
    voxels = prod(float(n) for n in shape)
    return voxels * (itemsize + FLOAT_COPY + MASK) * OVERHEAD


def require_memory(shape: tuple[int, ...], itemsize: int) -> None:
    """Refuse a volume that this server cannot hold.

    Raises:
        Refused: it needs more than ``settings.memory_bytes`` (SV-GRID-012).
    """
    needed, allowed = bytes_needed(shape, itemsize), settings.load().memory_bytes
    if needed > allowed:
        size = " x ".join(str(n) for n in shape)
        raise Refused(
            "SV-GRID-012",
            f"The scan claims {size} voxels; opening it needs {_gigabytes(needed)} GB and this "
            f"server allows {_gigabytes(allowed)} GB. Crop it or thin it out first.",
        )


def _gigabytes(amount: float) -> str:
    return f"{amount / 1e9:,.0f}" if amount >= 1e10 else f"{amount / 1e9:.1f}"
