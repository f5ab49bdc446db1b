"""Measuring masks: the same numbers as the usual libraries give, in a share of their time."""

from __future__ import annotations

from dataclasses import replace

import measure
import numpy as np
from scipy import ndimage

TOUCHING = np.ones((3, 3, 3))


def rows(rounds: int) -> list[measure.Row]:
    return [*pieces(max(rounds, 5)), *distances(rounds)]


def pieces(rounds: int) -> list[measure.Row]:
    """Connected pieces of a head with many lesions and of a volume full of blobs."""
    from segviz.measure.pieces import pieces as ours

    found = []
    for name, binary in (("many lesions, 240x240x155", lesions()), ("blobs, 256x256x256", blobs())):
        labels, count = ndimage.label(binary, TOUCHING)
        mine = ours(binary)
        assert mine.count == count
        assert len(np.unique(np.stack([labels[binary], mine.labels[binary]]), axis=1).T) == count
        times = measure.interleaved(
            {
                "ours": lambda binary=binary: ours(binary),
                "with labels": lambda binary=binary: ours(binary).labels,
                "scipy": lambda binary=binary: ndimage.label(binary, TOUCHING),
            },
            rounds,
        )
        for variant, what in (("ours", ""), ("with labels", ", a label for each voxel")):
            row = measure.versus(
                f"pieces of {name}{what}, for scipy",
                times[variant],
                times["scipy"],
                0.25,
                f"{count:,} pieces, the same voxels in each",
            )
            found.append(row if variant == "ours" else replace(row, reached=None))
    return found


def lesions() -> np.ndarray:
    random = np.random.default_rng(0)
    binary = np.zeros((240, 240, 155), bool)
    for _ in range(600):
        radius = int(random.integers(1, 7))
        low = [int(random.integers(20, size - 20)) - radius for size in binary.shape]
        i, j, k = np.ogrid[tuple(slice(-radius, radius + 1) for _ in range(3))]
        ball = i**2 + j**2 + k**2 <= radius**2
        binary[tuple(slice(at, at + 2 * radius + 1) for at in low)] |= ball
    return binary


def blobs() -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((256, 256, 256)).astype(np.float32)
    smooth = ndimage.gaussian_filter(noise, 2)
    return smooth > np.quantile(smooth, 0.9)


def distances(rounds: int) -> list[measure.Row]:
    """HD95 of two masks of a head, both ways of MONAI's convention."""
    import torch
    from monai.metrics import compute_hausdorff_distance

    from segviz.measure.surfaces import hausdorff95, voxel_distances

    spacing = (1.0, 1.0, 1.0)
    one, two = head((0, 0, 0)), head((3, -2, 4))

    def ours() -> float:
        return hausdorff95(voxel_distances(one, two, spacing))

    def theirs() -> float:
        pair = [torch.from_numpy(mask)[None, None] for mask in (one, two)]
        value = compute_hausdorff_distance(
            *pair, include_background=True, percentile=95, spacing=spacing
        )
        return float(value)

    assert abs(ours() - theirs()) < 1e-4
    times = measure.interleaved({"ours": ours, "MONAI": theirs}, rounds)
    checked = f"the same {ours():.3f} mm"
    return [measure.versus("HD95, for MONAI", times["ours"], times["MONAI"], 0.6, checked)]


def head(shift: tuple[int, int, int]) -> np.ndarray:
    """A lumpy object of about 110 ml in a volume of 240x240x155."""
    at = [np.arange(size) for size in (240, 240, 155)]
    x, y, z = np.meshgrid(*at, indexing="ij", sparse=True)
    x, y, z = x - 110 - shift[0], y - 120 - shift[1], z - 80 - shift[2]
    radius = 30 + 4 * np.sin(x / 5) + 3 * np.cos(y / 4) + 2 * np.sin(z / 3)
    return x**2 + y**2 + z**2 <= radius**2
