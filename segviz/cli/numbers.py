"""``segviz measure`` and ``segviz change``: numbers of masks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from segviz.cli import agreement, areas, lesions, objects
from segviz.cli import masks as masks_of
from segviz.cli.options import EXISTING, FILE, Answers, as_json, reading
from segviz.cli.tables import print_json, print_records, print_table

if TYPE_CHECKING:
    from segviz.grid import Grid
    from segviz.image import Volume
    from segviz.mask import Mask


@dataclass(frozen=True)
class Asked:
    """The options of ``segviz measure``."""

    mask: Path
    image: Path | None
    reference: Path | None
    tolerance_mm: float
    smallest_mm3: float
    areas: Path | None
    forest: str | None
    objects: bool
    split: float | None
    answers: Answers


@click.command()
@click.argument("mask", type=FILE)
@click.option("--image", type=EXISTING, help="Image of MASK: its grid, and where it has data.")
@click.option("--reference", type=FILE, help="Mask to compare MASK with.")
@click.option("--tolerance-mm", type=float, default=1.0, help="Of the surface Dice (NSD).")
@click.option("--smallest-mm3", type=float, default=0.0, help="Of a lesion that is listed.")
@click.option("--areas", type=FILE, help="Polygons to measure in, of a scene.")
@click.option(
    "--forest",
    type=click.Choice(("fao", "eudr", "hansen", "prodes")),
    help="Definition of forest: what its smallest area leaves.",
)
@click.option("--objects", is_flag=True, help="Count objects; match the reference's.")
@click.option(
    "--split-mm", "--split-m", "split", type=float, help="Depth at which objects are split."
)
@reading
@as_json
def measure(as_json: bool, **options: Any) -> None:
    """Volumes (ml) or areas (ha) of the labels of MASK."""
    found = measured(Asked(**options))
    if as_json:
        print_json(found)
        return
    print_records(found["labels"])
    lesions.show(found["labels"])
    for key, show in (
        ("areas", areas.print_areas),
        ("forest", areas.print_forest),
        ("agreement", agreement.print_agreement),
    ):
        if key in found:
            show(found[key])
    if "objects" in found:
        objects.print_objects(found)


def measured(asked: Asked) -> dict[str, Any]:
    """The numbers of a mask, and how it agrees with a reference."""
    from segviz.grid import VolumeGrid
    from segviz.io import open_image
    from segviz.measure import forest, volumes
    from segviz.measure.areas import measure_scene

    image = open_image([asked.image], asked.answers) if asked.image else None
    mask = masks_of.read(asked.mask, image.grid if image else None, asked.answers)
    if isinstance(mask.grid, VolumeGrid):
        found = volumes.measure_volume(mask)
        lesions.beside(found["labels"], mask, cast("Volume | None", image), asked.smallest_mm3)
    else:
        found = measure_scene(mask, masks_of.valid(masks_of.scene_of(image)))
    if asked.areas:
        found |= areas.within(mask, image, asked.areas, asked.answers)
    if asked.forest:
        found["forest"] = forest.by_definition(mask, asked.forest).numbers
    other = masks_of.read(asked.reference, mask.grid, asked.answers) if asked.reference else None
    if other:
        found["agreement"] = agreement.measured(mask, other, asked.tolerance_mm)
    if asked.objects or asked.split is not None:
        found |= objects.measured(mask, other, asked.split)
    return found


@click.command()
@click.argument("masks", nargs=-1, required=True, type=FILE, metavar="MASK_T1 MASK_T2 ...")
@click.option("--dates", metavar="D1,D2,...", help="Date of each mask.")
@click.option(
    "--smallest-mm3",
    type=click.FloatRange(0),
    default=50.0,
    help="Of a lesion that is followed; 50 unless said.",
)
@reading
@as_json
def change(
    masks: tuple[Path, ...],
    dates: str | None,
    smallest_mm3: float,
    answers: Answers,
    as_json: bool,
) -> None:
    """How labels change between masks of one patient or place, the oldest first."""
    named = dates.split(",") if dates else [file.name for file in masks]
    if len(named) != len(masks):
        raise click.BadParameter(
            f"{len(named)} dates for {len(masks)} masks.", param_hint="--dates"
        )
    found = changed(masks, dates.split(",") if dates else None, answers, smallest_mm3)
    if as_json:
        print_json(found)
    else:
        print_change(found, named)


def changed(
    files: tuple[Path, ...], dates: list[str] | None, answers: Answers, smallest_mm3: float
) -> dict[str, Any]:
    """The numbers of a series of masks; put on the first one's grid where that was asked for.

    ``lesions`` follows the pieces of volumes on one grid.
    """
    from segviz.change import ledger, series

    grid: Grid | None = None
    masks = []
    for file in files:
        masks.append(masks_of.read(file, grid, answers))
        grid = masks[0].grid if answers.get("alignment") else None
    found = series.change(masks, dates)
    if found.get("common_voxels") is not None:
        followed = ledger.of_masks(masks, smallest_mm3)
        found |= {"smallest_lesion_mm3": smallest_mm3, "lesions": followed}
    return found | _checks(files, masks, found, answers)


def _checks(
    files: tuple[Path, ...], masks: list[Mask], found: dict[str, Any], answers: Answers
) -> dict[str, Any]:
    """What can be checked of the masks of scenes alone, for each interval."""
    from segviz.change import comparability
    from segviz.change.rates import day
    from segviz.grid import RasterGrid
    from segviz.io import read_mask
    from segviz.io.hashing import sha256

    facts = []
    for n, (file, mask) in enumerate(zip(files, masks, strict=True)):
        grid = read_mask(file, None, answers).grid if answers.get("alignment") else mask.grid
        if isinstance(grid, RasterGrid):
            known = sum(row[n] for row in found["pixels"])
            missing = 1 - known / mask.data.size
            when = day(found["dates"][n])
            facts.append(
                comparability.Facts(file.name, when, grid, sha256([file]), missing=missing)
            )
    rows = [[check.to_json() for check in comparability.of_masks(*two)] for two in pairwise(facts)]
    return {"checks": rows} if facts else {}


def print_change(found: dict[str, Any], dates: list[str]) -> None:
    """The amounts at each date, then what each label gained and lost from date to date."""
    unit, names = found["unit"], found["names"]
    amounts = found.get("volumes_ml") or found.get("areas_ha") or found["pixels"]
    print_table(
        [f"label ({unit})", *dates],
        [[name, *row] for name, row in zip(names, amounts, strict=True)],
    )
    for step, why in enumerate(found["why"]):
        click.echo(f"\n{dates[step]} to {dates[step + 1]}{f': {why}' if why else ''}")
        print_table(
            [f"label ({unit})", "gain", "loss", "net"],
            [
                [name, *(found[flow][row][step] for flow in ("gain", "loss", "net"))]
                for row, name in enumerate(names)
            ],
        )
        for check in found.get("checks", [[]] * (step + 1))[step]:
            if check["outcome"] != "passed":
                click.echo(f"{check['outcome']}: {check['name']}. {check['why']}")
