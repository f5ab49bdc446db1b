"""Five summers of a forest in Romania, from the Sentinel-2 cube that the wheel nrt 0.2.1 carries.

The wheel is fetched with pip and only its data are taken out of it. European Union (Joint Research
Centre), EUPL-1.2; Copernicus Sentinel data 2015-2021 and Copernicus tree cover density 2018.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from segviz.demo.summers import Summer
from segviz.errors import Damaged, NotFound
from segviz.io import geotiff, nrt

SHA256 = "cd0291f99ce91268a0d993f05be1c69678d62504b01d36e7124d0ff3a51b3ee9"


def fetch(folder: Path, say: Callable[[str], None] = print) -> Path:
    """The wheel in ``folder``, downloaded with pip where it is not there yet.

    Raises:
        NotFound: pip reached no package index (SV-CASE-101).
        Damaged: the file is not the one this was written for (SV-CASE-102).
    """
    wheel = folder / nrt.WHEEL
    if not wheel.exists():
        say("Fetching a Sentinel-2 series over Romania (11 MB) ...")
        options = ["--quiet", "--no-deps", "--no-input", "--retries", "1", "--timeout", "15"]
        command = [sys.executable, "-m", "pip", "download", *options, "nrt==0.2.1"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode or not wheel.exists():
            raise NotFound(
                "SV-CASE-101",
                "The Sentinel-2 series over Romania could not be downloaded (pip reached no "
                "package index), so a synthetic scene takes its place; run the demo again online.",
            )
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        wheel.unlink()
        raise Damaged(
            "SV-CASE-102",
            "The downloaded Sentinel-2 series is not the file that was expected, so a synthetic "
            "scene takes its place; run the demo again.",
        )
    return wheel


def summer(cube: nrt.Cube, year: int) -> Summer:
    """June to August of a year."""
    return Summer(year, cube.summer(year))


def write_tree_cover(wheel: Path, path: Path) -> None:
    """Write the tree cover of 2018 (percent of 20 m cells) with the name and place it lacks."""
    grid, percent = nrt.read_tree_cover(wheel)
    name = ("tree cover (%)",)
    geotiff.write_scene(percent[None], grid, path, name, nrt.MAPPED, nodata=nrt.NO_COVER)
