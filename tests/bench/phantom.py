"""A head of four contrasts with a nested tumour, and MONAI's U-Net taught to find it in minutes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from monai.losses import DiceCELoss
from monai.networks.nets import UNet
from safetensors.torch import load_file, save_file
from scipy import ndimage

SHAPE = (240, 240, 155)
BRAIN_MM = (140, 174, 144)
CLASSES = 4
NETWORK = {
    "spatial_dims": 3,
    "in_channels": 4,
    "out_channels": CLASSES,
    "channels": [16, 32, 64, 128, 256],
    "strides": [2, 2, 2, 2],
    "num_res_units": 2,
}
BRIGHTNESS = np.array([[1.0, 0.7, 1.3, 0.6], [0.8, 1.2, 0.6, 1.0], [1.4, 0.9, 0.8, 1.3]])
"""[part of the tumour, contrast], beside 1.0 of the brain in all of them."""

STEPS, EDGE, BATCH = 200, 48, 2


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Values [contrast, x, y, z], 0 outside of the brain, and labels 0-3."""
    rng = np.random.default_rng(seed)
    cells = np.indices(SHAPE, dtype=np.float32)
    middle = np.array(SHAPE) / 2
    centre = middle + rng.uniform(-25, 25, 3)
    brain = ellipsoid(cells, middle, np.array(BRAIN_MM) / 2)
    labels = np.zeros(SHAPE, np.uint8)
    for part, radius in enumerate((32, 22, 12), 1):
        labels[ellipsoid(cells, centre, radius * rng.uniform(0.8, 1.2, 3)) & brain] = part
    levels = np.concatenate([np.ones((1, 4)), BRIGHTNESS]).astype(np.float32)
    folds = ndimage.zoom(rng.normal(0, 0.15, (30, 30, 20)), 8, order=1)[: SHAPE[0], : SHAPE[1]]
    folds = folds[:, :, : SHAPE[2]].astype(np.float32)
    noise = rng.standard_normal((4, *SHAPE), np.float32) * np.float32(0.12)
    values = np.moveaxis(levels[labels], -1, 0) + folds + noise
    values[:, ~brain] = 0
    return np.ascontiguousarray(values * np.float32(400)), labels


def ellipsoid(cells: np.ndarray, centre: np.ndarray, radii: np.ndarray) -> np.ndarray:
    parts = zip(cells, centre, radii, strict=True)
    return sum(((axis - c) / r) ** 2 for axis, c, r in parts) < 1


def normalised(values: np.ndarray) -> np.ndarray:
    """Mean 0 and spread 1 of each contrast over the brain; 0 around it."""
    image = np.zeros_like(values)
    for contrast, made in zip(values, image, strict=True):
        there = contrast != 0
        inside = contrast[there]
        made[there] = (inside - inside.mean()) / inside.std()
    return image


def taught(folder: Path) -> UNet:
    """The network; taught once, then kept in the folder."""
    torch.manual_seed(0)
    network = UNet(**NETWORK)
    kept = folder / f"phantom-unet-{STEPS}.safetensors"
    if kept.exists():
        network.load_state_dict(load_file(kept))
        return network.eval()
    teach(network)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, kept)
    return network.eval()


def teach(network: UNet) -> None:
    rng = np.random.default_rng(0)
    heads = [(normalised(values), labels) for values, labels in map(draw, (1, 2, 3))]
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, STEPS)
    criterion = DiceCELoss(to_onehot_y=True, softmax=True)
    start = time.monotonic()
    for step in range(1, STEPS + 1):
        crops = [crop(rng, *heads[rng.integers(len(heads))]) for _ in range(BATCH)]
        image, label = (torch.from_numpy(np.stack(part)) for part in zip(*crops, strict=True))
        optimizer.zero_grad()
        loss = criterion(network(image), label[:, None].long())
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            spent = time.monotonic() - start
            print(f"teaching: step {step} of {STEPS}, loss {loss:.3f}, {spent:.0f} s", flush=True)


def crop(rng: np.random.Generator, image: np.ndarray, labels: np.ndarray) -> tuple:
    """A window; two of three are about the tumour."""
    centre = np.array(SHAPE) / 2
    if rng.random() < 0.67:
        tumour = np.array(ndimage.center_of_mass(labels > 0))
        centre = tumour + rng.uniform(-24, 24, 3)
    else:
        centre = centre + rng.uniform(-60, 60, 3)
    start = np.clip((centre - EDGE / 2).astype(int), 0, np.array(SHAPE) - EDGE)
    box = tuple(slice(s, s + EDGE) for s in start)
    return np.ascontiguousarray(image[:, *box]), np.ascontiguousarray(labels[box])


def dice(one: np.ndarray, two: np.ndarray) -> list[float]:
    """Of labels 1 to 3."""
    return [
        2 * float(((one == n) & (two == n)).sum()) / float((one == n).sum() + (two == n).sum())
        for n in range(1, CLASSES)
    ]


if __name__ == "__main__":
    import sys

    taught(Path(sys.argv[1]))
