"""``segviz learn``: a pixel classifier from samples, as Review makes it from strokes."""

from __future__ import annotations

import re
from pathlib import Path

import click

from segviz.cli.models import progress
from segviz.cli.options import EXISTING, FILE, FOLDER, Answers, as_json, reading
from segviz.cli.tables import print_json, print_table

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@click.command()
@click.argument("samples", type=FILE)
@click.argument("inputs", nargs=-1, required=True, type=EXISTING, metavar="INPUT...")
@click.option("--model", required=True, metavar="NAME", help="What to call it, e.g. my-forest.")
@click.option(
    "--output", type=FOLDER, help="Model folder to write. Default: NAME, among the workspace's."
)
@click.option(
    "--background",
    type=click.IntRange(1, 255),
    metavar="LABEL",
    help="Label of SAMPLES that marks what shall get no label in a scan.",
)
@reading
@as_json
def learn(
    samples: Path,
    inputs: tuple[Path, ...],
    model: str,
    output: Path | None,
    background: int | None,
    answers: Answers,
    as_json: bool,
) -> None:
    """Learn a model from SAMPLES, a mask in which a few cells of INPUT have a label.

    Each piece of touching cells counts as one stroke; whole strokes are held back to judge it.
    """
    from segviz import settings
    from segviz.edit.samples import of_mask
    from segviz.inference import catalog
    from segviz.io import open_image
    from segviz.io.masks import read_mask
    from segviz.training import learnt, strokes

    chosen = settings.load()
    if not NAME.fullmatch(model) or (chosen.models / model).exists():
        raise click.BadParameter(
            "use small letters, digits and dashes, and no name of a model that is shipped.",
            param_hint="--model",
        )
    image = open_image(list(inputs), answers)
    mask = read_mask(samples, image.grid, answers)
    painted = strokes.Painted(image, of_mask(mask.data, background))
    channels = learnt.channels_of(image)
    with progress("Learning") as shown:
        lesson = strokes.learn([painted], channels, shown)
    naming = learnt.Naming(model, channels, mask.legend)
    folder = output or chosen.home / catalog.ADDED / model
    card = learnt.write(lesson, image, naming, folder)
    if as_json:
        print_json({"model": card.name, "folder": str(folder), **card.metadata})
        return
    rows = card.metadata["samples"]
    right = card.metrics[0]["values"] if card.metrics else {}
    names = [learnt.label_name(row["label"], card.legend) for row in rows]
    print_table(
        ["label", "name", "strokes", "cells", "right"],
        [
            [row["label"], name, row["strokes"], row["cells"], right.get(name)]
            for row, name in zip(rows, names, strict=True)
        ],
    )
    click.echo(f"The model is in {folder}.")
