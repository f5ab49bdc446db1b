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
from segviz.training import (
    brain_anatomy,
    enhancing_tumour,
    forest_rgb,
    forest_sentinel2,
    hippocampus,
)
from segviz.training.loop import Draw, fit

CHECKPOINT_STEPS, LOG_STEPS = 200, 20


class Recipe(Protocol):
    """A module that knows its data, its network and its schedule.

    Attributes:
        FOLDER: where its data lie in a folder with the data of all recipes.
        NETWORK: definition of the network, of one member where there are several.
        MEMBERS: networks that are trained, one for each fold, and answer together; 1 for one.
        AVERAGE: share of the old averaged weights that each step keeps; 1 / (1 - AVERAGE) is about
            the number of steps averaged, which should be a small part of ``STEPS``.
        FREEZE_AT: share of the steps after which batch norm keeps its statistics. With few windows
            a step those of the batch are of one window; the network must learn to work with the
            fixed ones, which make a mask independent of how windows are laid.
    """

    FOLDER: str
    NETWORK: Mapping[str, Any]
    MEMBERS: int
    CLASS_WEIGHTS: tuple[float, ...]
    STEPS: int
    SEED: int
    RATE: float
    AVERAGE: float
    FREEZE_AT: float

    def drawer(self, data: Path, rng: np.random.Generator, member: int) -> Draw:
        """What makes the batches of a member, from the folder with the training data."""
        ...

    def finish(self, network: nn.Module, data: Path, member: int) -> None:
        """Set what is chosen after the training, on data kept back for that."""
        ...


RECIPES: Mapping[str, Recipe] = {
    "brain-anatomy-mr": brain_anatomy,
    "enhancing-tumour-t1c": enhancing_tumour,
    "forest-rgb": forest_rgb,
    "forest-sentinel2": forest_sentinel2,
    "hippocampus-t1": hippocampus,
}


def definition(recipe: Recipe) -> Mapping[str, Any]:
    """What a card says of the network of a recipe, all members together."""
    if recipe.MEMBERS == 1:
        return recipe.NETWORK
    ensemble = {"members": recipe.MEMBERS, "network": recipe.NETWORK}
    return {"name": "Ensemble", "kwargs": ensemble}


def train(
    recipe: str,
    data: Path,
    output: Path,
    steps: int | None = None,
    seed: int | None = None,
    member: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a model from nothing and write its folder.

    Args:
        recipe: name of the recipe, which is that of its model.
        data: folder with the training data of this recipe, or of all recipes (``FOLDER`` in it).
        output: folder to write ``model.safetensors``, ``metadata.json``, ``README.md``, ``LICENSE``
            and ``training.csv`` (step, loss) to; it then is a model folder. Where a recipe has
            members, those are written first and kept: an interrupted training goes on.
        steps, seed: those of the recipe when None; member k takes the seed + k.
        member: train this one alone; the model is joined by the call that finds all of them.
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
    output.mkdir(parents=True, exist_ok=True)
    todo = range(chosen.MEMBERS) if member is None else [member]
    for turn, number in enumerate(todo):
        if not _is_trained(_member(output, chosen, number), steps, seed + number):
            _train_member(chosen, data, output, number, steps, seed + number,
                          _shifted(progress, turn * steps, len(todo) * steps))  # fmt: skip
    parts = [_member(output, chosen, number) for number in range(chosen.MEMBERS)]
    if all(_is_trained(part, steps, seed + n) for n, part in enumerate(parts)):
        if chosen.MEMBERS > 1:
            joined = networks.join(chosen.NETWORK, parts)
            networks.write_weights(joined, output / catalog.WEIGHTS)
        losses = [float(networks.read_notes(part)["loss"]) for part in parts]
        _write_card(card, output, chosen, steps, seed, losses)
    return output


def _train_member(
    recipe: Recipe,
    data: Path,
    output: Path,
    member: int,
    steps: int,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    torch.manual_seed(seed)
    network = networks.build(recipe.NETWORK)
    try:
        draw = recipe.drawer(data, np.random.default_rng(seed), member)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(
            "SV-MDL-010",
            "The folder does not hold the data of this recipe; the model's card names them.",
        ) from error
    log = _Log(_member(output, recipe, member), progress)
    trained = fit(
        network,
        draw,
        torch.tensor(recipe.CLASS_WEIGHTS),
        steps=steps,
        rate=recipe.RATE,
        average=recipe.AVERAGE,
        freeze_at=recipe.FREEZE_AT,
        progress=log.step,
        checkpoint=log.checkpoint,
    )
    if math.isnan(log.loss):
        raise Refused("SV-MDL-011", "The training went astray; take another seed.")
    recipe.finish(trained, data, member)
    notes = {"steps": str(steps), "seed": str(seed), "loss": f"{log.loss:.4f}"}
    networks.write_weights(trained, _member(output, recipe, member), notes)


def _member(output: Path, recipe: Recipe, number: int) -> Path:
    return output / (catalog.WEIGHTS if recipe.MEMBERS == 1 else f"member-{number}.safetensors")


def _is_trained(path: Path, steps: int, seed: int) -> bool:
    """Whether a file holds a member as it would be trained now; a checkpoint has no notes."""
    if not path.is_file():
        return False
    notes = networks.read_notes(path)
    return (notes.get("steps"), notes.get("seed")) == (str(steps), str(seed))


def _shifted(
    progress: Callable[[int, int], None] | None, before: int, total: int
) -> Callable[[int, int], None] | None:
    return progress and (lambda done, _: progress(before + done, total))


class _Log:
    """Writes the loss and, now and then, the weights so far."""

    def __init__(self, weights: Path, progress: Callable[[int, int], None] | None) -> None:
        self.loss = math.inf
        self._weights, self._progress = weights, progress
        self._rows: list[tuple[int, float]] = []

    def step(self, done: int, steps: int, loss: float) -> None:
        self.loss = loss
        if done % LOG_STEPS == 0 or done == steps:
            self._rows.append((done, round(loss, 5)))
        if self._progress:
            self._progress(done, steps)

    def checkpoint(self, done: int, network: nn.Module) -> None:
        if done % CHECKPOINT_STEPS == 0:
            networks.write_weights(network, self._weights)
            name = self._weights.stem.replace("model", "training")
            with self._weights.with_name(f"{name}.csv").open("w", newline="") as file:
                csv.writer(file).writerows([("step", "loss"), *self._rows])


def _write_card(
    card: catalog.Card, output: Path, recipe: Recipe, steps: int, seed: int, losses: list[float]
) -> None:
    """The published card with the new weights' hash; its numbers are left out, being of others."""
    weights = (output / catalog.WEIGHTS).read_bytes()
    metadata = {
        **card.metadata,
        "network_def": definition(recipe),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "training": {"steps": steps, "seed": seed, "final_loss": losses},
        "eval_metrics": [],
    }
    text = json.dumps(metadata, indent=2, ensure_ascii=False)
    (output / catalog.METADATA).write_text(text + "\n", encoding="utf-8")
    for name in ("README.md", "LICENSE"):
        if output.resolve() != card.folder.resolve() and (card.folder / name).exists():
            shutil.copyfile(card.folder / name, output / name)
