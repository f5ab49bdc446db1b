"""One inference beside four busy processes: how much slower it gets."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import cards
import numpy as np
import phantom
from measure import Row

from segviz.inference import networks, runtime

NEIGHBOURS, MOST = 4, 3.0
SPIN = "while True: pass"


def rows(folder: Path, rounds: int) -> list[Row]:
    network = phantom.taught(folder)
    card = cards.volume(folder / "phantom-tumour", network)
    window = np.random.default_rng(0).normal(size=(1, 4, 96, 96, 96)).astype(np.float32)
    found = []
    for name, run in (
        ("segviz", runtime.choose(card, "cpu")),
        ("torch", runtime.TorchRuntime(networks.load(card))),
    ):
        alone = seconds(run, window, rounds)
        busy = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(NEIGHBOURS)]
        try:
            beside = seconds(run, window, rounds)
        finally:
            for process in busy:
                process.kill()
                process.wait()
        ratio = beside / alone
        found.append(
            Row(
                f"{name} beside {NEIGHBOURS} busy processes",
                f"{beside:.2f} s for {alone:.2f} s",
                f"{ratio:.2f} x",
                "",
                f"<= {MOST:.0f} x" if name == "segviz" else "",
                ratio <= MOST if name == "segviz" else None,
                "one window of 96 voxels, four contrasts",
            )
        )
    return found


def seconds(run: runtime.Runtime, window: np.ndarray, rounds: int) -> float:
    run(window)
    spent = []
    for _ in range(2 * rounds + 1):
        start = time.perf_counter()
        run(window)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)
