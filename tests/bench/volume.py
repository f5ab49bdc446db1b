"""A volume of 240 x 240 x 155 voxels and four contrasts, against MONAI's sliding window."""

from __future__ import annotations

from pathlib import Path

import cards
import numpy as np
import phantom
import torch
from measure import Row, interleaved, versus
from monai.data.utils import dense_patch_slices
from monai.inferers import sliding_window_inference
from numpy.typing import NDArray

from segviz.grid import VolumeGrid, box_of
from segviz.inference import runtime, volumes
from segviz.inference.run import Run

ROI, OVERLAP = 96, 0.25


def rows(folder: Path, rounds: int) -> list[Row]:
    network = phantom.taught(folder)
    values, truth = phantom.draw(99)
    card = cards.volume(folder / "phantom-tumour", network)
    ours = runtime.choose(card, "cpu")
    layout = monai_layout(values.shape[1:])
    axes = volumes.axes_of(VolumeGrid(phantom.SHAPE, np.eye(4)), 1.0)
    results: dict[str, NDArray[np.uint8]] = {}

    def theirs() -> None:
        image = torch.from_numpy(phantom.normalised(values))[None]
        with torch.inference_mode():
            logits = sliding_window_inference(
                image, ROI, 1, network, overlap=OVERLAP, mode="gaussian"
            )
        results["theirs"] = logits[0].argmax(0).numpy().astype(np.uint8)

    def same_windows() -> None:
        image = phantom.normalised(values)
        logits = volumes.in_windows(image, layout, ours, card, Run(), mirrored=False)
        results["same"] = volumes.largest_logit(logits)

    def best_layout() -> None:
        image = phantom.normalised(values)
        box = box_of((image != 0).any(axis=0))
        results["best"] = volumes.label_field(image, box, axes, ours, card, Run(), values[0])

    variants = {"MONAI": theirs, "same windows": same_windows, "best layout": best_layout}
    times = interleaved(variants, rounds)
    differ = int((results["same"] != results["theirs"]).sum())
    parity = min(phantom.dice(results["theirs"], results["same"]))
    scores = {name: float(np.mean(phantom.dice(truth, mask))) for name, mask in results.items()}
    exact = "bf16" in ours.name or differ == 0
    assert parity >= 0.999, f"Dice {parity:.5f} to MONAI's mask at the same windows"
    loss = scores["theirs"] - scores["best"]
    assert loss <= 0.002, f"the best layout loses {loss:.4f} of Dice against truth"
    said = f"{differ} of {truth.size:,} voxels differ ({ours.name}), least Dice {parity:.6f}"
    against = f"Dice against truth {scores['best']:.4f}, MONAI's {scores['theirs']:.4f}"
    row = versus("volume, same windows", times["same windows"], times["MONAI"], 0.5, said)
    return [
        row if exact else Row(**{**vars(row), "reached": False}),
        versus("volume, best layout", times["best layout"], times["MONAI"], 0.2, against),
    ]


def monai_layout(shape: tuple[int, ...]) -> tuple[tuple[int, ...], list[tuple[slice, ...]]]:
    """Where MONAI puts its windows."""
    step = tuple(int(ROI * (1 - OVERLAP)) for _ in shape)
    return (ROI,) * 3, list(dense_patch_slices(shape, (ROI,) * 3, step))
