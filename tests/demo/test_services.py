"""Stations, workers, demand, places: what the map shows besides areas and reports."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap.config import ROOT
from gridmap.types import OpeningHours

DICTIONARIES = ROOT / "geodata" / "dictionaries"
METRIC = "EPSG:4545"
# Numbers in the source articles; 1 + 8 centres, 6 共治中心 and 4 vehicles are ours.
COUNTS = {
    "jiuke": 27,
    "red": 12,
    "family_school": 13,
    "tutoring": 8,
    "industry": 6,
    "canteen": 3,
    "children": 15,
    "cogovernance": 6,
    "steward": 23,
    "service": 64,
    "centre": 9,
    "mobile": 4,
}


def codes(name):
    return set(pd.read_csv(DICTIONARIES / name, dtype=str)["code"])


def located(table):
    return gpd.GeoDataFrame(table, geometry=shapely.points(table["lng"], table["lat"]), crs=4490).to_crs(
        METRIC
    )


def test_stations_are_as_many_as_in_the_articles(town):
    assert town.stations["kind"].value_counts().to_dict() == COUNTS
    assert set(COUNTS) <= codes("station_kinds.csv")
    assert town.stations["reference"].is_unique
    assert town.stations["name"].is_unique


def test_a_months_use_of_the_jiuke_stations(town):
    jiuke = town.stations[town.stations["kind"] == "jiuke"]
    assert jiuke["waters"].sum() == 23_000
    assert jiuke["medicines"].sum() == 600
    assert (jiuke["visits"] >= jiuke["waters"]).all()
    assert set(town.stations["use_month"]) == {"2026-10"}


def test_opening_hours_can_be_read_and_differ(any_town):
    hours = any_town.stations["opening_hours"]
    assert all(OpeningHours.parse(text).text == text for text in hours)
    assert hours.nunique() >= 12
    assert (any_town.stations.loc[any_town.stations["kind"] == "jiuke", "opening_hours"] == "24/7").any()
    assert (hours == "").any()


def test_amenities_are_of_the_dictionary_and_the_nine_belong_to_jiuke(town):
    offered = town.stations["amenities"].str.split(";").apply(set)
    assert set().union(*offered) == codes("amenities.csv")
    jiuke = offered[town.stations["kind"] == "jiuke"].str.len()
    assert jiuke.between(6, 9).all()
    assert (jiuke == 9).any()
    assert offered[town.stations["kind"] == "steward"].str.len().max() == 1


def test_stations_stand_in_the_town_and_not_in_the_water(any_town):
    at = shapely.points(any_town.stations["lng"], any_town.stations["lat"])
    assert shapely.covers(any_town.street.geometry.iloc[0], at).all()
    water = any_town.landscape[any_town.landscape["kind"] == "water"].union_all()
    assert not shapely.intersects(water, at).any()


def test_jiuke_stations_cluster_in_the_centre_and_leave_gaps(town):
    stations = located(town.stations)
    demand = located(town.demand)
    jiuke = stations[stations["kind"] == "jiuke"].union_all()
    # 15 minutes at 1.2 m/s, with a detour of 1.3.
    served = demand.geometry.distance(jiuke) < 900 * 1.2 / 1.3
    assert 0.6 < demand.loc[served, "people"].sum() / demand["people"].sum() < 0.9
    middle = town.street.to_crs(METRIC).geometry.iloc[0].centroid
    spread = stations.geometry.distance(middle).groupby(stations["kind"]).median()
    assert spread["jiuke"] < spread["service"]


def test_each_community_and_the_street_have_a_centre(town):
    centres = located(town.stations[town.stations["kind"] == "centre"])
    communities = town.communities.to_crs(METRIC)
    inside = communities.sindex.query(centres.geometry, predicate="intersects")[1]
    assert set(inside) == set(range(8))
    assert "淙溪街道综治中心" in set(centres["name"])


def test_every_general_grid_has_one_worker_but_three_vacancies_and_two_doubles(town):
    workers = town.workers[town.workers["role"] == "专职"]["areas"].value_counts()
    general = town.grids.loc[town.grids["kind"] == "general", "code"]
    hands = workers.reindex(general, fill_value=0).value_counts().to_dict()
    assert hands == {1: 137, 0: 3, 2: 2}
    assert set(workers.index) <= set(town.grids["code"])


def test_leaders_and_couriers(town):
    leaders = town.workers[town.workers["role"] == "网格长"]
    couriers = town.workers[town.workers["role"] == "兼职"]
    assert sorted(leaders["areas"]) == town.communities["code"].tolist()
    assert len(couriers) == 460
    assert couriers["areas"].str.split(";").explode().isin(town.communities["code"]).all()
    assert couriers["areas"].str.contains(";").any()


def test_phones_have_an_unused_prefix(any_town):
    for table in (any_town.workers, any_town.stations):
        assert table["phone"].str.fullmatch(r"1000000\d{4}").all()
        assert table["phone"].is_unique


def test_demand_is_one_row_a_building_inside_it(any_town):
    assert any_town.demand["building"].tolist() == any_town.buildings["code"].tolist()
    assert any_town.demand["people"].tolist() == any_town.buildings["population"].tolist()
    points = shapely.points(any_town.demand["lng"], any_town.demand["lat"])
    assert shapely.intersects(any_town.buildings.geometry.to_numpy(), points).all()


def test_ages_and_riders_are_plausible(town):
    demand = town.demand
    assert (demand["elderly"] + demand["children"] <= demand["people"]).mean() > 0.99
    assert 0.12 < demand["elderly"].sum() / demand["people"].sum() < 0.25
    assert 0.08 < demand["children"].sum() / demand["people"].sum() < 0.2
    assert demand["riders"].sum() == 3_100


def test_places_are_of_known_kinds_with_parents(town):
    assert set(town.places["kind"]) | {"estate"} == codes("place_kinds.csv")
    parents = {*town.communities["name"], *town.estates["name"]}
    assert set(town.places["parent"]) <= parents
    assert set(town.places.geom_type) == {"Point", "LineString"}
    assert (town.places["kind"] == "road").eq(town.places.geom_type == "LineString").all()


def test_common_nouns_and_aliases_are_ambiguous_on_purpose(town):
    aliases = town.places["aliases"].str.split(";").explode()
    assert (aliases == "菜市场").sum() >= 2
    assert (aliases == "超市").sum() >= 2
    assert {"县医院", "县一中", "火车站", "白塔"} <= set(aliases)


def test_river_lake_parks_squares_and_railway_are_drawn(town):
    drawn = town.landscape.to_crs(METRIC)
    assert set(drawn["kind"]) == {"water", "green", "square", "railway"}
    assert {"淙溪", "龙潭湖", "状元公园", "文昌广场"} <= set(drawn["name"])
    lake = drawn[drawn["name"] == "龙潭湖"]
    assert lake.area.item() > 8_000
    buildings = town.buildings.sindex.query(
        town.landscape.loc[town.landscape["kind"] == "water"].geometry, predicate="intersects"
    )
    assert len(buildings[0]) == 0


def test_the_river_is_as_wide_as_a_river(town):
    water = town.landscape[town.landscape["name"] == "淙溪"].to_crs(METRIC).geometry.iloc[0]
    # A band of length l and width w has the outline 2 l + 2 w.
    width = water.area / (water.length / 2)
    assert 60 < width < 100


@pytest.mark.parametrize(
    "kind", ["village", "school", "hospital", "market", "stop", "bridge", "landmark", "gate"]
)
def test_the_gazetteer_holds_every_sort_of_place(town, kind):
    assert (town.places["kind"] == kind).sum() >= 2


def test_density_falls_from_the_centre_to_the_rim(town):
    grids = town.grids[town.grids["kind"] == "general"].to_crs(METRIC)
    middle = town.street.to_crs(METRIC).geometry.iloc[0].centroid
    distance = grids.geometry.centroid.distance(middle)
    density = grids["population"] / grids.area
    inner, outer = distance < np.quantile(distance, 0.3), distance > np.quantile(distance, 0.8)
    assert density[inner].median() > 2 * density[outer].median()
