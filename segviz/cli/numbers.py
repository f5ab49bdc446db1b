"""``segviz measure`` and ``segviz change``: numbers of masks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from segviz.cli.options import EXISTING, FILE, Answers, as_json, reading
from segviz.cli.tables import print_json, print_records, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from segviz.grid import Grid, Window
    from segviz.image import Image
    from segviz.mask import Mask


@click.command()
@click.argument("mask", type=FILE)
@click.option("--image", type=EXISTING, help="Image of MASK: its grid, and where it has data.")
@click.option("--reference", type=FILE, help="Mask to compare MASK with.")
@click.option("--areas", type=FILE, help="Polygons to measure in, of a scene.")
@click.option(
    "--forest",
    type=click.Choice(("fao", "eudr", "hansen", "prodes")),
    help="Definition of forest: what its smallest area leaves.",
)
@reading
@as_json
def measure(
    mask: Path,
    image: Path | None,
    reference: Path | None,
    areas: Path | None,
    forest: str | None,
    answers: Answers,
    as_json: bool,
) -> None:
    """Volumes (ml) or areas (ha) of the labels of MASK."""
    found = measured(mask, image, reference, answers, areas, forest)
    if as_json:
        print_json(found)
        return
    print_records(found["labels"])
    if areas:
        click.echo()
        print_table(*by_area(found["areas"]))
    if forest:
        click.echo()
        print_table(*of_forest(found["forest"]))
    if reference:
        click.echo()
        print_records(found["agreement"])


def measured(
    mask_file: Path,
    image_file: Path | None,
    reference_file: Path | None,
    answers: Answers,
    areas_file: Path | None = None,
    definition: str | None = None,
) -> dict[str, Any]:
    """The numbers of a mask, and how it agrees with a reference."""
    from segviz.grid import VolumeGrid
    from segviz.io import open_image
    from segviz.measure import agreement, areas, forest, volumes

    image = open_image([image_file], answers) if image_file else None
    mask = _mask(mask_file, image.grid if image else None, answers)
    is_volume = isinstance(mask.grid, VolumeGrid)
    found = volumes.measure_volume(mask) if is_volume else areas.measure_scene(mask, _valid(image))
    if areas_file:
        found |= within(mask, image, areas_file, answers)
    if definition:
        found["forest"] = forest.by_definition(mask, definition).numbers
    if reference_file:
        agree = agreement.agreement_volume if is_volume else agreement.agreement_scene
        found["agreement"] = agree(mask, _mask(reference_file, mask.grid, answers))
    return found


def within(mask: Mask, image: Image | None, file: Path, answers: Answers) -> dict[str, Any]:
    """The numbers of a mask within the polygons of a file."""
    from segviz.image import Volume
    from segviz.io.polygons import read_areas
    from segviz.measure.clouds import clouds_in, clouds_of
    from segviz.measure.zones import measure_areas

    read = read_areas(file, answers)
    scene = None if isinstance(image, Volume) else image
    clouds = (None if scene is None else clouds_of(scene)) or clouds_in(mask)
    rows = measure_areas(mask, read.areas, _valid(image), clouds)
    return {"areas": rows, "areas_rule": "coverage", "areas_notes": list(read.notes)}


def of_forest(told: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Forest before and after the smallest area of a definition; why there is none."""
    sieved = told["sieved"]
    if sieved is None:
        return ["forest", "why"], [[told["name"], told["why"]]]
    keys = {"area_ha": "smallest (ha)", "before_ha": "before (ha)", "after_ha": "after (ha)"}
    counts = {"patches": "patches", "removed": "taken out", "connectivity": "neighbours"}
    row = [told["name"], *(sieved[key] for key in (keys | counts))]
    return ["forest", *keys.values(), *counts.values()], [row]


def by_area(areas: list[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Headings and a line for each area, with the hectares of each label."""
    own = {"name": "area", "polygon_ha": "polygon (ha)", "valid_ha": "with data (ha)"}
    shares = {"nodata_share": "no data", "cloud_share": "cloud"}
    names = [f"{label['name']} (ha)" for label in areas[0]["labels"]]
    rows = [
        [row[key] for key in (*own, *shares)] + [label["area_ha"] for label in row["labels"]]
        for row in areas
    ]
    return [*own.values(), *shares.values(), *names], rows


@click.command()
@click.argument("masks", nargs=-1, required=True, type=FILE, metavar="MASK_T1 MASK_T2 ...")
@click.option("--dates", metavar="D1,D2,...", help="Date of each mask.")
@reading
@as_json
def change(masks: tuple[Path, ...], dates: str | None, answers: Answers, as_json: bool) -> None:
    """How labels change between masks of one patient or place, the oldest first."""
    named = dates.split(",") if dates else [file.name for file in masks]
    if len(named) != len(masks):
        raise click.BadParameter(
            f"{len(named)} dates for {len(masks)} masks.", param_hint="--dates"
        )
    found = changed(masks, dates.split(",") if dates else None, answers)
    if as_json:
        print_json(found)
    else:
        print_change(found, named)


def changed(files: tuple[Path, ...], dates: list[str] | None, answers: Answers) -> dict[str, Any]:
    """The numbers of a series of masks; put on the first one's grid where that was asked for."""
    from segviz.change import series

    grid: Grid | None = None
    masks = []
    for file in files:
        masks.append(_mask(file, grid, answers))
        grid = masks[0].grid if answers.get("alignment") else None
    return series.change(masks, dates)


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


def _mask(file: Path, like: Grid | None, answers: Answers) -> Mask:
    """A mask, on a grid where one is given; moved there only if the reader chose that."""
    from segviz.change import align
    from segviz.io import read_mask

    mask = read_mask(file, like, answers)
    if like is None or align.describe(mask.grid, like) is None:
        return mask
    return align.nearest(mask, like)


def _valid(image: Image | None) -> Callable[[Window], Any] | None:
    """Where a scene has data, by window; None without a scene."""
    from segviz.image import Volume

    if image is None or isinstance(image, Volume):
        return None
    scene = image
    return lambda window: scene.read(window, bands=[0])[1]
