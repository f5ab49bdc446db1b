"""The demonstration cases and the files behind them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from segviz.case import Case, Visit
from segviz.demo import followed, lesion, romania, summers, synthetic
from segviz.demo.cases import Say, Shot, ensure
from segviz.demo.real import real_cases
from segviz.demo.summers import Summer
from segviz.errors import Damaged, NotFound
from segviz.grid import RasterGrid, VolumeGrid
from segviz.io import geotiff, nrt
from segviz.mask import Label, Legend, Mask
from segviz.store import Store

LESION = Legend((Label(1, "Lesion", "#D55E00", thing=True),))
WINDOW = (0.0, 1000.0)
TREE_COVER_PERCENT = 50


def make(store: Store, real: Path | None = None, say: Say = print) -> list[Case]:
    """Make the demonstration cases that the workspace does not have yet, and return all of them.

    Args:
        real: folder with the real scans and scenes to add; they are read in place.
    """
    folder = store.home / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    cases = [
        simulated_lesion(store, folder, say),
        forest_over_time(store, folder, say),
        followed_lesions(store, folder, say),
    ]
    return cases + (real_cases(store, real, say) if real else [])


def simulated_lesion(store: Store, folder: Path, say: Say) -> Case:
    """A tumour of 4.2, 9.8 and 17.5 ml, to the voxel, in the MNI152 brain."""
    shots = lesion_shots(folder, say)
    return ensure(store, "MNI152, simulated lesion", "Simulated lesion", shots)


def lesion_shots(folder: Path, say: Say) -> list[Shot]:
    @cache
    def brain() -> tuple[VolumeGrid, NDArray[np.float32], NDArray[np.float32]]:
        say("Drawing a growing tumour into the MNI152 brain ...")
        grid, tissue = lesion.template()
        return grid, tissue, lesion.growth(grid, tissue)

    def truth(visit: lesion.Visit) -> NDArray[np.bool_]:
        grid, _, order = brain()
        return lesion.tumour(order, round(visit.volume_ml / grid.voxel_volume_ml))

    def shot(visit: lesion.Visit) -> Shot:
        def scan() -> Path:
            grid, tissue, _ = brain()
            path = folder / f"mni152-simulated-lesion-{visit.when}.nii.gz"
            return write_scan(lesion.scan(tissue, truth(visit), visit), grid, path)

        def mask(opened: Visit) -> Mask:
            return Mask(opened.grid, truth(visit).astype(np.uint8), LESION, "simulated truth")

        return Shot(visit.when, scan, mask)

    return [shot(visit) for visit in lesion.VISITS]


def followed_lesions(store: Store, folder: Path, say: Say) -> Case:
    """Lesions that grow, vanish, split, merge and come, in a head that lies differently each time.

    Nothing is aligned yet: that is for the Change page to do.
    """
    shots = followed_shots(folder, say)
    return ensure(store, "MNI152, lesions over time", "Simulated lesions", shots)


def followed_shots(folder: Path, say: Say) -> list[Shot]:
    @cache
    def brain() -> tuple[VolumeGrid, NDArray[np.float32]]:
        say("Drawing lesions that come and go into the MNI152 brain ...")
        return followed.template()

    def shot(number: int, visit: followed.Visit) -> Shot:
        def scan() -> Path:
            grid, tissue = brain()
            path = folder / f"mni152-lesions-{visit.when}.nii.gz"
            return write_scan(followed.scan(grid, tissue, number), grid, path)

        def mask(opened: Visit) -> Mask:
            grid, _ = brain()
            drawn = followed.lesions(grid, number).astype(np.uint8)
            return Mask(opened.grid, drawn, LESION, "simulated truth")

        return Shot(visit.when, scan, mask)

    return [shot(number, visit) for number, visit in enumerate(followed.VISITS)]


def write_scan(data: NDArray[np.int16], grid: VolumeGrid, path: Path) -> Path:
    """A NIfTI file that also says how bright to show it."""
    image = nib.Nifti1Image(data, grid.affine)
    image.set_qform(grid.affine, 1)
    image.set_sform(grid.affine, 1)
    image.header.set_xyzt_units("mm")
    image.header["cal_min"], image.header["cal_max"] = WINDOW
    nib.save(image, path)
    return path


def forest_over_time(store: Store, folder: Path, say: Say) -> Case:
    """The Romanian forest; where it cannot be had, a drawn one that says why."""
    try:
        wheel = romania.fetch(folder, say)
    except (NotFound, Damaged) as reason:
        say(reason.message)
        notice = f"Synthetic scene. {reason.message}"
        drawn = [
            forest_shot(summer, synthetic.GRID, folder, "synthetic")
            for summer in synthetic.summers()
        ]
        return ensure(store, "Synthetic forest 2016-2020", notice, drawn)
    cube = nrt.read_cube(wheel)
    seen = [
        forest_shot(romania.summer(cube, year), cube.grid, folder, "romania")
        for year in summers.YEARS
    ]
    shots = [*seen, tree_cover_shot(wheel, folder)]
    return ensure(store, "Romania 2016-2020", "", shots)


def forest_shot(summer: Summer, grid: RasterGrid, folder: Path, place: str) -> Shot:
    """A summer as GeoTIFF, with a first forest map."""

    def scene() -> Path:
        path = folder / f"{place}-{summer.when}.tif"
        geotiff.write_scene(summer.reflectance, grid, path, summers.BANDS, summer.when, nodata=0)
        return path

    def mask(opened: Visit) -> Mask:
        return Mask(opened.grid, summers.forest(summer), summers.LEGEND, summers.RULE)

    return Shot(summer.when, scene, mask)


def tree_cover_shot(wheel: Path, folder: Path) -> Shot:
    """The independent map of 2018: forest is where trees cover half of the ground or more."""
    path = folder / f"tree-cover-{nrt.MAPPED}.tif"

    def scene() -> Path:
        romania.write_tree_cover(wheel, path)
        return path

    def mask(opened: Visit) -> Mask:
        cover = geotiff.open_scene(path, {})
        rows, columns = cover.grid.shape
        (percent,), valid = cover.read((0, rows, 0, columns))
        labels = np.where(percent >= TREE_COVER_PERCENT, summers.FOREST, summers.OTHER)
        source = f"Copernicus tree cover density 2018, {TREE_COVER_PERCENT} % or more is forest"
        return Mask(
            opened.grid, np.where(valid, labels, 0).astype(np.uint8), summers.LEGEND, source
        )

    return Shot(nrt.MAPPED, scene, mask, reference=True)
