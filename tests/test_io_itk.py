"""NRRD and MetaImage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from segviz.io.masks import read_mask
from segviz.io.open import check, open_image


def image(array: np.ndarray, spacing: tuple[float, ...] = (0.5, 0.75, 4.0)) -> sitk.Image:
    """An ITK image of values [k, j, i], turned by 30 degrees about z."""
    made = sitk.GetImageFromArray(array)
    cosine, sine = float(np.cos(np.radians(30))), 0.5
    made.SetSpacing(spacing)
    made.SetOrigin((11.0, -7.0, 3.0))
    made.SetDirection((cosine, -sine, 0, sine, cosine, 0, 0, 0, 1))
    return made


def finding(path: Path, **answers: str) -> tuple[str, str]:
    first = check([path], answers)[0]
    return first.level, first.code


@pytest.mark.parametrize("name", ["s.nrrd", "s.mha"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_marker_lies_where_itk_puts_it(tmp_path: Path, name: str, packed: bool) -> None:
    array = np.zeros((3, 4, 5), np.int16)
    array[2, 1, 4] = 9
    made = image(array)
    sitk.WriteImage(made, str(tmp_path / name), useCompression=packed)
    volume = open_image([tmp_path / name])
    assert volume.notes == ()
    assert volume.data[4, 1, 2] == 9
    lps = np.array(made.TransformIndexToPhysicalPoint((4, 1, 2)))
    assert np.allclose((volume.grid.affine @ (4, 1, 2, 1))[:3], lps * (-1, -1, 1))
    assert volume.grid.voxel_volume_mm3 == pytest.approx(0.5 * 0.75 * 4)


def test_a_file_without_its_ending_opens(tmp_path: Path) -> None:
    sitk.WriteImage(image(np.ones((3, 4, 5), np.uint8)), str(tmp_path / "s.nrrd"))
    (tmp_path / "s.nrrd").rename(tmp_path / "upload")
    assert open_image([tmp_path / "upload"]).grid.shape == (5, 4, 3)


@pytest.mark.parametrize("name", ["s.nhdr", "s.mhd"])
def test_voxels_in_another_file_are_refused(tmp_path: Path, name: str) -> None:
    sitk.WriteImage(image(np.ones((3, 4, 5), np.uint8)), str(tmp_path / name))
    assert finding(tmp_path / name) == ("REFUSE", "SV-NII-051")


def test_a_header_cannot_name_a_file_of_the_server(tmp_path: Path) -> None:
    path = tmp_path / "s.nrrd"
    path.write_text(
        "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 4 4\nencoding: raw\nspacings: 1 1 1\n"
        "data file: /etc/passwd\n\n"
    )
    assert finding(path) == ("REFUSE", "SV-NII-051")


def test_no_voxel_size_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "s.nrrd"
    header = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 4 4\nencoding: raw\n\n"
    path.write_bytes(header.encode() + bytes(64))
    assert finding(path) == ("ASK", "SV-NII-015")
    assert open_image([path], {"spacing_mm": "1,1,2"}).grid.voxel_volume_mm3 == pytest.approx(2)


def test_several_values_in_a_voxel_ask_which(tmp_path: Path) -> None:
    stack = np.stack([np.full((3, 4, 5), n, np.int16) for n in range(3)], axis=-1)
    made = sitk.GetImageFromArray(stack, isVector=True)
    sitk.WriteImage(made, str(tmp_path / "s.nrrd"))
    assert finding(tmp_path / "s.nrrd") == ("ASK", "SV-NII-013")
    assert (open_image([tmp_path / "s.nrrd"], {"volume": "2"}).data == 2).all()


def test_colour_is_refused(tmp_path: Path) -> None:
    made = sitk.GetImageFromArray(np.zeros((3, 4, 5, 3), np.uint8), isVector=True)
    sitk.WriteImage(made, str(tmp_path / "s.mha"))
    assert finding(tmp_path / "s.mha") == ("REFUSE", "SV-NII-008")


def test_too_large_is_refused_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "s.nrrd"
    header = (
        "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 20000 20000 20000\nencoding: gzip\n"
        "spacings: 1 1 1\n\n"
    )
    path.write_bytes(header.encode() + bytes(64))
    assert finding(path) == ("REFUSE", "SV-GRID-012")


def test_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "s.nrrd"
    sitk.WriteImage(image(np.ones((30, 40, 50), np.uint8)), str(path))
    path.write_bytes(path.read_bytes()[:-3000])
    assert finding(path) == ("REFUSE", "SV-NII-052")


def test_a_mask(tmp_path: Path) -> None:
    array = np.zeros((3, 4, 5), np.int16)
    array[0, 0] = 2
    sitk.WriteImage(image(array), str(tmp_path / "m.nrrd"), useCompression=True)
    mask = read_mask(tmp_path / "m.nrrd")
    assert mask.data.dtype == np.uint8 and int((mask.data == 2).sum()) == 5
