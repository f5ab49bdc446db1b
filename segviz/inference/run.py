"""One run of a model: how far it is, whether it shall stop, and what is reported of it."""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import psutil

from segviz.errors import Cancelled, Refused
from segviz.inference.probability import least_byte

Device = Literal["auto", "cpu", "cuda"]


@dataclass(eq=False)
class Run:
    """Handed through all stages of a run.

    Attributes:
        progress: called with (windows done, windows).
        cancelled: asked after each window.
        options: what the user chose, by name.
        notes: sentences for the reader of the report.
        seconds: by stage.
    """

    progress: Callable[[int, int], None] | None = None
    cancelled: Callable[[], bool] | None = None
    device: Device = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    runtime: str = "numpy"
    windows: int = 0

    def step(self, done: int, total: int) -> None:
        """Say that a window is done.

        Raises:
            Cancelled: the user stopped the run.
        """
        self.windows = total
        if self.cancelled and self.cancelled():
            raise Cancelled
        if self.progress:
            self.progress(done, total)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def whole_number(self, name: str, default: int, low: int, high: int) -> int:
        """An option that counts something.

        Raises:
            Refused: it is not a whole number of the range (SV-RUN-006).
        """
        try:
            value = int(self.options.get(name, default))
        except (TypeError, ValueError):
            value = low - 1
        if not low <= value <= high:
            raise Refused(
                "SV-RUN-006", f"'{name}' must be a whole number from {low} to {high}; set it again."
            )
        return value

    def threshold(self, default: float | None) -> float | None:
        """The option ``threshold`` of a model that has one, the card's where it was not set.

        Raises:
            Refused: it is not a number from 0 to 1 (SV-RUN-011).
        """
        if default is None:
            return None
        try:
            value = float(self.options.get("threshold", default))
        except (TypeError, ValueError):
            value = math.nan
        least_byte(value)
        return value


def require_memory(needed: float) -> None:
    """Before a scan is segmented, which needs so many bytes.

    Raises:
        Refused: fewer are free (SV-RUN-007).
    """
    free = psutil.virtual_memory().available
    if needed > free:
        raise Refused(
            "SV-RUN-007",
            f"Segmenting this scan needs {needed / 1e9:.1f} GB and this server has "
            f"{free / 1e9:.1f} GB free; crop the scan.",
        )


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
