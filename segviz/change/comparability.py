"""What is looked at before a change between two dates is believed.

A check never hides a number: it passes, warns or fails, says why, and goes along with the number.
What only the files, models or the history know comes in as ``Facts``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from segviz.change.align import describe
from segviz.change.shift import FAILS, PASSES, Shift
from segviz.grid import RasterGrid

Outcome = Literal["passed", "warned", "failed"]

FEW, MANY = 0.01, 0.2
"""Shares of cloud or missing data up to which a check passes, and from which on it fails."""

SAME_SEASON, OTHER_SEASON = 30, 60
"""Days between two days of the year up to which a check passes, and from which on it fails."""

YEAR = 365

WORLDCOVER = re.compile(r"world[ _-]?cover.*?(?:v?(100|200)\b|\b(2020|2021)\b)", re.IGNORECASE)
VERSIONS = {"2020": "v100", "2021": "v200", "100": "v100", "200": "v200"}

PLATFORMS = ("SPACECRAFT_NAME", "SPACECRAFT_ID", "PLATFORM", "SATELLITE", "SENSOR", "SENSOR_ID")
"""Tags that name a sensor, the best first."""


@dataclass(frozen=True)
class Check:
    """What was looked at, and what was found."""

    name: str
    outcome: Outcome
    why: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of one date.

    Attributes:
        name: of the date, for sentences.
        sha256: of the file; empty where it is not known.
        source: who or what made the mask, with its version; empty where it is not known.
        edited: people changed it since.
        missing: share of the cells without data.
        bands: of the image, by name.
        sensor: as the file says; empty where it does not.
        baseline: of processing, e.g. ``"04.00"``; empty where it is not known.
        offset: that is still in the values, x 10,000; None where that is not known.
        eight_bit: the image is a picture of 0-255, not a measurement.
        cloud: share of the cells under cloud or its shadow; None where no one marked it.
    """

    name: str
    when: date | None
    grid: RasterGrid
    sha256: str = ""
    source: str = ""
    edited: bool = False
    missing: float = 0.0
    bands: tuple[str, ...] = ()
    sensor: str = ""
    baseline: str = ""
    offset: float | None = None
    eight_bit: bool = False
    cloud: float | None = None


def of_masks(one: Facts, two: Facts) -> list[Check]:
    """Checks that need the maps and their dates alone."""
    checks = (same_grid, another_file, same_model, same_map_version, enough_data, same_season)
    return [check(one, two) for check in checks]


def of_images(
    one: Facts, two: Facts, shift: Shift | None, faked: tuple[str, float] | None
) -> list[Check]:
    """Checks of the images that the maps were made from.

    Args:
        shift: of ``two`` against ``one``; None where it could not be measured.
        faked: a label and the share of it that this shift alone would show as lost.
    """
    return [
        no_shift(shift, faked),
        same_sensor(one, two),
        same_processing(one, two),
        measured_values(one, two),
        no_clouds(one, two),
    ]


def same_grid(one: Facts, two: Facts) -> Check:
    how = describe(one.grid, two.grid)
    if how is None:
        return Check("Grid", "passed", f"Both dates lie on the same {one.grid}.")
    return Check(
        "Grid",
        "warned",
        f"{how} {two.name} was put on the grid of {one.name} (nearest pixel), which moves edges by "
        "up to half a pixel.",
    )


def another_file(one: Facts, two: Facts) -> Check:
    if one.sha256 and one.sha256 == two.sha256:
        return Check(
            "Two files",
            "failed",
            f"{one.name} and {two.name} are the same file, byte for byte: this is no series over "
            "time; look which date the file is of.",
        )
    return Check("Two files", "passed", "The dates are two different files.")


def same_model(one: Facts, two: Facts) -> Check:
    if not one.source and not two.source:
        return Check("Model", "warned", "Who or what made the two maps is not known.")
    made = [facts.source or "an unknown hand" for facts in (one, two)]
    if made[0] != made[1]:
        return Check(
            "Model",
            "failed",
            f"{one.name} was mapped by {made[0]}, {two.name} by {made[1]}; another model or "
            "version shows as change by itself. Run one model on both.",
        )
    if one.edited != two.edited:
        hand = one.name if one.edited else two.name
        return Check(
            "Model",
            "warned",
            f"Both dates were mapped by {made[0]}, but only {hand} was corrected by hand; what was "
            "wrong on the other date shows as change.",
        )
    corrected = ", and corrected by hand" if one.edited else ""
    return Check("Model", "passed", f"Both dates were mapped by {made[0]}{corrected}.")


def same_map_version(one: Facts, two: Facts) -> Check:
    versions = [map_version(f"{facts.name} {facts.source}") for facts in (one, two)]
    if None not in versions and versions[0] != versions[1]:
        return Check(
            "Map version",
            "failed",
            f"WorldCover {versions[0]} and {versions[1]} were made by different algorithms; their "
            "difference is no change on the ground.",
        )
    return Check("Map version", "passed", "The maps are not of two versions of one product.")


def enough_data(one: Facts, two: Facts) -> Check:
    if one.missing == two.missing == 0:
        return Check("Data", "passed", "Both dates hold data everywhere that was looked at.")
    return Check(
        "Data",
        _by_share(max(one.missing, two.missing)),
        f"{one.missing:.1%} of {one.name} and {two.missing:.1%} of {two.name} hold no data; where "
        "either holds none, nothing is compared.",
    )


def same_season(one: Facts, two: Facts) -> Check:
    if one.when is None or two.when is None:
        return Check("Season", "warned", "A date is not known, so neither is its season.")
    days = season_gap(one.when, two.when)
    outcome: Outcome = "passed" if days <= SAME_SEASON else "warned"
    if days > OTHER_SEASON:
        outcome = "failed"
    said = (
        f"{one.when:%-d %B} and {two.when:%-d %B}: {days} day{'s' * (days != 1)} of the year apart"
    )
    rest = "" if outcome == "passed" else "; leaves, snow and shadows alone differ then"
    return Check("Season", outcome, f"{said}{rest}.")


def no_shift(shift: Shift | None, faked: tuple[str, float] | None) -> Check:
    if shift is None:
        return Check(
            "Shift", "warned", "The shift between the dates could not be measured: too little of "
            "the ground was seen on both, or nothing in it matched."
        )  # fmt: skip
    outcome: Outcome = "passed" if shift.pixels <= PASSES else "warned"
    if shift.pixels >= FAILS:
        outcome = "failed"
    looked = f"median of {shift.windows} windows, spread {shift.spread:.2f}"
    if shift.windows == 1:
        looked = "one window"
    said = (
        f"The dates lie {shift.pixels:.2f} pixels apart ({shift.rows:+.2f} rows, "
        f"{shift.columns:+.2f} columns; {looked})."
    )
    if faked is None:
        return Check("Shift", outcome, said)
    name, share = faked
    return Check(
        "Shift",
        outcome,
        f"{said} That alone would show {share:.2%} of {name} as lost and as much as gained.",
    )


def same_sensor(one: Facts, two: Facts) -> Check:
    if one.bands != two.bands:
        return Check(
            "Sensor",
            "failed",
            f"The bands differ ({', '.join(one.bands)}; {', '.join(two.bands)}), so one model and "
            "one index do not mean the same on both dates.",
        )
    if one.sensor and two.sensor:
        if one.sensor == two.sensor:
            return Check("Sensor", "passed", f"Both dates were seen by {one.sensor}.")
        return Check(
            "Sensor",
            "failed",
            f"{one.name} was seen by {one.sensor}, {two.name} by {two.sensor}; their bands and "
            "pixels differ.",
        )
    return Check(
        "Sensor", "warned", "The bands are the same, but the files do not name their sensor."
    )


def same_processing(one: Facts, two: Facts) -> Check:
    if one.offset != two.offset and None not in (one.offset, two.offset):
        return Check(
            "Processing",
            "failed",
            f"{one.offset:g} are added to the values of {one.name} and {two.offset:g} to those of "
            f"{two.name} (x 10,000); what is not told of it takes that for change.",
        )
    if one.baseline and two.baseline:
        if one.baseline == two.baseline:
            return Check("Processing", "passed", f"Both are of baseline {one.baseline}.")
        return Check(
            "Processing",
            "warned",
            f"{one.name} is of baseline {one.baseline}, {two.name} of {two.baseline}.",
        )
    if None in (one.offset, two.offset):
        return Check("Processing", "warned", "The files do not name their processing baseline.")
    return Check(
        "Processing",
        "passed",
        f"The files do not name their baseline; by their values an offset of {one.offset:g} is in "
        "both.",
    )


def measured_values(one: Facts, two: Facts) -> Check:
    if one.eight_bit or two.eight_bit:
        return Check(
            "Values",
            "warned",
            "8-bit pictures may each have been stretched by itself, so that the same ground has "
            "other values on another date; use reflectance.",
        )
    return Check("Values", "passed", "The values are measurements, not stretched pictures.")


def no_clouds(one: Facts, two: Facts) -> Check:
    if one.cloud is None or two.cloud is None:
        return Check(
            "Clouds",
            "warned",
            "Clouds are not marked (no band SCL, no label called cloud), so what they hid counts "
            "as if it were ground.",
        )
    return Check(
        "Clouds",
        _by_share(max(one.cloud, two.cloud)),
        f"{one.cloud:.1%} of {one.name} and {two.cloud:.1%} of {two.name} lie under cloud or its "
        "shadow.",
    )


def season_gap(one: date, two: date) -> int:
    """Days between two days of the year, whichever way round is shorter.

    >>> season_gap(date(2019, 12, 20), date(2021, 1, 10))
    21
    """
    apart = abs(one.timetuple().tm_yday - two.timetuple().tm_yday)
    return min(apart, YEAR - apart)


def map_version(text: str) -> str | None:
    """``v100`` or ``v200`` where a text names ESA WorldCover.

    >>> map_version("ESA_WorldCover_10m_2020_v100_N03W060"), map_version("worldcover 2021")
    ('v100', 'v200')
    """
    found = WORLDCOVER.search(text)
    return VERSIONS[found[1] or found[2]] if found else None


def sensor_of(tags: Mapping[str, str]) -> str:
    """What a file's tags call its sensor; twins of one mission are one sensor.

    >>> sensor_of({"SPACECRAFT_NAME": "Sentinel-2B"}), sensor_of({"PRODUCT_URI": "S2A_MSIL2A_X"})
    ('Sentinel-2', 'Sentinel-2')
    """
    named = next((tags[tag].strip() for tag in PLATFORMS if tags.get(tag, "").strip()), "")
    if tags.get("PRODUCT_URI", "").startswith("S2") and not named:
        named = "Sentinel-2"
    return re.sub(r"(?i)^sentinel-?(\d)[a-d]?$", r"Sentinel-\1", named)


def _by_share(share: float) -> Outcome:
    if share <= FEW:
        return "passed"
    return "warned" if share <= MANY else "failed"
