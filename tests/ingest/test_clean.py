"""Each kind of import: what is accepted, and the one line that tells why a row is not."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import ClassVar

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from gridmap.errors import InputError
from gridmap.geo import crs
from gridmap.ingest import clean
from gridmap.ingest.readers import read
from gridmap.types import Level
from tests.ingest.conftest import point, square

NOW = datetime(2026, 11, 22, tzinfo=UTC)
GRID = "511723001001{:03}"


def areas(path, declared="wgs84", level=Level.GRID, given=None, **options):
    return clean.clean_areas(read(path), declared, given or {}, level=level, **options)


@pytest.fixture
def stations(table, dictionaries):
    def run(text: str, declared: str = "wgs84", **given: str) -> clean.Cleaned:
        return clean.clean_stations(
            table(text),
            declared,
            given,
            kinds=dictionaries["station_kinds"],
            amenities=dictionaries["amenities"],
        )

    return run


@pytest.fixture
def reports(table, dictionaries):
    def run(text: str, declared: str = "wgs84", **given: str) -> clean.Cleaned:
        return clean.clean_reports(
            table(text),
            declared,
            given,
            categories=dictionaries["categories"],
            sources=dictionaries["report_sources"],
            now=NOW,
        )

    return run


class TestAreas:
    def test_every_field(self, geojson):
        properties = {
            "编码": GRID.format(1),
            "名称": "一网格",
            "类型": "",
            "网格类型": "专属",
            "户数": 320,
            "人口": "1,024",
        }
        cleaned = areas(geojson((square(107.8, 31.1), properties | {"生效日期": "2025-03-01"})))
        row = cleaned.accepted.iloc[0].to_dict()
        assert row.pop("geometry").geom_type == "MultiPolygon"
        assert row == {
            "code": "511723001001001",
            "level": "grid",
            "kind": "dedicated",
            "name": "一网格",
            "parent": "511723001001",
            "households": 320,
            "population": 1024,
            "valid_from": pd.Timestamp(2025, 3, 1),
            "row": 1,
        }
        assert cleaned.accepted.crs == crs.STORAGE
        assert cleaned.notices[0] == (
            "columns guessed: code=编码, name=名称, kind=网格类型, households=户数, population=人口, "
            "valid_from=生效日期"
        )

    @pytest.mark.parametrize(
        ("properties", "reason"),
        [
            ({"code": ""}, 'field "code": is empty: every row needs a code'),
            ({"code": "51172300100100"}, None),
            ({"code": "5117230010010"}, "code '5117230010010' is not a grid code: expected 14 to 18 digits"),
            ({"code": 5.11723001001e17}, "code 5.11723001001e+17 was stored as a number and lost its digits"),
            ({"code": "5.11723E+14"}, "code 5.11723E+14 was stored as a number and lost its digits"),
            ({"code": "=A1"}, 'field "code": is a formula'),
            ({"kind": "混合"}, 'field "kind": is neither general (综合) nor dedicated (专属)'),
            ({"households": "-1"}, 'field "households": is negative'),
            ({"households": "1.5"}, 'field "households": is not a whole number'),
            ({"households": "many"}, 'field "households": is not a finite number'),
            ({"households": 1e300}, 'field "households": is larger than 1,000,000,000'),
            ({"name": "x" * 201}, 'field "name": is longer than 200 characters'),
            ({"valid_from": "soon"}, 'field "valid_from": cannot be read as a date'),
        ],
    )
    def test_one_line_names_file_row_and_field(self, geojson, properties, reason):
        good = {"code": GRID.format(1), "name": "一", "kind": "综合", "households": 1, "valid_from": ""}
        bad = good | {"code": GRID.format(2)} | properties
        cleaned = areas(geojson((square(107.8, 31.1), good), (square(107.9, 31.1), bad)))
        if reason is None:
            assert cleaned.lines() == []
        else:
            [line] = cleaned.lines()
            assert line.startswith('areas.geojson, row 2, field "')
            assert reason in line
            assert cleaned.accepted["row"].tolist() == [1]

    def test_duplicate_codes_name_the_first_row(self, geojson):
        features = [(square(107.8 + i / 100, 31.1), {"code": GRID.format(i % 2)}) for i in range(3)]
        cleaned = areas(geojson(*features))
        assert cleaned.accepted["row"].tolist() == [1, 2]
        assert cleaned.lines() == [
            "areas.geojson, row 3, field \"code\": code '511723001001000' is already in row 1: "
            "each area needs its own, unless the rows are parts of one (--merge-parts)"
        ]

    def test_a_refused_row_does_not_take_the_code(self, geojson):
        cleaned = areas(
            geojson((None, {"code": GRID.format(1)}), (square(107.8, 31.1), {"code": GRID.format(1)}))
        )
        assert cleaned.accepted["row"].tolist() == [2]
        assert cleaned.lines() == [
            'areas.geojson, row 1, field "geometry": has no geometry: draw it or leave the row out'
        ]

    def test_rows_of_one_code_as_parts_of_one_area(self, geojson):
        features = [
            (square(107.8 + i / 50, 31.1), {"code": GRID.format(1), "name": f"{i}"}) for i in range(2)
        ]
        cleaned = areas(geojson(*features), merge_parts=True)
        [area] = cleaned.accepted.itertuples()
        assert (area.row, area.name, len(area.geometry.geoms)) == (1, "0", 2)
        assert cleaned.lines() == []
        assert "code 511723001001001: rows 1, 2 are parts of one area" in cleaned.notices

    def test_statistics_codes_with_zeros_at_the_end(self, geojson):
        cleaned = areas(geojson((square(107.8, 31.1), {"code": "511723001000"})), level=Level.STREET)
        assert cleaned.accepted.loc[0, ["code", "parent"]].tolist() == ["511723001", "511723"]

    def test_a_county_has_no_parent(self, geojson):
        cleaned = areas(geojson((square(107.8, 31.1), {"adcode": "511723"})), level=Level.COUNTY)
        assert cleaned.accepted["parent"].isna().all()
        assert cleaned.accepted["name"].tolist() == ["511723"]
        assert "no column for name: areas are named by their code; say --map name=COLUMN" in cleaned.notices

    class TestForeignCodes:
        def test_are_told_when_not_one_is_national(self, geojson):
            features = (
                (square(121.5, 25), {"code": 6301200042.0, "parent": "6301200"}),
                (square(121.6, 25), {"code": "A-1"}),
            )
            cleaned = areas(geojson(*features), level=Level.COMMUNITY)
            assert cleaned.accepted["code"].tolist() == ["6301200042", "A-1"]
            assert cleaned.accepted["parent"].tolist()[0] == "6301200"
            assert cleaned.accepted["parent"].isna().tolist() == [False, True]
            assert (
                "no code has the national form of a community: codes are taken as foreign"
                in cleaned.notices[0]
            )

        def test_one_national_code_makes_the_others_wrong(self, geojson):
            features = ((square(121.5, 25), {"code": GRID.format(1)}), (square(121.6, 25), {"code": "A-1"}))
            cleaned = areas(geojson(*features))
            assert cleaned.accepted["code"].tolist() == [GRID.format(1)]
            assert "code 'A-1' is not a grid code: expected 14 to 18 digits" in cleaned.lines()[0]

        def test_the_codes_of_another_level_are_no_foreign_codes(self, geojson):
            with pytest.raises(InputError) as refused:
                areas(geojson((square(107.8, 31.1), {"code": "511723001001"})))
            assert str(refused.value) == (
                "areas.geojson, field \"code\": code '511723001001' and all others are community codes, not grid "
                "codes: declare the level community, or say that the codes are foreign"
            )
            path = geojson((square(107.8, 31.1), {"code": "511723001001"}))
            assert areas(path, codes="foreign").accepted["code"].tolist() == ["511723001001"]

        @pytest.mark.parametrize(
            ("code", "what"),
            [
                ("５１１７２３００１００１００１", "full-width digits"),
                ("511723 001 001 001", "blanks"),
                ("５１１７２３\u3000001001001", "full-width digits and blanks"),
                ("511723001\u00a0001001", "blanks"),
            ],
        )
        def test_a_national_code_in_disguise_is_not_foreign(self, geojson, code, what):
            cleaned = areas(geojson((square(121.5, 25), {"code": code})))
            [line] = cleaned.lines()
            assert line.endswith(f"is written with {what}: write 511723001001001")
            assert not any("foreign" in notice for notice in cleaned.notices)

        def test_have_plain_signs(self, geojson):
            cleaned = areas(
                geojson((square(1, 2), {"code": "a/b"}), (square(1, 3), {"code": "x" * 41})), codes="foreign"
            )
            assert len(cleaned.accepted) == 0
            assert "code 'a/b' is not of 1 to 40 letters, digits, _ . or -" in cleaned.lines()[0]

        def test_unknown_option(self, geojson):
            with pytest.raises(InputError, match="codes are auto, national or foreign, not 'x'"):
                areas(geojson((square(1, 2), {"code": "a"})), codes="x")


class TestShapes:
    def test_mixed_types_are_refused_one_by_one(self, geojson):
        line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
        cleaned = areas(
            geojson(
                (square(107.8, 31.1), {"code": "a"}),
                (line, {"code": "b"}),
                (point(1, 2), {"code": "c"}),
                ({"type": "Polygon", "coordinates": []}, {"code": "d"}),
                ({"type": "GeometryCollection", "geometries": [line]}, {"code": "e"}),
            )
        )
        assert cleaned.accepted["code"].tolist() == ["a"]
        assert [line.partition(": ")[2] for line in cleaned.lines()] == [
            "is a LineString where Polygon or MultiPolygon is needed: draw it as one, or leave the row out",
            "is a Point where Polygon or MultiPolygon is needed: draw it as one, or leave the row out",
            "has no geometry: draw it or leave the row out",
            "is a GeometryCollection where Polygon or MultiPolygon is needed: "
            "take it apart and keep one, or leave the row out",
        ]

    def test_invalid_rings_are_repaired_and_named(self, geojson):
        bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
        cleaned = areas(geojson((bow, {"code": "a"})))
        assert cleaned.accepted.geometry.is_valid.all()
        assert "row 1, a: Self-intersection[0.5 0.5]; its rings were repaired" in cleaned.notices

    def test_nothing_left_after_repair(self, geojson):
        flat = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}
        cleaned = areas(geojson((flat, {"code": "a"})))
        [line] = cleaned.lines()
        assert 'row 1, field "geometry": cannot be repaired: ' in line
        assert line.endswith("; draw it again")

    def test_a_scribble(self, geojson):
        """A zigzag of 600 strokes, each of which crosses most of the others."""
        turn = np.arange(601) * 2.4
        ring = np.column_stack([107.8 + np.cos(turn) / 100, 31.1 + np.sin(turn) / 100]).tolist()
        scribble = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        cleaned = areas(geojson((scribble, {"code": "a"}), (square(107.8, 31.1), {"code": "b"})))
        assert cleaned.accepted["code"].tolist() == ["b"]
        assert len(cleaned.original) == 1
        [line] = cleaned.lines()
        assert re.search(
            r'row 1, field "geometry": cannot be repaired: Its boundary crosses itself too often '
            r"\(about [\d,]+ times\); draw it again$",
            line,
        )

    class TestOriginal:
        BOW: ClassVar = {"type": "Polygon", "coordinates": [[[2, 0], [3, 1], [3, 0], [2, 1], [2, 0]]]}

        def test_is_the_accepted_object_where_nothing_was_repaired(self, geojson):
            cleaned = areas(
                geojson((None, {"code": "a"}), (self.BOW, {"code": "b"}), (square(0, 0), {"code": "c"}))
            )
            bow, whole = cleaned.original
            assert cleaned.accepted["code"].tolist() == ["b", "c"]
            assert bow.equals_exact(shapely.from_geojson(json.dumps(self.BOW)))
            assert whole is cleaned.accepted.geometry.iloc[1]

        def test_is_in_the_system_that_is_stored(self, geojson):
            cleaned = areas(geojson((square(107.8, 31.1), {"code": "a"})), "gcj02")
            assert cleaned.original[0] is cleaned.accepted.geometry.iloc[0]

        def test_stays_parallel_when_rows_are_refused_later(self, geojson):
            cleaned = areas(geojson((square(0, 0), {"code": "a"}), (self.BOW, {"code": "b"})))
            later = cleaned.reject(cleaned.accepted["code"] == "a", "code", ["its parent is not stored"])
            assert later.accepted["code"].tolist() == ["b"]
            assert shapely.is_valid(later.original).tolist() == [False]

        def test_of_merged_rows(self, geojson):
            cleaned = areas(
                geojson(
                    (square(0, 0), {"code": "a"}),
                    (square(0.01, 0), {"code": "a"}),
                    (square(1, 0), {"code": "b"}),
                    (self.BOW, {"code": "b"}),
                ),
                merge_parts=True,
            )
            sound, mended = cleaned.original
            assert sound is cleaned.accepted.geometry.iloc[0]
            assert not mended.is_valid
            assert len(mended.geoms) == 2

        def test_only_areas_have_it(self, stations):
            cleaned = stations("name,lng,lat\na,107,31\n")
            assert cleaned.original is None
            assert cleaned.reject(cleaned.accepted["name"] == "a", "name", ["x"]).original is None

    def test_a_polygon_of_a_million_vertices(self, tmp_path):
        turn = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
        ring = np.column_stack([107.8 + np.cos(turn) / 100, 31.1 + np.sin(turn) / 100])
        shapes = [shapely.Polygon(ring), shapely.box(107, 31, 107.1, 31.1)]
        gpd.GeoDataFrame({"code": ["a", "b"]}, geometry=shapes, crs=4490).to_parquet(
            tmp_path / "areas.parquet"
        )
        cleaned = areas(tmp_path / "areas.parquet")
        assert cleaned.accepted["code"].tolist() == ["b"]
        assert cleaned.lines() == [
            'areas.parquet, row 1, field "geometry": has 1,000,001 vertices; '
            "fewer than 1,000,000 are taken: simplify it"
        ]

    def test_swapped_and_outside(self, geojson):
        cleaned = areas(
            geojson((square(31.1, 107.8), {"code": "a"}), (square(500_000, 3_400_000), {"code": "b"}))
        )
        assert (
            "coordinates (31.1, 107.8) look swapped: give longitude first, then latitude"
            in cleaned.lines()[0]
        )
        assert "lie outside longitude -180..180, latitude -90..90" in cleaned.lines()[1]

    def test_degrees_declared_as_metres(self, geojson):
        cleaned = areas(geojson((square(107.8, 31.1), {"code": "a"})), "EPSG:4545")
        assert (
            "look like degrees, but EPSG:4545 is not in degrees: declare the right system"
            in cleaned.lines()[0]
        )

    def test_metres_come_back_as_degrees(self, tmp_path):
        box = shapely.box(107.80, 31.10, 107.81, 31.11)
        frame = gpd.GeoDataFrame({"code": ["a"]}, geometry=[box], crs="EPSG:4490").to_crs("EPSG:4545")
        frame.to_file(tmp_path / "a.gpkg")
        [area] = areas(tmp_path / "a.gpkg", "EPSG:4545").accepted.geometry
        assert area.bounds == pytest.approx((107.80, 31.10, 107.81, 31.11), abs=1e-4)

    def test_one_vertex_out_of_reach_refuses_its_row_only(self, geojson):
        far = square(1e9, 1e9, 1e6)
        near = square(500_000, 3_400_000, 100)
        cleaned = areas(geojson((far, {"code": "a"}), (near, {"code": "b"})), "EPSG:4545")
        assert cleaned.accepted["code"].tolist() == ["b"]
        assert "outside the reach of EPSG:4545" in cleaned.lines()[0]

    def test_well_known_text_in_a_table(self, csv):
        path = csv('code,wkt\na,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\nb,POLYGON 0 0\nc,\n')
        cleaned = areas(path)
        assert cleaned.accepted["code"].tolist() == ["a"]
        assert 'row 3, field "wkt": is not WKT such as' in cleaned.lines()[0]
        assert 'row 4, field "geometry": has no geometry' in cleaned.lines()[1]

    def test_a_table_without_shapes(self, csv):
        with pytest.raises(InputError, match=r"table\.csv: has no geometries: give a file of shapes"):
            areas(csv("code,name\na,b\n"))

    def test_rows_that_could_not_be_read_are_among_the_rejected(self, geojson):
        cleaned = areas(geojson(({"type": "Polygon", "coordinates": [[1]]}, {"code": "a"})))
        assert len(cleaned.accepted) == 0
        assert 'areas.geojson, row 1, field "geometry": cannot be read' in cleaned.lines()[0]


class TestStatedSystems:
    """What the file says of itself is held against what was declared, by where the same numbers come to lie."""

    @pytest.mark.parametrize(
        ("said", "declared"),
        [
            ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84"),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", "cgcs2000"),
            ("EPSG:4490", "wgs84"),
            ("EPSG:4326", "EPSG:4490"),
        ],
    )
    def test_agree(self, geojson, said, declared):
        cleaned = areas(geojson((square(107.8, 31.1), {"code": "a"}), crs=said), declared)
        assert len(cleaned.accepted) == 1

    @pytest.mark.parametrize("declared", ["gcj02", "bd09"])
    def test_exporters_write_crs84_by_habit(self, geojson, declared):
        path = geojson((square(107.8, 31.1), {"code": "a"}), crs="urn:ogc:def:crs:OGC:1.3:CRS84")
        cleaned = areas(path, declared)
        assert len(cleaned.accepted) == 1
        assert any(f"by habit; it is read as {declared}, as declared" in notice for notice in cleaned.notices)

    @pytest.mark.parametrize(
        ("said", "declared", "shape"),
        [
            ("EPSG:3857", "wgs84", square(107.8, 31.1)),
            ("EPSG:3857", "gcj02", square(107.8, 31.1)),
            ("EPSG:4545", "EPSG:4546", square(500_000, 3_400_000, 100)),
            ("EPSG:4490", "EPSG:4545", square(107.8, 31.1)),
            ("EPSG:4214", "wgs84", square(107.8, 31.1)),
        ],
    )
    def test_contradict(self, geojson, said, declared, shape):
        with pytest.raises(InputError) as refused:
            areas(geojson((shape, {"code": "a"}), crs=said), declared)
        assert f"says that its coordinates are {said}" in str(refused.value)
        assert f"but {declared} was declared" in str(refused.value)

    def test_hold_for_points_too(self, geojson, dictionaries):
        path = geojson((point(12_000_000, 3_600_000), {"name": "a"}), crs="EPSG:3857")
        with pytest.raises(
            InputError, match=r"EPSG:3857 \(WGS 84 / Pseudo-Mercator\), but wgs84 was declared"
        ):
            clean.clean_stations(
                read(path),
                "wgs84",
                {},
                kinds=dictionaries["station_kinds"],
                amenities=dictionaries["amenities"],
            )


class TestStations:
    def test_every_field(self, stations):
        cleaned = stations(
            "编号,类型,名称,地址,电话,经度,纬度,开放时间,设施,容量,月份,服务人次\n"
            "S1,九可驿站,东街驿站,淙城街道,0818-123,107.86,31.08,"
            'Mo-Su 08:00-20:00,"取暖、饮水;charging",20,2026年11月,310\n'
        )
        row = cleaned.accepted.iloc[0].to_dict()
        assert row.pop("geometry").equals(shapely.Point(107.86, 31.08))
        assert np.isnan([row.pop("waters"), row.pop("medicines")]).all()
        assert row == {
            "reference": "S1",
            "kind": "jiuke",
            "name": "东街驿站",
            "address": "淙城街道",
            "phone": "0818-123",
            "opening_hours": "Mo-Su 08:00-20:00",
            "amenities": ["heating", "water", "charging"],
            "capacity": 20,
            "use_month": pd.Timestamp(2026, 11, 1),
            "visits": 310,
            "raw_x": 107.86,
            "raw_y": 31.08,
            "crs": "wgs84",
            "row": 2,
        }

    def test_the_system_is_converted_and_what_was_received_is_kept(self, stations):
        cleaned = stations("name,lng,lat\na,107.86,31.08\n", "gcj02")
        [station] = cleaned.accepted.itertuples()
        assert (station.raw_x, station.raw_y, station.crs) == (107.86, 31.08, "gcj02")
        assert crs.to_storage([[107.86, 31.08]], "gcj02").tolist() == [
            [station.geometry.x, station.geometry.y]
        ]

    @pytest.mark.parametrize(
        ("lng", "lat", "field", "reason"),
        [
            (
                "31.08",
                "107.86",
                "lng",
                "coordinates (31.08, 107.86) look swapped: give longitude first, then latitude",
            ),
            (
                "181",
                "31",
                "lng",
                "coordinates (181.0, 31.0) lie outside longitude -180..180, latitude -90..90",
            ),
            ("NaN", "31", "lng", "is not a finite number: write digits only"),
            ("107", "inf", "lat", "is not a finite number: write digits only"),
            ("107°", "31", "lng", "is not a finite number: write digits only"),
            ("=1+1", "31", "lng", "is a formula"),
            ("", "", "lng", "has no coordinates: every row needs a place"),
            ("NULL", "NULL", "lng", "has no coordinates: every row needs a place"),
            ("107", "", "lat", "is empty although there is a longitude: give both or neither"),
            ("", "31", "lng", "is empty although there is a latitude: give both or neither"),
            ("0", "0.0", "lng", "has the coordinates (0, 0), a placeholder: give the true place"),
        ],
    )
    def test_coordinates_that_are_none(self, stations, lng, lat, field, reason):
        cleaned = stations(f"name,lng,lat\na,107.86,31.08\nb,{lng},{lat}\n")
        [line] = cleaned.lines()
        assert line.startswith(f'table.csv, row 3, field "{field}": {reason}')
        assert len(cleaned.accepted) == 1

    def test_full_width_digits_and_thousands_are_numbers(self, stations):
        cleaned = stations('name,lng,lat,visits\na,１０７.86,31.08,"1,234"\n')
        assert cleaned.accepted.loc[0, ["raw_x", "visits"]].tolist() == [107.86, 1234]

    def test_metres(self, stations):
        [station] = stations("name,x,y\na,500000,3440000\n", "EPSG:4545").accepted.itertuples()
        assert (station.geometry.x, station.geometry.y) == pytest.approx((108, 31.08), abs=0.01)
        assert "look like degrees, but EPSG:4545" in stations("name,x,y\na,107,31\n", "EPSG:4545").lines()[0]
        assert "outside the reach of EPSG:4545" in stations("name,x,y\na,1e15,1e15\n", "EPSG:4545").lines()[0]

    def test_no_column_of_coordinates(self, stations):
        with pytest.raises(
            InputError, match="no column for lng: say --map lng=COLUMN; the file has name, a, b"
        ):
            stations("name,a,b\nx,1,2\n")
        with pytest.raises(InputError, match="no column for lat: say --map lat=COLUMN"):
            stations("name,lng,b\nx,1,2\n")

    def test_a_polygon_is_no_station(self, geojson, dictionaries):
        path = geojson(
            (square(107, 31), {"name": "a"}),
            ({"type": "MultiPoint", "coordinates": [[107, 31]]}, {"name": "b"}),
            ({"type": "MultiPoint", "coordinates": [[107, 31], [108, 31]]}, {"name": "c"}),
            ({"type": "Point", "coordinates": []}, {"name": "d"}),
        )
        cleaned = clean.clean_stations(
            read(path), "wgs84", {}, kinds=dictionaries["station_kinds"], amenities=dictionaries["amenities"]
        )
        assert cleaned.accepted["name"].tolist() == ["b"]
        assert [line.partition(": ")[2] for line in cleaned.lines()] == [
            "is a Polygon where a Point is needed: give one position",
            "is a MultiPoint where a Point is needed: give one position",
            "has no coordinates: every row needs a place",
        ]

    def test_kinds_that_the_dictionary_lacks(self, stations):
        cleaned = stations(
            "name,kind,lng,lat\na,银发服务,107,31\nb,jiuke,107,31\nc,,107,31\nd,银发服务,107,31\n"
        )
        assert cleaned.accepted["kind"].tolist() == ["银发服务", "jiuke", "other", "银发服务"]
        assert cleaned.new_kinds == ["银发服务"]

    def test_a_dictionary_without_other_gets_one(self, table, dictionaries):
        kinds = pd.DataFrame({"code": ["red"], "name": ["红色驿站"]})
        cleaned = clean.clean_stations(
            table("name,lng,lat\na,107,31\n"), "wgs84", {}, kinds=kinds, amenities=dictionaries["amenities"]
        )
        assert (cleaned.accepted["kind"].tolist(), cleaned.new_kinds) == (["其他"], ["其他"])

    def test_more_than_forty_unknown_kinds_are_another_column(self, stations):
        rows = "".join(f"n{i},k{i},107,31\n" for i in range(45))
        cleaned = stations("name,kind,lng,lat\n" + rows)
        assert (len(cleaned.accepted), len(cleaned.new_kinds), len(cleaned.rejected)) == (40, 40, 5)
        assert (
            "is one of more than 40 kinds that the dictionary lacks: map another column" in cleaned.lines()[0]
        )

    def test_opening_hours_and_amenities(self, stations):
        cleaned = stations(
            "name,lng,lat,opening_hours,amenities\na,107,31,24/7,如厕；温泉\nb,107,31,from 8 to 9,\n"
        )
        assert cleaned.accepted["amenities"].tolist() == [["toilet"]]
        assert (
            "row 3, field \"opening_hours\": opening hours 'from 8 to 9' cannot be read" in cleaned.lines()[0]
        )
        assert "amenities that the dictionary lacks are left out: 温泉" in cleaned.notices

    class TestReferences:
        def test_are_derived_and_stay_the_same(self, stations, geojson, dictionaries):
            text = "name,address,lng,lat\na,x,107.86,31.08\nb,x,107.86,31.08\na,x,107.86,31.08\na,x,107.86,31.08\n"
            first = stations(text).accepted["reference"].tolist()
            assert len(set(first)) == 4
            assert first[2:] == [first[0] + "-2", first[0] + "-3"]
            lines = text.splitlines()
            swapped = stations("\n".join([lines[0], lines[2], lines[1]])).accepted["reference"].tolist()
            assert swapped == [first[1], first[0]]
            path = geojson((point(107.86, 31.08), {"name": "a", "address": "x"}))
            again = clean.clean_stations(
                read(path),
                "wgs84",
                {},
                kinds=dictionaries["station_kinds"],
                amenities=dictionaries["amenities"],
            )
            assert again.accepted["reference"].tolist() == [first[0]]

        def test_that_are_given_must_differ(self, stations):
            cleaned = stations("reference,name,lng,lat\nR1,a,107,31\nR1,b,107,31\n,c,107,31\n")
            assert cleaned.accepted["name"].tolist() == ["a", "c"]
            assert cleaned.accepted["reference"].notna().all()
            assert cleaned.lines() == [
                "table.csv, row 3, field \"reference\": reference 'R1' is already in row 2: each row needs its own"
            ]


class TestReports:
    HEADER = (
        "reference,source,category,text,address,lng,lat,accuracy_m,occurred_at,reported_at,due_at,closed_at\n"
    )

    def test_every_field(self, reports):
        cleaned = reports(
            self.HEADER + 'R1,12345热线,路灯照明,"路灯不亮,三天了",状元府3栋,107.86,31.08,12,'
            "2026-11-20 08:00,2026-11-20 14:05,,2026/11/21\n"
        )
        row = cleaned.accepted.iloc[0].to_dict()
        assert row.pop("geometry").equals(shapely.Point(107.86, 31.08))
        assert row.pop("due_at") is pd.NaT
        assert pd.isna(row.pop("category_given"))
        assert row == {
            "reference": "R1",
            "source": "hotline",
            "category": "lighting",
            "text": "路灯不亮,三天了",
            "address": "状元府3栋",
            "accuracy_m": 12,
            "occurred_at": pd.Timestamp("2026-11-20 00:00", tz="UTC"),
            "reported_at": pd.Timestamp("2026-11-20 06:05", tz="UTC"),
            "closed_at": pd.Timestamp("2026-11-20 16:00", tz="UTC"),
            "raw_x": 107.86,
            "raw_y": 31.08,
            "crs": "wgs84",
            "row": 2,
        }

    def test_words_alone_are_a_report(self, reports):
        cleaned = reports(
            "text,reported_at,lng,lat\na,2026-11-20,,\nb,2026-11-20,107,31\nc,2026-11-20,107,\n"
        )
        assert cleaned.accepted.geometry.isna().tolist() == [True, False]
        assert cleaned.accepted["raw_x"].isna().tolist() == [True, False]
        assert "without coordinates, waiting for a place: 1 reports" in cleaned.notices
        assert 'row 4, field "lat": is empty although there is a longitude' in cleaned.lines()[0]

    def test_no_column_of_coordinates_is_told(self, reports):
        told = (
            "no columns for coordinates: all reports are stored without a place; "
            "say --map lng=COLUMN --map lat=COLUMN"
        )
        without = reports("text,reported_at,a,b\na,2026-11-20,107,31\n")
        assert (len(without.accepted), told in without.notices) == (1, True)
        assert told not in reports("text,reported_at,lng,lat\na,2026-11-20,,\n").notices
        assert told not in reports("text,reported_at,wkt\na,2026-11-20,POINT (107 31)\n").notices

    def test_what_the_dictionaries_lack_is_kept(self, reports):
        cleaned = reports(
            "category,source,text,reported_at\nRooster,fax,a,2026-11-20\nnoise,iot,b,2026-11-20\n"
        )
        assert cleaned.accepted["category"].tolist() == ["other", "noise"]
        assert cleaned.accepted["category_given"].tolist()[0] == "Rooster"
        assert cleaned.accepted["category_given"].isna().tolist() == [False, True]
        assert cleaned.accepted["source"].tolist() == ["imported", "iot"]
        assert "category: 1 cells are not in the dictionary and become other: Rooster (1)" in cleaned.notices

    @pytest.mark.parametrize(
        ("cells", "field", "reason"),
        [
            (",,2026-11-20", "text", "is empty, and so are address and category: the report says nothing"),
            ("=1+1,,2026-11-20", "text", "is a formula"),
            ("a,@x,2026-11-20", "address", "is a formula"),
            ("a,,", "reported_at", "is empty: every report needs the time it came in"),
            ("a,,tomorrow", "reported_at", "cannot be read as a date: write 2026-11-20 14:05"),
            ("a,,05/06/2026", "reported_at", "may be read in two ways"),
            ("a,,1980-01-01", "reported_at", "is before 1990"),
            ("x" * 10_001 + ",,2026-11-20", "text", "is longer than 10,000 characters: shorten it"),
        ],
    )
    def test_refused(self, reports, cells, field, reason):
        cleaned = reports(f"text,address,reported_at\nfine,,2026-11-20\n{cells}\n")
        [line] = cleaned.lines()
        assert line.startswith(f'table.csv, row 3, field "{field}": {reason}')

    def test_a_date_in_five_forms(self, reports):
        forms = ["2026-11-20", "2026/11/20 00:00", "20261120", "2026年11月20日", "11/20/2026"]
        cleaned = reports("text,reported_at\n" + "".join(f"a,{form}\n" for form in forms))
        assert cleaned.accepted["reported_at"].unique().tolist() == [
            pd.Timestamp("2026-11-19 16:00", tz="UTC")
        ]

    def test_columns_of_dates_settle_day_and_month_together(self, reports):
        cleaned = reports("text,reported_at,due_at\na,02/17/2026,03/04/2026\n")
        assert cleaned.accepted["due_at"].tolist() == [pd.Timestamp("2026-03-03 16:00", tz="UTC")]

    def test_a_reference_may_come_again_from_another_source(self, reports):
        cleaned = reports(
            "reference,source,text,reported_at\n1,iot,a,2026-11-20\n1,police,a,2026-11-20\n1,iot,a,2026-11-20\n"
        )
        assert cleaned.accepted["row"].tolist() == [2, 3]
        assert 'row 4, field "reference": reference' in cleaned.lines()[0]
        assert "is already in row 2" in cleaned.lines()[0]

    def test_references_are_derived(self, reports):
        text = "text,reported_at\na,2026-11-20\nb,2026-11-20\na,2026-11-20\n"
        first = reports(text).accepted["reference"].tolist()
        assert first[2] == first[0] + "-2"
        assert reports(text).accepted["reference"].tolist() == first

    def test_what_was_quoted_for_safety_comes_back(self, reports):
        cleaned = reports("text,reported_at\n'=SUM(A1) is what I typed,2026-11-20\n")
        assert cleaned.accepted["text"].tolist() == ["=SUM(A1) is what I typed"]

    def test_invisible_characters_are_taken_out_and_told(self, reports):
        cleaned = reports("内容,上报时间\n\u202e状元\u200b府\u0007,2026-11-20\n")
        assert cleaned.accepted["text"].tolist() == ["状元府"]
        assert "内容: invisible characters taken out of 1 cells" in cleaned.notices

    def test_a_workbook_with_real_dates_serials_and_formulas(self, tmp_path, dictionaries):
        book = openpyxl.Workbook()
        book.active.append(["工单号", "内容", "受理时间"])
        book.active.append([20261120001, "a", datetime(2026, 11, 20, 14, 5)])
        book.active.append([20261120002, "b", 46346.586805556])
        book.active.append([20261120003, "=A1", datetime(2026, 11, 20)])
        book.save(tmp_path / "hotline.xlsx")
        cleaned = clean.clean_reports(
            read(tmp_path / "hotline.xlsx"),
            "wgs84",
            {},
            categories=dictionaries["categories"],
            sources=dictionaries["report_sources"],
            now=NOW,
        )
        assert cleaned.accepted["reference"].tolist() == ["20261120001", "20261120002"]
        assert cleaned.accepted["reported_at"].unique().tolist() == [
            pd.Timestamp("2026-11-20 06:05", tz="UTC")
        ]
        assert 'hotline.xlsx, row 4, field "内容": is a formula' in cleaned.lines()[0]


class TestOtherKinds:
    def test_places(self, geojson, dictionaries):
        line = {"type": "LineString", "coordinates": [[107, 31], [108, 31]]}
        cleaned = clean.clean_places(
            read(
                geojson(
                    (
                        square(107, 31),
                        {
                            "name": "状元府",
                            "aliases": "壮元府;状元小区",
                            "kind": "小区",
                            "managed": "yes",
                            "committee": "无",
                        },
                    ),
                    (line, {"name": "东大桥", "kind": "bridge"}),
                    (point(107, 31), {"name": "x", "kind": "castle"}),
                    (point(107, 31), {"name": "y", "managed": "maybe"}),
                    (point(107, 31), {"name": "z"}),
                )
            ),
            "wgs84",
            {},
            kinds=dictionaries["place_kinds"],
        )
        assert cleaned.accepted["kind"].tolist() == ["estate", "bridge", "landmark"]
        assert cleaned.accepted["aliases"].tolist() == [["壮元府", "状元小区"], [], []]
        assert cleaned.accepted["managed"].tolist() == [True, None, None]
        assert cleaned.accepted["committee"].tolist() == [False, None, None]
        assert cleaned.accepted.geom_type.tolist() == ["Polygon", "LineString", "Point"]
        assert [line.partition("field ")[2][:26] for line in cleaned.lines()] == [
            '"kind": is no kind of plac',
            '"managed": is neither yes ',
        ]

    def test_places_of_a_table_are_points(self, table, dictionaries):
        cleaned = clean.clean_places(
            table("name,lng,lat\na,107,31\nb,,\n"), "wgs84", {}, kinds=dictionaries["place_kinds"]
        )
        assert cleaned.accepted.geometry.tolist() == [shapely.Point(107, 31)]
        assert "row 3" in cleaned.lines()[0]

    def test_streets(self, geojson):
        one = {"type": "LineString", "coordinates": [[107, 31], [108, 31]]}
        two = {"type": "MultiLineString", "coordinates": [[[107, 31], [108, 31]], [[107, 32], [108, 32]]]}
        dot = {"type": "LineString", "coordinates": [[107, 31], [107, 31]]}
        cleaned = clean.clean_streets(
            read(
                geojson(
                    (one, {"name": "东街", "class": "primary", "bridge": "yes"}),
                    (two, {"name": "", "class": "footway"}),
                    (dot, {}),
                    (one, {"class": "canal"}),
                    (one, {}),
                )
            ),
            "wgs84",
            {},
        )
        assert cleaned.accepted["class"].tolist() == ["primary", "path", "path", "residential"]
        assert cleaned.accepted["bridge"].tolist() == [True, False, False, False]
        assert cleaned.accepted["row"].tolist() == [1, 2, 2, 5]
        assert set(cleaned.accepted.geom_type) == {"LineString"}
        assert "is a line without length" in cleaned.lines()[0]
        assert (
            "is no class of street: use one of primary, secondary, tertiary, residential, alley, path"
            in cleaned.lines()[1]
        )

    def test_landscape(self, geojson):
        cleaned = clean.clean_landscape(
            read(
                geojson(
                    (square(107, 31), {"kind": "水系", "name": "东河"}), (square(107, 31), {"kind": "sand"})
                )
            ),
            "wgs84",
            {},
        )
        assert cleaned.accepted[["kind", "name"]].to_numpy().tolist() == [["water", "东河"]]
        assert "is no kind of landscape: use one of water, green, railway, square" in cleaned.lines()[0]

    def test_demand(self, table):
        cleaned = clean.clean_demand(
            table(
                "lng,lat,building,people,elderly\n107,31,51172300100100100001,12,\n107,31,,,1\n107,31,,-1,1\n"
            ),
            "wgs84",
            {},
        )
        [home] = cleaned.accepted.itertuples()
        assert (home.building, home.people, home.crs) == ("51172300100100100001", 12, "wgs84")
        assert np.isnan(home.elderly)
        assert "is empty: every row needs people" in cleaned.lines()[0]
        assert "is negative" in cleaned.lines()[1]

    def test_workers(self, table):
        cleaned = clean.clean_workers(
            table(
                "姓名,电话,角色,负责网格\n甲,138,网格员,511723001001001、511723001001002\n乙,,兼职,\n丙,,书记,\n"
            ),
            "wgs84",
            {},
        )
        assert cleaned.accepted["role"].tolist() == ["full", "part"]
        assert cleaned.accepted["areas"].tolist() == [["511723001001001", "511723001001002"], []]
        assert cleaned.accepted["reference"].nunique() == 2
        assert "is no role: use 网格长, 专职 or 兼职" in cleaned.lines()[0]

    def test_rows_of_one_worker_are_merged(self, table):
        cleaned = clean.clean_workers(
            table(
                "name,phone,role,areas\n甲,138,,A;B\n乙,139,兼职,C\n甲,138,网格长,B;D\n甲,137,,A\n甲,138,专职,E\n甲,138,书记,F\n"
            ),
            "wgs84",
            {},
        )
        assert cleaned.accepted["row"].tolist() == [2, 3, 5]
        assert cleaned.accepted["areas"].tolist() == [["A", "B", "D", "E"], ["C"], ["A"]]
        assert cleaned.accepted["role"].tolist() == ["lead", "part", "full"]
        assert cleaned.accepted["reference"].nunique() == 3
        assert not cleaned.accepted["reference"].str.contains("-").any()
        assert (
            "rows of the same name and phone are one worker, 2 were merged into others: 甲 (3 rows)"
            in cleaned.notices
        )
        assert cleaned.rejected["row"].tolist() == [7]


class TestCleaned:
    def test_each_row_is_refused_once_for_its_first_fault_in_the_order_of_the_file(self, stations):
        cleaned = stations("name,lng,lat\n,x,y\na,107,31\n,,\nb,0,0\n,x,y\n")
        assert cleaned.rejected["row"].tolist() == [2, 5, 6]
        assert cleaned.rejected["field"].tolist() == ["name", "lng", "name"]
        assert len(cleaned.accepted) + len(cleaned.rejected) == 4

    def test_values_are_short_and_safe_to_open(self, stations):
        cleaned = stations(f"name,lng,lat\n=HYPERLINK(A1),107,31\n{'x' * 300},107,31\n")
        assert cleaned.rejected["value"].tolist() == ["'=HYPERLINK(A1)", "x" * 59 + "…"]

    def test_rows_refused_later_join_the_others(self, stations):
        cleaned = stations("reference,name,lng,lat\nR1,a,107,31\nR2,,107,31\nR3,c,107,31\n")
        later = cleaned.reject(
            cleaned.accepted["reference"] == "R1", "reference", ["its parent is not stored"]
        )
        assert later.accepted["reference"].tolist() == ["R3"]
        assert later.lines() == [
            'table.csv, row 2, field "reference": its parent is not stored',
            'table.csv, row 3, field "name": is empty: every row needs a name',
        ]
        assert later.rejected.dtypes.to_dict() == cleaned.rejected.dtypes.to_dict()


def test_a_file_of_which_no_row_could_be_read(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [1, {"type": "Feature"}, None]}))
    with pytest.raises(InputError, match="no column for code"):
        areas(path)
