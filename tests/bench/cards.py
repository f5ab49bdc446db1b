"""Model folders of the benchmark's networks."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import phantom
from torch import nn

from segviz.inference import catalog, networks
from segviz.mask import Legend

BANDS = ("blue", "green", "red", "near infrared")
SCENE_NETWORK = {
    "spatial_dims": 2,
    "in_channels": len(BANDS),
    "out_channels": 9,
    "channels": [16, 32, 64, 128],
    "strides": [2, 2, 2],
    "num_res_units": 2,
    "norm": "BATCH",
}
RENDERING = {"gain": 0.05, "offset": [0.0] * len(BANDS), "mean": 60.0, "spread": 40.0}


def volume(folder: Path, network: nn.Module) -> catalog.Card:
    """Windows of at most 80 voxels: one is 12 for the head of the phantom."""
    return write(
        folder,
        network,
        kind="volume",
        channels=[],
        legend=Legend.named("oedema", "core", "enhancing").to_json(),
        network_def={"name": "UNet", "kwargs": phantom.NETWORK},
        volume_input={
            "spacing_mm": 1.0,
            "gain": 1.0,
            "window": [80, 96, 80],
            "multiple": 16,
            "overlap": 16,
            "largest_component": False,
            "mirrored": False,
        },
    )


def scene(folder: Path, network: nn.Module) -> catalog.Card:
    names = [f"cover {n}" for n in range(1, 10)]
    return write(
        folder,
        network,
        kind="scene",
        channels=list(BANDS),
        legend=Legend.named(*names).to_json(),
        network_def={"name": "UNet", "kwargs": SCENE_NETWORK},
        scene_input={
            "rendering": RENDERING,
            "labels": list(range(1, 10)),
            "core": 1024,
            "halo": 48,
            "multiple": 8,
        },
    )


def write(folder: Path, network: nn.Module, **metadata: Any) -> catalog.Card:
    folder.mkdir(parents=True, exist_ok=True)
    networks.write_weights(network, folder / catalog.WEIGHTS)
    said = {
        "name": folder.name,
        "version": "0",
        "method": "network",
        "description": "Made for the benchmark.",
        "intended_use": "Timing.",
        "license": "Apache-2.0",
        "eval_metrics": [],
        "sha256": hashlib.sha256((folder / catalog.WEIGHTS).read_bytes()).hexdigest(),
        **metadata,
    }
    (folder / catalog.METADATA).write_text(json.dumps(said))
    return catalog.read_card(folder)
