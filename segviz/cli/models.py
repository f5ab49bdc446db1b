"""``segviz models``, ``segment`` and ``train``: what draws masks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from segviz.cli.options import EXISTING, FOLDER, NEW_FILE, Answers, Numbers, as_json, pairs, reading
from segviz.cli.tables import print_json, print_records, print_table

if TYPE_CHECKING:
    from segviz.grid import RasterGrid, Window
    from segviz.image import Scene, Volume
    from segviz.inference.catalog import Card
    from segviz.inference.run import Device

    Progress = Callable[[int, int], None]
    Report = dict[str, Any]

VOLUME_ENDINGS, SCENE_ENDINGS = (".nii", ".nii.gz"), (".tif", ".tiff")


@click.group()
def models() -> None:
    """The models there are: list, show, add, remove, verify."""


@models.command("list")
@as_json
def list_models(as_json: bool) -> None:
    """All models, with what they are for."""
    from segviz import settings
    from segviz.inference import catalog

    cards = catalog.models(settings.load())
    if as_json:
        print_json([_public(card) for card in cards])
    else:
        print_table(
            ["name", "version", "for", "method", "title"],
            [[card.name, card.version, card.kind, card.method, card.title] for card in cards],
        )
        for card in cards:
            if card.waiting:
                click.echo(f"{card.name}: {card.waiting}")


@models.command()
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """The card of one model: purpose, input, labels, measured quality."""
    from segviz import settings
    from segviz.inference import catalog

    card = catalog.card(settings.load(), name)
    if as_json:
        print_json(_public(card))
    else:
        print_card(card)


def print_card(card: Card) -> None:
    """What people want to know before they use a model; --json gives all of it."""
    lines = {
        "What": card.description,
        "For": card.intended_use,
        "Fails": " ".join(card.examples),
        "Data": card.metadata.get("data_source", ""),
        "Licence": card.licence,
        "Weights": f"sha256 {card.sha256}" if card.sha256 else "none",
        "Options": ", ".join(card.metadata.get("options", {})),
        "Labels": ", ".join(f"{label.value} {label.name}" for label in card.legend),
    }
    click.echo(f"{card.title} ({card.name} {card.version})")
    for title, text in lines.items():
        if text:
            click.echo(click.wrap_text(text, 96, f"  {title:8} ", " " * 11))
    print_measured(card.metrics)


@models.command()
@as_json
def verify(as_json: bool) -> None:
    """Check the weights of every model against their sha256."""
    from segviz import settings
    from segviz.inference import catalog

    cards = catalog.models(settings.load())
    here = [card for card in cards if not card.waiting]
    for card in here:
        catalog.verify(card)
    if as_json:
        waiting = [card.name for card in cards if card.waiting]
        print_json({"verified": [card.name for card in here], "not_fetched": waiting})
        return
    click.echo(f"The weights of all {len(here)} models are those that were published.")
    for card in cards:
        if card.waiting:
            click.echo(f"{card.name}: {card.waiting}")


@models.command()
@click.argument("source")
@click.option("--from", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
              metavar="DIR",
              help="Folder with a published model's files, instead of its address.")  # fmt: skip
@click.option("--name", metavar="NAME", help="Of the new model. Default: from SOURCE.")
@as_json
def add(source: str, folder: Path | None, name: str | None, as_json: bool) -> None:
    """Add a model of others to the workspace.

    SOURCE is a published model (dynamic-world), a MONAI bundle (folder or zip), an ONNX file with
    its card beside it, a model folder of nnU-Net v2, or a model folder of segviz.
    """
    from segviz import adding, settings

    with progress(f"Fetching {source}") as shown:
        card = adding.add(settings.load(), source, folder=folder, name=name, progress=shown)
    if as_json:
        print_json(_public(card))
    else:
        print_card(card)


@models.command()
@click.argument("name")
@as_json
def remove(name: str, as_json: bool) -> None:
    """Take an added model out of the workspace."""
    from segviz import adding, settings

    card = adding.remove(settings.load(), name)
    if as_json:
        print_json({"removed": card.name})
    else:
        click.echo(f"{card.title} ({card.name}) was removed.")


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@as_json
def picture(names: tuple[str, ...], as_json: bool) -> None:
    """Draw the pictures of all cards, or of some: models at work, and where they fail."""
    from segviz import settings
    from segviz.demo import pictures
    from segviz.inference import catalog

    there = settings.load()
    folder = there.home / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    material = pictures.Material(folder)
    known = [name for name in pictures.GALLERY if name in catalog.folders(there)]
    drawn = []
    for name in names or known:
        card = catalog.card(there, name)
        if name in pictures.GALLERY and not card.waiting:
            shipped = there.models / name
            pictures.make(card, material, shipped if shipped.is_dir() else card.folder)
            drawn.append(name)
    if as_json:
        print_json({"drawn": drawn})
    else:
        click.echo(f"Drawn: {', '.join(drawn) or 'none'}.")


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=EXISTING, metavar="INPUT...")
@click.option("--model", required=True, metavar="NAME", help="See `segviz models`.")
@click.option(
    "--output", required=True, type=NEW_FILE, help="Mask: .nii.gz for a volume, .tif for a scene."
)
@click.option("--probability", type=NEW_FILE,
              help="NIfTI file for the probabilities of a model with a threshold.")  # fmt: skip
@click.option("--report", type=NEW_FILE, help="JSON file for how it was made.")
@click.option(
    "--device", default="auto", type=click.Choice(["auto", "cpu", "cuda"]), show_default=True
)
@click.option("--window", type=Numbers("R0,R1,C0,C1", int), metavar="R0,R1,C0,C1",
              help="Part of a scene; the mask covers just this part.")  # fmt: skip
@click.option(
    "--option", "options", multiple=True, metavar="KEY=VALUE", help="Option of the model."
)
@reading
@as_json
def segment(
    inputs: tuple[Path, ...],
    model: str,
    output: Path,
    probability: Path | None,
    report: Path | None,
    device: Device,
    window: Window | None,
    options: tuple[str, ...],
    answers: Answers,
    as_json: bool,
) -> None:
    """Segment a volume or a scene with a model."""
    from segviz import settings
    from segviz.image import Volume
    from segviz.inference import catalog
    from segviz.io import open_image, sha256

    card = catalog.card(settings.load(), model)
    image = open_image(list(inputs), answers)
    _require_ending(output, VOLUME_ENDINGS if isinstance(image, Volume) else SCENE_ENDINGS)
    if probability:
        _require_probability(card, probability)
    output.parent.mkdir(parents=True, exist_ok=True)
    with progress(card.title) as shown:
        run = Run(card, shown, device, pairs(options, "--option"))
        if isinstance(image, Volume):
            done = _segment_volume(image, output, run, probability)
        else:
            done = _segment_scene(image, output, run, window)
            done["input"]["sha256"] = sha256(inputs)
    if report:
        report.write_text(json.dumps(done, indent=2, ensure_ascii=False, default=str) + "\n")
    if as_json:
        print_json(done)
    else:
        print_records(done["labels"])
        for note in done["notes"]:
            click.echo(note)


@click.command()
@click.argument("recipe")
@click.option("--data", type=FOLDER, help="Folder with the training data. Default: SEGVIZ_DATA.")
@click.option("--output", type=FOLDER, help="Model folder to write. Default: RECIPE, here.")
@click.option("--steps", type=click.IntRange(min=1), help="Fewer make a quick trial.")
@click.option(
    "--member", type=click.IntRange(min=0), help="Of a recipe with several networks, this alone."
)
@as_json
def train(
    recipe: str,
    data: Path | None,
    output: Path | None,
    steps: int | None,
    member: int | None,
    as_json: bool,
) -> None:
    """Train the model of RECIPE from nothing and write its folder."""
    from segviz import settings, training

    with progress(f"Training {recipe}") as shown:
        folder = training.train(
            recipe,
            data or settings.load().data,
            output or Path(recipe),
            steps=steps,
            member=member,
            progress=shown,
        )
    if as_json:
        print_json({"model": recipe, "folder": str(folder)})
    else:
        click.echo(f"The model is in {folder}.")


@click.command()
@click.argument("name")
@click.option(
    "--data", type=FOLDER, help="Folder with the data of all models. Default: SEGVIZ_DATA."
)
@as_json
def evaluate(name: str, data: Path | None, as_json: bool) -> None:
    """Measure the model NAME again on the data of its card."""
    from segviz import settings
    from segviz.inference import catalog
    from segviz.training import evaluation

    there = settings.load()
    card = catalog.card(there, name)
    with progress(f"Evaluating {name}") as shown:
        rows = evaluation.evaluate(card, data or there.data, shown)
    same = evaluation.agree(rows, card.metrics)
    if as_json:
        print_json({"model": name, "eval_metrics": rows, "as_on_card": same})
        return
    print_measured(rows)
    click.echo(
        f"These are the numbers on the card, within {evaluation.ROUNDING}."
        if same
        else "The card says otherwise; its numbers:"
    )
    if not same:
        print_measured(card.metrics)


def print_measured(rows: list[dict[str, Any]]) -> None:
    """Rows of an evaluation: what was measured on what, and a value for each label."""
    for row in rows:
        click.echo(click.wrap_text(f"{row['measure']} on {row['data']}", 96, "  ", "  "))
        print_table(list(row["values"]), [list(row["values"].values())])


@dataclass(frozen=True, eq=False)
class Run:
    """What volumes and scenes are segmented with."""

    card: Card
    shown: Progress
    device: Device
    options: dict[str, str]

    @property
    def choices(self) -> dict[str, Any]:
        return {"progress": self.shown, "device": self.device, "options": self.options}


def _segment_volume(volume: Volume, output: Path, run: Run, probability: Path | None) -> Report:
    from segviz.inference import predict
    from segviz.io import masks, nifti

    result = predict.segment_volume(volume, run.card, **run.choices)
    masks.write_mask(result.mask, output)
    if probability and result.probability is not None:
        nifti.write_shares(result.probability, volume.grid, probability)
    return result.report


def _segment_scene(scene: Scene, output: Path, run: Run, window: Window | None) -> Report:
    """Window by window through a file beside the output: memory does not grow with the scene."""
    import numpy as np

    from segviz.inference import predict
    from segviz.io import masks
    from segviz.mask import Legend, Mask

    rows, columns = _part(scene.grid, window)
    with TemporaryDirectory(prefix=".segviz-", dir=output.parent) as folder:
        labels = np.memmap(Path(folder) / "labels.u8", np.uint8, "w+", shape=scene.grid.shape)
        report = predict.segment_scene(scene, run.card, labels, window=window, **run.choices)
        mask = Mask(
            scene.grid.window(rows, columns),
            labels[slice(*rows), slice(*columns)],
            Legend.from_json(report["legend"]),
            f"{run.card.name} {run.card.version}",
        )
        masks.write_mask(mask, output)
    return report


def _part(grid: RasterGrid, window: Window | None) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns of a window that lies in the scene."""
    rows, columns = grid.shape
    if window is None:
        return (0, rows), (0, columns)
    top, bottom, left, right = window
    if not (0 <= top < bottom <= rows and 0 <= left < right <= columns):
        raise click.BadParameter(
            f"the scene has rows 0 to {rows} and columns 0 to {columns}.", param_hint="--window"
        )
    return (top, bottom), (left, right)


def _require_ending(path: Path, endings: tuple[str, ...], option: str = "--output") -> None:
    if not path.name.lower().endswith(endings):
        raise click.BadParameter(
            f"for this image it is written as {' or '.join(endings)}.", param_hint=option
        )


def _require_probability(card: Card, path: Path) -> None:
    """Refuse before the run what it could not write."""
    if card.threshold is None:
        raise click.BadParameter(
            f"{card.title} has no threshold and gives no probabilities.",
            param_hint="--probability",
        )
    _require_ending(path, VOLUME_ENDINGS, "--probability")


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A bar on stderr from the first window on; nothing is drawn where nobody watches."""
    with ExitStack() as stack:
        bar: click._termui_impl.ProgressBar[int] | None = None

        def shown(done: int, total: int) -> None:
            nonlocal bar
            if bar is None:
                bar = stack.enter_context(
                    click.progressbar(length=total, label=title, file=sys.stderr)
                )
            bar.update(done - bar.pos)

        yield shown


def _public(card: Card) -> dict[str, Any]:
    """The card as its metadata.json says it, with its name."""
    return {"model": card.name, **card.metadata}
