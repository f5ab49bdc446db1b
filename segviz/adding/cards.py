"""What the cards of added models have in common, and words for what cannot be added."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from segviz.errors import Refused
from segviz.mask import Legend

CONFIG_BYTES = 2**24
"""Most that a description of a model may take."""

UNMEASURED = (
    "It was added by a user: how good it is was not measured here, and its card says what its "
    "makers say."
)


def read_json(path: Path) -> dict[str, Any]:
    """A file that describes a model; it is data and is never executed.

    Raises:
        Refused: it is missing or is no such description (SV-MDL-028).
    """
    try:
        if path.stat().st_size > CONFIG_BYTES:
            raise ValueError("too long")
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("no names")
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(
            "SV-MDL-028",
            f"{path.name} is missing or damaged, and nothing is known of the model without it; "
            "give the folder as its makers packed it.",
        ) from error
    return content


def cannot(why: str) -> Refused:
    """A model that would run, but not as it was meant to (SV-MDL-030)."""
    return Refused(
        "SV-MDL-030",
        f"The model cannot be run as its makers meant it: {why}. Nothing was added; take a model "
        "without that.",
    )


def legend_of(names: Sequence[str]) -> list[dict[str, Any]]:
    """Labels 1, 2, ... with these names and colours of their own."""
    return Legend.named(*names).to_json()


def volume_card(
    *,
    title: str,
    version: str,
    description: str,
    intended_use: str,
    licence: str,
    data_source: str,
    modality: str,
    labels: Sequence[str],
    limitations: Sequence[str],
    network_def: Mapping[str, Any],
    volume_input: Mapping[str, Any],
) -> dict[str, Any]:
    """The metadata of an added model for volumes, but for the hash of its weights."""
    return {
        "name": title,
        "version": version,
        "kind": "volume",
        "method": "network",
        "description": description,
        "intended_use": intended_use,
        "limitations": [UNMEASURED, *limitations],
        "channels": [modality] if modality in ("CT", "MR") else [],
        "data_source": data_source,
        "eval_metrics": [],
        "license": licence,
        "legend": legend_of(labels),
        "network_def": dict(network_def),
        "volume_input": {
            "full_windows": True,
            "mirrored": False,
            "largest_component": False,
            **volume_input,
        },
    }


def overlap_of(window: Sequence[int], share: float) -> list[int]:
    """Cells that neighbouring windows share."""
    return [min(int(size * share), size - 1) for size in window]
