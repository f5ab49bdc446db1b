"""The date in a file's name."""

from __future__ import annotations

import re
from datetime import date, timedelta

DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)([01]\d)\2([0-3]\d)(?!\d)")
LANDSAT = re.compile(r"L[CETMO]\d{7}((?:19|20)\d\d)(\d{3})[A-Z]{3}")
YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d)(?!\d)")


def day_in(name: str) -> date | None:
    """A full date: ``2018-10-13``, ``20181013``, or year and day as in "
    "``LT52240631988227CUB02``."""
    if found := LANDSAT.search(name):
        return date(int(found[1]), 1, 1) + timedelta(days=int(found[2]) - 1)
    for found in DAY.finditer(name):
        try:
            return date(int(found[1]), int(found[3]), int(found[4]))
        except ValueError:
            continue
    return None


def year_in(name: str) -> int | None:
    """The only year in a name, e.g. 1985 of ``land_use_1985``; None where there are two."""
    years = {int(found) for found in YEAR.findall(name)}
    return years.pop() if len(years) == 1 else None
