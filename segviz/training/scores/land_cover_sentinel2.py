"""The numbers on the card of land-cover-sentinel2: our network against the published outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from segviz.inference import networks
from segviz.inference.catalog import Card
from segviz.training.scores.overlap import Progress, Row

REFERENCE = Path("geo", "dynamic-world-model", "dw_ref.npz")


def evaluate(card: Card, data: Path, progress: Progress | None = None) -> list[Row]:
    """Largest difference of logits, and share of pixels with the same class."""
    reference = np.load(data / REFERENCE, allow_pickle=False)
    with torch.inference_mode():
        logits = networks.load(card)(torch.from_numpy(reference["x"]).permute(0, 3, 1, 2))
    found, expected = logits.permute(0, 2, 3, 1).numpy(), reference["y"]
    same = found.argmax(-1) == expected.argmax(-1)
    if progress:
        progress(1, 1)
    return [
        {
            "data": card.metrics[0]["data"],
            "measure": card.metrics[0]["measure"],
            "values": {
                "logits that differ by 0.0001 or more": int(
                    (np.abs(found - expected) >= 1e-4).sum()
                ),
                "pixels with the same class": round(float(same.mean()), 3),
            },
        }
    ]
