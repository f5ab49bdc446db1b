"""``segviz measure --reference``: how two masks agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from segviz.cli.tables import print_records, print_table

if TYPE_CHECKING:
    from segviz.mask import Mask


def measured(mask: Mask, reference: Mask, tolerance_mm: float) -> list[dict[str, Any]]:
    """A row for each label."""
    from segviz.grid import VolumeGrid
    from segviz.measure.agreement import agreement_scene, agreement_volume

    if isinstance(mask.grid, VolumeGrid):
        return agreement_volume(mask, reference, tolerance_mm)
    return agreement_scene(mask, reference)


def print_agreement(rows: list[dict[str, Any]]) -> None:
    """The rows, and how many lesions were found, missed and false."""
    click.echo()
    print_records(rows)
    counted = [row for row in rows if row.get("lesions", {}).get("groups")]
    if not counted:
        return
    click.echo("\nLesions (26 neighbours, any overlap)")
    print_table(
        ["name", "in the mask", "in the reference", "found", "missed", "false", "F1"],
        [
            [row["name"], row["lesions"]["mask"], row["lesions"]["reference"]]
            + [row["lesions"]["any_overlap"][key] for key in ("tp", "fn", "fp", "f1")]
            for row in counted
        ],
    )
