"""Networks on scenes: which bands, how bright, and in tiles with a halo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.grid import Window
from segviz.image import Scene
from segviz.inference import runtime
from segviz.inference.catalog import Card, find_bands
from segviz.inference.run import Run
from segviz.inference.scenes import label_scene

FRACTION_MAX = 2.0
"""Floating-point values up to this are reflectance from 0 to 1; above it they are times 10,000."""


@dataclass(frozen=True)
class Rendering:
    """How values become the 8-bit picture that a network was trained on, and that its input.

    Attributes:
        gain: 8-bit steps per unit of reflectance x 10,000.
        offset: [band] 8-bit steps of the air above the ground, which surface reflectance lacks.
        mean, spread: of the network's input, in 8-bit steps.
    """

    gain: float
    offset: tuple[float, ...]
    mean: float
    spread: float

    def picture(self, values: NDArray[np.generic]) -> NDArray[np.float32]:
        """8-bit steps [band, row, column]; 8-bit values stay as they are."""
        picture = values.astype(np.float32)
        if values.dtype != np.uint8:
            if values.dtype.kind == "f" and picture.max(initial=0) <= FRACTION_MAX:
                picture *= 10_000
            offset = np.array(self.offset, np.float32)[:, None, None]
            picture = picture * np.float32(self.gain) + offset
        return np.clip(picture, 0, 255)

    def input(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the network is given."""
        return (picture - np.float32(self.mean)) / np.float32(self.spread)


def choose_bands(channels: Sequence[str], wanted: Sequence[str]) -> tuple[list[int], str]:
    """The bands by name, else the first ones, and a sentence that says which."""
    found = find_bands(channels, wanted)
    bands = found or list(range(len(wanted)))
    pairs = ", ".join(
        f"{name} from {channels[band] or f'band {band + 1}'}"
        for name, band in zip(wanted, bands, strict=True)
    )
    how = "by their names" if found else "in file order, because the bands have no known names"
    return bands, f"Bands taken {how}: {pairs}."


def label_scene_with_network(
    scene: Scene, card: Card, out: NDArray[np.uint8], run: Run, window: Window | None
) -> NDArray[np.int64]:
    """Write the network's labels into ``out``; returns the number of pixels of each label."""
    settings: dict[str, Any] = card.metadata["scene_input"]
    rendering = Rendering(**settings["rendering"])
    bands, said = choose_bands(scene.channels, card.channels)
    run.notes.append(said)
    if scene.dtype != np.uint8:
        run.notes.append(
            "Values were taken for surface reflectance x 10,000 (or 0 to 1) and turned into the "
            "8-bit picture that the model was trained on."
        )
    labels = np.array(settings["labels"], np.uint8)
    with run.stage("load"):
        network = runtime.choose(card, run.device)
    run.runtime = network.name

    def classify(values: NDArray[np.generic]) -> NDArray[np.uint8]:
        logits = network(rendering.input(rendering.picture(values))[None])[0]
        runtime.require_numbers(logits, card)
        best: NDArray[np.uint8] = labels[logits.argmax(axis=0)]
        return best

    return label_scene(
        scene,
        classify,
        out,
        bands,
        run,
        window=window,
        core=settings["core"],
        halo=settings["halo"],
        multiple=settings["multiple"],
    )
