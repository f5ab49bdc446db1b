"""``segviz measure --objects``: objects of a mask, and how they match those of a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from segviz.cli.tables import print_table

if TYPE_CHECKING:
    from segviz.mask import Mask


def measured(mask: Mask, reference: Mask | None, split: float | None) -> dict[str, Any]:
    """``objects`` of each thing of the legend (of each label where there is none), ``panoptic``."""
    from segviz.measure import instances, panoptic

    counted = [label.value for label in mask.legend if label.thing]
    counted = counted or [label.value for label in mask.legend]
    found: dict[str, Any] = {
        "objects": [
            instances.summary(instances.objects(mask, label, split=split)) for label in counted
        ]
    }
    if reference:
        things = frozenset(counted)
        found["panoptic"] = panoptic.panoptic(mask, reference, things=things, split=split)
    return found


def print_objects(found: dict[str, Any]) -> None:
    """Count and sizes of each label; below them the panoptic quality of each class."""
    rows = found["objects"]
    unit = rows[0]["unit"] if rows else ""
    names = ("smallest", "quartile_1", "median", "quartile_3", "largest")
    click.echo("\nObjects (26 or 8 neighbours)")
    print_table(
        ["name", "count", *(f"{name.replace('_', ' ')} ({unit})" for name in names)],
        [[row["name"], row["count"], *(row[name] for name in names)] for row in rows],
    )
    if "panoptic" in found:
        keys = ("pq", "sq", "rq", "tp", "fp", "fn")
        told, mean = found["panoptic"], found["panoptic"]["mean"]
        click.echo("\nPanoptic quality (IoU > 0.5)")
        print_table(
            ["name", *keys],
            [
                *([row["name"], *(row[key] for key in keys)] for row in told["classes"]),
                [f"mean of {mean['classes']}", *(mean.get(key) for key in keys)],
            ],
        )
