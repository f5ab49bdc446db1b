"""Where the numbers come from: images, what their reader answered, models, people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segviz import workbench
from segviz.case import Case
from segviz.findings import amounts
from segviz.findings.blocks import Block, Table
from segviz.store import Store

HEX_SHOWN = 12
"""Digits of a hash on a page; data have all of them."""


def now(store: Store, case: Case) -> dict[str, Any]:
    """Of the masks that ``amounts`` counts."""
    return {"kind": "provenance", "layers": amounts.layers(store, case)}


def find(store: Store, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Of each layer: its image, and how its mask came to be (see ``workbench.provenance``).

    Raises:
        Damaged: the file of an image is not what was opened (SV-CASE-022).
    """
    return {"masks": [_mask(store, at["layer"], at["revision"]) for at in spec["layers"]]}


def _mask(store: Store, layer_id: str, revision: int) -> dict[str, Any]:
    bench = workbench.get(store, layer_id)
    visit = bench.visit
    store.files(visit.id)
    told = workbench.provenance(store, bench, revision)
    del told["versions"]  # names can be given later on
    return {
        "visit": visit.name,
        "image": {
            "sha256": visit.sha256,
            "grid": str(visit.grid),
            "channels": list(visit.channels),
            "answers": dict(visit.answers),
            "notes": list(visit.notes),
        },
        **told,
    }


def tell(spec: Mapping[str, Any], numbers: dict[str, Any]) -> Sequence[Block]:
    masks = numbers["masks"]
    changed = [row for mask in masks for row in _changes(mask)]
    unit = next((row["unit"] for mask in masks for row in mask["labels"]), "")
    images = ("Visit", "Grid", "Channels", "SHA-256", "Chosen by the reader")
    made = ("Visit", "Mask", "Revision", "Made by", "Operations by", "Fingerprint")
    blocks: list[Block] = [
        _filled("Images", images, list(dict.fromkeys(_image(mask) for mask in masks))),
        _filled("Masks", made, [_made(mask) for mask in masks]),
    ]
    if changed:
        columns = ("Visit", "Label", f"Added, {unit}", f"Removed, {unit}", "Dice to it")
        blocks.append(Table("What people made of the model's answer", columns, changed))
    return blocks


def _filled(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A table without the columns that say nothing."""
    kept = [n for n in range(len(columns)) if any(row[n] != "" for row in rows)]
    return Table(title, [columns[n] for n in kept], [[row[n] for n in kept] for row in rows])


def _image(mask: dict[str, Any]) -> tuple[str, ...]:
    image = mask["image"]
    answers = "; ".join(f"{key}: {value}" for key, value in image["answers"].items())
    channels = ", ".join(name for name in image["channels"] if name)
    return mask["visit"], image["grid"], channels, image["sha256"][:HEX_SHOWN], answers


def _made(mask: dict[str, Any]) -> list[Any]:
    models = [
        f"{model['name']} {model['version']}"
        + (f" (SHA-256 {model['sha256'][:HEX_SHOWN]})" if model["sha256"] else "")
        for model in mask["models"]
    ]
    return [
        mask["visit"],
        mask["layer"]["name"],
        mask["revision"],
        "; ".join(dict.fromkeys(models)) or mask["source"] or "hand",
        "; ".join(_work(mask["work"])),
        mask["fingerprint"],
    ]


def _work(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many things each person did, with all tools together."""
    people: dict[str, int] = {}
    for row in rows:
        people[row["author"]] = people.get(row["author"], 0) + row["operations"]
    return [f"{author} ({count:,})" for author, count in people.items()]


def _changes(mask: dict[str, Any]) -> list[list[Any]]:
    """A row for each label that people changed after a model."""
    return [
        [mask["visit"], row["name"], row["added"], row["removed"], row["dice"]]
        for row in mask["labels"]
        if mask["models"] and (row["added"] or row["removed"])
    ]
