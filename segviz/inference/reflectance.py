"""What the numbers of a satellite scene mean: reflectance x 10,000, whatever scale they are in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Refused
from segviz.image import Scene
from segviz.inference.classical import sample_scene
from segviz.inference.run import Run

QUANTIFICATION = 10_000
FRACTION_MAX = 2.0
"""Floating-point values up to this are reflectance from 0 to 1; clouds and glint pass 1."""

PICTURE_MAX = 255
ADDED = 1000
"""What ESA's processing baseline 04.00 and later adds to every value, so that none is negative."""

BASELINE = (4, 0)
BASELINE_DAY = date(2022, 1, 25)
"""From this day on, scenes were made with baseline 04.00; older ones were since made again."""

SURELY_WITHOUT = 800
"""Darkest values below this would be reflectance below -0.02 if 1000 had been added."""

LIKELY_WITH = 1300
"""Darkest values from there up to this are water, shadow or dense forest with 1000 added."""

OFFSETS: Mapping[str, float | None] = {"auto": None, "0": 0.0, "1000": float(ADDED)}
"""Answers to the option ``offset``."""


@dataclass(frozen=True)
class Scale:
    """How stored values become reflectance x 10,000: ``value * gain - offset``."""

    gain: float
    offset: float

    def reflectance(self, values: NDArray[np.generic]) -> NDArray[np.float32]:
        """Reflectance x 10,000, of any shape."""
        scaled = values.astype(np.float32)
        scaled *= np.float32(self.gain)
        scaled -= np.float32(self.offset)
        return scaled


AS_STORED = Scale(1.0, 0.0)
"""Values that are reflectance x 10,000 already."""


def judge(scene: Scene, bands: Sequence[int], run: Run) -> Scale:
    """The scale of a scene's values; what was decided, and why, becomes a note of the run.

    The option ``offset`` of the run (``auto``, ``0`` or ``1000``) overrules all evidence.

    Args:
        bands: 0-based, those that a model is given.

    Raises:
        Refused: values of a picture or of an unknown scale (SV-RUN-008), or another offset than
            those there are (SV-RUN-009).
    """
    chosen = _chosen(run.options)
    if scene.dtype == np.uint8:
        raise _picture("8-bit values")
    cells = sample_scene(scene, tuple(bands))[:, 0].astype(np.float64)
    if not cells.shape[1]:
        return Scale(1.0, chosen or 0.0)
    gain, said = _gain(cells, scene.dtype.kind)
    darkest = float(np.percentile(cells, 1, axis=1).min()) * gain
    if chosen is None:
        offset, why = decide_offset(scene.tags, scene.when, darkest)
    else:
        offset, why = chosen, "as chosen"
    kept = (
        f"{offset:g} of every value were taken off"
        if offset
        else "no offset was taken off the values"
    )
    run.notes.append(f"{said}; {kept}: {why}.")
    return Scale(gain, offset)


def decide_offset(tags: Mapping[str, str], when: date | None, darkest: float) -> tuple[float, str]:
    """The offset that the values hold, and the evidence for it as the end of a sentence.

    Args:
        tags: of the file.
        darkest: 1st percentile of the darkest band, reflectance x 10,000 before any offset.
    """
    stated, source = _stated(tags)
    dark = f"the darkest hundredth lies at {darkest:.0f}"
    if stated is not None:
        if stated and darkest < SURELY_WITHOUT:
            return 0.0, f"{source}, but {dark}, so that it must have been taken off before"
        if not stated and SURELY_WITHOUT <= darkest <= LIKELY_WITH and "baseline" in source:
            return 0.0, f"{source}, although {dark}; if forest is missed, set offset=1000"
        return stated, source
    if darkest < SURELY_WITHOUT:
        return 0.0, f"{dark}, below what an offset leaves"
    late = when is not None and when >= BASELINE_DAY
    if darkest <= LIKELY_WITH:
        if late:
            return ADDED, f"the scene is of {when}, after baseline 04.00 came, and {dark}"
        return ADDED, f"{dark}, as with baseline 04.00; on bare or snowy ground set offset=0"
    if late:
        return (
            ADDED,
            f"the scene is of {when}, after baseline 04.00 came; the values cannot tell, because "
            f"{dark}; set offset=0 if the file was harmonised",
        )
    return 0.0, f"this could not be decided, because {dark}; set offset=1000 for baseline 04.00"


def _stated(tags: Mapping[str, str]) -> tuple[float | None, str]:
    """The offset by the file's tags, and which tag says so; None where none does."""
    for name, text in tags.items():
        if name.startswith(("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET")):
            found = re.search(r"-?\d+(\.\d+)?", text)
            if found:
                return -float(found[0]) + 0.0, f"the file's {name} is {found[0]}"
    baseline = re.fullmatch(r"\D*(\d{2})\.?(\d{2})", tags.get("PROCESSING_BASELINE", "").strip())
    if not baseline:
        return None, ""
    source = f"the file is of processing baseline {baseline[1]}.{baseline[2]}"
    later = (int(baseline[1]), int(baseline[2])) >= BASELINE
    return (float(ADDED) if later else 0.0), source


def _gain(cells: NDArray[np.float64], kind: str) -> tuple[float, str]:
    """Factor to reflectance x 10,000 by the brightest of the cells [band, cell]."""
    brightest = float(np.percentile(cells, 99.9))
    if kind == "f" and brightest <= FRACTION_MAX:
        return float(QUANTIFICATION), "Values are reflectance from 0 to 1"
    if brightest <= PICTURE_MAX:
        raise _picture(f"values up to {brightest:.0f}")
    return 1.0, "Values are reflectance x 10,000"


def _chosen(options: Mapping[str, Any]) -> float | None:
    text = str(options.get("offset", "auto"))
    if text not in OFFSETS:
        raise Refused(
            "SV-RUN-009", f"The option 'offset' must be one of {', '.join(OFFSETS)}; set it again."
        )
    return OFFSETS[text]


def _picture(found: str) -> Refused:
    return Refused(
        "SV-RUN-008",
        f"The image holds {found}, a picture rather than reflectance, in which this model would "
        "mistake one class for another; open the scene as it was delivered (reflectance x 10,000 "
        "or from 0 to 1).",
    )
