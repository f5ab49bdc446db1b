"""``segviz measure --areas`` and ``--forest``: hectares within polygons, forest by definition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from segviz.cli import masks
from segviz.cli.options import Answers
from segviz.cli.tables import print_table

if TYPE_CHECKING:
    from segviz.image import Image
    from segviz.mask import Mask


def within(mask: Mask, image: Image | None, file: Path, answers: Answers) -> dict[str, Any]:
    """The numbers of a mask within the polygons of a file."""
    from segviz.io.polygons import read_areas
    from segviz.measure.clouds import clouds_in, clouds_of
    from segviz.measure.zones import measure_areas

    read, scene = read_areas(file, answers), masks.scene_of(image)
    clouds = (clouds_of(scene) if scene else None) or clouds_in(mask)
    rows = measure_areas(mask, read.areas, masks.valid(scene), clouds)
    return {"areas": rows, "areas_rule": "coverage", "areas_notes": list(read.notes)}


def print_areas(areas: list[dict[str, Any]]) -> None:
    """A line for each area, with the hectares of each label."""
    own = {"name": "area", "polygon_ha": "polygon (ha)", "valid_ha": "with data (ha)"}
    shares = {"nodata_share": "no data", "cloud_share": "cloud"}
    names = [f"{label['name']} (ha)" for label in areas[0]["labels"]]
    rows = [
        [row[key] for key in (*own, *shares)] + [label["area_ha"] for label in row["labels"]]
        for row in areas
    ]
    click.echo()
    print_table([*own.values(), *shares.values(), *names], rows)


def print_forest(told: dict[str, Any]) -> None:
    """Forest before and after the smallest area of a definition; why there is none."""
    sieved = told["sieved"]
    click.echo()
    if sieved is None:
        print_table(["forest", "why"], [[told["name"], told["why"]]])
        return
    keys = {"area_ha": "smallest (ha)", "before_ha": "before (ha)", "after_ha": "after (ha)"}
    counts = {"patches": "patches", "removed": "taken out", "connectivity": "neighbours"}
    row = [told["name"], *(sieved[key] for key in (keys | counts))]
    print_table(["forest", *keys.values(), *counts.values()], [row])
