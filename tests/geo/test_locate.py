from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.errors import InputError
from gridmap.geo.locate import AreaIndex
from tests import drawing


def frame(geometries, codes=None, kinds=None):
    codes = codes or [f"{row:04d}" for row in range(len(geometries))]
    return gpd.GeoDataFrame(
        {"code": codes, "kind": kinds or ["general"] * len(geometries)}, geometry=list(geometries), crs=4490
    )


def owners_by_geos(areas, x, y, kind=None):
    """The owner rule word for word: covers, dedicated areas first, then the smallest code."""
    later = areas[kind] != "dedicated" if kind else areas["code"] != areas["code"]
    order = sorted(range(len(areas)), key=lambda row: (later.iloc[row], str(areas["code"].iloc[row])))
    points = shapely.points(x, y)
    owners = np.full(len(points), -1)
    for row in reversed(order):
        geometry = areas.geometry.iloc[row]
        if geometry is not None:
            owners[shapely.covers(geometry, points)] = row
    return owners


def letters(areas, x, y, kind=None):
    """The owners' codes, a dot for none."""
    codes = [*areas["code"], "."]
    return "".join(codes[row] for row in AreaIndex(areas, kind=kind).locate(x, y))


def hard_points(areas, generator, count=200):
    """Vertices, points on edges (as near as floating point comes), their neighbours, and random ones."""
    vertices = shapely.get_coordinates(areas.geometry.array)
    share = generator.uniform(size=(len(vertices) - 1, 1))
    middles = (vertices[1:] + vertices[:-1]) / 2
    along = vertices[1:] * share + vertices[:-1] * (1 - share)
    corners = np.column_stack([generator.choice(vertices[:, axis], count) for axis in (0, 1)])
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    margin = (high - low) / 10
    near = np.concatenate([vertices, middles, along, corners])
    nudged = np.nextafter(near, near + generator.choice([-1.0, 0.0, 1.0], near.shape))
    return np.concatenate([near, nudged, generator.uniform(low - margin, high + margin, (count, 2))])


class TestOwnerRule:
    @pytest.mark.parametrize(
        ("areas", "owners"),
        [
            pytest.param(
                """AB
                   CD""",
                """AAABB
                   AAABB
                   AAABB
                   CCCDD
                   CCCDD""",
                id="shared edges and corners go to the smallest code",
            ),
            pytest.param(
                """DC
                   BA""",
                """DDCCC
                   DDCCC
                   BBAAA
                   BBAAA
                   BBAAA""",
                id="in the order of codes, not of place",
            ),
            pytest.param(
                """AAA
                   A.A
                   AAA""",
                """AAAAAAA
                   AAAAAAA
                   AAAAAAA
                   AAA.AAA
                   AAAAAAA
                   AAAAAAA
                   AAAAAAA""",
                id="the ring of a hole belongs to the area, its inside does not",
            ),
            pytest.param(
                """BBB
                   BAB
                   BBB""",
                """BBBBBBB
                   BBBBBBB
                   BBAAABB
                   BBAAABB
                   BBAAABB
                   BBBBBBB
                   BBBBBBB""",
                id="an enclave",
            ),
            pytest.param(
                """A.A
                   .B.
                   A.A""",
                """AAA.AAA
                   AAA.AAA
                   AAABAAA
                   ..BBB..
                   AAABAAA
                   AAA.AAA
                   AAA.AAA""",
                id="multipolygons, touching at corners",
            ),
            pytest.param("A", "AAA\nAAA\nAAA", id="a single area"),
        ],
    )
    def test_drawn(self, areas, owners):
        x, y, expected = drawing.lattice(owners)
        assert letters(drawing.areas(areas), x, y) == expected

    def test_dedicated_areas_own_what_lies_in_them(self):
        general, dedicated = "AAB\nAAB", ".ss\n..."
        x, y, expected = drawing.lattice("""
            AAsssss
            AAsssss
            AAsssss
            AAAAABB
            AAAAABB""")
        areas = drawing.areas(general, dedicated)
        assert letters(areas, x, y, kind="kind") == expected
        # Without the column only codes count, and capitals come first.
        assert "s" not in letters(areas, x, y)

    def test_among_overlapping_dedicated_areas_the_smallest_code_owns(self):
        areas = drawing.areas("AAA", "ss.", ".tt")
        x, y, expected = drawing.lattice("ssssstt\nssssstt\nssssstt")
        assert letters(areas, x, y, kind="kind") == expected

    def test_a_dedicated_area_may_fill_a_hole(self):
        areas = drawing.areas("AAA\nA.A\nAAA", "...\n.s.\n...")
        assert letters(areas, [1.5, 1.0, 0.5], [1.5, 1.5, 1.5], kind="kind") == "ssA"

    def test_codes_are_compared_as_text(self):
        square = shapely.box(0, 0, 1, 1)
        assert AreaIndex(frame([square, square], ["9", "10"])).locate(0.5, 0.5) == 1
        assert (
            AreaIndex(gpd.GeoDataFrame({"code": [9, 10]}, geometry=[square] * 2, crs=4490)).locate(0.5, 0.5)
            == 1
        )

    def test_the_column_of_codes_may_have_any_name(self):
        areas = drawing.areas("BA").rename(columns={"code": "编码"})
        assert AreaIndex(areas, code="编码").locate(1.0, 0.5) == 0


class TestPoints:
    areas = drawing.areas("AB\nCD")

    def test_outside_is_nobody(self):
        x = [-1e-12, 2.0000001, 1.0, 1.0, -1e300, 1e300, 180.0]
        y = [1.0, 1.0, -1e-12, 2.0000001, 1.0, 1.0, 1e300]
        assert AreaIndex(self.areas).locate(x, y).tolist() == [-1] * 7

    def test_coordinates_that_are_not_finite_have_no_owner(self):
        x = [np.nan, 1.0, np.inf, -np.inf, np.nan, 0.5]
        y = [1.0, np.nan, 1.0, np.inf, np.nan, 0.5]
        assert AreaIndex(self.areas).locate(x, y).tolist() == [-1, -1, -1, -1, -1, 2]

    def test_scalars_arrays_and_shapes(self):
        index = AreaIndex(self.areas)
        assert index.locate(0.5, 1.5) == 0
        assert index.locate(np.float32(1.5), 1) == 1
        assert index.locate([], []).shape == (0,)
        column = index.locate(np.array([[0.5], [1.5]]), np.array([0.5, 1.5, 9.0]))
        assert column.tolist() == [[2, 0, -1], [3, 1, -1]]
        assert column.dtype == np.int32
        x = np.arange(10.0)[::-3]
        assert index.locate(x / 5, x / 5).tolist() == owners_by_geos(self.areas, x / 5, x / 5).tolist()

    def test_input_is_not_modified(self):
        x, y = np.array([0.5, np.nan]), np.array([0.5, 1.0])
        AreaIndex(self.areas).locate(x, y)
        np.testing.assert_array_equal(x, [0.5, np.nan])

    @pytest.mark.parametrize(("x", "y"), [([1.0, 2.0], [1.0, 2.0, 3.0]), (["east"], [1.0])])
    def test_what_does_not_fit_is_refused(self, x, y):
        with pytest.raises(InputError, match="x and y"):
            AreaIndex(self.areas).locate(x, y)

    def test_many_threads_at_once_get_the_same_answers(self):
        index = AreaIndex(self.areas)
        x, y = np.random.default_rng(1).uniform(-0.1, 2.1, (2, 200_000))
        expected = index.locate(x, y)
        with ThreadPoolExecutor(4) as pool:
            for answer in pool.map(lambda _: index.locate(x, y), range(8)):
                np.testing.assert_array_equal(answer, expected)


class TestAreas:
    def test_none_and_empty_geometries_own_nothing(self):
        areas = frame([None, shapely.Polygon(), shapely.box(0, 0, 1, 1), shapely.MultiPolygon()])
        assert AreaIndex(areas).locate([0.5, 2.0], [0.5, 2.0]).tolist() == [2, -1]

    @pytest.mark.parametrize("geometries", [[], [None], [shapely.Polygon()]])
    def test_no_areas_at_all(self, geometries):
        assert AreaIndex(frame(geometries)).locate([0.0, np.nan], [0.0, 1.0]).tolist() == [-1, -1]

    def test_a_frame_without_crs_is_refused(self):
        with pytest.raises(InputError, match="no coordinate system"):
            AreaIndex(gpd.GeoDataFrame({"code": ["1"]}, geometry=[shapely.box(0, 0, 1, 1)]))

    def test_rings_that_cross_themselves_are_mended_and_other_shapes_refused(self):
        bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
        index = AreaIndex(frame([bow_tie]))
        assert index.locate([0.2, 0.8, 0.5], [0.5, 0.5, 0.9]).tolist() == [0, 0, -1]
        with pytest.raises(InputError, match="not polygons: 0001"):
            AreaIndex(frame([bow_tie, shapely.Point(0, 0)]))

    def test_rows_of_one_code_are_parts_of_one_area(self):
        squares = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 0, 3, 1)]
        index = AreaIndex(frame(squares, ["07", "07", "06"]))
        assert index.locate([0.5, 1.0, 1.5, 2.0], [0.5] * 4).tolist() == [0, 0, 1, 2]

    def test_every_area_needs_a_code(self):
        with pytest.raises(InputError, match='field "code"'):
            AreaIndex(frame([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], ["07", None]))


class TestAgainstGeos:
    """Zero differences from `covers`, on the points where a rounding error would show."""

    def assert_same_owners(self, areas, points, kind=None):
        expected = owners_by_geos(areas, points[:, 0], points[:, 1], kind)
        found = AreaIndex(areas, kind=kind).locate(points[:, 0], points[:, 1])
        wrong = np.flatnonzero(found != expected)
        assert not len(wrong), (points[wrong[0]].tolist(), found[wrong[0]], expected[wrong[0]])

    @pytest.mark.parametrize("seed", range(4))
    def test_a_tiling_with_crooked_boundaries(self, seed):
        generator = np.random.default_rng(seed)
        seeds = shapely.MultiPoint(generator.uniform((107.87, 31.05), (107.92, 31.09), (60, 2)))
        cells = shapely.get_parts(shapely.voronoi_polygons(seeds))
        areas = frame(cells, [f"{code:03d}" for code in generator.permutation(len(cells))])
        self.assert_same_owners(areas, hard_points(areas, generator))

    @pytest.mark.parametrize("seed", range(4))
    def test_overlapping_discs_with_holes(self, seed):
        generator = np.random.default_rng(seed)
        centres = shapely.points(generator.uniform(107.0, 107.1, (40, 2)))
        radii = generator.uniform(0.001, 0.02, 40)
        rings = shapely.difference(shapely.buffer(centres, radii), shapely.buffer(centres, radii / 3))
        kinds = generator.choice(["general", "dedicated"], 40).tolist()
        areas = frame(rings, [f"{code:03d}" for code in generator.permutation(40)], kinds)
        self.assert_same_owners(areas, hard_points(areas, generator), kind="kind")

    @pytest.mark.parametrize("size", [1e-12, 1e-9, 1e-5, 1e-2, 1.0, 50.0])
    def test_all_sizes_from_a_hair_to_a_continent(self, size):
        generator = np.random.default_rng(3)
        corners = np.array([100.3, 30.7]) + generator.uniform(-1, 1, (60, 3, 2)) * size
        triangles = shapely.polygons(np.concatenate([corners, corners[:, :1]], axis=1))
        areas = frame(np.where(shapely.is_valid(triangles), triangles, None))
        self.assert_same_owners(areas, hard_points(areas, generator))

    def test_tiny_and_huge_areas_together(self):
        generator = np.random.default_rng(5)
        specks = shapely.buffer(shapely.points(generator.uniform((73, 18), (135, 53), (300, 2))), 1e-6)
        areas = frame([*specks, shapely.box(73, 18, 135, 53)])
        self.assert_same_owners(areas, hard_points(areas, generator))

    def test_clusters_on_one_corner(self):
        areas = drawing.areas("AB\nCD", cell=0.1, origin=(107.9, 31.0))
        steps = np.spacing(108.1) * np.arange(-6, 7)
        x, y = (side.ravel() for side in np.meshgrid(108.0 + steps, 31.1 + steps))
        self.assert_same_owners(areas, np.column_stack([x, y]))

    def test_needles_along_the_cells(self):
        generator = np.random.default_rng(9)
        heights = np.sort(generator.uniform(0, 1, 300))
        needles = [
            shapely.Polygon([(0, low), (1000, low), (1000, high)])
            for low, high in zip(heights[::2], heights[1::2], strict=True)
        ]
        areas = frame([*needles, *(shapely.transform(needle, np.fliplr) for needle in needles)])
        self.assert_same_owners(areas, hard_points(areas, generator))

    def test_metres_with_a_zone_prefix(self):
        generator = np.random.default_rng(11)
        areas = drawing.areas("ABC\nDEF", cell=317.3, origin=(39_500_000.1, 3_440_000.7), crs=4527)
        self.assert_same_owners(areas, hard_points(areas, generator))

    @settings(deadline=None, max_examples=60)
    @given(st.data())
    def test_polygons_on_a_small_lattice(self, data):
        coordinate = st.integers(0, 5)
        ring = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9)
        rings = data.draw(st.lists(ring, min_size=1, max_size=8))
        scale = data.draw(st.sampled_from([1.0, 0.1, 1 / 3, 1e-7]))
        origin = data.draw(st.sampled_from([0.0, 107.913, -50.7]))
        repaired = shapely.make_valid(
            np.array([shapely.Polygon(np.array(ring) * scale + origin) for ring in rings]), method="structure"
        )
        areal = np.isin(shapely.get_type_id(repaired), [3, 6]) & shapely.is_valid(repaired)
        kinds = data.draw(
            st.lists(st.sampled_from(["general", "dedicated"]), min_size=len(rings), max_size=len(rings))
        )
        areas = frame(np.where(areal, repaired, None), kinds=kinds)
        x, y = (side.ravel() * scale + origin for side in np.mgrid[-0.5:6:0.25, -0.5:6:0.25])
        self.assert_same_owners(areas, np.column_stack([x, y]), kind="kind")


class TestSize:
    """Shapes that would exhaust time or memory if every cell were entered for every edge."""

    def test_a_million_vertices(self):
        angle = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
        radius = 1 + 0.01 * np.sin(5000 * angle)
        wheel = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
        areas = frame([wheel])
        x, y = np.random.default_rng(2).uniform(-1.02, 1.02, (2, 20_000))
        shapely.prepare(wheel)
        expected = np.where(shapely.covers(wheel, shapely.points(x, y)), 0, -1)
        np.testing.assert_array_equal(AreaIndex(areas).locate(x, y), expected)

    def test_a_comb_whose_every_tooth_is_as_high_as_the_town(self):
        tip = np.arange(60_000)
        outline = np.concatenate([np.column_stack([tip, np.where(tip % 2, 1e5, 1e3)]), [[60_000, 0], [0, 0]]])
        comb = shapely.Polygon(outline)
        index = AreaIndex(frame([comb]))
        x, y = np.random.default_rng(2).uniform(0, (60_000, 1e5), (5_000, 2)).T
        shapely.prepare(comb)
        expected = np.where(shapely.covers(comb, shapely.points(x, y)), 0, -1)
        np.testing.assert_array_equal(index.locate(x, y), expected)


def test_works_where_no_cache_can_be_written():
    """A package in a read-only directory and a user without a home: numba refuses to cache."""
    program = (
        "import numba.core.caching as caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "from tests import drawing\n"
        "from gridmap.geo.locate import AreaIndex\n"
        "print(AreaIndex(drawing.areas('AB')).locate([0.5, 1.0, 1.5, 3.0], 0.5).tolist())\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[0, 0, 1, -1]"
