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
from segviz.render.bands import find_bands

QUANTIFICATION = 10_000
FRACTION_MAX = 2.0
"""Floating-point values up to this are reflectance from 0 to 1; clouds pass 1, and glint 2."""

PICTURE_MAX = 255
ADDED = 1000
"""What ESA's processing baseline 04.00 and later adds to every value, so that none is negative."""

BASELINE = (4, 0)
BASELINE_DAY = date(2022, 1, 25)
"""From this day on, scenes were made with baseline 04.00; older ones were since made again."""

SURELY_WITHOUT = 800
"""Darkest values below this would be reflectance below -0.02 if 1000 had been added."""

LIKELY_WITH = 1300
"""Darkest values from there up to this are water or shadow with 1000 added."""

DENSE = 2000
"""Near infrared minus red, in which an offset cancels, above which vegetation is dense."""

DENSE_RED = 1100
"""The darkest tenth of dense vegetation is darker than this in the red, unless 1000 was added."""

DENSE_SHARE = 0.01
"""Least share of dense vegetation that counts as evidence."""

OFFSETS: Mapping[str, float | None] = {"auto": None, "0": 0.0, "1000": float(ADDED)}
"""Answers to the option ``offset``."""


@dataclass(frozen=True)
class Scale:
    """How stored values become reflectance x 10,000: ``value * gain - offset``.

    The offset is one for all bands or [band].
    """

    gain: float
    offset: float | tuple[float, ...]

    def reflectance(self, values: NDArray[np.generic]) -> NDArray[np.float32]:
        """Reflectance x 10,000 of values [band, ...]."""
        scaled = values.astype(np.float32)
        scaled *= np.float32(self.gain)
        scaled -= np.array(self.offset, np.float32).reshape(-1, *[1] * (values.ndim - 1))
        return scaled


AS_STORED = Scale(1.0, 0.0)
"""Values that are reflectance x 10,000 already."""


@dataclass(frozen=True)
class Evidence:
    """What the values themselves say of an offset; all in reflectance x 10,000 before any offset.

    Attributes:
        darkest: 1st percentile of the darkest band.
        vegetation: 10th percentile of the red where vegetation is dense; None where there is none.
    """

    darkest: float
    vegetation: float | None = None

    @property
    def excludes_offset(self) -> bool:
        dark_leaves = self.vegetation is not None and self.vegetation < DENSE_RED
        return self.darkest < SURELY_WITHOUT or dark_leaves

    @property
    def suggests_offset(self) -> bool:
        bright_leaves = self.vegetation is not None and self.vegetation >= DENSE_RED
        return not self.excludes_offset and (bright_leaves or self.darkest <= LIKELY_WITH)

    def __str__(self) -> str:
        said = f"the darkest hundredth lies at {self.darkest:.0f}"
        if self.vegetation is None:
            return said
        return f"{said} and dense vegetation at {self.vegetation:.0f} in the red"


def evidence_of(cells: NDArray[np.float64], channels: Sequence[str]) -> Evidence:
    """The evidence of cells [band, cell] of bands with these names."""
    darkest = float(np.percentile(cells, 1, axis=1).min())
    found = find_bands(channels, ("red", "near infrared"))
    if found is None:
        return Evidence(darkest)
    red, infrared = cells[found]
    dense = red[infrared - red > DENSE]
    if dense.size < max(1, DENSE_SHARE * red.size):
        return Evidence(darkest)
    return Evidence(darkest, float(np.percentile(dense, 10)))


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
    if chosen is None:
        evidence = evidence_of(cells * gain, [scene.channels[band] for band in bands])
        offset, why = decide_offset(scene.tags, scene.when, evidence)
    else:
        offset, why = chosen, "as chosen"
    kept = (
        f"{offset:g} of every value were taken off"
        if offset
        else "no offset was taken off the values"
    )
    run.notes.append(f"{said}; {kept}: {why}.")
    return Scale(gain, offset)


def decide_offset(
    tags: Mapping[str, str], when: date | None, evidence: Evidence
) -> tuple[float, str]:
    """The offset that the values hold, and what speaks for it as the end of a sentence.

    The file's tags count most, unless its values exclude what they say; then the values; then the
    date.
    """
    stated, source = _stated(tags)
    if stated is not None:
        if stated and evidence.excludes_offset:
            return 0.0, f"{source}, but {evidence}, so that it must have been taken off before"
        if not stated and evidence.suggests_offset:
            return 0.0, f"{source}, although {evidence}; if forest is missed, set offset=1000"
        return stated, source
    if evidence.excludes_offset:
        return 0.0, f"{evidence}, below what an offset leaves"
    late = when is not None and when >= BASELINE_DAY
    dated = f"the scene is of {when}, after baseline 04.00 came"
    if evidence.suggests_offset:
        if late:
            return ADDED, f"{dated}, and {evidence}"
        return ADDED, f"{evidence}, as with baseline 04.00; on bare or snowy ground set offset=0"
    if late:
        return (
            ADDED,
            f"{dated}; the values cannot tell, because {evidence}; set offset=0 if the file was "
            "harmonised",
        )
    return 0.0, f"this could not be decided, because {evidence}; set offset=1000 for baseline 04.00"


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
    """Factor to reflectance x 10,000 by the brightest of the cells [band, cell].

    A hundredth of fractions may be glint; all but a thousandth of a picture are at most 255.
    """
    bright, brightest = (float(each) for each in np.percentile(cells, (99, 99.9)))
    if kind == "f" and bright <= FRACTION_MAX:
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
