"""Model folders with tiny untrained networks, for tests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from segviz.inference import catalog, networks

UNET_3D = {
    "name": "UNet",
    "kwargs": {
        "spatial_dims": 3,
        "in_channels": 1,
        "out_channels": 3,
        "channels": [4, 8],
        "strides": [2],
        "norm": "BATCH",
        "act": "RELU",
    },
}
UNET_2D = {
    "name": "HeadedUNet",
    "kwargs": {
        "spatial_dims": 2,
        "in_channels": 3,
        "out_channels": 2,
        "features": 4,
        "channels": [4, 8],
        "strides": [2],
        "norm": "BATCH",
        "act": "RELU",
    },
}
COMMON: dict[str, Any] = {
    "version": "0.1.0",
    "method": "network",
    "description": "Made for a test.",
    "intended_use": "Tests.",
    "license": "Apache-2.0",
    "eval_metrics": [],
}


def legend(*names: str) -> list[dict[str, Any]]:
    return [
        {"value": n, "name": name, "color": "#009E73", "thing": False}
        for n, name in enumerate(names, 1)
    ]


def volume_card(folder: Path, **changes: Any) -> catalog.Card:
    """A three-class network on volumes at 2 mm."""
    return write(
        folder,
        name="Two tissues",
        kind="volume",
        channels=["MR"],
        legend=legend("one", "two"),
        network_def=UNET_3D,
        volume_input={
            "spacing_mm": 2.0,
            "gain": 1.0,
            "window": [16, 16, 16],
            "multiple": 2,
            "overlap": 8,
            "largest_component": False,
            "mirrored": False,
        },
        **changes,
    )


def threshold_card(folder: Path, **changes: Any) -> catalog.Card:
    """A two-class network on three neighbouring slices at 1 mm, with a threshold."""
    return write(
        folder,
        **{
            "name": "One lesion",
            "kind": "volume",
            "channels": ["MR"],
            "legend": legend("lesion"),
            "network_def": UNET_2D,
            "threshold": 0.5,
            "volume_input": {
                "layout": "slices",
                "spacing_mm": 1.0,
                "apart_mm": 6.0,
                "thick_mm": 4.0,
                "multiple": 2,
                "mirrored": True,
            },
            **changes,
        },
    )


def region_card(folder: Path, **changes: Any) -> catalog.Card:
    """Two parts of a structure of the head, in boxes of 24 mm around it."""
    return write(
        folder,
        name="Two parts",
        kind="volume",
        channels=["MR"],
        legend=legend("front part", "back part"),
        network_def={**UNET_3D, "kwargs": {**UNET_3D["kwargs"], "in_channels": 4}},
        volume_input={
            "spacing_mm": 1.0,
            "multiple": 2,
            "region": {
                "finder": "brain-anatomy-mr",
                "structure": "hippocampus and amygdala",
                "side": "left",
                "box_mm": [24, 24, 24],
                "crop_mm": 60,
                "least_ml": 0.1,
            },
        },
        **changes,
    )


def scene_card(
    folder: Path, scene_input: dict[str, Any] | None = None, **changes: Any
) -> catalog.Card:
    """A two-class network on red, green and blue, in tiles of 16 with a halo of 16."""
    return write(
        folder,
        name="Two covers",
        kind="scene",
        channels=["red", "green", "blue"],
        legend=legend("forest", "other"),
        network_def=UNET_2D,
        scene_input={
            "rendering": {"gain": 0.1, "offset": [0, 0, 0], "mean": 100.0, "spread": 50.0},
            "labels": [2, 1],
            "core": 16,
            "halo": 16,
            "multiple": 2,
            **(scene_input or {}),
        },
        **changes,
    )


def write(folder: Path, **metadata: Any) -> catalog.Card:
    """A model folder with random weights and their hash."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    network = networks.build(metadata["network_def"])
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    networks.write_weights(network, folder / catalog.WEIGHTS)
    sha256 = hashlib.sha256((folder / catalog.WEIGHTS).read_bytes()).hexdigest()
    text = json.dumps({**COMMON, "sha256": sha256, **metadata})
    (folder / catalog.METADATA).write_text(text)
    return catalog.read_card(folder)
