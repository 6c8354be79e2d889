from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap.config import ROOT
from gridmap.errors import InputError
from gridmap.geo.locate import AreaIndex
from gridmap.geo.tiling import check, repair
from tests import drawing

# Metres around a point on the meridian of EPSG:4548, where they are metres on the ground.
PLACE = {"origin": (500_000.0, 3_120_000.0), "crs": "EPSG:4548"}
REALDATA = ROOT.parent / "shared" / "realdata"

needs_realdata = pytest.mark.skipif(
    not REALDATA.is_dir(), reason="the real data sets are not beside the project: ../shared/realdata"
)


def town(*drawings, cell=100.0):
    return drawing.areas(*drawings, cell=cell, **PLACE)


def strip(low, high, left=0.0, right=200.0):
    """A strip of land in metres from the place's corner."""
    x, y = PLACE["origin"]
    return shapely.box(x + left, y + low, x + right, y + high)


def frame(**areas):
    return gpd.GeoDataFrame({"code": list(areas)}, geometry=list(areas.values()), crs=PLACE["crs"])


def found(findings):
    return [
        (", ".join(codes), round(area)) for codes, area in zip(findings.codes, findings.area_m2, strict=True)
    ]


class TestRepair:
    @pytest.mark.parametrize(
        ("given", "repaired", "reason"),
        [
            (
                "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))",
                "MULTIPOLYGON (((0 0, 0 2, 1 1, 0 0)), ((2 0, 1 1, 2 2, 2 0)))",
                "Self-intersection[1 1]",
            ),
            (
                "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (3 3, 3 12, 6 12, 6 3, 3 3))",
                "POLYGON ((0 0, 9 0, 9 9, 6 9, 6 3, 3 3, 3 9, 0 9, 0 0))",
                "Self-intersection[6 9]",
            ),
            (
                "MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((1 0, 3 0, 3 2, 1 2, 1 0)))",
                "POLYGON ((0 0, 3 0, 3 2, 0 2, 0 0))",
                "Self-intersection[1 0]",
            ),
            (
                "POLYGON ((0 0, 2 0, 2 1, 3 1, 2 1, 2 2, 0 2, 0 0))",
                "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))",
                "Self-intersection[2 1]",
            ),
            (
                "GEOMETRYCOLLECTION (POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0)), LINESTRING (0 0, 9 9))",
                "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))",
                "GeometryCollection instead of a polygon",
            ),
            ("POLYGON ((0 0, 1 1, 2 2, 0 0))", None, "Self-intersection[0 0]"),
            ("LINESTRING (0 0, 1 1)", None, "LineString instead of a polygon"),
            ("POINT (0 0)", None, "Point instead of a polygon"),
            ("POLYGON EMPTY", None, "Empty geometry"),
        ],
    )
    def test_rule(self, given, repaired, reason):
        [geometry], [said] = repair([shapely.from_wkt(given)])
        assert said.split("[")[0] == reason.split("[")[0]
        if repaired is None:
            assert geometry is None
        else:
            assert geometry.is_valid
            assert shapely.equals(geometry, shapely.from_wkt(repaired))
            # What `structure` promises and `linework` does not.
            assert geometry.geom_type in ("Polygon", "MultiPolygon")

    def test_sound_polygons_and_none_are_left_alone(self):
        square = shapely.box(0, 0, 1, 1)
        pair = shapely.MultiPolygon([square, shapely.box(2, 2, 3, 3)])
        repaired, reasons = repair([square, None, pair])
        assert repaired[0] is square
        assert repaired[1] is None
        assert repaired[2] is pair
        assert reasons == [None, None, None]

    def test_a_coordinate_that_is_not_finite(self):
        with np.errstate(invalid="ignore"):
            polygon = shapely.Polygon([(0, 0), (np.nan, 1), (1, 1)])
        assert repair([polygon])[0].tolist() == [None]
        assert repair([polygon])[1] == ["Coordinate that is not finite"]

    def test_the_index_of_areas_takes_what_was_repaired(self):
        bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
        areas = gpd.GeoDataFrame({"code": ["1"]}, geometry=repair([bow_tie])[0], crs=4490)
        assert AreaIndex(areas).locate([0.5, 1.5, 1.0, 1.0], [1.0, 1.0, 1.0, 1.5]).tolist() == [0, 0, 0, -1]


class TestGapsAndOverlaps:
    def test_a_sound_tiling(self):
        report = check(town("AABB\nACCB\nDDDD"))
        assert report.clean
        assert report.summary() == ["4 areas: 0 gaps, 0 overlaps, 0 slivers, 0 invalid"]
        assert len(report.layer()) == 0

    def test_a_hole_that_nobody_covers_is_a_gap(self):
        report = check(town("AAAA\nA..B\nBBBB"))
        assert found(report.gaps) == [("A, B", 20_000)]
        assert shapely.equals(report.gaps.geometry[0], strip(100, 200, 100, 300))
        assert len(report.overlaps) == len(report.slivers) == len(report.invalid) == 0

    def test_a_notch_open_to_the_outside_is_none(self):
        assert check(town("AAAA\nA..B\nBB.B")).clean

    def test_an_island_in_a_hole_is_not_part_of_the_gap(self):
        report = check(town("AAAAA\nA...A\nA.I.A\nA...A\nAAAAA"))
        assert found(report.gaps) == [("A, I", 80_000)]

    def test_common_ground_is_an_overlap(self):
        report = check(town("AAA\nAAA", "..B\n..B", "...\nCC."))
        assert sorted(found(report.overlaps)) == [("A, B", 20_000), ("A, C", 20_000)]
        [common] = report.overlaps.geometry[[codes == ["A", "B"] for codes in report.overlaps.codes]]
        assert shapely.equals(common, strip(0, 200, 200, 300))

    def test_an_area_inside_another_and_a_double_are_overlaps(self):
        assert found(check(town("AAA\nAAA\nAAA", "...\n.B.\n...")).overlaps) == [("A, B", 10_000)]
        assert found(check(town("AA", "BB")).overlaps) == [("A, B", 20_000)]

    def test_each_connected_place_is_a_finding(self):
        report = check(town("AAAAA", "B.B.B"))
        assert found(report.overlaps) == [("A, B", 10_000)] * 3

    def test_dedicated_areas_may_lie_over_general_ones(self):
        assert check(town("AAA\nABB", ".s.\n.s.")).clean
        assert found(check(town("AAA\nABB", ".s.\n.s.").drop(columns="kind")).overlaps) == [
            ("A, s", 10_000),
            ("B, s", 10_000),
        ]

    def test_dedicated_areas_may_fill_holes_and_be_apart(self):
        assert check(town("AAA\nA.A\nAAA", "...\n.s.\n...")).clean
        report = check(town("AAAA\nA..A\nAAAA", "....\n.s..\n...."))
        assert found(report.gaps) == [("A, s", 10_000)]

    def test_dedicated_areas_may_not_overlap_each_other(self):
        assert found(check(town("AAAA", "ss..", ".tt.")).overlaps) == [("s, t", 10_000)]

    def test_touching_without_common_vertices_is_sound(self):
        x, y = PLACE["origin"]
        split = [shapely.box(x, y, x + 50, y + 100), shapely.box(x + 50, y, x + 100, y + 100)]
        assert check(frame(A=strip(100, 200, 0, 100), B=split[0], C=split[1])).clean


class TestSlivers:
    def test_thin_gaps_and_overlaps_are_slivers_by_their_thickness(self):
        # 200 m long: 0.5 m wide gaps and overlaps are slivers, 2 m wide ones are not.
        closed = strip(-10, 400, 200, 210).union(strip(-10, 400, -10, 0))
        report = check(
            frame(
                A=strip(0, 100),
                B=strip(100.5, 200),
                C=strip(202, 301),
                D=strip(300.5, 400),
                E=strip(398, 500),
                W=closed,
            )
        )
        assert found(report.gaps) == [("B, C, W", 400)]
        assert found(report.overlaps) == [("D, E", 400)]
        assert sorted(found(report.slivers)) == [("A, B, W", 100), ("C, D", 100)]
        assert sorted(report.slivers.finding) == ["sliver gap", "sliver overlap"]
        assert report.slivers.thickness_m.tolist() == pytest.approx([0.5, 0.5], rel=0.01)

    def test_the_rounding_of_coordinates_is_nothing(self):
        assert check(frame(A=strip(0, 100.0005), B=strip(100, 200))).clean

    def test_degrees_are_measured_in_metres(self):
        # A second of arc at 31.08° N: 30.8 m of latitude, 26.5 m of longitude.
        second = 1 / 3600
        areas = drawing.areas("AAA\nA.A\nAAA", cell=second, origin=(107.87, 31.08))
        [(codes, _)], [area] = found(check(areas).gaps), check(areas).gaps.area_m2
        assert codes == "A"
        assert area == pytest.approx(30.8 * 26.5, rel=0.005)
        assert check(areas).gaps.crs == areas.crs


class TestInvalid:
    def test_invalid_areas_are_listed_and_checked_as_repaired(self):
        x, y = PLACE["origin"]
        bow_tie = shapely.Polygon([(x, y), (x + 100, y + 100), (x + 100, y), (x, y + 100)])
        report = check(frame(A=bow_tie, B=strip(0, 100, 0, 50), C=None, D=shapely.Point(x, y)))
        assert found(report.invalid) == [("A", 5_000), ("C", 0), ("D", 0)]
        assert [reason.split("[")[0] for reason in report.invalid.reason] == [
            "Self-intersection",
            "No geometry",
            "Point instead of a polygon",
        ]
        assert report.invalid.geometry.iloc[0].is_valid
        assert found(report.overlaps) == [("A, B", 2_500)]

    def test_no_areas(self):
        assert check(frame()).summary() == ["0 areas: 0 gaps, 0 overlaps, 0 slivers, 0 invalid"]

    def test_a_frame_without_crs_or_codes_is_refused(self):
        areas = town("AB")
        with pytest.raises(InputError, match="no coordinate system"):
            check(gpd.GeoDataFrame(areas.drop(columns="geometry"), geometry=list(areas.geometry)))
        with pytest.raises(InputError, match="no column 'grid'"):
            check(areas, code="grid")


class TestReport:
    report = check(town("AAAAAA\nA..BBB\nBBBBBB", "......\n......\n....CC"))

    def test_summary_gives_sizes(self):
        assert self.report.summary() == [
            "3 areas: 1 gap (20,000.0 m²), 1 overlap (20,000.0 m²), 0 slivers, 0 invalid",
            "gap between A and B: 20,000.0 m², 66.67 m thick",
            "overlap between B and C: 20,000.0 m², 66.67 m thick",
        ]

    def test_summary_ends_with_the_rest(self):
        report = check(town("A" * 25, "B." * 12))
        assert report.summary()[0].startswith("2 areas: 0 gaps, 12 overlaps (120,000.0 m²)")
        assert report.summary()[-1] == "and 2 smaller, 20,000.0 m² in all"
        assert len(report.summary()) == 12

    @pytest.mark.parametrize("ending", ["gpkg", "geojson"])
    def test_layer_can_be_written_and_read(self, tmp_path, ending):
        path = tmp_path / f"tiling.{ending}"
        self.report.layer().to_crs(4490).to_file(path)
        layer = gpd.read_file(path)
        assert layer.finding.tolist() == ["gap", "overlap"]
        assert layer.codes.tolist() == ["A, B", "B, C"]
        assert layer.area_m2.tolist() == pytest.approx([20_000, 20_000])
        assert set(layer.columns) == {"finding", "codes", "area_m2", "thickness_m", "reason", "geometry"}


def test_a_million_vertices_do_not_hang():
    angle = np.linspace(0, 2 * np.pi, 500_000, endpoint=False)
    circles = [
        shapely.Polygon(np.column_stack([shift + 0.01 * np.cos(angle), 31 + 0.01 * np.sin(angle)]))
        for shift in (108.0, 108.01)
    ]
    report = check(gpd.GeoDataFrame({"code": ["A", "B"]}, geometry=circles, crs=4490))
    assert found(report.overlaps.assign(area_m2=0)) == [("A, B", 0)]


@needs_realdata
class TestRealBoundaries:
    def test_villages_of_taipei(self):
        villages = gpd.read_file(REALDATA / "taipei" / "taipei_village.geojson")
        report = check(villages, code="PTVNAME")
        assert report.areas == 456
        assert len(report.invalid) == 2
        assert report.invalid.reason.str.startswith("Self-intersection").all()
        # Neighbours share their vertices but for three places where the drawing is out by centimetres.
        assert len(report.gaps) == len(report.overlaps) == 0
        assert report.slivers.area_m2.sum() == pytest.approx(5, abs=1)

    def test_postal_zones_of_new_york(self):
        zones = gpd.read_file(REALDATA / "nyc_311" / "nyc-zipcodes.geojson")
        report = check(zones, code="postalCode")
        # Buildings with a postal code of their own lie over the zone around them.
        towers = pd.Series(found(report.overlaps)).str[0]
        assert "10001, 10119" in set(towers)
        assert len(report.invalid) == 0
        assert report.overlaps.area_m2.sum() == pytest.approx(407_000, rel=0.01)

    def test_a_single_county(self):
        county = gpd.read_file(REALDATA / "cn_admin" / "511723.geojson").assign(code="511723")
        assert check(county).clean
