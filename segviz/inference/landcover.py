"""Networks on scenes: which bands, how bright, and in tiles with a halo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from segviz.grid import Window
from segviz.image import Scene
from segviz.inference import runtime
from segviz.inference.catalog import Card
from segviz.inference.classical import sample_scene
from segviz.inference.haze import haze
from segviz.inference.reflectance import AS_STORED, Scale, judge
from segviz.inference.run import Run
from segviz.inference.scenes import label_scene
from segviz.render.bands import find_bands

MOST_CORE = 768
"""Larger tiles take more memory than a run of any scene may: 256 MiB."""

TAKEN_AS_STORED = (np.uint8, np.uint16, np.int16)
"""Types of values that the graph takes in; others are converted before."""


@dataclass(frozen=True)
class Rendering:
    """How values become the 8-bit picture that a network was trained on, and that its input.

    Attributes:
        gain: 8-bit steps per unit of reflectance x 10,000.
        offset: [band] 8-bit steps of the air above the ground, which surface reflectance lacks.
        mean, spread: of the network's input, in 8-bit steps.
        clear: [band] darkest hundredth of a scene under clear air; scenes are brought to it where
            a card says one.
    """

    gain: float
    offset: tuple[float, ...]
    mean: float
    spread: float
    clear: tuple[float, ...] = ()

    def picture(self, values: Tensor, reflectance: bool) -> Tensor:
        """8-bit steps [..., band, row, column] of reflectance x 10,000, or of 8-bit values."""
        picture = values.float()
        if reflectance:
            offset = torch.tensor(self.offset, device=values.device)[:, None, None]
            picture = picture * self.gain + offset
        return picture.clamp(0, 255)

    def input(self, picture: Tensor) -> Tensor:
        """What the network is given."""
        return (picture - self.mean) / self.spread


@dataclass(frozen=True)
class Squash:
    """Reflectance as Dynamic World's network takes it: from 0 to 1, most contrast where it matters.

    Brown et al. (2022): the logarithm of reflectance, centred and scaled by band, through a
    sigmoid.

    Attributes:
        centre, width: [band] of ``log(1 + reflectance x 10,000 / 200)``.
    """

    centre: tuple[float, ...]
    width: tuple[float, ...]

    def input(self, reflectance: Tensor) -> Tensor:
        """What the network is given, from reflectance x 10,000 [..., band, row, column]."""
        centre, width = (
            torch.tensor(numbers, device=reflectance.device)[:, None, None]
            for numbers in (self.centre, self.width)
        )
        log = torch.log1p(reflectance.float().clamp_min(0) / 200)
        return torch.sigmoid(5 * (log - centre) / width - 1)


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


class Labelling(nn.Module):
    """From the values of an image to the class of each pixel, in one graph.

    Its input holds values as they are stored; it answers class numbers [1, row, column] and the
    mean of all logits, which is no number where one of them is none.
    """

    def __init__(self, network: nn.Module, prepare: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network = network
        self.prepare = prepare

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.network(self.prepare(values)).float()
        rows, columns = logits.shape[2:]
        planes = logits.flatten(2)  # OpenVINO compares whole planes faster than interleaved classes
        return planes.argmax(1).to(torch.uint8).unflatten(1, (rows, columns)), planes.mean()


def of_reflectance(network: nn.Module, card: Card) -> nn.Module:
    """Labels reflectance x 10,000 by way of an 8-bit picture."""
    rendering = Rendering(**card.metadata["scene_input"]["rendering"])
    return Labelling(network, lambda values: rendering.input(rendering.picture(values, True)))


def of_picture(network: nn.Module, card: Card) -> nn.Module:
    """Labels an 8-bit picture."""
    rendering = Rendering(**card.metadata["scene_input"]["rendering"])
    return Labelling(network, lambda values: rendering.input(rendering.picture(values, False)))


def of_squashed(network: nn.Module, card: Card) -> nn.Module:
    """Labels reflectance x 10,000 by way of its logarithm."""
    squash = Squash(**card.metadata["scene_input"]["squash"])
    return Labelling(network, squash.input)


def label_scene_with_network(
    scene: Scene, card: Card, out: NDArray[np.uint8], run: Run, window: Window | None
) -> NDArray[np.int64]:
    """Write the network's labels into ``out``; returns the number of pixels of each label.

    Raises:
        Refused: the values are no reflectance, where the card needs that (SV-RUN-008), or the
            weights cannot be used.
    """
    settings: dict[str, Any] = card.metadata["scene_input"]
    bands, said = choose_bands(scene.channels, card.channels)
    run.notes.append(said)
    if "squash" in settings:
        scale, around = judge(scene, bands, run), of_squashed
    elif scene.dtype == np.uint8:
        scale, around = clear_air(scene, card, bands, AS_STORED, run), of_picture
    else:
        scale, around = judge(scene, bands, run), of_reflectance
        run.notes.append(
            "The values were turned into the kind of 8-bit picture that the model learnt from."
        )
        scale = clear_air(scene, card, bands, scale, run)
    labels = np.array(settings["labels"], np.uint8)
    with run.stage("load"):
        network = runtime.choose(card, run.device, around)

    def classify(values: NDArray[np.generic]) -> NDArray[np.uint8]:
        if scale != AS_STORED or values.dtype not in TAKEN_AS_STORED:
            values = scale.reflectance(values)
        best, mean = network.outputs(np.ascontiguousarray(values)[None])
        runtime.require_numbers(mean, card)
        found: NDArray[np.uint8] = labels.take(best[0])
        return found

    counts = label_scene(
        scene,
        classify,
        out,
        bands,
        run,
        window=window,
        core=min(settings["core"], MOST_CORE),
        halo=settings["halo"],
        multiple=settings["multiple"],
    )
    run.runtime = network.name
    return counts


def clear_air(scene: Scene, card: Card, bands: Sequence[int], scale: Scale, run: Run) -> Scale:
    """The scale that also takes the scene's haze off, where the card says what clear air is."""
    rendering = Rendering(**card.metadata["scene_input"]["rendering"])
    if not rendering.clear:
        return scale
    reflectance = scene.dtype != np.uint8
    cells = scale.reflectance(sample_scene(scene, tuple(bands)))
    added = haze(rendering.picture(torch.from_numpy(cells), reflectance).numpy(), rendering.clear)
    steps = ", ".join(
        f"{name} {amount:+.0f}" for name, amount in zip(card.channels, added, strict=True)
    )
    run.notes.append(
        f"The darkest hundredth of the scene differs from clear air by {steps} of 255 steps; "
        "that was taken off as haze."
    )
    offset = scale.offset + (added / rendering.gain if reflectance else added)
    return replace(scale, offset=tuple(float(amount) for amount in offset))
