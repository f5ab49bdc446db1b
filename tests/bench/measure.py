"""Timing side by side: a shared machine moves absolute times tenfold, ratios of one run less."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch


@dataclass
class Times:
    """Seconds of each round: by the clock, and of all cores together."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A line of the table; ``ratio`` is ours over theirs, or seconds where there is no other."""

    work: str
    ours: str
    ratio: str
    cpu_ratio: str
    target: str
    reached: bool | None
    checked: str


def interleaved(variants: dict[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """A B C A B C ..., after one of each to warm up."""
    times = {name: Times() for name in variants}
    for turn in range(rounds + 1):
        for name, variant in variants.items():
            wall, cpu = time.perf_counter(), time.process_time()
            variant()
            if turn:
                times[name].wall.append(time.perf_counter() - wall)
                times[name].cpu.append(time.process_time() - cpu)
            print(f"  {name}: {time.perf_counter() - wall:.2f} s", flush=True)
    return times


def versus(
    work: str, ours: Times, theirs: Times, most: float, checked: str, as_factor: bool = False
) -> Row:
    """The row of a comparison whose target is ``ratio <= most``.

    Args:
        as_factor: say how many times faster instead.
    """
    medians = [statistics.median(times) for times in (ours.wall, theirs.wall, ours.cpu, theirs.cpu)]
    ratio, cpu_ratio = medians[0] / medians[1], medians[2] / medians[3]

    def show(value: float) -> str:
        return f"{1 / value:.1f} x faster" if as_factor else f"{value:.3f} x"

    target = f">= {1 / most:.0f} x" if as_factor else f"<= {most:.2f} x"
    seconds = f"{medians[0]:.2f} s for {medians[1]:.2f} s"
    return Row(work, seconds, show(ratio), show(cpu_ratio), target, ratio <= most, checked)


def machine() -> str:
    model = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    flags = Path("/proc/cpuinfo").read_text()
    has = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]
    names = ("torch", "monai", "openvino", "numpy", "scikit-learn", "rasterio")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores used, {', '.join(has)}, {gpu}\n"
        f"Python {platform.python_version()}, {versions}"
    )


def load() -> str:
    return "load average " + " ".join(f"{value:.1f}" for value in os.getloadavg())


def table(rows: list[Row]) -> str:
    heads = ("work", "time", "ratio", "ratio of CPU time", "target", "", "checked first")
    lines = [
        (
            row.work,
            row.ours,
            row.ratio,
            row.cpu_ratio,
            row.target,
            {True: "reached", False: "MISSED", None: ""}[row.reached],
            row.checked,
        )
        for row in rows
    ]
    widths = [max(len(line[n]) for line in [heads, *lines]) for n in range(len(heads))]
    padded = [
        [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        for line in [heads, tuple("-" * width for width in widths), *lines]
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)
