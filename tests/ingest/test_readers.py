"""What a file holds comes out as it was written: text, codes, coordinates, row numbers, whatever the format."""

from __future__ import annotations

import datetime
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from gridmap.errors import InputError
from gridmap.ingest.readers import read
from tests.ingest.conftest import point, square

CODES = ["511723001001001", "51172300100100100001", "007"]
NAMES = ["状元府小区", "淙城街道，橄榄社区", "臺北市\n南港區"]
SHAPES = [shapely.box(107.8 + i / 100, 31.1, 107.81 + i / 100, 31.11) for i in range(3)]


def town() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"code": CODES, "name": NAMES}, geometry=SHAPES, crs="EPSG:4490")


class TestRoundTrips:
    @pytest.mark.parametrize("ending", ["geojson", "gpkg", "parquet", "zip", "shp"])
    def test_a_layer_keeps_rows_text_and_coordinates(self, tmp_path, ending):
        path = tmp_path / f"town.{ending}"
        if ending == "parquet":
            town().to_parquet(path)
        elif ending == "zip":
            town().to_file(tmp_path / "town.shp", encoding="utf-8")
            with zipfile.ZipFile(path, "w") as archive:
                for part in tmp_path.glob("town.[sdpc]*"):
                    archive.write(part, f"图层/{part.name}")
        else:
            town().to_crs(4326).to_file(path) if ending == "geojson" else town().to_file(path)

        source = read(path)

        assert source.frame["code"].tolist() == CODES
        assert source.frame["name"].tolist() == NAMES
        assert source.rows.tolist() == [1, 2, 3]
        assert shapely.equals_exact(shapely.normalize(source.geometry), shapely.normalize(SHAPES), 1e-9).all()
        assert source.stated_crs in ("EPSG:4490", "OGC:CRS84", "EPSG:4326", None)

    @pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
    def test_a_table_keeps_rows_and_text(self, tmp_path, ending):
        path = tmp_path / f"table.{ending}"
        frame = pd.DataFrame({"code": CODES, "name": NAMES, "households": ["1", "", "3"]})
        {"csv": frame.to_csv, "xlsx": frame.to_excel, "parquet": frame.to_parquet}[ending](path, index=False)

        source = read(path)

        assert source.geometry is None
        assert source.frame.to_dict("list") == frame.to_dict("list")
        assert source.rows.tolist() == ([1, 2, 3] if ending == "parquet" else [2, 3, 4])

    def test_what_the_first_bytes_say_goes_before_the_ending(self, tmp_path):
        town().to_file(tmp_path / "town.gpkg")
        (tmp_path / "town.gpkg").rename(tmp_path / "town.csv")
        assert read(tmp_path / "town.csv").frame["code"].tolist() == CODES


class TestCodes:
    """12 to 20 digits survive, and a number that was stored as a double loses its `.0`."""

    def test_numbers_of_json(self, geojson):
        source = read(
            geojson(
                (point(121, 25), {"code": 6301200042.0}),
                (point(121, 25), {"code": 51172300100100100001}),
                (point(121, 25), {"code": 5.11723001001001e17}),
            )
        )
        assert source.frame["code"].tolist() == ["6301200042", "51172300100100100001", "5.11723001001001e+17"]

    def test_numbers_of_a_workbook(self, tmp_path):
        book = openpyxl.Workbook()
        for row in (["code", "n"], [6301200042.0, 1.5], [511723001001, True]):
            book.active.append(row)
        book.save(tmp_path / "codes.xlsx")
        source = read(tmp_path / "codes.xlsx")
        assert source.frame["code"].tolist() == ["6301200042", "511723001001"]
        assert source.frame["n"].tolist() == ["1.5", "yes"]

    def test_numbers_of_a_geopackage_and_parquet(self, tmp_path):
        frame = gpd.GeoDataFrame(
            {"code": [511723001001001001], "real": [6301200042.0]},
            geometry=[shapely.Point(107, 31)],
            crs=4490,
        )
        frame.to_file(tmp_path / "codes.gpkg")
        frame.to_parquet(tmp_path / "codes.parquet")
        for path in (tmp_path / "codes.gpkg", tmp_path / "codes.parquet"):
            source = read(path)
            assert source.frame.iloc[0].to_dict() == {"code": "511723001001001001", "real": "6301200042"}


class TestValues:
    def test_lists_objects_nulls_and_dates_become_text(self, geojson):
        properties = {"aliases": ["老街", "东街"], "tags": {"a": 1}, "none": None, "open": True, "n": 2.5}
        source = read(geojson((point(1, 2), properties)))
        assert source.frame.iloc[0].to_dict() == {
            "aliases": "老街;东街",
            "tags": '{"a": 1}',
            "none": "",
            "open": "yes",
            "n": "2.5",
        }

    def test_times_of_a_geopackage_keep_their_zone(self, tmp_path):
        moment = pd.Series(pd.to_datetime(["2026-11-20 06:05"], utc=True))
        gpd.GeoDataFrame({"t": moment}, geometry=[shapely.Point(1, 2)], crs=4490).to_file(tmp_path / "t.gpkg")
        text = read(tmp_path / "t.gpkg").frame["t"][0]
        assert pd.Timestamp(text) == moment[0]

    def test_a_lone_surrogate_is_replaced(self, tmp_path):
        path = tmp_path / "odd.geojson"
        path.write_text('{"type":"Point","coordinates":[1,2],"properties":{"na\\ud800me":"\\ud800甲"}}')
        assert read(path).frame.iloc[0].to_dict() == {"na\ufffdme": "\ufffd甲"}


class TestEncodings:
    @pytest.mark.parametrize(
        ("encoding", "codec"),
        [
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8"),
            ("gbk", "gb18030"),
            ("gb18030", "gb18030"),
            ("utf-16", "utf-16-le"),
        ],
    )
    def test_recognised_in_csv(self, csv, encoding, codec):
        source = read(csv("名称,地址\n状元府,淙城街道橄榄社区\n", encoding))
        assert source.encoding == codec
        assert source.frame.to_dict("list") == {"名称": ["状元府"], "地址": ["淙城街道橄榄社区"]}

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk"])
    def test_recognised_in_geojson(self, tmp_path, encoding):
        path = tmp_path / "town.json"
        path.write_text(
            '{"type":"Point","coordinates":[1,2],"properties":{"名称":"状元府"}}', encoding=encoding
        )
        assert read(path).frame["名称"].tolist() == ["状元府"]

    def test_declared_goes_before_recognised(self, csv):
        path = csv("name\n臺北市南港區\n", "big5")
        assert read(path, encoding="big5").frame["name"].tolist() == ["臺北市南港區"]

    def test_gbk_declared_as_utf8_names_row_and_column(self, csv):
        path = csv("reference,name,address\nR1,a,b\nR2,c,状元府\n", "gbk")
        with pytest.raises(InputError) as refused:
            read(path, encoding="utf-8")
        assert str(refused.value) == (
            'table.csv, row 3, field "address": is not utf-8 text: '
            "leave the encoding out, or declare the right one"
        )

    def test_bytes_of_no_encoding(self, csv):
        path = csv("")
        path.write_bytes("name,note\n状元府,".encode() + b"\xff\n")
        with pytest.raises(InputError, match='row 2, field "note": is neither UTF-8 nor GB18030'):
            read(path)

    def test_bytes_of_no_encoding_at_the_very_beginning(self, csv):
        path = csv("")
        path.write_bytes(b"\n\xff\n1")
        with pytest.raises(InputError, match='row 2, field "column 1": is neither UTF-8 nor GB18030'):
            read(path)

    def test_unknown_encoding(self, csv):
        with pytest.raises(InputError, match="unknown encoding 'klingon': use one of utf-8, gbk"):
            read(csv("a,b\n1,2\n"), encoding="klingon")


class TestRowNumbers:
    """Of a CSV: the line on which the row begins, the header on line 1."""

    def test_quoted_cells_may_span_lines_and_blank_lines_count(self, csv):
        source = read(csv('name,text\n\na,"one\ntwo"\n\nb,three\n'))
        assert source.rows.tolist() == [3, 6]
        assert source.frame["text"].tolist() == ["one\ntwo", "three"]

    def test_stray_quotation_marks_do_not_mislead(self, csv):
        source = read(csv('name,text\na,5" pipe\nb,two\nc,three\n'))
        assert source.rows.tolist() == [2, 3, 4]
        assert source.frame["text"].tolist() == ['5" pipe', "two", "three"]

    def test_rows_of_another_length_are_faults_of_their_own(self, csv):
        source = read(csv("a,b\r\n1,2\r\n3\r\n,\r\n4,5,=6\r\n7,8\r\n"))
        assert source.rows.tolist() == [2, 6]
        assert [(fault.row, fault.value) for fault in source.faults] == [(3, "3"), (5, "4,5,=6")]
        assert "has 1 cells where the header has 2" in source.faults[0].reason

    def test_rows_without_any_text_are_left_out(self, csv):
        assert read(csv("a,b\n1,2\n,\n3,4\n,\n")).rows.tolist() == [2, 4]

    def test_separators_and_line_ends(self, csv):
        assert read(csv("a;b\n1;2\n")).frame.to_dict("list") == {"a": ["1"], "b": ["2"]}
        assert read(csv('a\tb\n"1,5"\t2\n')).frame.to_dict("list") == {"a": ["1,5"], "b": ["2"]}
        old_mac = read(csv("a,b\r1,2\r3,4"))
        assert (old_mac.frame["b"].tolist(), old_mac.rows.tolist()) == (["2", "4"], [2, 3])

    def test_columns_without_name_or_with_the_same(self, csv):
        assert list(read(csv("a,,a\n1,2,3\n")).frame) == ["a", "column 2", "a (2)"]

    def test_a_quoted_cell_that_is_never_closed(self, csv):
        with pytest.raises(InputError, match="row 3: a quoted cell is opened and never closed"):
            read(csv('a,b\n1,2\n3,"4\n5,6\n7,8\n'))

    def test_a_feature_that_cannot_be_read_keeps_its_number(self, geojson):
        open_ring = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}
        source = read(geojson((square(0, 0), {"n": 1}), (open_ring, {"n": 2}), (square(1, 0), {"n": 3})))
        assert source.rows.tolist() == [1, 3]
        [fault] = source.faults
        assert (fault.row, fault.field) == (2, "geometry")
        assert "each ring end where it begins" in fault.reason


class TestWorkbooks:
    @pytest.fixture
    def book(self, tmp_path):
        book = openpyxl.Workbook()

        def save():
            book.save(tmp_path / "book.xlsx")
            return tmp_path / "book.xlsx"

        book.to_path = save
        return book

    def test_a_title_above_the_table_is_no_header(self, book):
        for row in (["驿站台账"], [], ["name", "lng", "lat"], ["甲", 107.8, 31.1], [], ["乙", 107.9, 31.2]):
            book.active.append(row)
        source = read(book.to_path())
        assert source.frame.to_dict("list") == {
            "name": ["甲", "乙"],
            "lng": ["107.8", "107.9"],
            "lat": ["31.1", "31.2"],
        }
        assert source.rows.tolist() == [4, 6]

    def test_a_header_of_two_rows(self, book):
        for row in (
            ["驿站台账"],
            ["名称", "坐标", None, "电话"],
            [None, "经度", "纬度"],
            ["甲", 107.8, 31.1, "138"],
        ):
            book.active.append(row)
        book.active.merge_cells("A2:A3")
        book.active.merge_cells("B2:C2")
        source = read(book.to_path())
        assert source.frame.to_dict("list") == {
            "名称": ["甲"],
            "经度": ["107.8"],
            "纬度": ["31.1"],
            "电话": ["138"],
        }
        assert source.rows.tolist() == [4]
        assert source.notices == ("rows 2 and 3 are read as one header",)

    def test_a_header_of_two_rows_alone(self, book):
        for row in (["名称", "坐标", None], [None, "经度", "纬度"]):
            book.active.append(row)
        with pytest.raises(InputError, match="has a header of two rows but no others"):
            read(book.to_path())

    def test_a_row_of_values_is_no_header(self, book):
        for row in (["name", "kind"], ["类型", None], ["位置", "公园"], ["名称", "类型"]):
            book.active.append(row)
        assert read(book.to_path()).rows.tolist() == [2, 3, 4]

    def test_dates_become_iso_text_and_formulas_keep_their_sign(self, book):
        book.active.append(["day", "sum"])
        book.active.append([datetime.datetime(2026, 11, 20, 14, 5), "=1+1"])
        source = read(book.to_path())
        assert source.frame.iloc[0].to_dict() == {"day": "2026-11-20 14:05:00", "sum": "=1+1"}

    def test_the_first_sheet_is_read_and_the_others_named(self, book):
        book.active.title = "台账"
        for sheet in (book.active, book.create_sheet("说明")):
            sheet.append(["sheet", "n"])
            sheet.append([sheet.title, 1])
        path = book.to_path()
        assert read(path).frame["sheet"].tolist() == ["台账"]
        assert read(path).notices == ("sheet '台账' is read, not 说明",)
        assert read(path, layer="说明").frame["sheet"].tolist() == ["说明"]
        with pytest.raises(InputError, match="has no sheet 'x': it has 台账, 说明"):
            read(path, layer="x")


class TestLayers:
    def test_a_geopackage_with_several_asks_which(self, tmp_path):
        path = tmp_path / "town.gpkg"
        town().to_file(path, layer="grids")
        town().iloc[:1].to_file(path, layer="streets", mode="a")
        with pytest.raises(InputError, match="has the layers grids, streets: name one"):
            read(path)
        assert len(read(path, layer="streets").frame) == 1
        with pytest.raises(InputError, match="has no layer 'x': it has grids, streets"):
            read(path, layer="x")

    def test_a_geopackage_is_left_as_it_was(self, tmp_path):
        path = tmp_path / "town.gpkg"
        town().to_file(path)
        before = path.read_bytes()
        read(path)
        assert path.read_bytes() == before
        assert [entry.name for entry in tmp_path.iterdir()] == ["town.gpkg"]


class TestParquet:
    WKB = shapely.to_wkb(shapely.Point(107.8, 31.1))

    def test_wkb_without_metadata(self, tmp_path):
        pq.write_table(pa.table({"code": ["a", "b"], "geom": [None, self.WKB]}), tmp_path / "a.parquet")
        with pytest.raises(InputError) as refused:
            read(tmp_path / "a.parquet")
        assert str(refused.value) == (
            'a.parquet, field "geom": is binary WKB without the metadata of GeoParquet: write the file as '
            "GeoParquet (geopandas, ogr2ogr), the column as WKT, or leave it out"
        )

    def test_other_bytes_are_no_geometry(self, tmp_path):
        pq.write_table(pa.table({"code": ["a"], "photo": [b"\xff\xd8\xff"]}), tmp_path / "a.parquet")
        assert read(tmp_path / "a.parquet").frame.to_dict("list") == {"code": ["a"], "photo": [""]}

    @pytest.mark.parametrize(
        "geo",
        [
            b"{",
            b"\xff",
            b"[]",
            b"{}",
            b"[" * 100_000,
            b'{"primary_column": "geom"}',
            b'{"primary_column": "geom", "columns": []}',
            b'{"primary_column": "geom", "columns": {"geom": 1}}',
            b'{"primary_column": "geom", "columns": {"geom": {"crs": null}}}',
            b'{"primary_column": "gone", "columns": {"gone": {"encoding": "WKB"}}}',
            b'{"primary_column": "code", "columns": {"code": {"encoding": "WKB"}}}',
        ],
    )
    def test_damaged_metadata(self, tmp_path, geo):
        table = pa.table({"code": ["a"], "geom": [self.WKB]}).replace_schema_metadata({b"geo": geo})
        pq.write_table(table, tmp_path / "a.parquet")
        with pytest.raises(InputError) as refused:
            read(tmp_path / "a.parquet")
        assert str(refused.value) == (
            "a.parquet: has damaged metadata of GeoParquet, which do not say which column holds the geometries "
            "and how: write it again (geopandas, ogr2ogr)"
        )

    def test_geometries_of_another_encoding(self, tmp_path):
        town().to_parquet(tmp_path / "a.parquet", geometry_encoding="geoarrow")
        with pytest.raises(InputError, match=r"a\.parquet: has geometries as polygon: write them as WKB"):
            read(tmp_path / "a.parquet")


class TestStatedSystems:
    def test_of_geojson(self, geojson):
        for said, code in (
            ("urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84"),
            ("urn:ogc:def:crs:EPSG::3857", "EPSG:3857"),
            ("EPSG:4490", "EPSG:4490"),
            (None, None),
        ):
            assert read(geojson((point(1, 2), {}), crs=said)).stated_crs == code

    def test_one_that_cannot_be_read_is_told(self, geojson):
        source = read(geojson((point(1, 2), {}), crs="EPSG:999999"))
        assert source.stated_crs is None
        assert "cannot be read (EPSG:999999)" in source.notices[0]

    def test_of_geoparquet_and_geopackage(self, tmp_path):
        town().to_crs(4545).to_parquet(tmp_path / "a.parquet")
        town().to_crs(4545).to_file(tmp_path / "a.gpkg")
        assert read(tmp_path / "a.parquet").stated_crs == "EPSG:4545"
        assert read(tmp_path / "a.gpkg").stated_crs == "EPSG:4545"


def test_heights_are_dropped(geojson):
    source = read(geojson(({"type": "Point", "coordinates": [1, 2, 3]}, {"n": 1})))
    assert not shapely.has_z(source.geometry).any()
    assert np.array_equal(shapely.get_coordinates(source.geometry), [[1, 2]])


def test_a_bare_geometry_brings_the_properties_beside_it(tmp_path):
    path = tmp_path / "county.geojson"
    path.write_text('{"type":"Point","coordinates":[1,2],"properties":{"adcode":"511723"}}')
    assert read(path).frame.to_dict("list") == {"adcode": ["511723"]}
