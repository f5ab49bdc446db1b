"""Masks held against the image that they belong to."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import rasterio
import SimpleITK as sitk
from affine import Affine
from pyproj import CRS

from segviz.errors import Question, Refused
from segviz.grid import RasterGrid, VolumeGrid, Window
from segviz.io.labels import whole_labels
from segviz.io.masks import read_mask, write_mask, write_owners
from segviz.mask import Label, Legend, Mask

SHAPE = (8, 10, 6)
GRID = VolumeGrid(SHAPE, np.diag([-1.0, -1, 3, 1]))


SCENE = RasterGrid((700, 900), Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32721))
TOLD = {
    "revision": 3,
    "source": 'Dr "Ö" & <co>',
    "work": [{"author": f"Dr {n}", "tool": "brush", "operations": n} for n in range(2000)],
}
"""More than the 32,000 bytes that GDAL's metadata once could hold."""


def stored(folder: Path, data: np.ndarray, affine: np.ndarray, slope: float | None = None) -> Path:
    image = nib.Nifti1Image(data, affine)
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    image.header.set_xyzt_units("mm")
    if slope is not None:
        image.header.set_slope_inter(slope, 0)
    path = folder / "mask.nii"
    image.to_filename(path)
    return path


def marked(affine: np.ndarray = GRID.affine) -> Mask:
    data = np.zeros(SHAPE, np.uint8)
    data[2, 3, 4] = 5
    return Mask(VolumeGrid(SHAPE, affine), data, Legend(()))


def test_whole_floats_are_labels() -> None:
    labels, rounded = whole_labels(np.array([0.0, 1.0, 255.0]))
    assert labels.tolist() == [0, 1, 255] and not rounded


def test_scaled_labels_are_rounded_and_told(tmp_path: Path) -> None:
    data = np.zeros(SHAPE)
    data[:2] = 1.00000006
    mask = read_mask(stored(tmp_path, data, GRID.affine))
    assert int((mask.data == 1).sum()) == 120
    assert "rounded" in mask.notes[0]


def test_a_slope_of_one_255th_gives_one(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.full(SHAPE, 255, np.uint8), GRID.affine)
    content = bytearray(image.to_bytes())
    content[112:116] = np.float32(1 / 255).tobytes()
    (tmp_path / "m.nii").write_bytes(content)
    assert (read_mask(tmp_path / "m.nii").data == 1).all()


@pytest.mark.parametrize("value", [0.4, 0.6, 0.99, -1, 256, 257, 1e9])
def test_other_values_are_refused(value: float) -> None:
    with pytest.raises(Refused) as refusal:
        whole_labels(np.array([0, value]))
    assert refusal.value.code == "SV-MSK-001"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_number_is_refused(value: float) -> None:
    with pytest.raises(Refused) as refusal:
        whole_labels(np.array([0, value]))
    assert refusal.value.code == "SV-MSK-002"


@pytest.mark.parametrize("dtype", ["u1", "i1", "<i2", ">i2", "u4", "i8", "f4", "f8", "?"])
def test_labels_in_every_type(dtype: str) -> None:
    labels, _ = whole_labels(np.array([0, 1], dtype))
    assert labels.dtype == np.uint8 and labels.tolist() == [0, 1]


def test_a_mask_on_the_same_grid_is_taken_as_it_is(tmp_path: Path) -> None:
    write_mask(marked(), tmp_path / "m.nii.gz")
    mask = read_mask(tmp_path / "m.nii.gz", GRID)
    assert mask.data[2, 3, 4] == 5
    assert [label.value for label in mask.legend] == [5]


def test_the_same_voxels_in_another_order_are_reordered(tmp_path: Path) -> None:
    write_mask(marked(), tmp_path / "m.nii")
    like = GRID.canonical
    mask = read_mask(tmp_path / "m.nii", like)
    assert mask.grid is like
    index = np.argwhere(mask.data == 5)[0]
    assert np.allclose(like.affine @ (*index, 1), GRID.affine @ (2, 3, 4, 1))


def test_a_mirrored_mask_is_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, marked().data, np.diag([1.0, -1, 3, 1]))
    with pytest.raises(Refused, match="wrong side") as refusal:
        read_mask(path, GRID)
    assert refusal.value.code == "SV-MSK-008"


@pytest.mark.parametrize("shape", [(4, 4, 4), (8, 1, 6)])
def test_another_grid_is_asked_about(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    path = stored(tmp_path, np.zeros(shape, np.uint8), GRID.affine)
    with pytest.raises(Question) as question:
        read_mask(path, GRID)
    assert (question.value.code, question.value.key) == ("SV-MSK-007", "alignment")
    assert read_mask(path, GRID, {"alignment": "nearest"}).grid.shape == shape


def test_a_typed_voxel_size_of_the_scan_holds_for_its_mask(tmp_path: Path) -> None:
    path = stored(tmp_path, np.zeros(SHAPE, np.uint8), np.eye(4))
    like = VolumeGrid(SHAPE, np.diag([0.9, 0.9, 6.5, 1]))
    with pytest.raises(Question):
        read_mask(path, like)
    assert read_mask(path, like, {"spacing_mm": "0.9,0.9,6.5"}).grid.shape == SHAPE


def test_a_map_does_not_fit_a_scan(tmp_path: Path) -> None:
    grid = RasterGrid((4, 5), Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32721))
    write_mask(Mask(grid, np.ones((4, 5), np.uint8), Legend(())), tmp_path / "m.tif")
    with pytest.raises(Refused) as refusal:
        read_mask(tmp_path / "m.tif", GRID, {"alignment": "nearest"})
    assert refusal.value.code == "SV-MSK-005"


@pytest.mark.parametrize(
    "other",
    [
        RasterGrid((4, 5), Affine(10, 0, 5e5 + 5, 0, -10, 9e6), CRS.from_epsg(32721)),
        RasterGrid((4, 5), Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32722)),
        RasterGrid((4, 6), Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32721)),
    ],
)
def test_another_map_grid_is_asked_about(tmp_path: Path, other: RasterGrid) -> None:
    grid = RasterGrid((4, 5), Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32721))
    write_mask(Mask(grid, np.ones((4, 5), np.uint8), Legend(())), tmp_path / "m.tif")
    assert read_mask(tmp_path / "m.tif", grid).data.all()
    with pytest.raises(Question):
        read_mask(tmp_path / "m.tif", other)


def test_a_text_is_no_mask(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("labels")
    with pytest.raises(Refused) as refusal:
        read_mask(tmp_path / "m.txt")
    assert refusal.value.code == "SV-MSK-003"


# how a mask came to be


def test_a_nifti_tells_how_it_came_to_be_and_reads_as_before(tmp_path: Path) -> None:
    path = tmp_path / "m.nii.gz"
    write_mask(marked(), path, TOLD)
    (comment,) = nib.load(path).header.extensions
    assert comment.get_code() == 6
    assert json.loads(comment.get_content())["segviz"]["provenance"] == TOLD
    ours = read_mask(path, GRID)
    assert ours.data[2, 3, 4] == 5 and [label.value for label in ours.legend] == [5]
    assert np.array_equal(np.asarray(nib.load(path).dataobj), ours.data)
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T, ours.data)


def test_a_geotiff_tells_how_it_came_to_be_and_reads_as_before(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 4, SCENE.shape).astype(np.uint8)
    legend = Legend(tuple(Label(n, f"class <{n}>", "#123456") for n in range(1, 256)))
    path = tmp_path / "m.tif"
    write_mask(Mask(SCENE, data, legend), path, TOLD)
    with rasterio.open(path) as source:
        assert json.loads(source.tags(ns="SEGVIZ")["SEGVIZ_PROVENANCE"]) == TOLD
        assert "SEGVIZ_PROVENANCE" not in source.tags()
        assert np.array_equal(source.read(1), data)
    assert [file.name for file in tmp_path.iterdir()] == ["m.tif"]
    mask = read_mask(path, SCENE)
    assert np.array_equal(mask.data, data) and mask.legend == legend


def test_owners_of_a_volume_are_whole_numbers_on_its_grid(tmp_path: Path) -> None:
    owners = np.arange(480, dtype=np.int32).reshape(SHAPE) * 1_000_003
    path = tmp_path / "o.nii.gz"
    write_owners(lambda window: owners, GRID, path, TOLD)
    image = nib.load(path)
    assert image.get_data_dtype() == np.int32
    assert np.array_equal(np.asarray(image.dataobj), owners)
    assert np.allclose(image.affine, GRID.affine)
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T, owners)


def test_owners_of_a_scene_are_written_window_by_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segviz.io.geotiff.masks.READ_WINDOW", 512)
    owners = np.arange(630_000, dtype=np.int32).reshape(SCENE.shape) * 3000
    asked: list[Window] = []

    def look(window: Window | None) -> np.ndarray:
        assert window is not None
        asked.append(window)
        return owners[window[0] : window[1], window[2] : window[3]]

    write_owners(look, SCENE, tmp_path / "o.tif", TOLD)
    assert len(asked) == 4
    with rasterio.open(tmp_path / "o.tif") as source:
        assert source.dtypes == ("int32",) and source.nodata == 0
        assert np.array_equal(source.read(1), owners)
        assert source.crs.to_epsg() == 32721 and source.overviews(1) == [2, 4]
        assert json.loads(source.tags(ns="SEGVIZ")["SEGVIZ_PROVENANCE"]) == TOLD
