from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap.demo import areas, names
from gridmap.geo.tiling import check
from gridmap.types import AreaCode, Level

METRIC = "EPSG:4545"


def overlays(town):
    """Dedicated grids that lie on a general one instead of beside it."""
    general = town.grids[town.grids["kind"] == "general"].union_all()
    dedicated = town.grids[town.grids["kind"] == "dedicated"]
    return dedicated[dedicated.representative_point().within(general)]


def tiles(town):
    return town.grids.drop(overlays(town).index)


def test_grids_and_communities_tile_the_street_exactly(any_town):
    for layer in (tiles(any_town), any_town.communities):
        assert shapely.coverage_is_valid(layer.geometry.to_numpy())
        assert layer.union_all().symmetric_difference(any_town.street.union_all()).is_empty
        assert (layer.geom_type == "Polygon").all()


def test_the_projects_own_tiling_check_finds_nothing(town):
    report = check(town.grids)
    assert len(report.gaps) + len(report.overlaps) + len(report.slivers) + len(report.invalid) == 0


def test_each_grid_lies_in_its_community(any_town):
    whole = any_town.communities.set_index("code").geometry
    for code, polygon in zip(any_town.grids["code"], any_town.grids.geometry, strict=True):
        assert whole[code[:12]].covers(polygon), code


def test_each_building_lies_in_its_grid_and_in_no_other(any_town):
    grids = tiles(any_town)
    building, grid = grids.sindex.query(any_town.buildings.geometry, predicate="intersects")
    assert building.tolist() == list(range(len(any_town.buildings)))
    assert grids["code"].iloc[grid].tolist() == any_town.buildings["code"].str[:15].tolist()
    home = grids.geometry.iloc[grid].reset_index(drop=True)
    assert home.covers(any_town.buildings.geometry.reset_index(drop=True)).all()


@pytest.mark.parametrize(
    ("layer", "level"),
    [("street", "street"), ("communities", "community"), ("grids", "grid"), ("buildings", "building")],
)
def test_codes_are_unique_and_of_their_level(any_town, layer, level):
    codes = getattr(any_town, layer)["code"]
    assert codes.is_unique
    assert [AreaCode.parse(code, Level(level)).text for code in codes] == codes.tolist()
    assert codes.str.startswith("519900001").all()


@pytest.mark.parametrize(
    ("parent", "child"), [("grids", "buildings"), ("communities", "grids"), ("street", "communities")]
)
def test_parents_are_the_sums_of_their_children(any_town, parent, child):
    above, below = getattr(any_town, parent), getattr(any_town, child)
    digits = len(above["code"].iloc[0])
    sums = below.groupby(below["code"].str[:digits])[["households", "population"]].sum()
    expected = above.set_index("code")[["households", "population"]]
    pd.testing.assert_frame_equal(sums.reindex(expected.index, fill_value=0), expected)


def test_general_grids_of_the_town_hold_300_to_500_households(town):
    country = town.communities.loc[town.communities["name"].isin(["青石社区", "龙潭社区"]), "code"]
    general = town.grids[town.grids["kind"] == "general"]
    rural = general["code"].str[:12].isin(country)
    assert general.loc[~rural, "households"].between(300, 500).all()
    assert general.loc[rural, "households"].between(50, 300).all()
    assert (general["population"] <= 2_500).all()


def test_dedicated_grids_are_blocks_holes_and_an_overlay(town):
    dedicated = town.grids[town.grids["kind"] == "dedicated"]
    general = town.grids[town.grids["kind"] == "general"]
    holes = shapely.polygons([ring for polygon in general.geometry for ring in polygon.interiors])
    cut_out = dedicated.geometry.apply(lambda polygon: bool(shapely.equals(holes, polygon).any()))
    assert len(dedicated) == 8
    assert cut_out.sum() >= 2
    assert overlays(town)["name"].tolist() == ["文昌广场专属网格"]
    assert not town.buildings.intersects(overlays(town).union_all()).any()


def test_communities_keep_to_one_bank_of_the_river(town):
    river = town.landscape[town.landscape["name"] == "淙溪"].to_crs(METRIC).union_all()
    for polygon in town.communities.to_crs(METRIC).geometry:
        ashore = shapely.get_parts(polygon.difference(river.buffer(1)))
        large = [part for part in ashore if part.area > 0.02 * polygon.area]
        assert len(large) == 1


def test_buildings_do_not_overlap_and_are_named(any_town):
    a, b = any_town.buildings.sindex.query(any_town.buildings.geometry, predicate="intersects")
    assert np.array_equal(a, b)
    assert any_town.buildings["name"].str.fullmatch(r".+\d+(栋|号|号楼)").all()


def test_estates_lie_in_one_grid_each_with_their_buildings(town):
    estate, grid = tiles(town).sindex.query(town.estates.geometry, predicate="intersects")
    assert estate.tolist() == list(range(len(town.estates)))
    assert len(np.unique(grid)) > 100
    a, b = town.estates.sindex.query(town.estates.geometry, predicate="intersects")
    assert np.array_equal(a, b)
    inside = town.estates.sindex.query(town.buildings.geometry, predicate="covered_by")[1]
    assert np.unique(inside).size == 203


def test_grids_are_numbered_from_west_to_east_in_bands_from_north_to_south(town):
    metric = town.grids.to_crs(METRIC)
    for _, members in metric[metric["kind"] == "general"].groupby(metric["code"].str[:12]):
        assert members["code"].str[12:].astype(int).tolist() == list(range(1, len(members) + 1))
        y, third = members.geometry.centroid.y, len(members) // 3
        assert third == 0 or y.iloc[:third].mean() > y.iloc[-third:].mean()


def test_names_are_those_of_a_town(town):
    assert {"河东社区", "河西社区", "站前社区", "状元桥社区"} <= set(town.communities["name"])
    assert "河东社区第3网格" in set(town.grids["name"])
    assert "状元府小区" in set(town.estates["name"])
    assert "状元府小区1栋" in set(town.buildings["name"])
    east = town.communities.to_crs(METRIC).set_index("name").geometry.centroid.x
    assert east["河西社区"] < east["河东社区"]


def test_estates_share_and_confuse_names_on_purpose(town):
    called = town.estates["name"]
    assert (called == "幸福小区").sum() == 2
    assert {"锦绣花园", "锦秀苑小区", "丽景苑小区", "丽锦苑小区"} <= {
        name.removesuffix("一期") for name in called
    }
    assert called.str.endswith("一期").sum() == called.str.endswith("二期").sum() > 5
    assert called.str.endswith("东区").sum() == called.str.endswith("西区").sum() > 3
    assert town.estates["managed"].value_counts().to_dict()["no"] > 20


def test_community_names_never_run_out():
    listed = [name for name, _ in zip(names.community_names(), range(300), strict=False)]
    assert len(set(listed)) == 300


def test_points_stand_in_for_buildings_even_where_the_centroid_falls_outside():
    # The centroid of this U is in its opening.
    u = shapely.Polygon([(0, 0), (9, 0), (9, 9), (8, 9), (8, 1), (1, 1), (1, 9), (0, 9)])
    table = pd.DataFrame({"shape": [shapely.box(0, 0, 2, 4), u]})
    points = shapely.points(areas.centroids(table))
    assert points[0].equals(shapely.Point(1, 2))
    assert u.contains(points[1])
