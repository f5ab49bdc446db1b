"""What ``segviz measure`` says of the lesions of a volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from segviz.cli.tables import print_table

if TYPE_CHECKING:
    from segviz.image import Volume
    from segviz.mask import Mask

HEADINGS = (
    "lesion", "voxels", "volume (ml)", "longest (mm)", "across (mm)", "3-D (mm)", "slice",
    "centroid (mm)", "side", "mean",
)  # fmt: skip


def beside(
    rows: list[dict[str, Any]], mask: Mask, image: Volume | None, smallest_mm3: float
) -> None:
    """Put ``lesions`` into the row of each label."""
    from segviz.measure.lesions import lesions

    for row in rows:
        row["lesions"] = lesions(mask, row["label"], image, smallest_mm3)


def show(rows: list[dict[str, Any]]) -> None:
    """A table of the lesions of each label, and what is not in it."""
    from segviz.findings.lesions import count_told, rest_told

    for row in rows:
        found = row.get("lesions")
        if not found or found["whole"] is None:
            continue
        click.echo(f"\n{row['name']}: {count_told(found)}, 26 neighbours")
        print_table(HEADINGS, [_cells(lesion) for lesion in found["lesions"]])
        for line in (rest_told(found), *found["warnings"]):
            if line:
                click.echo(line)


def _cells(lesion: dict[str, Any]) -> list[Any]:
    level = lesion["intensity"]
    return [
        str(lesion["lesion"]),
        lesion["voxels"],
        lesion["volume_ml"],
        lesion["longest_diameter_mm"],
        lesion["perpendicular_diameter_mm"],
        lesion["diameter_3d_mm"],
        lesion["slice"],
        lesion["centroid"],
        lesion["side"],
        level and level["mean"],
    ]
