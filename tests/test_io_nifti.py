"""NIfTI: the gate, the one reader, and masks that come back where they were."""

from __future__ import annotations

import gzip
import itertools
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from segviz.errors import Question, Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.io import nifti
from segviz.io.open import check, open_image
from segviz.mask import Label, Legend, Mask

AFFINE = np.diag([-1.0, -1.0, 3.0, 1.0])
SHAPE = (32, 32, 16)


def seed(data: np.ndarray | None = None, affine: np.ndarray = AFFINE) -> bytes:
    """A good file: int16, sform = qform, mm."""
    if data is None:
        data = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    image = nib.Nifti1Image(data, affine)
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    image.header.set_xyzt_units("mm")
    return image.to_bytes()


def patched(offset: int, form: str, *values: float) -> bytes:
    content = bytearray(seed())
    struct.pack_into(f"<{form}", content, offset, *values)
    return bytes(content)


def stored(folder: Path, content: bytes, name: str = "scan.nii") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def finding(path: Path, **answers: str) -> tuple[str, str]:
    first = check([path], answers)[0]
    return first.level, first.code


def test_a_good_file_opens_without_a_word(tmp_path: Path) -> None:
    path = stored(tmp_path, seed())
    volume = open_image([path])
    assert isinstance(volume, Volume)
    assert volume.notes == ()
    assert volume.grid.voxel_volume_mm3 == pytest.approx(3)
    assert volume.data[1, 2, 3] == 1 * 32 * 16 + 2 * 16 + 3
    assert len(volume.sha256) == 64


@pytest.mark.parametrize(
    ("offset", "form", "values", "level", "code"),
    [
        (40, "8h", (3, 20000, 20000, 20000, 1, 1, 1, 1), "REFUSE", "SV-GRID-012"),
        (42, "h", (-32,), "REFUSE", "SV-NII-005"),
        (44, "h", (0,), "REFUSE", "SV-NII-005"),
        (40, "h", (9,), "REFUSE", "SV-NII-003"),
        (40, "h", (0,), "REFUSE", "SV-NII-003"),
        (280, "12f", (np.nan,) * 12, "REFUSE", "SV-GRID-001"),
        (280, "8f", (1, 1, 0, 0, 1, 1, 0, 0), "REFUSE", "SV-GRID-002"),
        (76, "4f", (1, 1, 1, 1), "ASK", "SV-NII-016"),
        (80, "3f", (500, 500, 500), "ASK", "SV-NII-016"),
        (112, "f", (np.inf,), "ASK", "SV-NII-012"),
        (112, "f", (1e-30,), "ASK", "SV-NII-012"),
        (108, "f", (1e9,), "REFUSE", "SV-NII-010"),
        (108, "f", (100,), "REFUSE", "SV-NII-003"),
        (108, "f", (-1e5,), "REFUSE", "SV-NII-003"),
        (123, "b", (1,), "ASK", "SV-NII-017"),
        (123, "b", (3,), "ASK", "SV-NII-017"),
        (123, "b", (0,), "NOTE", "SV-NII-101"),
        (70, "h", (32,), "REFUSE", "SV-NII-009"),
        (70, "h", (128,), "REFUSE", "SV-NII-008"),
        (70, "h", (1536,), "REFUSE", "SV-NII-007"),
        (70, "h", (77,), "REFUSE", "SV-NII-007"),
        (344, "4s", (b"ni1\0",), "REFUSE", "SV-NII-004"),
        (344, "4s", (b"xyz\0",), "REFUSE", "SV-NII-001"),
    ],
)
def test_the_gate_answers_a_damaged_header(
    tmp_path: Path, offset: int, form: str, values: tuple[float, ...], level: str, code: str
) -> None:
    assert finding(stored(tmp_path, patched(offset, form, *values))) == (level, code)


def test_a_cut_file_is_refused_with_what_is_there(tmp_path: Path) -> None:
    content = seed()
    plain = stored(tmp_path, content[: 352 + (len(content) - 352) * 6 // 10])
    assert "60%" in check([plain])[0].message
    packed = gzip.compress(np.random.default_rng(0).bytes(0) + content)
    cut = stored(tmp_path, packed[: len(packed) * 6 // 10], "cut.nii.gz")
    assert finding(cut) == ("REFUSE", "SV-NII-010")


def test_a_file_packed_in_blocks_is_counted_and_opens(tmp_path: Path) -> None:
    content = seed()
    packed = gzip.compress(content[:5000]) + gzip.compress(content[5000:]) + gzip.compress(b"")
    volume = open_image([stored(tmp_path, packed, "blocks.nii.gz")])
    assert np.array_equal(volume.data, nib.Nifti1Image.from_bytes(content).dataobj)


def test_damage_inside_a_packed_file_is_seen(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(seed()))
    packed[len(packed) // 2] ^= 0xFF
    assert check([stored(tmp_path, bytes(packed), "bad.nii.gz")])[0].code in (
        "SV-NII-010",
        "SV-NII-011",
    )


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("scan.nii", gzip.compress(seed()), "SV-NII-002"),
        ("scan.nii.gz", seed(), "SV-NII-002"),
        ("scan.nii.gz", bytes(range(256)) * 9, "SV-NII-001"),
        ("scan.nii", b"", "SV-NII-001"),
    ],
)
def test_the_name_and_the_bytes_must_agree(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    assert finding(stored(tmp_path, content, name)) == ("REFUSE", code)


def test_a_header_extension_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    image = nib.Nifti1Image.from_bytes(seed())
    image.header.extensions.append(nib.nifti1.Nifti1Extension(6, b"x" * 40))
    content = bytearray(image.to_bytes())
    struct.pack_into("<i", content, 352, 0x7FFFFFF0)
    assert finding(stored(tmp_path, bytes(content))) == ("REFUSE", "SV-NII-003")


def test_a_bomb_is_refused_from_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGVIZ_MEM_GB", "2")
    header = nib.Nifti1Header()
    header.set_data_shape((2000, 2000, 1000))
    header.set_data_dtype(np.uint8)
    path = stored(tmp_path, gzip.compress(header.binaryblock + bytes(10_000)), "bomb.nii.gz")
    message = check([path])[0].message
    assert "34 GB" in message and "2.1 GB" in message


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "x.nii"
    link.symlink_to("/etc/passwd")
    assert finding(link) == ("REFUSE", "SV-ARC-011")


class TestGeometry:
    def contradicting(self, folder: Path) -> Path:
        image = nib.Nifti1Image(np.zeros((8, 10, 6), np.int16), np.diag([1.0, -1, 1, 1]))
        image.set_sform(np.diag([1.0, -1, 1, 1]), 1)
        image.set_qform(np.diag([-1.0, -1, 3, 1]), 1)
        image.header.set_xyzt_units("mm")
        return stored(folder, image.to_bytes())

    def test_two_truths_are_asked_about_and_each_can_be_chosen(self, tmp_path: Path) -> None:
        path = self.contradicting(tmp_path)
        with pytest.raises(Question, match="left and right") as question:
            open_image([path])
        assert question.value.key == "geometry"
        assert set(question.value.choices) == {"sform", "qform", "pixdim"}
        assert open_image([path], {"geometry": "sform"}).grid.voxel_volume_mm3 == pytest.approx(1)
        qform = open_image([path], {"geometry": "qform"}).grid
        assert (round(qform.voxel_volume_mm3, 6), qform.axis_codes) == (3, "LPS")
        pixdim = open_image([path], {"geometry": "pixdim"}).grid
        assert (round(pixdim.voxel_volume_mm3, 6), pixdim.axis_codes) == (3, "RPS")

    def test_voxel_sizes_that_contradict_the_only_matrix_are_asked_about(
        self, tmp_path: Path
    ) -> None:
        image = nib.Nifti1Image(np.zeros((8, 10, 6), np.int16), np.diag([0.8, 0.8, 2, 1]))
        image.set_sform(np.diag([0.8, 0.8, 2, 1]), 1)
        image.header["qform_code"] = 0
        image.header["pixdim"][1:4] = 1
        image.header.set_xyzt_units("mm")
        path = stored(tmp_path, image.to_bytes())
        with pytest.raises(Question) as question:
            open_image([path])
        assert set(question.value.choices) == {"sform", "pixdim"}
        typed = open_image([path], {"spacing_mm": "0.8,0.8,2"})
        assert typed.grid.voxel_volume_mm3 == pytest.approx(1.28)

    def test_no_voxel_size_is_asked_for(self, tmp_path: Path) -> None:
        content = bytearray(seed())
        struct.pack_into("<3f", content, 80, 0, 0, 0)
        struct.pack_into("<2h", content, 252, 0, 0)
        path = stored(tmp_path, bytes(content))
        assert finding(path) == ("ASK", "SV-NII-015")
        volume = open_image([path], {"spacing_mm": "0.5,0.5,4"})
        assert volume.grid.voxel_volume_mm3 == pytest.approx(1.0)
        assert volume.answers == {"spacing_mm": "0.5,0.5,4"}

    def test_a_typed_size_keeps_directions_and_first_voxel(self, tmp_path: Path) -> None:
        turned = nib.affines.from_matvec(
            nib.eulerangles.euler2mat(0.3, -0.2, 0.5) @ np.diag([1, 1, 1]), [9, 8, 7]
        )
        path = stored(tmp_path, seed(affine=turned))
        before = open_image([path]).grid
        after = open_image([path], {"spacing_mm": "0.859,0.859,6.5"}).grid
        assert after.spacing_mm == pytest.approx((0.859, 0.859, 6.5))
        assert np.allclose(after.affine[:3, 3], before.affine[:3, 3])
        along_before, along_after = (g.affine[:3, :3] / g.spacing_mm for g in (before, after))
        assert np.allclose(along_before, along_after)

    @pytest.mark.parametrize("text", ["1,2", "a,b,c", "0,1,1", "1,1,30", "nan,1,1", ""])
    def test_a_typed_size_must_make_sense(self, tmp_path: Path, text: str) -> None:
        assert finding(stored(tmp_path, seed()), spacing_mm=text) == ("REFUSE", "SV-GRID-010")

    def test_voxels_of_half_a_metre_are_asked_about(self, tmp_path: Path) -> None:
        path = stored(tmp_path, seed(affine=np.diag([500.0, 500, 500, 1])))
        assert finding(path) == ("ASK", "SV-GRID-011")

    def test_other_units_offer_both_readings(self, tmp_path: Path) -> None:
        path = stored(tmp_path, patched(123, "b", 3))
        with pytest.raises(Question) as question:
            open_image([path])
        as_written, converted = question.value.choices
        assert (as_written, converted) == ("1,1,3", "0.001,0.001,0.003")

    def test_few_slices_of_1_mm_look_like_a_placeholder(self, tmp_path: Path) -> None:
        path = stored(tmp_path, seed(np.zeros((256, 256, 24), np.uint8), np.eye(4)))
        assert finding(path) == ("NOTE", "SV-GRID-014")
        assert finding(path, spacing_mm="0.9,0.9,6.5") == ("NOTE", "SV-GRID-013")
        small = stored(tmp_path, seed(np.zeros((36, 50, 35), np.uint8), np.eye(4)), "crop.nii")
        assert check([small]) == []

    def test_shear_is_kept_and_told(self, tmp_path: Path) -> None:
        image = nib.Nifti1Image(np.zeros((8, 10, 6), np.int16), None)
        sheared = np.array([[1.0, 0, 0.5, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]])
        image.set_sform(sheared, 1)
        image.header["pixdim"][1:4] = nib.affines.voxel_sizes(sheared)
        image.header.set_xyzt_units("mm")
        volume = open_image([stored(tmp_path, image.to_bytes())])
        assert volume.grid.voxel_volume_mm3 == pytest.approx(2.0)
        assert [note.code for note in volume.notes] == ["SV-GRID-015"]


class TestVoxels:
    def test_one_of_several_volumes(self, tmp_path: Path) -> None:
        data = np.stack([np.full(SHAPE, n, np.int16) for n in range(3)], axis=-1)
        path = stored(tmp_path, seed(data))
        with pytest.raises(Question) as question:
            open_image([path])
        assert list(question.value.choices) == ["0", "1", "2"]
        assert (open_image([path], {"volume": "2"}).data == 2).all()

    def test_big_endian_becomes_native(self, tmp_path: Path) -> None:
        little = nib.Nifti1Image.from_bytes(seed())
        big = nib.Nifti1Image(little.dataobj, AFFINE, little.header.as_byteswapped(">"))
        volume = open_image([stored(tmp_path, big.to_bytes())])
        assert volume.data.dtype == np.int16 and volume.data.dtype.isnative
        assert np.array_equal(volume.data, little.dataobj)

    @pytest.mark.parametrize("slope", [0.0, np.nan])
    def test_no_slope_means_unscaled(self, tmp_path: Path, slope: float) -> None:
        volume = open_image([stored(tmp_path, patched(112, "2f", slope, 7.0))])
        assert volume.data.dtype == np.int16

    def test_slope_and_intercept_are_applied(self, tmp_path: Path) -> None:
        volume = open_image([stored(tmp_path, patched(112, "2f", 0.5, -1024))])
        assert volume.data[0, 0, 4] == 4 * 0.5 - 1024

    def test_an_implausible_scale_can_be_ignored(self, tmp_path: Path) -> None:
        path = stored(tmp_path, patched(112, "f", 1e-30))
        assert open_image([path], {"scale": "none"}).data.max() == 32 * 32 * 16 - 1

    def test_voxels_without_a_number_are_asked_about(self, tmp_path: Path) -> None:
        data = np.ones(SHAPE, np.float32)
        data[:, :, 0] = np.nan
        path = stored(tmp_path, seed(data))
        assert finding(path) == ("ASK", "SV-GRID-016")
        filled = open_image([path], {"fill": "0"}).data
        assert filled[0, 0, 0] == 0 and filled[0, 0, 1] == 1
        assert np.isnan(open_image([path], {"fill": "keep"}).data[0, 0, 0])
        assert finding(path, fill="nan") == ("REFUSE", "SV-GRID-017")

    def test_nifti_2(self, tmp_path: Path) -> None:
        image = nib.Nifti2Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), AFFINE)
        image.header.set_xyzt_units("mm")
        volume = open_image([stored(tmp_path, image.to_bytes())])
        assert volume.data[1, 2, 3] == 23

    def test_size_and_sum_agree_with_itk(self, tmp_path: Path) -> None:
        path = stored(tmp_path, seed(affine=np.diag([-0.7, -0.8, 2.5, 1])))
        volume = open_image([path])
        itk = sitk.ReadImage(str(path))
        physical = np.array(itk.GetSpacing()) * itk.GetSize()
        assert np.allclose(physical, np.array(volume.grid.spacing_mm) * volume.grid.shape)
        assert sitk.GetArrayFromImage(itk).sum() == volume.data.sum()
        assert np.allclose(itk.GetOrigin(), np.array([-1, -1, 1]) * volume.grid.affine[:3, 3])


def orientations() -> list[np.ndarray]:
    """All 48 ways to put three axes, with unequal steps and an odd origin."""
    affines = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = 0
            for axis, target in enumerate(order):
                affine[target, axis] = signs[axis] * (0.5, 1.25, 3)[axis]
            affine[:3, 3] = (11, -7, 3)
            affines.append(affine)
    return affines


@pytest.mark.parametrize("affine", orientations())
def test_a_marker_comes_back_to_its_place_in_every_orientation(
    tmp_path: Path, affine: np.ndarray
) -> None:
    data = np.zeros((3, 4, 5), np.uint8)
    data[2, 1, 3] = 7
    path = tmp_path / "mask.nii.gz"
    nifti.write_mask(Mask(VolumeGrid((3, 4, 5), affine), data, Legend(())), path)

    labels = nifti.read_labels(path, {})
    assert np.array_equal(labels.data, data)
    assert np.array_equal(labels.grid.affine, affine)
    header = nib.load(path).header
    assert np.allclose(header.get_sform(), header.get_qform(), atol=1e-5)
    assert (header["sform_code"], header["qform_code"]) == (1, 1)

    itk = sitk.ReadImage(str(path))
    marker = np.argwhere(sitk.GetArrayFromImage(itk).T == 7)[0]
    lps = itk.TransformIndexToPhysicalPoint([int(n) for n in marker])
    assert np.allclose(np.array(lps) * (-1, -1, 1), (affine @ (2, 1, 3, 1))[:3])


@pytest.mark.parametrize("affine", orientations()[::5])
def test_canonical_bytes_put_the_marker_at_its_world_point(affine: np.ndarray) -> None:
    data = np.zeros((3, 4, 5), np.int32)
    data[2, 1, 3] = 300
    volume = Volume(VolumeGrid((3, 4, 5), affine), data, window=(-5, 300))
    image = nib.Nifti1Image.from_bytes(nifti.canonical_bytes(volume))
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert image.get_data_dtype() == np.int16
    index = np.argwhere(np.asarray(image.dataobj) == 300)[0]
    assert np.allclose(image.affine @ (*index, 1), affine @ (2, 1, 3, 1))
    assert (image.header["cal_min"], image.header["cal_max"]) == (-5, 300)


@pytest.mark.parametrize(
    ("values", "stored_as"),
    [
        (np.array([True, False]), "u1"),
        (np.array([-1, 5], np.int8), "i2"),
        (np.array([0, 60000], np.uint16), "u2"),
        (np.array([0, 60000], np.int32), "f4"),
        (np.array([0, 9], np.int64), "i2"),
        (np.array([0.5, 9], np.float64), "f4"),
        (np.array([1, 2], ">i2"), "i2"),
    ],
)
def test_canonical_bytes_come_in_a_type_that_a_browser_reads(
    values: np.ndarray, stored_as: str
) -> None:
    volume = Volume(VolumeGrid((2, 1, 1), np.eye(4)), values.reshape(2, 1, 1))
    image = nib.Nifti1Image.from_bytes(nifti.canonical_bytes(volume))
    assert image.get_data_dtype() == np.dtype(f"<{stored_as}")
    assert np.allclose(np.asarray(image.dataobj).reshape(-1), values)


def test_names_and_colours_travel_with_the_mask(tmp_path: Path) -> None:
    legend = Legend((Label(3, "Ödem <b>", "#112233", thing=True), Label(1, "core", "#AABBCC")))
    grid = VolumeGrid((2, 2, 2), np.eye(4))
    mask = Mask(grid, np.full((2, 2, 2), 3, np.uint8), legend, "model 0.1")
    nifti.write_mask(mask, tmp_path / "mask.nii")
    labels = nifti.read_labels(tmp_path / "mask.nii", {})
    assert (labels.legend, labels.source) == (legend, "model 0.1")


def test_a_sheared_mask_keeps_its_grid(tmp_path: Path) -> None:
    sheared = np.array([[1.0, 0, 0.5, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]])
    grid = VolumeGrid((2, 2, 2), sheared)
    nifti.write_mask(Mask(grid, np.ones((2, 2, 2), np.uint8), Legend(())), tmp_path / "m.nii")
    assert nifti.read_labels(tmp_path / "m.nii", {}).grid.same_as(grid)


def test_the_same_mask_gives_the_same_bytes(tmp_path: Path) -> None:
    mask = Mask(VolumeGrid((2, 2, 2), np.eye(4)), np.ones((2, 2, 2), np.uint8), Legend(()))
    for name in ("a.nii.gz", "b.nii.gz"):
        nifti.write_mask(mask, tmp_path / name)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_mutated_headers_end_in_words(tmp_path: Path) -> None:
    """Whatever the bytes, the answer is a grid or a sentence, never another exception."""
    random = np.random.default_rng(7)
    good = seed(np.zeros((4, 4, 4), np.int16))
    path = tmp_path / "scan.nii"
    for _ in range(300):
        content = bytearray(good)
        for position in random.integers(0, 352, random.integers(1, 9)):
            content[position] = random.integers(256)
        path.write_bytes(content)
        try:
            open_image([path])
        except (Refused, Question) as answer:
            assert "nan" not in answer.message and "None" not in answer.message
