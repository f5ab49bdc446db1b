"""What was learnt from strokes, kept as a model folder with a card."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segviz.edit.samples import BACKGROUND
from segviz.image import Image, Volume
from segviz.inference import catalog, networks
from segviz.inference.catalog import Card
from segviz.inference.pixel_network import SIZES, halo
from segviz.mask import Legend
from segviz.render.bands import find_bands
from segviz.store import files
from segviz.training.strokes import FOLDS, INDICES, Accuracy, Learnt

ALL = "all labels"


@dataclass(frozen=True)
class Naming:
    """What a card says of a model beside what was learnt.

    Attributes:
        title: for people.
        channels: names of the bands it learnt from.
        legend: all labels of the mask, those without samples too, so that they stay paintable.
        case: the case it is kept with; empty for none.
    """

    title: str
    channels: tuple[str, ...]
    legend: Legend
    case: str = ""


def write(learnt: Learnt, image: Image, naming: Naming, folder: Path) -> Card:
    """Write weights and card in place of those that were there, as the next version."""
    files.private_folder(folder)
    version = _next_version(folder)
    with files.drafted(folder / catalog.WEIGHTS) as part:
        networks.write_weights(learnt.network, part)
    sha256 = hashlib.sha256((folder / catalog.WEIGHTS).read_bytes()).hexdigest()
    metadata = {"version": version, "sha256": sha256, **describe(learnt, image, naming)}
    text = json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"
    files.atomic_write(folder / catalog.METADATA, lambda file: file.write(text.encode()))
    return catalog.read_card(folder)


def describe(learnt: Learnt, image: Image, naming: Naming) -> dict[str, Any]:
    """The card, without version and hash."""
    scan = isinstance(image, Volume)
    names = {label: label_name(label, naming.legend) for label in learnt.labels}
    strokes = sum(learnt.accuracy.strokes.values())
    learnt_labels = ", ".join(names.values())
    return {
        "name": naming.title,
        "kind": "volume" if scan else "scene",
        "method": "pixels",
        "task": "pixel classification",
        "description": f"Learnt from {strokes} strokes: {learnt_labels}.",
        "intended_use": "The image whose strokes it learnt from, and images taken alike: "
        + ("the same kind of scan." if scan else "the same place, sensor, season and bands."),
        "data_source": "Strokes painted by hand in this workspace.",
        "license": "that of your image and strokes",
        "legend": naming.legend.to_json(),
        "channels": list(naming.channels),
        "features": features(image, naming.channels),
        **({"case": naming.case} if naming.case else {}),
        "when": datetime.now(UTC).date().isoformat(),
        "network_def": {"name": "PixelNetwork", "kwargs": learnt.definition},
        "pixel_input": {"labels": list(learnt.labels), "halo": halo(SIZES)},
        "samples": [
            {
                "label": label,
                "strokes": learnt.accuracy.strokes[label],
                "cells": learnt.accuracy.cells[label],
            }
            for label in learnt.labels
        ],
        "eval_metrics": metrics(learnt.accuracy, names),
        "limitations": limitations(learnt.accuracy, names),
    }


def metrics(accuracy: Accuracy, names: dict[int, str]) -> list[dict[str, Any]]:
    """One row: the share of cells labelled right, over all and by label."""
    if accuracy.overall is None:
        return []
    by_label = {names[label]: share for label, share in accuracy.by_label.items()}
    values = {ALL: accuracy.overall, **{k: v for k, v in by_label.items() if v is not None}}
    return [
        {
            "data": f"strokes held back from training, {FOLDS} folds of whole strokes",
            "measure": "share of cells labelled right",
            "values": {name: round(value, 3) for name, value in values.items()},
        }
    ]


def limitations(accuracy: Accuracy, names: dict[int, str]) -> list[str]:
    """What its user must know, and the labels that could not be judged."""
    single = [names[label] for label, share in accuracy.by_label.items() if share is None]
    said = [
        "It knows what was painted and nothing else: whatever looks different gets the label that "
        "looks most alike.",
        "Strokes lie where people chose to paint, so the share labelled right says little of the "
        "rest of the image.",
    ]
    if single:
        said.append(
            f"Not judged, having one stroke: {', '.join(single)}. Paint a second one elsewhere."
        )
    return said


def features(image: Image, channels: tuple[str, ...]) -> list[str]:
    """What the network looks at, in words."""
    bands = (
        ["the plane and those before and after it"]
        if isinstance(image, Volume)
        else [channel or f"band {number}" for number, channel in enumerate(channels, 1)]
    )
    sizes = ", ".join(map(str, SIZES))
    around = ["gradient of each", f"mean and deviation of each in squares of {sizes} cells"]
    pairs = [
        f"({one} - {other}) / ({one} + {other})"
        for one, other in INDICES
        if not isinstance(image, Volume) and find_bands(channels, (one, other)) is not None
    ]
    return [*bands, *around, *pairs]


def channels_of(image: Image) -> tuple[str, ...]:
    """What an image must be for a model that learnt from it: its bands, or what was measured."""
    if isinstance(image, Volume):
        return (image.channel.upper(),) if image.channel else ()
    return image.channels


def label_name(label: int, legend: Legend) -> str:
    """Of a class; 0 is the background of a scan."""
    return legend[label].name if label else BACKGROUND


def _next_version(folder: Path) -> str:
    """1.0.0, then 2.0.0 ..."""
    if not (folder / catalog.METADATA).exists():
        return "1.0.0"
    return f"{int(catalog.read_card(folder).version.split('.')[0]) + 1}.0.0"
