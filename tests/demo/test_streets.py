from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely import LineString, Point, Polygon

from gridmap.demo.streets import RANKS, WIDTH_M, _continued, _halves
from gridmap.demo.terrain import Road
from gridmap.demo.ways import Street


def parts(streets) -> int:
    """How many pieces the network falls into, joined where lines share a vertex."""
    ends = np.vstack([np.hstack([xy[:-1], xy[1:]]) for xy in map(shapely.get_coordinates, streets.geometry)])
    node = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)[1].reshape(-1, 2)
    links = coo_matrix((np.ones(len(node)), node.T), shape=(node.max() + 1, node.max() + 1))
    return connected_components(links, directed=False)[0]


def river(town):
    return town.landscape[
        (town.landscape["kind"] == "water") & (town.landscape["name"] == "淙溪")
    ].union_all()


def test_streets_are_one_network(any_town):
    assert parts(any_town.streets) == 1


def test_exactly_two_bridges_join_the_banks(any_town):
    bridges = any_town.streets.index[any_town.streets["bridge"] == "yes"]
    assert len(bridges) == 2
    assert parts(any_town.streets.drop(bridges)) == 2
    for bridge in bridges:
        assert parts(any_town.streets.drop(bridge)) == 1


def test_only_the_bridges_cross_the_river(any_town):
    wet = any_town.streets[any_town.streets.intersects(river(any_town))]
    assert wet["bridge"].tolist() == ["yes", "yes"]
    assert wet.geometry.intersection(river(any_town)).to_crs("EPSG:4545").length.between(40, 130).all()


def test_streets_meet_at_common_vertices_only(any_town):
    lines = any_town.streets.geometry.to_numpy()
    vertices = [{tuple(xy) for xy in shapely.get_coordinates(line).tolist()} for line in lines]
    for a, b in zip(*any_town.streets.sindex.query(lines, predicate="intersects"), strict=True):
        if a < b:
            common = lines[a].intersection(lines[b])
            assert shapely.get_dimensions(common) == 0
            for xy in shapely.get_coordinates(common).tolist():
                assert tuple(xy) in vertices[a] & vertices[b]


def test_no_street_runs_into_a_building_or_an_estate(any_town):
    metric = any_town.streets.to_crs("EPSG:4545")
    body = metric.geometry.buffer(metric["class"].map(WIDTH_M) / 2, cap_style="flat")
    buildings = any_town.buildings.to_crs("EPSG:4545")
    assert len(buildings.sindex.query(body, predicate="intersects")[0]) == 0
    assert len(any_town.estates.sindex.query(any_town.streets.geometry, predicate="intersects")[0]) == 0


def test_streets_have_a_hierarchy_and_are_no_checkerboard(town):
    metric = town.streets.to_crs("EPSG:4545")
    km = (metric.length.groupby(metric["class"]).sum() / 1000).to_dict()
    assert set(km) == set(RANKS)
    assert km["primary"] < km["secondary"] < km["tertiary"] < km["residential"]
    xy = [shapely.get_coordinates(line) for line in metric.geometry]
    steps = np.vstack([np.diff(points, axis=0) for points in xy])
    length = np.hypot(*steps.T)
    angle = np.degrees(np.arctan2(steps[:, 1], steps[:, 0])) % 90
    share = np.histogram(angle, bins=18, range=(0, 90), weights=length)[0] / length.sum()
    assert share.max() < 0.25


def test_wider_streets_and_most_others_have_names(town):
    named = town.streets["name"] != ""
    assert named[town.streets["class"].isin(["primary", "secondary", "tertiary", "residential"])].all()
    assert {"滨河东路", "滨河西路", "人民路", "文昌大道"} <= set(town.streets["name"])
    assert town.streets.loc[named, "name"].str.fullmatch(r".+[路街道巷弄]").all()


def test_railway_crosses_the_town(town):
    rails = town.landscape[town.landscape["kind"] == "railway"]
    assert (rails.geom_type == "LineString").all()
    assert rails.to_crs("EPSG:4545").length.sum() > 4_500


#      N
#   5     ← odd numbers on the left of a street that runs east, 18 m to a pair
# ──────►
#   6
@pytest.mark.parametrize(
    ("x", "y", "door"), [(45, 8, 5), (45, -8, 6), (0, 8, 1), (17.9, -8, 2), (18.1, 8, 3)]
)
def test_door_numbers_count_along_the_street(x, y, door):
    street = Street("文昌街", "", "tertiary", [Road(LineString([(0, 0), (100, 0)]), "tertiary", 1)])
    assert street.door(Point(x, y)) == door


def test_door_numbers_run_on_over_the_parts_of_a_street():
    west, east = (LineString([(x, 0), (x + 90, 0)]) for x in (0, 90))
    street = Street("文昌街", "", "tertiary", [Road(west, "tertiary", 1), Road(east, "alley", 1)])
    assert street.door(Point(100, 5)) == 2 * (100 // 18) + 1


def test_cuts_that_run_on_are_one_street():
    # Two lanes in line meet a third at a T.
    lanes = [LineString([(0, 0), (50, 1)]), LineString([(50, 1), (100, 0)]), LineString([(50, 1), (50, 60)])]
    first, second, side = _continued([Road(lane, "alley", 0) for lane in lanes])
    assert first.street == second.street != side.street
    assert min(first.street, side.street) >= 1000


def test_halves_of_a_block_share_the_cut():
    block = Polygon([(0, 0), (100, 0), (100, 60), (0, 60)])
    cut = LineString([(40, 0), (45, 30), (40, 60)])
    left, right = _halves(block, shapely.LinearRing(block.exterior.coords), cut)
    assert left.area + right.area == pytest.approx(block.area)
    assert left.intersection(right).equals(cut)


def test_halves_refuse_a_cut_that_leaves_the_block():
    # An L: the straight line between its tips runs outside.
    block = Polygon([(0, 0), (100, 0), (100, 20), (20, 20), (20, 100), (0, 100)])
    cut = LineString([(100, 10), (10, 100)])
    assert _halves(block, shapely.LinearRing(block.exterior.coords), cut) is None
