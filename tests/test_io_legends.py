"""Lists of labels: names and colours survive the way out and in again."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from affine import Affine

from segviz.errors import Refused
from segviz.grid import RasterGrid
from segviz.io.geotiff import read_legend, write_mask
from segviz.io.legends import MOST_BYTES, colour_table, itksnap, read
from segviz.mask import Label, Legend, Mask

ODD = Legend(
    (
        Label(1, "Œdème, périlésionnel", "#FF0000"),
        Label(2, "2 forests", "#00FF7F"),
        Label(17, "label 17", "#010203"),
        Label(255, "grey # matter", "#0000FF"),
    )
)

SNAP = b"""\
################################################
# ITK-SnAP Label Description File
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "Tumour core"
    2     0  255    0     0.55  0  1    "A "quoted" name"
   11     0    0  255        1  1  1    ""
"""


def test_an_itksnap_file():
    assert list(read(SNAP)) == [
        Label(1, "Tumour core", "#FF0000"),
        Label(2, 'A "quoted" name', "#00FF00"),
        Label(11, "label 11", "#0000FF"),
    ]


def test_an_itksnap_file_as_itksnap_writes_it():
    rows = itksnap(Legend((Label(3, 'a "b"\nc', "#0A0B0C"),))).splitlines()
    assert rows[-2:] == [
        '    0     0    0    0        0  0  0    "Clear Label"',
        "    3    10   11   12        1  1  1    \"a 'b' c\"",
    ]
    assert all(row.startswith("#") for row in rows[:-2])


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("5 1 2 3", Label(5, "label 5", "#010203")),
        ("5 1 2 3 255", Label(5, "label 5", "#010203")),
        ("5\t1\t2\t3\twet ground", Label(5, "wet ground", "#010203")),
        ("5 1 2 3 255 wet ground", Label(5, "wet ground", "#010203")),
        ("5 1 2 3 255 3 trees", Label(5, "3 trees", "#010203")),
        ("5,1,2,3,255,wet, or dry", Label(5, "wet, or dry", "#010203")),
        ("5.0,1,2,3,255,bare", Label(5, "bare", "#010203")),
    ],
)
def test_lines_of_colour_tables(line, label):
    head = "# QGIS Generated Color Map Export File\nINTERPOLATION:EXACT\n0,0,0,0,0,none\n"
    assert list(read((head + line + "\r\n").encode())) == [label]


@pytest.mark.parametrize("write", [itksnap, colour_table])
def test_names_and_colours_come_back(write):
    assert read(write(ODD).encode()) == ODD


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_other_encodings(encoding):
    assert read("1 255 0 0 255 forêt".encode(encoding))[1].name == "forêt"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"# " + b"x" * MOST_BYTES, "040"),
        (b"1 255 0 0\nforest green", "041"),
        (b"1 256 0 0", "041"),
        (b"-1 25 0 0", "041"),
        (b"1.5,25,0,0,255,half", "041"),
        (b"inf,25,0,0,255,the rest", "041"),
        (b"\x89PNG\r\n\x1a\n\0\0", "041"),
        (b"256 25 0 0", "042"),
        (b"1 25 0 0\n2 1 1 1\n1 0 0 0", "043"),
        (b"", "044"),
        (b"# nothing\n0 0 0 0", "044"),
    ],
)
def test_broken_lists_are_refused(content, code):
    with pytest.raises(Refused, match=f"SV-MSK-{code}"):
        read(content)


GRID = RasterGrid((4, 4), Affine(10, 0, 0, 0, -10, 0), None)


def test_a_class_map_of_ours_tells_its_legend(tmp_path):
    path = tmp_path / "map.tif"
    write_mask(Mask(GRID, np.ones((4, 4), np.uint8), ODD), path)
    assert read_legend(path) == ODD


def test_the_colour_table_of_another_program(tmp_path):
    path = tmp_path / "map.tif"
    with rasterio.open(path, "w", "GTiff", 4, 4, 1, dtype="uint8") as target:
        target.write_colormap(1, {0: (9, 9, 9, 255), 1: (255, 0, 0, 255), 4: (0, 0, 5, 255)})
        target.write(np.ones((1, 4, 4), np.uint8))
        target.update_tags(1, CLASS_4="lake", CLASS_9="tar")
    assert list(read_legend(path)) == [
        Label(1, "label 1", "#FF0000"),
        Label(4, "lake", "#000005"),
        Label(9, "tar", "#000000"),
    ]


def test_a_file_without_a_colour_table_is_refused(tmp_path):
    path = tmp_path / "map.tif"
    with rasterio.open(path, "w", "GTiff", 4, 4, 1, dtype="uint8") as target:
        target.write(np.ones((1, 4, 4), np.uint8))
    with pytest.raises(Refused, match="SV-MSK-045"):
        read_legend(path)
