"""What a recipe is, which there are, and how one is run."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from segviz import settings
from segviz.errors import NotFound, Refused
from segviz.inference import catalog, networks
from segviz.training import brain_anatomy, forest_rgb
from segviz.training.loop import Draw, fit

CHECKPOINT_STEPS, LOG_STEPS = 200, 20


class Recipe(Protocol):
    """A module that knows its data, its network and its schedule.

    Attributes:
        FOLDER: where its data lie in a folder with the data of all recipes.
    """

    FOLDER: str
    NETWORK: Mapping[str, Any]
    CLASS_WEIGHTS: tuple[float, ...]
    STEPS: int
    SEED: int
    RATE: float

    def drawer(self, data: Path, rng: np.random.Generator) -> Draw:
        """What makes the batches, from the folder with the training data."""
        ...

    def finish(self, network: nn.Module, data: Path) -> None:
        """Set what is chosen after the training, on data kept back for that."""
        ...


RECIPES: Mapping[str, Recipe] = {
    "brain-anatomy-mr": brain_anatomy,
    "forest-rgb": forest_rgb,
}


def train(
    recipe: str,
    data: Path,
    output: Path,
    steps: int | None = None,
    seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a model from nothing and write its folder.

    Args:
        recipe: name of the recipe, which is that of its model.
        data: folder with the training data of this recipe, or of all recipes (``FOLDER`` in it).
        output: folder to write ``model.safetensors``, ``metadata.json``, ``README.md``, ``LICENSE``
            and ``training.csv`` (step, loss) to; it then is a model folder.
        steps, seed: those of the recipe when None.
        progress: called with (steps done, steps).

    Raises:
        NotFound: there is no such recipe (SV-MDL-009) or no data of it in the folder (SV-MDL-010).
        Refused: the training went astray (SV-MDL-011).
    """
    if recipe not in RECIPES:
        raise NotFound(
            "SV-MDL-009", f"There is no recipe '{recipe}'; there are: {', '.join(RECIPES)}."
        )
    chosen = RECIPES[recipe]
    if (data / chosen.FOLDER).is_dir():
        data = data / chosen.FOLDER
    card = catalog.card(settings.load(), recipe)
    steps, seed = steps or chosen.STEPS, chosen.SEED if seed is None else seed
    torch.manual_seed(seed)
    network = networks.build(chosen.NETWORK)
    try:
        draw = chosen.drawer(data, np.random.default_rng(seed))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(
            "SV-MDL-010",
            f"The folder does not hold the data of '{recipe}'; the model's card names them.",
        ) from error
    output.mkdir(parents=True, exist_ok=True)
    log = _Log(output, progress)
    trained = fit(
        network,
        draw,
        torch.tensor(chosen.CLASS_WEIGHTS),
        steps=steps,
        rate=chosen.RATE,
        progress=log.step,
        checkpoint=log.checkpoint,
    )
    if math.isnan(log.loss):
        raise Refused("SV-MDL-011", "The training went astray; take another seed.")
    chosen.finish(trained, data)
    networks.write_weights(trained, output / catalog.WEIGHTS)
    _write_card(card, output, chosen, steps, seed, log.loss)
    return output


class _Log:
    """Writes the loss and, now and then, the weights so far."""

    def __init__(self, output: Path, progress: Callable[[int, int], None] | None) -> None:
        self.loss = math.inf
        self._output, self._progress = output, progress
        self._rows: list[tuple[int, float]] = []

    def step(self, done: int, steps: int, loss: float) -> None:
        self.loss = loss
        if done % LOG_STEPS == 0 or done == steps:
            self._rows.append((done, round(loss, 5)))
        if self._progress:
            self._progress(done, steps)

    def checkpoint(self, done: int, network: nn.Module) -> None:
        if done % CHECKPOINT_STEPS == 0:
            networks.write_weights(network, self._output / catalog.WEIGHTS)
            with (self._output / "training.csv").open("w", newline="") as file:
                csv.writer(file).writerows([("step", "loss"), *self._rows])


def _write_card(
    card: catalog.Card, output: Path, recipe: Recipe, steps: int, seed: int, loss: float
) -> None:
    """The published card with the new weights' hash; its numbers are left out, being of others."""
    weights = (output / catalog.WEIGHTS).read_bytes()
    metadata = {
        **card.metadata,
        "network_def": recipe.NETWORK,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "training": {"steps": steps, "seed": seed, "final_loss": round(loss, 4)},
        "eval_metrics": [],
    }
    text = json.dumps(metadata, indent=2, ensure_ascii=False)
    (output / catalog.METADATA).write_text(text + "\n", encoding="utf-8")
    for name in ("README.md", "LICENSE"):
        if output.resolve() != card.folder.resolve() and (card.folder / name).exists():
            shutil.copyfile(card.folder / name, output / name)
