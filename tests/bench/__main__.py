"""``python tests/bench [WORK ...]``: what is fast, by how much, side by side with what is usual.

Ratios are of medians of interleaved runs; each row is checked for correctness before it is timed
or told. It belongs to the tests but is not collected by pytest: nothing is timed there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import measure

WORKS = (
    "volume", "scene", "pixels", "first", "editing", "strokes", "neighbours",
    "measuring", "hectares", "transitions",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", nargs="*", choices=[[], *WORKS], help="default: all")
    parser.add_argument("--rounds", type=int, default=3, help="timed runs of each")
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--height", type=int, default=2560, help="rows of the scene")
    parser.add_argument("--whole", action="store_true", help="the scene has all 10980 rows")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "segviz-bench",
        help="keeps the taught network and the drawn scene",
    )  # fmt: skip
    asked = parser.parse_args()
    if asked.threads:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.threads])
        os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(asked.threads)
    with tempfile.TemporaryDirectory(prefix="segviz-home-") as home:
        os.environ["SEGVIZ_HOME"] = home
        report(asked)


def report(asked: argparse.Namespace) -> None:
    import measure
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    print(measure.machine())
    print("before:", measure.load())
    rows: list[measure.Row] = []
    for work in asked.work or WORKS:
        print(f"{work} ...", flush=True)
        rows += rows_of(work, asked)
    print("after:", measure.load())
    print(measure.table(rows))
    sys.exit(any(row.reached is False for row in rows))


def rows_of(work: str, asked: argparse.Namespace) -> list:
    if work == "volume":
        import volume

        return volume.rows(asked.folder, asked.rounds)
    if work == "scene":
        import scene

        return scene.rows(asked.folder, asked.rounds, 10980 if asked.whole else asked.height)
    if work == "pixels":
        import pixels

        return pixels.rows(asked.rounds)
    if work == "first":
        import first

        return first.rows(asked.folder, asked.rounds)
    if work == "editing":
        import editing

        return editing.rows(asked.folder)
    if work == "strokes":
        import strokes

        return strokes.rows(asked.folder)
    if work == "measuring":
        import measuring

        return measuring.rows(asked.rounds)
    if work == "transitions":
        import transitions

        return transitions.rows(asked.folder, asked.rounds)
    if work == "hectares":
        import hectares

        return hectares.rows(asked.folder, asked.rounds)
    import neighbours

    return neighbours.rows(asked.folder, asked.rounds)


if __name__ == "__main__":
    main()
