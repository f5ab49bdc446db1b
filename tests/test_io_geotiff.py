"""GeoTIFF: what a file may not do, which pixels are valid, thinned reads, masks."""

from __future__ import annotations

import pickle
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.enums import ColorInterp, Resampling

from segviz.errors import Cancelled, Question, Refused
from segviz.grid import RasterGrid
from segviz.image import Scene
from segviz.io.geotiff import (
    GeoTiffScene,
    build_pyramid,
    needs_pyramid,
    open_scene,
    read_labels,
    write_mask,
    write_quicklook,
    write_scene,
)
from segviz.io.geotiff.directory import read_directory
from segviz.io.open import check, open_image
from segviz.mask import Label, Legend, Mask

UTM = CRS.from_epsg(32721)
AFFINE = Affine(10, 0, 500_000, 0, -10, 9_000_000)


def raster(path: Path, array: np.ndarray, **options: Any) -> Path:
    """A GeoTIFF that another program might have written."""
    masked = options.pop("mask", None)
    described = options.pop("descriptions", None)
    tags = options.pop("tags", {})
    scales, offsets = options.pop("scales", None), options.pop("offsets", None)
    profile = {
        "driver": "GTiff",
        "count": len(array),
        "height": array.shape[1],
        "width": array.shape[2],
        "dtype": array.dtype.name,
        "crs": "EPSG:32721",
        "transform": AFFINE,
        **options,
    }
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", **profile) as target,
    ):
        target.write(array)
        if masked is not None:
            target.write_mask(masked)
        if described:
            target.descriptions = described
        if scales:
            target.scales, target.offsets = scales, offsets
        target.update_tags(**tags)
    return path


def counted(bands: int = 4, rows: int = 64, columns: int = 64, dtype: str = "uint16") -> np.ndarray:
    return np.arange(1, bands * rows * columns + 1, dtype=dtype).reshape(bands, rows, columns)


def whole(scene: GeoTiffScene) -> tuple[int, int, int, int]:
    return 0, scene.grid.shape[0], 0, scene.grid.shape[1]


def finding(path: Path, **answers: str) -> tuple[str, str]:
    first = check([path], answers)[0]
    return first.level, first.code


def test_a_good_file_opens_without_a_word(tmp_path: Path) -> None:
    path = raster(tmp_path / "s.tif", counted())
    scene = open_image([path])
    assert isinstance(scene, GeoTiffScene) and isinstance(scene, Scene)
    assert scene.notes == ()
    assert (scene.grid.shape, scene.grid.crs_name) == ((64, 64), "EPSG:32721")
    assert scene.channels == ("band 1", "band 2", "band 3", "band 4")
    values, valid = scene.read((10, 12, 20, 23), [3, 0])
    assert values.shape == (2, 2, 3) and valid.all()
    assert values[1, 0, 0] == 10 * 64 + 20 + 1 and values[0, 0, 0] == 3 * 4096 + 10 * 64 + 20 + 1


class TestHostile:
    VRT = (
        '<VRTDataset rasterXSize="64" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1" '
        'subClass="VRTRawRasterBand"><SourceFilename relativeToVRT="0">{source}</SourceFilename>'
        "</VRTRasterBand></VRTDataset>"
    )

    @pytest.mark.parametrize("name", ["x.vrt", "x.tif"])
    def test_a_vrt_reads_no_other_file(self, tmp_path: Path, name: str) -> None:
        secret = tmp_path / "secret"
        secret.write_bytes(b"s" * 64)
        path = tmp_path / name
        path.write_text(self.VRT.format(source=secret))
        level, code = finding(path)
        assert (level, code) == ("REFUSE", "SV-TIF-001" if name == "x.tif" else "SV-ARC-014")

    def test_a_wms_text_calls_nobody(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.05)
            address = f"http://127.0.0.1:{server.getsockname()[1]}/"
            path = tmp_path / "x.tif"
            service = f'<Service name="TMS"><ServerUrl>{address}</ServerUrl></Service>'
            path.write_text(f"<GDAL_WMS>{service}</GDAL_WMS>")
            assert finding(path) == ("REFUSE", "SV-TIF-001")
            with pytest.raises(TimeoutError):
                server.accept()

    def test_only_the_geotiff_driver_is_asked(self, tmp_path: Path) -> None:
        """Even if the gate had let the text through."""
        from segviz.io.geotiff.handles import dataset

        secret = tmp_path / "secret"
        secret.write_bytes(b"s" * 64)
        path = tmp_path / "x.tif"
        path.write_text(self.VRT.format(source=secret))
        with pytest.raises(Refused):
            dataset(path)

    def test_files_beside_it_are_not_looked_at(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", counted())
        (tmp_path / "s.tif.aux.xml").write_text(
            '<PAMDataset><PAMRasterBand band="1"><NoDataValue>5</NoDataValue></PAMRasterBand>'
            "</PAMDataset>"
        )
        assert open_scene(path, {}).nodata is None

    @pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(60), b"text" * 9])
    def test_other_files_named_tif(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "x.tif"
        path.write_bytes(content)
        assert finding(path) == ("REFUSE", "SV-TIF-001")


class TestGate:
    def test_too_many_bands(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", np.ones((65, 2, 2), np.uint8))
        assert finding(path) == ("REFUSE", "SV-TIF-003")

    def test_tiles_too_large_to_unpack(self, tmp_path: Path) -> None:
        profile = {"driver": "GTiff", "width": 20000, "height": 20000, "count": 1}
        with rasterio.open(
            tmp_path / "s.tif",
            "w",
            **profile,
            dtype="float64",
            tiled=True,
            blockxsize=16384,
            blockysize=16384,
            compress="deflate",
            sparse_ok=True,
        ):
            pass
        assert finding(tmp_path / "s.tif") == ("REFUSE", "SV-TIF-004")

    def test_cut_short(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", counted(), tiled=True, blockxsize=16, blockysize=16)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
        assert finding(path)[1] in ("SV-TIF-002", "SV-TIF-005")

    def test_cut_short_with_the_directory_in_front(self, tmp_path: Path) -> None:
        path = raster(
            tmp_path / "s.tif", counted(), tiled=True, blockxsize=16, blockysize=16, copy_src=False
        )
        directory = read_directory(path)
        if int(directory.offsets.max()) > path.stat().st_size - 600:
            path.write_bytes(path.read_bytes()[:-500])
            assert finding(path) == ("REFUSE", "SV-TIF-005")

    def test_a_huge_image_without_overviews(self, tmp_path: Path) -> None:
        profile = {"driver": "GTiff", "width": 200_000, "height": 200_000, "count": 4}
        with rasterio.open(
            tmp_path / "s.tif", "w", **profile, dtype="uint8", tiled=True, sparse_ok=True,
            blockxsize=4096, blockysize=4096, interleave="band", bigtiff="yes",
        ):  # fmt: skip
            pass
        assert finding(tmp_path / "s.tif") == ("REFUSE", "SV-TIF-008")

    def test_complex_values(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", np.ones((1, 4, 4), np.complex64))
        assert finding(path) == ("REFUSE", "SV-TIF-007")

    def test_pixels_without_a_size(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", counted(), transform=Affine(0, 0, 5e5, 0, 0, 9e6))
        assert finding(path) == ("REFUSE", "SV-GRID-003")

    def test_a_place_that_is_no_number(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", counted())
        content = bytearray(path.read_bytes())
        at = content.rindex(struct.pack("<3d", 10, 10, 0))
        struct.pack_into("<2d", content, at, np.nan, np.nan)
        path.write_bytes(content)
        assert finding(path) == ("REFUSE", "SV-GRID-003")

    def test_a_damaged_tile_is_named(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 9999, (1, 64, 64)).astype(np.uint16)
        options = {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"}
        path = raster(tmp_path / "s.tif", noise, **options)
        directory = read_directory(path)
        start = int(directory.offsets[0, 1, 2])
        content = bytearray(path.read_bytes())
        content[start : start + 40] = b"\xff" * 40
        path.write_bytes(content)
        scene = open_scene(path, {})
        assert scene.read((0, 16, 0, 64))[1].all()
        with pytest.raises(Refused, match="rows 16 and 32") as refusal:
            scene.read((16, 32, 32, 48))
        assert refusal.value.code == "SV-TIF-010"
        assert finding(path) == ("REFUSE", "SV-TIF-010")
        assert check([path], pixels=False) == []

    @pytest.mark.parametrize("big", ["yes", "no"])
    @pytest.mark.parametrize("endian", ["little", "big"])
    @pytest.mark.parametrize("interleave", ["pixel", "band"])
    def test_the_directory_agrees_with_gdal(
        self, tmp_path: Path, big: str, endian: str, interleave: str
    ) -> None:
        path = raster(
            tmp_path / "s.tif", counted(3, 70, 90), tiled=True, blockxsize=32, blockysize=16,
            bigtiff=big, endianness=endian, interleave=interleave, compress="deflate",
        )  # fmt: skip
        directory = read_directory(path)
        with rasterio.open(path) as source:
            assert directory.shape == source.shape
            assert directory.block == source.block_shapes[0]
            for band in (1, 2, 3):
                plane = band - 1 if interleave == "band" else 0
                for row, column in ((0, 0), (4, 2), (2, 1)):
                    item = f"BLOCK_OFFSET_{column}_{row}"
                    told = source.get_tag_item(item, "TIFF", bidx=band)
                    assert int(told) == directory.offsets[plane, row, column]

    def test_mutated_bytes_end_in_words(self, tmp_path: Path) -> None:
        random = np.random.default_rng(5)
        path = raster(tmp_path / "s.tif", counted(2, 16, 16), compress="deflate")
        good = path.read_bytes()
        for number in range(200):
            content = bytearray(good)
            for position in random.integers(0, len(good), random.integers(1, 9)):
                content[position] = random.integers(256)
            mutated = tmp_path / f"{number}.tif"
            mutated.write_bytes(content)
            check([mutated])
            mutated.unlink()


class TestNotes:
    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({"crs": None}, "SV-TIF-101"),
            ({"crs": "EPSG:4326", "transform": Affine(1e-4, 0, 10, 0, -1e-4, 20)}, "SV-TIF-102"),
            ({"crs": "EPSG:3857"}, "SV-TIF-103"),
            ({"crs": "EPSG:2225"}, "SV-TIF-104"),
            ({"transform": AFFINE @ Affine.rotation(30)}, "SV-TIF-105"),
            ({"transform": Affine(10, 0, 5e5, 0, 10, 9e6)}, "SV-TIF-106"),
            ({"scales": (1e-4,) * 4, "offsets": (-0.1,) * 4}, "SV-TIF-107"),
        ],
    )
    def test_what_a_reader_should_know(
        self, tmp_path: Path, options: dict[str, Any], code: str
    ) -> None:
        path = raster(tmp_path / "s.tif", counted(), **options)
        assert [note.code for note in open_scene(path, {}).notes] == [code]

    def test_no_place_at_all(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", counted(), transform=Affine.identity())
        scene = open_scene(path, {})
        assert scene.grid.crs is None

    def test_eight_bits(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", np.ones((4, 8, 8), np.uint8))
        assert [note.code for note in open_scene(path, {}).notes] == ["SV-TIF-108"]

    def test_the_share_without_data(self, tmp_path: Path) -> None:
        array = counted(1, 64, 64, "int16")
        array[:, :32] = -9999
        path = raster(tmp_path / "s.tif", array, nodata=-9999)
        assert "50.0%" in check([path])[-1].message

    def test_a_shift_to_wgs84_beside_the_crs_is_set_aside(self, tmp_path: Path) -> None:
        crs = "+proj=laea +lat_0=10 +lon_0=20 +ellps=GRS80 +towgs84=1,2,3,0,0,0,0 +units=m"
        scene = open_scene(raster(tmp_path / "s.tif", counted(), crs=crs), {})
        assert scene.grid.crs is not None and not scene.grid.crs.is_bound


class TestValidity:
    def test_declared_nodata_in_any_band_asked_for(self, tmp_path: Path) -> None:
        array = counted(2, 4, 4, "int16")
        array[0, 0, 0] = array[1, 3, 3] = -9999
        scene = open_scene(raster(tmp_path / "s.tif", array, nodata=-9999), {})
        values, valid = scene.read(whole(scene))
        assert np.argwhere(~valid).tolist() == [[0, 0], [3, 3]]
        assert (values[:, ~valid] == 0).all()
        assert np.argwhere(~scene.read(whole(scene), [1])[1]).tolist() == [[3, 3]]

    def test_zero_is_missing_only_where_all_bands_are_zero(self, tmp_path: Path) -> None:
        array = counted(2, 4, 4, "uint8")
        array[:, 0, 0] = 0
        array[1, 3, 3] = 0
        scene = open_scene(raster(tmp_path / "s.tif", array, nodata=0), {})
        for bands in (None, [0], [1]):
            valid = scene.read(whole(scene), bands)[1]
            assert np.argwhere(~valid).tolist() == [[0, 0]]

    def test_no_number(self, tmp_path: Path) -> None:
        array = counted(2, 4, 4, "float32")
        array[0, 1, 1], array[1, 2, 2] = np.nan, np.inf
        scene = open_scene(raster(tmp_path / "s.tif", array), {})
        values, valid = scene.read(whole(scene))
        assert np.argwhere(~valid).tolist() == [[1, 1], [2, 2]]
        assert np.isfinite(values).all()

    def test_the_lowest_float_as_nodata(self, tmp_path: Path) -> None:
        lowest = float(np.finfo(np.float32).min)
        array = counted(1, 4, 4, "float32")
        array[0, 2, 1] = lowest
        scene = open_scene(raster(tmp_path / "s.tif", array, nodata=lowest), {})
        assert np.argwhere(~scene.read(whole(scene))[1]).tolist() == [[2, 1]]

    def test_a_mask_in_the_file(self, tmp_path: Path) -> None:
        mask = np.full((16, 16), 255, np.uint8)
        mask[3:5] = 0
        scene = open_scene(raster(tmp_path / "s.tif", counted(1, 16, 16), mask=mask), {})
        assert np.array_equal(scene.read(whole(scene))[1], mask > 0)

    def test_an_alpha_band_is_no_channel(self, tmp_path: Path) -> None:
        array = np.full((4, 8, 8), 200, np.uint8)
        array[3, 2] = 0
        path = raster(tmp_path / "s.tif", array, photometric="rgb", alpha="yes")
        with rasterio.open(path) as source:
            assert source.colorinterp[3] == ColorInterp.alpha
        scene = open_scene(path, {})
        assert scene.channels == ("red", "green", "blue")
        assert np.array_equal(scene.read(whole(scene))[1], array[3] > 0)

    @pytest.mark.parametrize("interleave", ["pixel", "band"])
    def test_absent_tiles_are_no_data(self, tmp_path: Path, interleave: str) -> None:
        array = np.zeros((2, 64, 64), np.uint16)
        array[:, 16:32, 32:48] = 7
        path = raster(
            tmp_path / "s.tif", array, tiled=True, blockxsize=16, blockysize=16,
            sparse_ok=True, interleave=interleave,
        )  # fmt: skip
        scene = open_scene(path, {})
        assert scene.missing is not None
        assert [note.code for note in scene.notes] == ["SV-TIF-109"]
        valid = scene.read(whole(scene))[1]
        assert np.array_equal(valid, array[0] == 7)
        thin = scene.read(whole(scene), [0], (16, 16))[1]
        assert np.array_equal(thin, valid[2::4, 2::4])

    def test_scale_and_offset(self, tmp_path: Path) -> None:
        array = np.full((2, 4, 4), 2999, np.uint16)
        array[:, 0, 0] = 0
        options = {"scales": (1e-4, 2e-4), "offsets": (-0.1, 0.0), "nodata": 0}
        scene = open_scene(raster(tmp_path / "s.tif", array, **options), {})
        values, valid = scene.read(whole(scene), [1, 0])
        assert scene.dtype == values.dtype == np.float32
        assert values[:, 1, 1] == pytest.approx([0.5998, 0.1999])
        assert not valid[0, 0]


class TestMeaning:
    def test_band_names(self, tmp_path: Path) -> None:
        path = raster(
            tmp_path / "s.tif", counted(3), descriptions=("B2", "tile1_Amazon.tiff-003", None)
        )
        assert open_scene(path, {}).channels == ("B2", "band 2", "band 3")

    @pytest.mark.parametrize(
        ("name", "tags", "when"),
        [
            ("scene.tif", {}, None),
            ("land_use_1985.tif", {}, date(1985, 1, 1)),
            ("2018-10-13_S2B.tif", {}, date(2018, 10, 13)),
            ("S2A_20180913T1.tif", {}, date(2018, 9, 13)),
            ("LE70220491999322EDC01_stack.tif", {}, date(1999, 11, 18)),
            ("scene.tif", {"TIFFTAG_DATETIME": "2020:05:06 07:08:09"}, date(2020, 5, 6)),
            ("2020.tif", {"TIFFTAG_DATETIME": "2020:05:06 07:08:09"}, date(2020, 5, 6)),
            ("1995.tif", {"TIFFTAG_DATETIME": "2020:05:06 07:08:09"}, date(1995, 1, 1)),
            ("1990_to_2000.tif", {}, None),
            ("tile_20191399.tif", {}, None),
            ("2018.tif", {"ACQUISITION_DATE": "2018-06-15"}, date(2018, 6, 15)),
        ],
    )
    def test_dates(
        self, tmp_path: Path, name: str, tags: dict[str, str], when: date | None
    ) -> None:
        assert open_scene(raster(tmp_path / name, counted(), tags=tags), {}).when == when

    def test_tags_are_kept_and_a_product_name_tells_its_baseline(self, tmp_path: Path) -> None:
        name = "S2A_MSIL2A_20220613T093041_N0400_R136_T34TFQ.tif"
        path = raster(tmp_path / name, counted(), tags={"boa_add_offset": "-1000"})
        tags = open_scene(path, {}).tags
        assert tags["BOA_ADD_OFFSET"] == "-1000"
        assert tags["PROCESSING_BASELINE"] == "04.00"
        stated = raster(tmp_path / f"B{name}", counted(), tags={"PROCESSING_BASELINE": "05.11"})
        assert open_scene(stated, {}).tags["PROCESSING_BASELINE"] == "05.11"
        assert (
            "PROCESSING_BASELINE" not in open_scene(raster(tmp_path / "x.tif", counted()), {}).tags
        )

    def test_a_scene_of_ours_comes_back(self, tmp_path: Path) -> None:
        grid = RasterGrid((30, 40), AFFINE, UTM)
        array = counted(2, 30, 40, "float32")
        path = tmp_path / "x.tif"
        write_scene(array, grid, path, ("B4", "B8"), date(2019, 7, 1), nodata=-1)
        scene = open_scene(path, {})
        assert scene.grid.same_as(grid)
        assert (scene.channels, scene.when, scene.nodata) == (("B4", "B8"), date(2019, 7, 1), -1)
        assert np.array_equal(scene.read(whole(scene))[0], array)
        assert list(tmp_path.iterdir()) == [path]

    def test_a_palette_is_a_map_of_classes(self, tmp_path: Path) -> None:
        path = tmp_path / "s.tif"
        raster(path, np.array([[[0, 1], [2, 2]]], np.uint8))
        with rasterio.open(path, "r+") as target:
            target.write_colormap(1, {1: (0, 100, 0, 255), 2: (200, 0, 0, 255)})
        with pytest.raises(Question) as question:
            open_scene(path, {})
        assert question.value.key == "palette"
        assert open_scene(path, {"palette": "numbers"}).read((0, 2, 0, 2))[0].max() == 2
        labels = read_labels(path, {})
        assert labels.data.tolist() == [[0, 1], [2, 2]]
        assert [label.color for label in labels.legend] == ["#006400", "#C80000"]


class TestSharing:
    def test_threads_read_the_same(self, tmp_path: Path) -> None:
        array = counted(2, 256, 256)
        path = raster(tmp_path / "s.tif", array, tiled=True, blockxsize=64, blockysize=64)
        scene = open_scene(path, {})
        barrier = threading.Barrier(4)

        def read(number: int) -> bool:
            if number < 4:
                barrier.wait(10)
            row, column = 8 * (number % 20), 8 * (number % 17)
            values, valid = scene.read((row, row + 64, column, column + 64))
            expected = array[:, row : row + 64, column : column + 64]
            return bool(valid.all()) and np.array_equal(values, expected)

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(read, range(100)))

    def test_a_scene_can_be_pickled(self, tmp_path: Path) -> None:
        scene = open_scene(raster(tmp_path / "1999.tif", counted(), nodata=0), {})
        again = pickle.loads(pickle.dumps(scene))  # noqa: S301
        assert np.array_equal(again.read((0, 8, 0, 8))[0], scene.read((0, 8, 0, 8))[0])
        assert (again.channels, again.when, again.notes) == (
            scene.channels,
            scene.when,
            scene.notes,
        )
        assert again.grid.same_as(scene.grid)

    def test_a_file_replaced_under_its_name_is_read_anew(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", np.ones((1, 8, 8), np.int16))
        scene = open_scene(path, {})
        assert scene.read((0, 8, 0, 8))[0].max() == 1
        raster(tmp_path / "other.tif", np.full((1, 8, 8), 2, np.int16), compress="deflate")
        (tmp_path / "other.tif").replace(path)
        assert scene.read((0, 8, 0, 8))[0].max() == 2


class TestThinning:
    def test_nearest_without_a_pyramid(self, tmp_path: Path) -> None:
        array = counted(1, 64, 64)
        scene = open_scene(raster(tmp_path / "s.tif", array), {})
        values, _ = scene.read(whole(scene), None, (16, 16))
        assert np.array_equal(values, array[:, 2::4, 2::4])

    def test_overviews_of_the_file_are_used(self, tmp_path: Path) -> None:
        path = raster(
            tmp_path / "s.tif", np.tile([0, 100], (1, 64, 32)).astype(np.uint16), tiled=True,
            blockxsize=16, blockysize=16,
        )  # fmt: skip
        with rasterio.open(path, "r+") as target:
            target.build_overviews([2, 4], Resampling.average)
        scene = open_scene(path, {})
        assert scene.has_overviews and not needs_pyramid(scene)
        assert (scene.read(whole(scene), None, (16, 16))[0] == 50).all()

    @pytest.mark.parametrize(("rows", "columns"), [(64, 48), (61, 47), (2050, 2051)])
    def test_a_pyramid_holds_means_of_valid_pixels(
        self, tmp_path: Path, rows: int, columns: int
    ) -> None:
        random = np.random.default_rng(1)
        array = random.integers(1, 1000, (2, rows, columns)).astype(np.uint16)
        array[:, :8, :8] = 0
        array[:, 8:12, 2:6] = 0
        scene = open_scene(raster(tmp_path / "s.tif", array, nodata=0), {})
        steps: list[tuple[int, int]] = []
        build_pyramid(scene, tmp_path / "p.tif", lambda done, total: steps.append((done, total)))
        assert steps[-1][0] == steps[-1][1] == len(steps)
        scene.pyramid = tmp_path / "p.tif"
        coarse = -(-rows // 4), -(-columns // 4)
        values, valid = scene.read((0, coarse[0] * 4, 0, coarse[1] * 4), [1], coarse)
        assert not valid[:2, :2].any() and valid[2:, :].all()
        block = array[1, 8:12, 4:8].astype(float)
        assert values[0, 2, 1] == np.rint(block[block > 0].mean())
        assert values[0, 5, 3] == np.rint(array[1, 20:24, 12:16].mean())
        with rasterio.open(tmp_path / "p.tif") as pyramid:
            assert pyramid.shape == coarse and pyramid.overviews(1)
            assert np.allclose(pyramid.bounds[0], scene.grid.transform.c)

    def test_a_pyramid_of_classes_mixes_nothing(self, tmp_path: Path) -> None:
        path = raster(tmp_path / "s.tif", np.tile([1, 9], (1, 64, 32)).astype(np.uint8))
        with rasterio.open(path, "r+") as target:
            target.write_colormap(1, {1: (0, 100, 0, 255), 9: (200, 0, 0, 255)})
        scene = open_scene(path, {"palette": "numbers"})
        build_pyramid(scene, tmp_path / "p.tif")
        with rasterio.open(tmp_path / "p.tif") as pyramid:
            assert set(np.unique(pyramid.read())) <= {1, 9}

    def test_a_quicklook_stands_in_for_the_pyramid(self, tmp_path: Path) -> None:
        array = np.ones((1, 1200, 1100), np.uint16)
        array[:, 600:, 550:] = 500
        array[:, :300, :300] = 0
        scene = open_scene(raster(tmp_path / "s.tif", array, nodata=0), {})
        write_quicklook(scene, tmp_path / "q.tif")
        scene.pyramid = tmp_path / "q.tif"
        with rasterio.open(tmp_path / "q.tif") as quicklook:
            assert max(quicklook.shape) <= 512
        (values,), valid = scene.read((0, 1200, 0, 1100), None, (300, 275))
        assert values[200, 200] == 500 and values[200, 100] == 1 and not valid[50, 50]
        (values,), _ = scene.read((600, 1200, 550, 1100), None, (150, 137))
        assert (values[5:, 5:] == 500).all()

    def test_stopping_leaves_nothing(self, tmp_path: Path) -> None:
        scene = open_scene(raster(tmp_path / "s.tif", counted()), {})

        def stop(done: int, total: int) -> None:
            raise Cancelled

        with pytest.raises(Cancelled):
            build_pyramid(scene, tmp_path / "out" / "p.tif", stop)
        assert list((tmp_path / "out").iterdir()) == []

    def test_only_large_files_need_one(self, tmp_path: Path) -> None:
        small = open_scene(raster(tmp_path / "s.tif", counted()), {})
        assert not needs_pyramid(small)
        large = open_scene(raster(tmp_path / "l.tif", np.ones((1, 3000, 3000), np.uint8)), {})
        assert needs_pyramid(large)


class TestMasks:
    LEGEND = Legend((Label(1, "forest", "#009E73"), Label(7, "water", "#0072B2")))

    def mask(self, rows: int = 600, columns: int = 700, crs: CRS | None = UTM) -> Mask:
        data = np.zeros((rows, columns), np.uint8)
        data[100:300, 200:500] = 1
        data[5, 699] = 7
        return Mask(RasterGrid((rows, columns), AFFINE, crs), data, self.LEGEND, "kmeans 0.1")

    def test_a_mask_comes_back(self, tmp_path: Path) -> None:
        mask = self.mask()
        write_mask(mask, tmp_path / "m.tif")
        labels = read_labels(tmp_path / "m.tif", {})
        assert np.array_equal(labels.data, mask.data)
        assert (labels.legend, labels.source) == (self.LEGEND, "kmeans 0.1")
        assert isinstance(labels.grid, RasterGrid) and labels.grid.same_as(mask.grid)

    def test_other_programs_see_classes_in_their_colours(self, tmp_path: Path) -> None:
        write_mask(self.mask(), tmp_path / "m.tif")
        with rasterio.open(tmp_path / "m.tif") as source:
            assert source.colorinterp[0] == ColorInterp.palette
            assert source.colormap(1)[7] == (0x00, 0x72, 0xB2, 255)
            assert (source.nodata, source.is_tiled, source.compression.name) == (0, True, "deflate")
            assert source.overviews(1) == [2, 4]
            assert source.tags(1)["CLASS_7"] == "water"
            coarse = source.read(1, out_shape=(150, 175))
            assert set(np.unique(coarse)) <= {0, 1, 7}

    def test_without_a_crs(self, tmp_path: Path) -> None:
        write_mask(self.mask(40, 700, None), tmp_path / "m.tif")
        labels = read_labels(tmp_path / "m.tif", {})
        assert isinstance(labels.grid, RasterGrid) and labels.grid.crs is None

    def test_a_memory_map_is_written_window_by_window(self, tmp_path: Path) -> None:
        mask = self.mask()
        stored = np.memmap(tmp_path / "m.u8", np.uint8, "w+", shape=mask.data.shape)
        stored[:] = mask.data
        write_mask(Mask(mask.grid, stored, self.LEGEND), tmp_path / "m.tif")
        assert np.array_equal(read_labels(tmp_path / "m.tif", {}).data, mask.data)

    def test_classes_stored_as_floats(self, tmp_path: Path) -> None:
        array = np.array([[[1, 2], [np.nan, 3]]], np.float32)
        labels = read_labels(raster(tmp_path / "m.tif", array, nodata=np.nan), {})
        assert labels.data.tolist() == [[1, 2], [0, 3]]

    def test_several_bands_are_no_mask(self, tmp_path: Path) -> None:
        with pytest.raises(Refused) as refusal:
            read_labels(raster(tmp_path / "m.tif", counted()), {})
        assert refusal.value.code == "SV-MSK-004"

    def test_zero_beside_another_nodata_is_asked_about(self, tmp_path: Path) -> None:
        array = np.array([[[0, 1], [255, 3]]], np.uint8)
        path = raster(tmp_path / "m.tif", array, nodata=255)
        with pytest.raises(Question) as question:
            read_labels(path, {})
        assert question.value.key == "zero"
        assert read_labels(path, {"zero": "background"}).data.tolist() == [[0, 1], [0, 3]]
        as_class = read_labels(path, {"zero": "class"})
        assert as_class.data.tolist() == [[4, 1], [0, 3]]
        assert as_class.legend[4].name == "class 0"
