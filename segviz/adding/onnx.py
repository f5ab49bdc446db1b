"""An ONNX file with a card beside it; OpenVINO reads and runs it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from segviz.adding.cards import cannot, read_json
from segviz.errors import Refused
from segviz.inference import catalog

EXTERNAL = b"\x0a\x08location"
"""How the key under which a tensor names another file is stored."""

MAX_BYTES = 2**31


def is_onnx(path: Path) -> bool:
    return path.suffix.lower() == ".onnx" and path.is_file()


def add(path: Path, draft: Path) -> dict[str, Any]:
    """Copy an ONNX file into a new model's folder; gives its card.

    Raises:
        Refused: there is no card beside it (SV-MDL-028), or its weights lie in other files
            (SV-MDL-032).
    """
    metadata = read_json(path.with_name(catalog.METADATA))
    if path.stat().st_size > MAX_BYTES:
        raise cannot("it is larger than 2 GB")
    if EXTERNAL in path.read_bytes():
        raise Refused(
            "SV-MDL-032",
            f"{path.name} keeps weights in other files, which are not opened on its word; export "
            "it again as one file.",
        )
    shutil.copyfile(path, draft / catalog.ONNX_FILE)
    return {**metadata, "method": "network", "network_def": {"name": catalog.ONNX}}


def try_out(card: catalog.Card) -> None:
    """Show the network one empty window: it has to answer its classes, and in numbers.

    Raises:
        Refused: it cannot be read or run (SV-MDL-033), or answers something else (SV-MDL-030).
    """
    from segviz.inference import runtime

    network = runtime.choose(card, "cpu")
    if card.kind == "volume":
        channels, classes = 1, len(card.legend) + 1
        space = tuple(card.metadata["volume_input"]["window"])
    else:
        channels, classes = len(card.channels), len(card.metadata["scene_input"]["labels"])
        settings = card.metadata["scene_input"]
        space = (settings["core"] + 2 * settings["halo"],) * 2
    logits = network(np.zeros((1, channels, *space), np.float32))
    if logits.shape != (1, classes, *space):
        raise cannot(f"it answers {logits.shape} where its card says {(1, classes, *space)}")
    runtime.require_numbers(logits, card)
