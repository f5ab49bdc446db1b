"""From loose slices to one series in order: where it lies, and whether it is whole.

The distance between slices is that of their positions along the normal (ImagePositionPatient),
never SliceThickness: with gaps between slices the thickness makes volumes too small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from segviz.errors import Question, Refused
from segviz.grid import VolumeGrid
from segviz.io.budget import require_memory
from segviz.io.dicom.header import Slice
from segviz.io.geometry import Affine4, geometry_notes, lps_to_ras, parse_spacing, place
from segviz.io.notes import Note

GAP_TOLERANCE = 0.05
SPACING_TOLERANCE = 0.01
TILT_DEGREES = 1.0
SAME_PLACE_MM = 1e-3


@dataclass(frozen=True, eq=False)
class Series:
    """Slices in order along k, on their grid [column, row, slice]."""

    slices: tuple[Slice, ...]
    grid: VolumeGrid
    notes: tuple[Note, ...]


def assemble(slices: Sequence[Slice], answers: Mapping[str, str]) -> Series:
    """Choose one series, put its slices in order and find its grid.

    Raises:
        Refused: slices missing, doubled, of several sizes or directions, or too large.
        Question: which series or volume, the voxel size, or what to do with a tilted gantry.
    """
    chosen = _chosen_series(slices, answers)
    _require_alike(chosen)
    first = chosen[0]
    require_memory((first.columns, first.rows, len(chosen)), max(4, first.bits // 8))
    if all(s.is_placed for s in chosen):
        ordered, affine = _placed(chosen, answers)
        notes: tuple[Note, ...] = ()
    else:
        ordered, affine = _unplaced(chosen, answers)
        notes = (
            Note(
                "SV-DCM-101",
                "The slices do not say where they lie: they are stacked by number, and left and "
                "right "
                "may be swapped.",
            ),
        )
    shape = (first.columns, first.rows, len(ordered))
    grid = place(shape, lps_to_ras(affine), answers)
    return Series(
        tuple(ordered), grid, (*notes, *_notes(ordered, grid), *geometry_notes(grid, answers))
    )


def _chosen_series(slices: Sequence[Slice], answers: Mapping[str, str]) -> list[Slice]:
    found = [
        list(group) for _, group in groupby(sorted(slices, key=_series_key), key=lambda s: s.series)
    ]
    if len(found) == 1:
        return found[0]
    choices = {str(number): describe(series) for number, series in enumerate(found, 1)}
    answer = answers.get("series")
    for number, series in enumerate(found, 1):
        if answer in (str(number), series[0].series):
            return series
    raise Question(
        "SV-DCM-010",
        f"There are {len(found)} series here; mixed up they would give a wrong volume. Which one?",
        "series",
        choices,
    )


def _series_key(item: Slice) -> tuple[int, str]:
    return item.series_number or 0, item.series


def describe(series: Sequence[Slice]) -> str:
    """A series in words that hold nothing of the patient."""
    first = series[0]
    words = [
        first.modality or "images",
        f"{len(series)} slices of {first.columns} x {first.rows}",
    ]
    if (distance := _distance(series)) is not None:
        words.append(f"{distance:.3g} mm apart")
    if first.timing:
        words.append(first.timing)
    if first.series_number is not None:
        words.append(f"series {first.series_number}")
    return ", ".join(words)


def _distance(series: Sequence[Slice]) -> float | None:
    """Median distance of neighbouring slices in mm."""
    if len(series) < 2 or not all(s.is_placed for s in series):
        return None
    along = np.unique(np.round(_along_normal(series), 3))
    return float(np.median(np.diff(along))) if len(along) > 1 else None


def _require_alike(series: Sequence[Slice]) -> None:
    """One size and one direction; a localizer or a second scan may be mixed in."""
    first = series[0]
    if any((s.rows, s.columns) != (first.rows, first.columns) for s in series):
        sizes = sorted({f"{s.columns} x {s.rows}" for s in series})
        raise Refused(
            "SV-DCM-011",
            f"The slices have different sizes ({', '.join(sizes)}), so they are not one scan; "
            "export "
            "the series alone.",
        )
    if not all(s.is_placed for s in series):
        return
    _require_right_angles(first)
    if any(_angle(_normal(s), _normal(first)) > TILT_DEGREES for s in series) or any(
        _angle(_vector(s.along_row), _vector(first.along_row)) > TILT_DEGREES for s in series
    ):
        raise Refused(
            "SV-DCM-012",
            "The slices point in different directions, so no volume can be given; a localizer "
            "may be "
            "mixed in. Export the series alone.",
        )
    steps = np.array([[s.row_step, s.column_step] for s in series], float)
    if not np.allclose(steps, steps[0], rtol=SPACING_TOLERANCE) or (steps <= 0).any():
        raise Refused(
            "SV-DCM-013",
            "The slices have different pixel sizes, so no volume can be given; export the series "
            "alone.",
        )


def _require_right_angles(item: Slice) -> None:
    row, column = _vector(item.along_row), _vector(item.along_column)
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not np.allclose(lengths, 1, atol=0.01) or abs(row @ column) > 0.01:
        raise Refused(
            "SV-DCM-014",
            "The direction of the slices in their headers is damaged, so no ml can be given; "
            "export "
            "the series again.",
        )


def _placed(series: Sequence[Slice], answers: Mapping[str, str]) -> tuple[list[Slice], Affine4]:
    """Slices in order along the normal, and the affine from (column, row, slice) to LPS mm."""
    ordered = _one_volume(series, answers)
    step = _step(ordered, answers)
    first = ordered[0]
    affine = np.eye(4)
    affine[:3, 0] = _unit(_vector(first.along_row)) * (first.column_step or 0)
    affine[:3, 1] = _unit(_vector(first.along_column)) * (first.row_step or 0)
    affine[:3, 2] = step
    affine[:3, 3] = _vector(first.position)
    _require_on_line(ordered, affine)
    _require_upright(step, _normal(first), answers)
    return ordered, affine


def _one_volume(series: Sequence[Slice], answers: Mapping[str, str]) -> list[Slice]:
    """Slices by place; of a scan that was repeated at every place, the repetition asked for."""
    places_mm = np.round(_along_normal(series), 3).tolist()
    order = sorted(range(len(series)), key=lambda n: (places_mm[n], series[n].order))
    places = [[series[n] for n in group] for _, group in groupby(order, key=lambda n: places_mm[n])]
    repeats = {len(place) for place in places}
    if repeats == {1}:
        return [place[0] for place in places]
    if len(repeats) > 1 or len(places) < 2:
        raise Refused(
            "SV-DCM-015",
            "Two slices lie at the same place, so it is unclear which one to measure; export the "
            "series alone.",
        )
    (count,) = repeats
    choices = {str(n): f"Scan {n + 1} of {count}" for n in range(count)}
    answer = answers.get("volume")
    if answer not in choices:
        raise Question(
            "SV-DCM-016",
            f"Every place was scanned {count} times; one scan is shown and measured at a time. "
            "Which one?",
            "volume",
            choices,
        )
    return [place[int(answer)] for place in places]


def _step(ordered: Sequence[Slice], answers: Mapping[str, str]) -> NDArray[np.float64]:
    """From one slice to the next in LPS mm.

    Raises:
        Refused: gaps that differ by more than 5 %.
        Question: the voxel size, where a single slice has no thickness.
    """
    if len(ordered) == 1:
        return _normal(ordered[0]) * _thickness(ordered[0], answers)
    gaps = np.diff(_along_normal(ordered))
    usual = float(np.median(gaps))
    if np.abs(gaps - usual).max() > GAP_TOLERANCE * usual:
        worst = int(np.abs(gaps - usual).argmax())
        off = gaps.sum() / (usual * len(gaps)) - 1
        raise Refused(
            "SV-DCM-017",
            f"A slice is missing or shifted between slices {worst + 1} and {worst + 2} (gap "
            f"{gaps[worst]:.2f} mm, others {usual:.2f} mm), so volumes would be wrong by up to "
            f"{max(abs(off), abs(gaps[worst] - usual) / usual / len(gaps)):.0%}; export the series "
            "again.",
        )
    return (_vector(ordered[-1].position) - _vector(ordered[0].position)) / (len(ordered) - 1)


def _thickness(item: Slice, answers: Mapping[str, str]) -> float:
    if item.thickness:
        return item.thickness
    return float(_typed(answers, "The single slice does not say how thick it is")[2])


def _require_on_line(ordered: Sequence[Slice], affine: Affine4) -> None:
    expected = affine[:3, 3] + np.outer(np.arange(len(ordered)), affine[:3, 2])
    found = np.array([_vector(s.position) for s in ordered])
    off = float(np.linalg.norm(found - expected, axis=1).max())
    if off > max(1.0, GAP_TOLERANCE * float(np.linalg.norm(affine[:3, 2]))):
        raise Refused(
            "SV-DCM-018",
            f"The slices do not lie in one straight row (off by {off:.1f} mm), so outlines would "
            "be "
            "broken; export the series again.",
        )


def _require_upright(
    step: NDArray[np.float64], normal: NDArray[np.float64], answers: Mapping[str, str]
) -> None:
    tilt = _angle(step, normal)
    if tilt > TILT_DEGREES and answers.get("tilt") != "keep":
        raise Question(
            "SV-DCM-019",
            f"The gantry was tilted by {tilt:.0f} degrees; ml stay right, but planes are slanted "
            "and "
            "lengths across slices are distorted. Open it?",
            "tilt",
            {"keep": "Open it with its slanted voxels"},
        )


def _unplaced(series: Sequence[Slice], answers: Mapping[str, str]) -> tuple[list[Slice], Affine4]:
    spacing = _typed(answers, "The slices do not say where they lie")
    return sorted(series, key=lambda s: s.order), np.diag([*spacing, 1.0])


def _typed(answers: Mapping[str, str], reason: str) -> tuple[float, float, float]:
    if "spacing_mm" not in answers:
        raise Question(
            "SV-DCM-020",
            f"{reason}, so no ml can be given. What is the voxel size in mm?",
            "spacing_mm",
        )
    return parse_spacing(answers["spacing_mm"])


def _notes(ordered: Sequence[Slice], grid: VolumeGrid) -> Iterator[Note]:
    first = ordered[0]
    apart = grid.spacing_mm[2]
    if len(ordered) == 1:
        yield Note("SV-DCM-102", "A single slice: its thickness is taken for the third dimension.")
    elif first.thickness and abs(first.thickness - apart) > GAP_TOLERANCE * apart:
        yield Note(
            "SV-DCM-103",
            f"Slices are {first.thickness:.3g} mm thick but {apart:.3g} mm apart; ml count the "
            "distance.",
        )
    if any(s.inverted for s in ordered):
        yield Note("SV-DCM-104", "The grey scale is stored inverted; it was turned round.")
    if any(s.derived for s in ordered):
        yield Note("SV-DCM-105", "The series was processed after the scan (derived image).")
    if any(s.burned_in for s in ordered):
        yield Note("SV-DCM-106", "The file warns that text may be burned into the picture.")


def _along_normal(series: Sequence[Slice]) -> NDArray[np.float64]:
    """Position of each slice along the first one's normal in mm."""
    positions = np.array([_vector(s.position) for s in series])
    return np.asarray(positions @ _normal(series[0]))


def _normal(item: Slice) -> NDArray[np.float64]:
    return _unit(np.cross(_vector(item.along_row), _vector(item.along_column)))


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def _angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Degrees between two directions."""
    cosine = np.clip(_unit(a) @ _unit(b), -1.0, 1.0)
    return float(np.degrees(np.arccos(cosine)))


def _vector(value: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """A vector that ``is_placed`` has promised."""
    assert value is not None
    return value
