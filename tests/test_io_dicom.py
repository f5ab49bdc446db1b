"""DICOM: series built by hand whose geometry is known, and series that must not be believed."""

from __future__ import annotations

import io
import logging
import warnings
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
    generate_uid,
)

from segviz.errors import Question
from segviz.io.open import check, open_image

UPRIGHT = [1.0, 0, 0, 0, 1, 0]
SERIES, STUDY, FRAME = generate_uid(), generate_uid(), generate_uid()


def plane(
    number: int = 0,
    *,
    step: float = 3.0,
    size: tuple[int, int] = (16, 16),
    orientation: list[float] = UPRIGHT,
    value: int | None = None,
    syntax: UID = ExplicitVRLittleEndian,
    **attributes: Any,
) -> FileDataset:
    """A slice of an MR series; slice k is filled with 10 (k + 1)."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.4")
    meta.MediaStorageSOPInstanceUID = generate_uid()
    item = FileDataset(
        "",
        {},
        file_meta=meta,
        preamble=b"\0" * 128,
        is_implicit_VR=syntax.is_implicit_VR,
        is_little_endian=syntax.is_little_endian,
    )
    item.SOPClassUID = meta.MediaStorageSOPClassUID
    item.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    item.StudyInstanceUID, item.SeriesInstanceUID = STUDY, SERIES
    item.FrameOfReferenceUID = FRAME
    item.PatientName, item.PatientID = "DOE^JANE", "4711"
    item.Modality, item.StudyDate = "MR", "20210502"
    item.Rows, item.Columns = size
    item.PixelSpacing = [1.0, 1.0]
    normal = np.cross(orientation[:3], orientation[3:])
    item.ImageOrientationPatient = orientation
    item.ImagePositionPatient = [float(x) for x in normal * step * number]
    item.InstanceNumber = number + 1
    item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
    item.BitsAllocated = item.BitsStored = 16
    item.HighBit, item.PixelRepresentation = 15, 0
    pixels = np.full(size, 10 * (number + 1) if value is None else value, np.uint16)
    item.PixelData = pixels.tobytes()
    for keyword, content in attributes.items():
        if content is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, content)
    return item


def save(folder: Path, *planes: FileDataset) -> Path:
    folder.mkdir(exist_ok=True)
    start = len(list(folder.iterdir()))
    for number, item in enumerate(planes, start):
        item.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)
    return folder


def finding(folder: Path, **answers: str) -> tuple[str, str]:
    first = check([folder], answers)[0]
    return first.level, first.code


def test_a_good_series_opens_without_a_word(tmp_path: Path) -> None:
    volume = open_image([save(tmp_path / "s", *(plane(k) for k in range(6)))])
    assert volume.notes == ()
    assert volume.grid.shape == (16, 16, 6)
    assert volume.grid.voxel_volume_mm3 == pytest.approx(3)
    assert volume.data.mean(axis=(0, 1)).tolist() == [10, 20, 30, 40, 50, 60]
    assert (volume.channel, volume.when) == ("MR", date(2021, 5, 2))


class TestVector:
    """3 rows x 5 columns x 4 slices, thickness 4 but step 5, InstanceNumber reversed."""

    def series(self, folder: Path, orientation: list[float]) -> Path:
        normal = np.cross(orientation[:3], orientation[3:])
        planes = []
        for k in range(4):
            item = plane(k, size=(3, 5), orientation=orientation, InstanceNumber=4 - k)
            item.PixelSpacing = [0.5, 0.4]
            item.SliceThickness = 4
            item.ImagePositionPatient = [float(x) for x in np.array([10, 20, 30]) + 5 * k * normal]
            pixels = np.zeros((3, 5), np.uint16)
            if k == 1:
                pixels[2, 3] = 999
            item.PixelData = pixels.tobytes()
            planes.append(item)
        return save(folder, *planes[::-1])

    def test_upright(self, tmp_path: Path) -> None:
        volume = open_image([self.series(tmp_path / "s", UPRIGHT)])
        expected = [[-0.4, 0, 0, -10], [0, -0.5, 0, -20], [0, 0, 5, 30], [0, 0, 0, 1]]
        assert np.allclose(volume.grid.affine, expected)
        assert volume.grid.voxel_volume_mm3 == pytest.approx(1.0)
        marker = tuple(int(n) for n in np.argwhere(volume.data == 999)[0])
        assert marker == (3, 2, 1)
        assert np.allclose((volume.grid.affine @ (*marker, 1))[:3], (-11.2, -21.0, 35.0))
        assert [note.code for note in volume.notes] == ["SV-DCM-103"]

    def test_oblique(self, tmp_path: Path) -> None:
        cosine, sine = np.cos(np.radians(20)), np.sin(np.radians(20))
        folder = self.series(tmp_path / "s", [1, 0, 0, 0, cosine, -sine])
        volume = open_image([folder])
        world = (volume.grid.affine @ (3, 2, 1, 1))[:3]
        assert np.allclose(world, (-11.2, -22.6498, 34.3564), atol=1e-4)
        assert volume.grid.voxel_volume_mm3 == pytest.approx(1.0)

        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        itk = reader.Execute()
        index = [int(n) for n in np.argwhere(sitk.GetArrayFromImage(itk).T == 999)[0]]
        lps = np.array(itk.TransformIndexToPhysicalPoint(index))
        assert np.allclose(lps * (-1, -1, 1), world)
        assert np.prod(itk.GetSpacing()) == pytest.approx(volume.grid.voxel_volume_mm3)


@pytest.mark.parametrize("lost", [1, 3])
def test_a_missing_slice_is_refused_with_its_gap(tmp_path: Path, lost: int) -> None:
    folder = save(tmp_path / "s", *(plane(k) for k in range(6) if k != lost))
    assert finding(folder) == ("REFUSE", "SV-DCM-017")
    assert "gap 6.00 mm, others 3.00 mm" in check([folder])[0].message


def test_two_slices_at_one_place_are_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "s", *(plane(k) for k in range(5)), plane(2, value=7))
    assert finding(folder) == ("REFUSE", "SV-DCM-015")


def test_a_scan_repeated_at_every_place_asks_which(tmp_path: Path) -> None:
    planes = [
        plane(k, value=100 * t, TemporalPositionIdentifier=t) for k in range(3) for t in (2, 1)
    ]
    folder = save(tmp_path / "s", *planes)
    assert finding(folder) == ("ASK", "SV-DCM-016")
    assert (open_image([folder], {"volume": "0"}).data == 100).all()
    assert (open_image([folder], {"volume": "1"}).data == 200).all()


def test_mixed_series_ask_which_without_a_word_of_the_patient(tmp_path: Path) -> None:
    other = generate_uid()
    folder = save(
        tmp_path / "s",
        *(plane(k) for k in range(3)),
        *(plane(k, step=2, SeriesInstanceUID=other, SeriesNumber=9) for k in range(4)),
    )
    with pytest.raises(Question) as question:
        open_image([folder])
    assert question.value.key == "series"
    assert question.value.choices == {
        "1": "MR, 3 slices of 16 x 16, 3 mm apart",
        "2": "MR, 4 slices of 16 x 16, 2 mm apart, series 9",
    }
    assert open_image([folder], {"series": "2"}).grid.shape == (16, 16, 4)
    assert open_image([folder], {"series": str(other)}).grid.shape == (16, 16, 4)


def test_a_localizer_mixed_in_is_refused(tmp_path: Path) -> None:
    folder = save(
        tmp_path / "s", *(plane(k) for k in range(4)), plane(9, orientation=[0, 1, 0, 0, 0, -1])
    )
    assert finding(folder) == ("REFUSE", "SV-DCM-012")


def test_another_matrix_size_is_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "s", *(plane(k) for k in range(4)), plane(4, size=(20, 20)))
    assert finding(folder) == ("REFUSE", "SV-DCM-011")


def test_another_pixel_size_is_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "s", plane(0), plane(1, PixelSpacing=[2.0, 2.0]))
    assert finding(folder) == ("REFUSE", "SV-DCM-013")


def test_a_tilted_gantry_asks_and_keeps_the_volume_right(tmp_path: Path) -> None:
    tilt = np.tan(np.radians(20)) * 3
    planes = [plane(k, ImagePositionPatient=[0.0, tilt * k, 3.0 * k]) for k in range(5)]
    folder = save(tmp_path / "s", *planes)
    assert finding(folder) == ("ASK", "SV-DCM-019")
    volume = open_image([folder], {"tilt": "keep"})
    assert volume.grid.voxel_volume_mm3 == pytest.approx(3.0)
    assert "SV-GRID-015" in [note.code for note in volume.notes]


def test_slices_that_step_sideways_are_refused(tmp_path: Path) -> None:
    planes = [plane(k, ImagePositionPatient=[20.0 * (k == 2), 0.0, 3.0 * k]) for k in range(5)]
    assert finding(save(tmp_path / "s", *planes)) == ("REFUSE", "SV-DCM-018")


def test_damaged_directions_are_refused(tmp_path: Path) -> None:
    planes = [plane(k, ImageOrientationPatient=[1.0, 0, 0, 0.5, 0.5, 0]) for k in range(3)]
    assert finding(save(tmp_path / "s", *planes)) == ("REFUSE", "SV-DCM-014")


def test_slices_without_a_place_ask_for_the_voxel_size(tmp_path: Path) -> None:
    missing: dict[str, Any] = {
        "PixelSpacing": None,
        "ImagePositionPatient": None,
        "ImageOrientationPatient": None,
    }
    folder = save(tmp_path / "s", *(plane(k, **missing) for k in (2, 0, 1)))
    assert finding(folder) == ("ASK", "SV-DCM-020")
    volume = open_image([folder], {"spacing_mm": "1,1,4"})
    assert volume.grid.voxel_volume_mm3 == pytest.approx(4)
    assert volume.data[0, 0].tolist() == [10, 20, 30]
    assert volume.notes[0].code == "SV-DCM-101"


def multiframe(item: FileDataset, frames: int) -> FileDataset:
    item.NumberOfFrames = frames
    stack = [np.full((item.Rows, item.Columns), 10 * (k + 1), np.uint16) for k in range(frames)]
    item.PixelData = np.stack(stack).tobytes()
    return item


def test_frames_without_places_ask(tmp_path: Path) -> None:
    folder = save(tmp_path / "s", multiframe(plane(ImagePositionPatient=None), 5))
    assert finding(folder) == ("ASK", "SV-DCM-020")
    assert open_image([folder], {"spacing_mm": "1,1,2"}).data[0, 0].tolist() == [10, 20, 30, 40, 50]


def test_enhanced_frames_lie_where_their_groups_say(tmp_path: Path) -> None:
    item = multiframe(
        plane(ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None), 3
    )
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.5], 1
    orientation.ImageOrientationPatient = UPRIGHT
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    item.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for k in (2, 0, 1):
        position, frame = Dataset(), Dataset()
        position.ImagePositionPatient = [0.0, 0.0, 2.5 * k]
        frame.PlanePositionSequence = [position]
        frames.append(frame)
    item.PerFrameFunctionalGroupsSequence = frames
    volume = open_image([save(tmp_path / "s", item)])
    assert volume.grid.spacing_mm == pytest.approx((0.5, 0.5, 2.5))
    assert volume.data[0, 0].tolist() == [20, 30, 10]


def test_every_slice_has_its_own_scale(tmp_path: Path) -> None:
    planes = [
        plane(k, value=100, RescaleSlope=0.5 * (k + 1), RescaleIntercept=-10) for k in range(3)
    ]
    volume = open_image([save(tmp_path / "s", *planes)])
    assert volume.data.dtype == np.float32
    assert volume.data[0, 0].tolist() == [40, 90, 140]


def test_whole_hounsfield_units_stay_whole(tmp_path: Path) -> None:
    planes = [
        plane(
            k,
            value=24,
            Modality="CT",
            RescaleSlope=1,
            RescaleIntercept=-1024,
            WindowCenter=[40, 50],
            WindowWidth=[400, 500],
        )
        for k in range(3)
    ]
    volume = open_image([save(tmp_path / "s", *planes)])
    assert (volume.data.dtype, volume.data[0, 0, 0]) == (np.int16, -1000)
    assert (volume.channel, volume.window) == ("CT", (-160.0, 240.0))


def test_an_inverted_grey_scale_is_turned_round(tmp_path: Path) -> None:
    planes = [
        plane(k, value=100, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11)
        for k in range(2)
    ]
    volume = open_image([save(tmp_path / "s", *planes)])
    assert volume.data[0, 0, 0] == 4095 - 100
    assert [note.code for note in volume.notes] == ["SV-DCM-104"]


def as_jpeg_2000(item: FileDataset, pixels: np.ndarray) -> None:
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "JPEG2000", no_jp2=True, irreversible=False)
    item.PixelData = encapsulate([packed.getvalue()])
    item["PixelData"].VR = "OB"
    item["PixelData"].is_undefined_length = True
    item.file_meta.TransferSyntaxUID = JPEG2000Lossless


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless, JPEG2000Lossless]
)
def test_transfer_syntaxes_give_the_same_voxels(tmp_path: Path, syntax: UID) -> None:
    pixels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    planes = [plane(k, syntax=ExplicitVRLittleEndian) for k in range(2)]
    if syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian):
        planes = [plane(k, syntax=syntax) for k in range(2)]
    for item in planes:
        item.PixelData = pixels.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
        if syntax == RLELossless:
            item.compress(syntax)
        if syntax == JPEG2000Lossless:
            as_jpeg_2000(item, pixels)
    volume = open_image([save(tmp_path / "s", *planes)])
    assert np.array_equal(volume.data[:, :, 0].T, np.arange(256).reshape(16, 16))


class TestDamage:
    def test_cut_pixels(self, tmp_path: Path) -> None:
        folder = save(tmp_path / "s", *(plane(k) for k in range(4)))
        third = folder / "002.dcm"
        third.write_bytes(third.read_bytes()[:-100])
        assert finding(folder) == ("REFUSE", "SV-DCM-007")

    def test_pixels_missing_altogether(self, tmp_path: Path) -> None:
        item = plane()
        del item.PixelData
        assert finding(save(tmp_path / "s", item)) == ("REFUSE", "SV-DCM-007")

    def test_a_length_field_beyond_the_file(self, tmp_path: Path) -> None:
        folder = save(tmp_path / "s", plane())
        path = folder / "000.dcm"
        content = bytearray(path.read_bytes())
        at = content.index(b"\xe0\x7f\x10\x00OW") + 8
        content[at : at + 4] = b"\xf0\xff\xff\xff"
        path.write_bytes(content)
        assert finding(folder) == ("REFUSE", "SV-DCM-006")

    def test_damaged_rle(self, tmp_path: Path) -> None:
        planes = [plane(k) for k in range(3)]
        for item in planes:
            item.compress(RLELossless)
        broken = bytearray(planes[1].PixelData)
        broken[16:20] = b"\xff\xff\xff\xff"
        planes[1].PixelData = bytes(broken)
        folder = save(tmp_path / "s", *planes)
        assert finding(folder) == ("REFUSE", "SV-DCM-021")
        assert "Slice 2" in check([folder])[0].message

    def test_too_large_to_hold(self, tmp_path: Path) -> None:
        folder = save(tmp_path / "s", plane(Rows=65535, Columns=65535, NumberOfFrames=2**31 - 1))
        assert finding(folder)[0] == "REFUSE"

    def test_damaged_jpeg_2000(self, tmp_path: Path) -> None:
        planes = [plane(k) for k in range(2)]
        for item in planes:
            as_jpeg_2000(item, np.arange(256, dtype=np.uint16).reshape(16, 16))
        broken = bytearray(planes[0].PixelData)
        broken[20:60] = b"\xff" * 40
        planes[0].PixelData = bytes(broken)
        assert finding(save(tmp_path / "s", *planes)) == ("REFUSE", "SV-DCM-021")

    def test_three_thousand_nested_sequences(self, tmp_path: Path) -> None:
        path = save(tmp_path / "s", plane()) / "000.dcm"
        content = path.read_bytes()
        at = content.index(b"\xe0\x7f\x10\x00OW")
        opened = b"\x00\x52\x30\x92SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
        closed = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
        path.write_bytes(content[:at] + opened * 3000 + closed * 3000 + content[at:])
        assert finding(path) == ("REFUSE", "SV-DCM-003")

    def test_mutated_bytes_end_in_words(self, tmp_path: Path) -> None:
        random = np.random.default_rng(3)
        path = save(tmp_path / "s", plane(size=(4, 4))) / "000.dcm"
        good = path.read_bytes()
        for _ in range(200):
            content = bytearray(good)
            for position in random.integers(132, len(good), random.integers(1, 9)):
                content[position] = random.integers(256)
            path.write_bytes(content)
            check([path])


@pytest.mark.parametrize(
    ("syntax", "code"),
    [
        (DeflatedExplicitVRLittleEndian, "SV-DCM-002"),
        (HTJ2KLossless, "SV-DCM-004"),
        (UID("1.2.3.4.5"), "SV-DCM-004"),
    ],
)
def test_what_cannot_be_unpacked_is_refused_from_the_file_meta(
    tmp_path: Path, syntax: UID, code: str
) -> None:
    path = save(tmp_path / "s", plane()) / "000.dcm"
    content = path.read_bytes()
    stored = str(ExplicitVRLittleEndian).encode()
    name = str(syntax).encode()
    padded = name + b"\0" * (len(name) % 2)
    at = content.index(b"\x02\x00\x10\x00UI")
    length = int.from_bytes(content[at + 6 : at + 8], "little")
    assert content[at + 8 :].startswith(stored)
    group_at = content.index(b"\x02\x00\x00\x00UL") + 8
    group = int.from_bytes(content[group_at : group_at + 4], "little") + len(padded) - length
    changed = bytearray(content)
    changed[at + 8 : at + 8 + length] = padded
    changed[at + 6 : at + 8] = len(padded).to_bytes(2, "little")
    changed[group_at : group_at + 4] = group.to_bytes(4, "little")
    path.write_bytes(changed)
    assert finding(path) == ("REFUSE", code)


def test_colour_is_refused(tmp_path: Path) -> None:
    item = plane(SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    item.PixelData = bytes(16 * 16 * 6)
    assert finding(save(tmp_path / "s", item)) == ("REFUSE", "SV-DCM-005")


def test_a_report_is_no_image(tmp_path: Path) -> None:
    item = plane(Modality="SR", Rows=None, Columns=None, PixelData=None)
    assert finding(save(tmp_path / "s", item)) == ("REFUSE", "SV-DCM-008")


def test_a_report_beside_the_images_is_passed_over(tmp_path: Path) -> None:
    report = plane(Modality="SR", Rows=None, PixelData=None, SeriesInstanceUID=generate_uid())
    folder = save(tmp_path / "s", *(plane(k) for k in range(2)), report)
    (folder / "README.txt").write_text("not an image")
    assert open_image([folder]).grid.shape == (16, 16, 2)


def test_a_disc_directory_is_not_followed(tmp_path: Path) -> None:
    item = plane(Rows=None, Columns=None, PixelData=None)
    item.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.1.3.10")
    item.SOPClassUID = item.file_meta.MediaStorageSOPClassUID
    assert finding(save(tmp_path / "s", item)) == ("REFUSE", "SV-DCM-009")


def test_text_named_dcm_is_no_dicom(tmp_path: Path) -> None:
    path = tmp_path / "x.dcm"
    path.write_text("hello " * 100)
    assert finding(path) == ("REFUSE", "SV-DCM-001")


def test_one_slice_takes_its_thickness(tmp_path: Path) -> None:
    folder = save(tmp_path / "s", plane(SliceThickness=5))
    volume = open_image([folder])
    assert volume.grid.voxel_volume_mm3 == pytest.approx(5)
    assert [note.code for note in volume.notes] == ["SV-DCM-102"]
    assert finding(save(tmp_path / "t", plane())) == ("ASK", "SV-DCM-020")


def test_notes_on_processed_and_marked_pictures(tmp_path: Path) -> None:
    planes = [
        plane(k, ImageType=["DERIVED", "SECONDARY"], BurnedInAnnotation="YES") for k in range(2)
    ]
    codes = [found.code for found in check([save(tmp_path / "s", *planes)])]
    assert codes == ["SV-DCM-105", "SV-DCM-106"]


def test_several_files_and_a_zip_open_like_the_folder(tmp_path: Path) -> None:
    folder = save(tmp_path / "s", *(plane(k) for k in range(3)))
    files = sorted(folder.iterdir())
    packed = tmp_path / "s.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in files:
            archive.write(file, f"study/{file.name}")
    whole = open_image([folder])
    for paths in (files[::-1], [packed]):
        volume = open_image(paths)
        assert np.array_equal(volume.data, whole.data)
        assert volume.sha256 == whole.sha256


def test_a_preamble_that_looks_like_a_tiff_is_still_dicom(tmp_path: Path) -> None:
    path = save(tmp_path / "s", plane(SliceThickness=1)) / "000.dcm"
    path.write_bytes(b"II*\0" + path.read_bytes()[4:])
    assert open_image([path]).channel == "MR"


def test_nothing_of_the_patient_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    item = plane(SliceThickness=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        item.add_new("PatientBirthDate", "DA", "JANE-DOE-BIRTH")
        folder = save(tmp_path / "s", item)
    with caplog.at_level(logging.WARNING), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        findings = check([folder])
    said = caplog.text + "".join(str(w.message) for w in caught) + repr(findings)
    assert "DOE" not in said and "4711" not in said
