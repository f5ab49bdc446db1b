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
@reading
@as_json
def measure(
    mask: Path, image: Path | None, reference: Path | None, answers: Answers, as_json: bool
) -> None:
    """Volumes (ml) or areas (ha) of the labels of MASK."""
    found = measured(mask, image, reference, answers)
    if as_json:
        print_json(found)
        return
    print_records(found["labels"])
    if reference:
        click.echo()
        print_records(found["agreement"])


def measured(
    mask_file: Path, image_file: Path | None, reference_file: Path | None, answers: Answers
) -> dict[str, Any]:
    """The numbers of a mask, and how it agrees with a reference."""
    from segviz.grid import VolumeGrid
    from segviz.io import open_image
    from segviz.measure import agreement, areas, volumes

    image = open_image([image_file], answers) if image_file else None
    mask = _mask(mask_file, image.grid if image else None, answers)
    is_volume = isinstance(mask.grid, VolumeGrid)
    found = volumes.measure_volume(mask) if is_volume else areas.measure_scene(mask, _valid(image))
    if reference_file:
        agree = agreement.agreement_volume if is_volume else agreement.agreement_scene
        found["agreement"] = agree(mask, _mask(reference_file, mask.grid, answers))
    return found


@click.command()
@click.argument("masks", nargs=-1, required=True, type=FILE, metavar="MASK_T1 MASK_T2 ...")
@click.option("--dates", metavar="D1,D2,...", help="Date of each mask.")
@click.option("--smallest", type=click.FloatRange(0), default=50.0, metavar="MM3",
              help="Smallest lesion that is followed, 50 mm3 unless said.")  # fmt: skip
@reading
@as_json
def change(
    masks: tuple[Path, ...],
    dates: str | None,
    smallest: float,
    answers: Answers,
    as_json: bool,
) -> None:
    """How labels change between masks of one patient or place, the oldest first."""
    named = dates.split(",") if dates else [file.name for file in masks]
    if len(named) != len(masks):
        raise click.BadParameter(
            f"{len(named)} dates for {len(masks)} masks.", param_hint="--dates"
        )
    found = changed(masks, dates.split(",") if dates else None, answers, smallest)
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
        masks.append(_mask(file, grid, answers))
        grid = masks[0].grid if answers.get("alignment") else None
    found = series.change(masks, dates)
    if found.get("common_voxels") is None:
        return found
    lesions = ledger.of_masks(masks, smallest_mm3)
    return found | {"smallest_lesion_mm3": smallest_mm3, "lesions": lesions}


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
