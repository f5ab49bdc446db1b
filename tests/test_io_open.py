"""Which reader a file goes to, and what real files do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from segviz.errors import NotFound, Question, Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.io import GeoTiffScene, check, is_volume, open_image, read_mask, sha256
from segviz.io.nifti import write_mask
from segviz.mask import Legend, Mask

DATA = Path(os.environ.get("SEGVIZ_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
real = pytest.mark.skipif(
    not DATA.is_dir(), reason="real scans are not here; set SEGVIZ_TEST_DATA to their folder"
)


def scan(path: Path) -> Path:
    grid = VolumeGrid((4, 4, 4), np.eye(4))
    write_mask(Mask(grid, np.ones((4, 4, 4), np.uint8), Legend(())), path)
    return path


def files(pattern: str) -> list[Path]:
    return sorted(DATA.glob(pattern)) if DATA.is_dir() else []


def test_a_folder_with_one_image_is_that_image(tmp_path: Path) -> None:
    scan(tmp_path / "s.nii.gz")
    (tmp_path / "readme.txt").write_text("hello")
    assert isinstance(open_image([tmp_path]), Volume)
    assert is_volume([tmp_path])


def test_several_images_are_opened_one_at_a_time(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        open_image([scan(tmp_path / "a.nii"), scan(tmp_path / "b.nii")])
    assert refusal.value.code == "SV-ARC-010"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("x.nii", "SV-NII-001"),
        ("x.tif", "SV-TIF-001"),
        ("x.dcm", "SV-DCM-001"),
        ("x", "SV-ARC-014"),
    ],
)
def test_what_is_no_image_is_said_in_the_words_of_its_name(
    tmp_path: Path, name: str, code: str
) -> None:
    (tmp_path / name).write_text("not an image")
    assert [found.code for found in check([tmp_path / name])] == [code]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_image([tmp_path / "gone.nii"])
    assert check([tmp_path])[0].code == "SV-ARC-013"


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = scan(tmp_path / "s.nii")
    assert open_image([path]).sha256 == sha256([path])
    again = scan(tmp_path / "again.nii")
    assert sha256([path, again]) == sha256([again, path])


def test_answers_are_kept_with_the_volume(tmp_path: Path) -> None:
    volume = open_image([scan(tmp_path / "s.nii")], {"spacing_mm": "1,1,3"})
    assert isinstance(volume, Volume) and volume.answers == {"spacing_mm": "1,1,3"}


@real
class TestRealFiles:
    @pytest.mark.parametrize("path", files("medical/**/*.nii.gz")[::9], ids=lambda p: p.name)
    def test_scans_open_as_nibabel_has_them(self, path: Path) -> None:
        volume = open_image([path])
        image = nib.load(path)
        assert isinstance(volume, Volume)
        assert np.allclose(volume.grid.affine, image.affine, atol=1e-5)
        stored = np.asarray(image.dataobj).reshape(volume.grid.shape)
        assert np.allclose(volume.data, stored, rtol=1e-6)

    def test_a_header_of_1_mm_with_few_slices_is_told_and_can_be_corrected(self) -> None:
        path = DATA / "medical/glioma-progression/03/Pre_Mask.nii.gz"
        assert [found.code for found in check([path])] == ["SV-GRID-014"]
        wrong = read_mask(path)
        right = read_mask(path, None, {"spacing_mm": "0.859,0.859,6.5"})
        assert isinstance(wrong.grid, VolumeGrid) and isinstance(right.grid, VolumeGrid)
        ratio = right.grid.voxel_volume_mm3 / wrong.grid.voxel_volume_mm3
        assert ratio == pytest.approx(4.80, abs=0.01)

    @pytest.mark.parametrize("path", files("medical/glioma-dicom/*"), ids=lambda p: p.name)
    def test_dicom_series_count_the_distance_not_the_thickness(self, path: Path) -> None:
        volume = open_image([path])
        assert isinstance(volume, Volume)
        assert volume.grid.spacing_mm == pytest.approx((0.6875, 0.6875, 6.5), abs=1e-4)
        assert [note.code for note in volume.notes if hasattr(note, "code")] == ["SV-DCM-103"]

    def test_four_series_in_one_folder_ask(self) -> None:
        with pytest.raises(Question) as question:
            open_image([DATA / "medical/glioma-dicom"])
        assert len(set(question.value.choices.values())) == 4

    def test_the_same_ct_as_slices_and_as_frames(self) -> None:
        folder = DATA / "medical/dicom-seg-ct/24x38x3"
        slices, frames = open_image([folder / "image"]), open_image([folder / "multiframe"])
        assert isinstance(slices, Volume) and isinstance(frames, Volume)
        assert frames.grid.same_as(slices.grid)
        assert np.array_equal(frames.data, slices.data)
        mask = read_mask(folder / "nrrd/label.nrrd", slices.grid)
        assert mask.data.any()

    @pytest.mark.parametrize(
        "path", [*files("geo/**/*.tif"), *files("geo/**/*.tiff")[::7]], ids=lambda p: p.name
    )
    def test_scenes_open_without_a_question(self, path: Path) -> None:
        levels: Iterator[str] = (found.level for found in check([path]))
        assert set(levels) <= {"NOTE"}
        scene = open_image([path])
        assert isinstance(scene, GeoTiffScene) and scene.grid.crs is not None

    def test_forest_of_a_published_class_map(self) -> None:
        mask = read_mask(DATA / "geo/pie-land-use/pie_lu_pie_1985.tif")
        assert mask.grid.crs_name == "EPSG:26986"
        assert np.bincount(mask.data.ravel())[1:].tolist() == [49013, 37122, 27428]
