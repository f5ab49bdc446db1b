"""The numbers on the card of brain-anatomy-mr: scans of people and the average of many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from nilearn import datasets
from numpy.typing import NDArray

from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import predict
from segviz.inference.catalog import Card
from segviz.io import open_image
from segviz.training.scores.overlap import Progress, Row, dice, means, row

Labels = NDArray[np.uint8]

FOLDER = "medical/head-t1-2mm"

MUSE_GROUPS: dict[int, tuple[int, ...]] = {
    1: tuple(range(81, 96)),
    2: tuple(range(100, 208)),
    3: (4, 11, 49, 50, 51, 52),
    4: (23, 30, 36, 37, 55, 56, 57, 58, 59, 60, 61, 62),
    5: (31, 32, 47, 48),
    6: (35,),
    7: (38, 39, 40, 41, 71, 72, 73),
}
"""Label of brain-anatomy-mr -> region numbers of MUSE (Doshi et al. 2016)."""


def grouped(regions: NDArray[np.generic]) -> Labels:
    """MUSE regions as the labels of brain-anatomy-mr; regions of no group are background."""
    table = np.zeros(256, np.uint8)
    for label, numbers in MUSE_GROUPS.items():
        table[list(numbers)] = label
    return table[regions.astype(np.uint8)]


RIGHT_REGIONS = (23, 31, 36, 38, 40, 47, 49, 51, 55, 57, 59, 61, *range(81, 95, 2),
                 *range(100, 208, 2))  # fmt: skip
LEFT_REGIONS = (30, 32, 37, 39, 41, 48, 50, 52, 56, 58, 60, 62, *range(82, 95, 2),
                *range(101, 208, 2))  # fmt: skip


def evaluate(card: Card, data: Path, progress: Progress | None = None) -> list[Row]:
    """Scans ``t1`` against the regions ``dlmuse``, and the MNI152 average against its tissues."""
    paths = sorted((data / FOLDER / "t1").iterdir())
    overlaps, ratios, sides = [], [], []
    for done, path in enumerate(paths, 1):
        regions = _volume(data / FOLDER / "dlmuse" / path.name.replace(".nii", "_DLMUSE.nii")).data
        found = predict.segment_volume(_volume(path), card).mask.data
        pairs = by_structure(card, found, grouped(regions))
        overlaps.append({name: dice(*pair) for name, pair in pairs.items()})
        ratios.append({name: float(f.sum() / t.sum()) for name, (f, t) in pairs.items()})
        sides.append({"on the right side": rightly_sided(card, found, regions)})
        if progress:
            progress(done, len(paths))
    scans = f"{len(paths)} whole-head T1 scans (IXI, 2 mm) against automatic MUSE regions"
    return [
        *(
            row(f"{path.name.split('-T1')[0]} of these scans", "Dice", values)
            for path, values in zip(paths, overlaps, strict=True)
        ),
        row(f"mean of {scans}", "Dice", means(overlaps)),
        row(f"mean of {scans}", "volume ratio", means(ratios)),
        row(f"mean of {scans}", "share of voxels", means(sides)),
        mni152(card),
    ]


def by_structure(
    card: Card, found: Labels, truth: Labels
) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Found and true cells of each structure by name, left and right together."""
    right = card.metadata["volume_input"].get("right", {})
    return {
        label.name.removesuffix(", left"): (
            np.isin(found, (label.value, right.get(str(label.value), label.value))),
            truth == label.value,
        )
        for label in card.legend
        if label.value not in right.values()
    }


def rightly_sided(card: Card, found: Labels, regions: NDArray[np.generic]) -> float:
    """Of what was found in regions with a side, the share that got theirs."""
    right = card.metadata["volume_input"]["right"]
    on_right, on_left = (
        np.isin(found, list(right.values())),
        np.isin(found, [int(n) for n in right]),
    )
    is_right, is_left = np.isin(regions, RIGHT_REGIONS), np.isin(regions, LEFT_REGIONS)
    same = (on_right & is_right).sum() + (on_left & is_left).sum()
    return float(same / ((on_right | on_left) & (is_right | is_left)).sum())


def mni152(card: Card) -> Row:
    """Tissues of the average brain: brainstem counts as white, cerebellum and nuclei as grey.

    The template and its maps come with nilearn.
    """
    template = datasets.load_mni152_template(resolution=1)
    grid = VolumeGrid(template.shape, template.affine)
    scan = Volume(grid, np.asarray(template.dataobj, np.float32), channel="MR")
    pairs = by_structure(
        card, predict.segment_volume(scan, card).mask.data, np.zeros(grid.shape, np.uint8)
    )
    tissue = {
        "white matter": (("cerebral white matter", "brainstem"), datasets.load_mni152_wm_template),
        "grey matter": (
            ("cerebral cortex", "deep grey matter", "hippocampus and amygdala", "cerebellum"),
            datasets.load_mni152_gm_template,
        ),
    }
    return row(
        "MNI152 average brain (1 mm, no skull) against its tissue maps above 0.5",
        "Dice",
        {
            name: dice(
                np.logical_or.reduce([pairs[structure][0] for structure in structures]),
                np.asarray(load(resolution=1).dataobj) > 0.5,
            )
            for name, (structures, load) in tissue.items()
        },
    )


def _volume(path: Path) -> Volume:
    image = open_image([path])
    if not isinstance(image, Volume):
        raise ValueError(f"{path.name} is no volume")
    return image
