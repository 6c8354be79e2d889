"""Shapefiles as Chinese software writes them: GBK, with or without .cpg, in zips of any case and folder."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from gridmap.errors import InputError
from gridmap.ingest.readers import read

NAMES = ["状元府小区", "联通", "橄榄社区"]


@pytest.fixture
def parts(tmp_path):
    """The parts of a Shapefile of three points with GBK text; the file says nothing of its encoding."""
    frame = gpd.GeoDataFrame(
        {"名称": NAMES, "code": ["01", "02", "03"], "n": [1.5, 2.0, None]},
        geometry=shapely.points([[107.8, 31.1], [107.9, 31.1], [107.9, 31.2]]),
        crs="EPSG:4490",
    )
    folder = tmp_path / "parts"
    folder.mkdir()
    frame.to_file(folder / "town.shp", encoding="gbk")
    (folder / "town.cpg").unlink()
    dbf = bytearray((folder / "town.dbf").read_bytes())
    dbf[29] = 0
    (folder / "town.dbf").write_bytes(dbf)
    return folder


def packed(folder: Path, target: Path, leave_out: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            if part.suffix != leave_out:
                archive.write(part, part.name)
    return target


class TestEncoding:
    def test_gbk_is_recognised_by_its_bytes(self, parts, tmp_path):
        source = read(packed(parts, tmp_path / "town.zip"))
        assert source.encoding == "gb18030"
        assert source.frame["名称"].tolist() == NAMES
        assert source.frame["n"].tolist() == ["1.5", "2", ""]

    @pytest.mark.parametrize("page", ["GBK", "936", "CP936", "GB2312", "ANSI 936", "gb18030"])
    def test_the_cpg_is_honoured(self, parts, tmp_path, page):
        (parts / "town.cpg").write_text(page)
        assert read(packed(parts, tmp_path / "town.zip")).frame["名称"].tolist() == NAMES

    def test_so_is_the_code_page_of_the_dbf(self, parts, tmp_path):
        """The bytes of 联通 in GBK are also UTF-8: only what the file says helps."""
        dbf = bytearray((parts / "town.dbf").read_bytes())
        dbf[29] = 0x4D
        (parts / "town.dbf").write_bytes(dbf)
        assert read(packed(parts, tmp_path / "town.zip")).frame["名称"][1] == "联通"

    def test_a_cpg_that_lies_is_told(self, parts, tmp_path):
        (parts / "town.cpg").write_text("UTF-8")
        source = read(packed(parts, tmp_path / "town.zip"))
        assert source.frame["名称"].tolist() == NAMES
        assert source.notices == ("the file says that its text is utf-8, but it is gb18030",)

    def test_a_declared_encoding_that_does_not_fit_names_row_and_field(self, parts, tmp_path):
        with pytest.raises(InputError, match=r"town\.zip, row 1, field .*: its text is not utf-8"):
            read(packed(parts, tmp_path / "town.zip"), encoding="utf-8")

    def test_text_cut_in_the_middle_of_its_last_character(self, tmp_path):
        """A field is 254 bytes at most: 85 characters of three bytes do not fit."""
        frame = gpd.GeoDataFrame({"name": ["元" * 85]}, geometry=[shapely.Point(1, 2)], crs=4490)
        with pytest.warns(RuntimeWarning, match="truncated"):
            frame.to_file(tmp_path / "long.shp", encoding="utf-8")
        assert read(tmp_path / "long.shp").frame["name"].tolist() == ["元" * 84]


class TestNumbers:
    def test_codes_of_twenty_digits_in_a_numeric_field(self, tmp_path):
        """N(20, 0): GDAL reads it as a double and gives 51172300100100096000."""
        gpd.GeoDataFrame({"code": ["x"]}, geometry=[shapely.Point(1, 2)], crs=4490).to_file(
            tmp_path / "a.shp"
        )
        code = b"51172300100100100001"
        header = struct.pack("<B3BIHH20x", 3, 126, 11, 20, 1, 65, 21)
        field = struct.pack("<11sc4xBB14x", b"code", b"N", 20, 0)
        (tmp_path / "a.dbf").write_bytes(header + field + b"\r " + code + b"\x1a")
        assert read(tmp_path / "a.shp").frame.to_dict("list") == {"code": [code.decode()]}

    @pytest.mark.parametrize(
        ("written", "text"),
        [
            (b" 6301200042.00000", "6301200042"),
            (b"       -1.50000", "-1.5"),
            (b"**********", ""),
            (b"6.30120004200e+009", "6301200042"),
            (b"", ""),
        ],
    )
    def test_as_they_would_be_written(self, tmp_path, written, text):
        gpd.GeoDataFrame({"n": ["x"]}, geometry=[shapely.Point(1, 2)], crs=4490).to_file(tmp_path / "a.shp")
        header = struct.pack("<B3BIHH20x", 3, 126, 11, 20, 1, 65, 21)
        field = struct.pack("<11sc4xBB14x", b"n", b"N", 20, 5)
        (tmp_path / "a.dbf").write_bytes(header + field + b"\r " + written.rjust(20) + b"\x1a")
        assert read(tmp_path / "a.shp").frame["n"].tolist() == [text]


class TestParts:
    def test_deleted_rows_are_left_out(self, parts, tmp_path):
        dbf = bytearray((parts / "town.dbf").read_bytes())
        start, width = struct.unpack_from("<HH", dbf, 8)
        dbf[start + width] = ord("*")
        (parts / "town.dbf").write_bytes(dbf)
        source = read(packed(parts, tmp_path / "town.zip"))
        assert source.rows.tolist() == [1, 3]
        assert shapely.get_coordinates(source.geometry).tolist() == [[107.8, 31.1], [107.9, 31.2]]

    def test_endings_of_any_case_beside_each_other(self, parts):
        for part in list(parts.iterdir()):
            part.rename(part.with_suffix(part.suffix.upper()))
        assert read(parts / "town.SHP").frame["名称"].tolist() == NAMES

    @pytest.mark.parametrize("lack", ["no", "an empty"])
    def test_without_prj_only_when_that_is_said(self, parts, tmp_path, lack):
        (parts / "town.prj").write_text(" ")
        if lack == "no":
            (parts / "town.prj").unlink()
        for path in (packed(parts, tmp_path / "town.zip"), parts / "town.shp"):
            with pytest.raises(InputError) as refused:
                read(path)
            assert str(refused.value) == (
                f"{path.name}: town.shp has {lack} .prj, so nothing confirms the declared system: "
                "add it, or say --without-prj if you are certain"
            )
            source = read(path, without_prj=True)
            assert (len(source.rows), source.stated_crs) == (3, None)

    def test_the_prj_is_what_the_file_states(self, parts, tmp_path):
        assert read(packed(parts, tmp_path / "town.zip")).stated_crs == "EPSG:4490"

    @pytest.mark.parametrize(
        ("ending", "what"), [(".dbf", "the table of its attributes"), (".shx", "the index of its shapes")]
    )
    def test_without_dbf_or_shx(self, parts, tmp_path, ending, what):
        path = packed(parts, tmp_path / "town.zip", leave_out=ending)
        with pytest.raises(InputError) as refused:
            read(path)
        assert str(refused.value) == f"town.zip: town.shp comes without its {ending}, {what}: add it"
        (parts / f"town{ending}").unlink()
        with pytest.raises(InputError, match=f"comes without its {ending}"):
            read(parts / "town.shp")

    def test_parts_of_different_files(self, parts, tmp_path):
        other = tmp_path / "other"
        other.mkdir()
        gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(1, 2)], crs=4490).to_file(other / "town.shp")
        (parts / "town.dbf").write_bytes((other / "town.dbf").read_bytes())
        with pytest.raises(
            InputError, match="has 3 shapes but 1 rows of attributes: its parts do not belong together"
        ):
            read(parts / "town.shp")

    def test_a_zip_of_several_asks_which(self, parts, tmp_path):
        for part in list(parts.iterdir()):
            part.with_stem("streets").write_bytes(part.read_bytes())
        path = packed(parts, tmp_path / "town.zip")
        with pytest.raises(
            InputError, match="holds several Shapefiles, streets, town: name one as the layer"
        ):
            read(path)
        assert len(read(path, layer="streets").frame) == 3
        with pytest.raises(InputError, match="has no layer 'x': it has streets, town"):
            read(path, layer="x")

    def test_one_name_in_two_folders_of_a_zip(self, parts, tmp_path):
        path = tmp_path / "town.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for part in sorted(parts.iterdir()):
                for folder in ("a/", "b/"):
                    archive.write(part, f"{folder}{part.name}")
        for layer in (None, "town"):
            with pytest.raises(InputError, match="holds several Shapefiles, a/town, b/town: name one"):
                read(path, layer=layer)
        assert len(read(path, layer="b/town").frame) == 3
        with zipfile.ZipFile(path, "a") as archive:
            for part in sorted(parts.iterdir()):
                archive.write(part, part.name)
        assert len(read(path, layer="town").frame) == 3

    def test_names_in_gbk_inside_the_zip(self, parts, tmp_path):
        """Chinese Windows wrote the bytes of its own code page, without the flag for UTF-8."""
        for part in list(parts.iterdir()):
            part.rename(part.with_stem("ABCD"))
        path = packed(parts, tmp_path / "town.zip")
        path.write_bytes(path.read_bytes().replace(b"ABCD.", "网格".encode("gbk") + b"."))
        assert len(read(path, layer="网格").frame) == 3

    def test_a_truncated_dbf(self, parts):
        dbf = (parts / "town.dbf").read_bytes()
        (parts / "town.dbf").write_bytes(dbf[:150])
        with pytest.raises(InputError, match=r"its \.dbf is damaged or cut off"):
            read(parts / "town.shp")

    def test_null_shapes_stay_rows(self, tmp_path):
        frame = gpd.GeoDataFrame({"n": ["a", "b"]}, geometry=[shapely.Point(1, 2), None], crs=4490)
        frame.to_file(tmp_path / "a.shp")
        source = read(tmp_path / "a.shp")
        assert source.frame["n"].tolist() == ["a", "b"]
        assert shapely.is_missing(source.geometry).tolist() == [False, True]
