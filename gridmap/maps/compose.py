"""Whole maps out of layers. Each function returns a document for `base.render`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import folium
import geopandas as gpd

from gridmap.maps.base import Basemap, TownMap
from gridmap.maps.layers import Areas, Heat, Locator, Pins, Reports, Stations
from gridmap.maps.legend import Legend, StationKind
from gridmap.types import Bbox, Level


def overview(
    stations: gpd.GeoDataFrame,
    bounds: Bbox,
    levels: Mapping[str, int],
    kinds: Sequence[StationKind],
    amenities: Mapping[str, str],
    basemaps: Sequence[Basemap],
) -> folium.Map:
    """综合态势一张图: areas, stations, reports and their density over the first of `basemaps`."""
    document = TownMap("综合态势一张图", bounds, basemaps)
    for element in (
        Areas(levels, Level.COMMUNITY),
        Heat(bounds),
        Stations(stations, kinds, amenities),
        Reports(),
        Legend(["areas", "reports", "stations"]),
    ):
        document.add_child(element)
    return document


def mygrid(
    stations: gpd.GeoDataFrame,
    bounds: Bbox,
    levels: Mapping[str, int],
    kinds: Sequence[StationKind],
    amenities: Mapping[str, str],
    basemaps: Sequence[Basemap],
) -> folium.Map:
    """我的网格: areas and stations, and the place where the user stands."""
    document = TownMap("我的网格", bounds, basemaps)
    for element in (
        Areas(levels, Level.GRID, counts=False),
        Stations(stations, kinds, amenities),
        Locator(),
        Legend(["stations"]),
    ):
        document.add_child(element)
    return document


def review(bounds: Bbox, levels: Mapping[str, int], basemaps: Sequence[Basemap]) -> folium.Map:
    """待确认位置: the areas alone, and on them whatever the page gives to choose from."""
    document = TownMap("待确认位置", bounds, basemaps)
    for element in (Areas(levels, Level.GRID, counts=False), Pins(), Legend(["areas"])):
        document.add_child(element)
    return document
