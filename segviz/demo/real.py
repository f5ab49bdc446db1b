"""Real cases from a folder of public data: a river town's forest and two glioma patients."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

from segviz.case import Case, Visit
from segviz.demo.cases import Say, Shot, ensure
from segviz.io import masks
from segviz.mask import Label, Legend, Mask
from segviz.store import Store

PATIENTS = ("03", "08")
SPACING_MM = "0.859,0.859,6.5"
"""The headers say 1 x 1 x 1 mm; scans of this collection that can be checked measure this."""

TUMOUR = Legend((Label(1, "Enhancing tumour", "#D55E00", thing=True),))


def real_cases(store: Store, folder: Path, say: Say) -> list[Case]:
    """The Landsat series of Pucallpa and two patients of TCIA's Brain-Tumor-Progression."""
    say("Opening the Pucallpa series and two glioma patients ...")
    scans = folder / "medical" / "glioma-progression"
    dates = visit_dates(scans / "supplementary.csv")
    return [
        pucallpa(store, folder / "geo" / "pucallpa-landsat"),
        *(glioma(store, scans / patient, dates[patient]) for patient in PATIENTS),
    ]


def pucallpa(store: Store, folder: Path) -> Case:
    """Eight pictures of a town in Peru, five years apart, without masks."""
    files = sorted(folder.glob("[12]???.tif"))
    shots = [Shot(date(int(file.stem), 1, 1), as_it_is(file)) for file in files]
    return ensure(store, "Pucallpa 1985-2020", "", shots)


def glioma(store: Store, folder: Path, dates: tuple[date, date]) -> Case:
    """Two visits with the enhancing tumour as the collection's readers drew it."""
    shots = [
        Shot(
            when,
            as_it_is(folder / f"{name}_Scan_T1.nii.gz"),
            drawn(folder / f"{name}_Mask.nii.gz"),
            {"spacing_mm": SPACING_MM},
        )
        for name, when in zip(("Pre", "Post"), dates, strict=True)
    ]
    return ensure(store, f"Glioma {folder.name}", "", shots)


def as_it_is(file: Path) -> Callable[[], Path]:
    return lambda: file


def drawn(file: Path) -> Callable[[Visit], Mask]:
    """Reads a tumour mask onto the grid of the visit it belongs to."""

    def read(visit: Visit) -> Mask:
        found = masks.read_mask(file, visit.grid, visit.answers)
        return Mask(visit.grid, found.data, TUMOUR, "Brain-Tumor-Progression, drawn by readers")

    return read


def visit_dates(table: Path) -> dict[str, tuple[date, date]]:
    """Dates of the two visits of each patient; the table puts a space after each comma."""
    with table.open(newline="") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        return {
            row["id"]: (date.fromisoformat(row["initialDate"]), date.fromisoformat(row["endDate"]))
            for row in rows
        }
