"""Files out of the workspace: what a mask that was drawn, imported or segmented leaves as."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
import rasterio
from dicom_series import LEGEND, mask_on, series
from phantoms import write_volume
from workspace import add_visit, scene_grid, store_at

from segviz import opening, workbench
from segviz.case import Case
from segviz.cli.workspace import exported
from segviz.errors import Refused
from segviz.io.dicom.seg import UNKNOWN
from segviz.mask import Legend, Mask
from segviz.store import Store
from segviz.web import downloads

OBLIQUE = [1.0, 0, 0, 0, 0.8, -0.6]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


def opened(store: Store, paths: list[Path]) -> tuple[Case, workbench.Workbench]:
    case = opening.open_files(store, paths, name="Study of May")
    return case, workbench.get(store, case.visits[0].id)


def imported(bench: workbench.Workbench, paths: list[Path]) -> None:
    bench.replace_by(mask_on(paths), title="Import of DOE_JANE.nii", uuid="1")


def test_a_mask_of_a_series_leaves_as_dicom(store: Store, tmp_path: Path) -> None:
    paths = series(tmp_path / "s", OBLIQUE, True)
    case, bench = opened(store, paths)
    imported(bench, paths)
    for form, modality in (("dicom-seg", "SEG"), ("rtstruct", "RTSTRUCT")):
        (path,) = exported(store, case, tmp_path / "out", form)
        made = pydicom.dcmread(path)
        assert (made.Modality, made.PatientID) == (modality, "4711")
        assert "DOE" not in path.name.upper()
    made = pydicom.dcmread(tmp_path / "out" / f"Study-of-May_{_slug(case)}.seg.dcm")
    assert {segment.SegmentAlgorithmName for segment in made.SegmentSequence} == {UNKNOWN}
    assert made.ContentDescription.startswith("segviz, revision 1, fingerprint ")


def _slug(case: Case) -> str:
    return downloads.slug(case.visits[0].name)


def test_what_a_person_painted_is_manual(store: Store, tmp_path: Path) -> None:
    paths = series(tmp_path / "s", OBLIQUE, False)
    case, bench = opened(store, paths)
    one = np.ones(3, np.uint8)
    bench.edit_cells(np.arange(3), one, base_revision=0, uuid="a", tool="brush", author="Dr A")
    (path,) = exported(store, case, tmp_path / "out", "dicom-seg")
    assert pydicom.dcmread(path).SegmentSequence[0].SegmentAlgorithmType == "MANUAL"
    (path,) = exported(store, case, tmp_path / "out", "rtstruct")
    structures = pydicom.dcmread(path).StructureSetROISequence
    assert structures[0].ROIGenerationAlgorithm == "MANUAL"
    assert b"Dr A" not in path.read_bytes()


def test_a_series_in_an_archive_is_unpacked_for_it(store: Store, tmp_path: Path) -> None:
    paths = series(tmp_path / "s", OBLIQUE, False)
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    case, bench = opened(store, [tmp_path / "s.zip"])
    imported(bench, paths)
    (path,) = exported(store, case, tmp_path / "out", "dicom-seg")
    assert len(pydicom.dcmread(path).SegmentSequence) == 2


def test_a_nifti_scan_has_no_study_to_belong_to(store: Store, tmp_path: Path) -> None:
    write_volume(tmp_path / "scan.nii.gz", np.zeros((40, 36, 20), np.int16))
    case, bench = opened(store, [tmp_path / "scan.nii.gz"])
    bench.edit_cells(np.arange(3), np.ones(3, np.uint8), base_revision=0, uuid="a")
    with pytest.raises(Refused) as refused:
        exported(store, case, tmp_path / "out", "dicom-seg")
    assert refused.value.code == "SV-MSK-200"


def test_each_label_has_a_surface(store: Store, tmp_path: Path) -> None:
    paths = series(tmp_path / "s", OBLIQUE, False)
    case, bench = opened(store, paths)
    imported(bench, paths)
    names = [path.name for path in exported(store, case, tmp_path / "out", "stl")]
    assert [name.rpartition("_")[2] for name in names] == [f"{x.value}.stl" for x in LEGEND]


def test_a_scene_leaves_cloud_optimized(store: Store, tmp_path: Path) -> None:
    grid = scene_grid((600, 700))
    visit = add_visit(store, grid, Legend.named("forest", "other"))
    data = np.random.default_rng(0).integers(0, 3, grid.shape).astype(np.uint8)
    bench = workbench.get(store, visit.id)
    bench.replace_by(Mask(grid, data, bench.legend), title="Import", uuid="1")
    (path,) = exported(store, store.case(visit.case_id), tmp_path / "out", "cog")
    with rasterio.open(path) as found:
        assert found.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        np.testing.assert_array_equal(found.read(1), data)
