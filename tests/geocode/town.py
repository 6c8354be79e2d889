"""The demo town as the frames that a gazetteer is gathered from, read from its files; whole, or with records
taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.config import ROOT
from gridmap.geo.locate import AreaIndex
from gridmap.geocode.entries import gather
from gridmap.ingest import clean, readers
from gridmap.types import Level

FOLDER = ROOT / "geodata" / "demo"
DICTIONARIES = ROOT / "geodata" / "dictionaries"

Owner = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.object_]]

_AREAS = (
    (Level.STREET, "street.geojson"),
    (Level.COMMUNITY, "communities.geojson"),
    (Level.GRID, "grids.geojson"),
    (Level.BUILDING, "buildings.geojson"),
)


@dataclass(frozen=True)
class Town:
    """Frames as the store lists them; geometry lon/lat in EPSG:4490."""

    areas: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame

    @property
    def grids(self) -> gpd.GeoDataFrame:
        return self.level(Level.GRID)

    @property
    def buildings(self) -> gpd.GeoDataFrame:
        return self.level(Level.BUILDING)

    @property
    def owner(self) -> Owner:
        """x, y (n,) in EPSG:4490 → the code of the grid of each, or None."""
        index = AreaIndex(self.grids, kind="kind")
        # The last is for -1, which is outside.
        codes = np.array([*self.grids["code"], None], dtype=object)

        def owner(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.object_]:
            return codes[index.locate(x, y)]

        return owner

    def level(self, level: Level) -> gpd.GeoDataFrame:
        return self.areas[self.areas["level"] == level].reset_index(drop=True)

    def entries(self) -> pd.DataFrame:
        """The rows of the gazetteer."""
        return gather(self.areas, self.places, self.stations, self.streets, self.owner)

    def without(self, removed: pd.DataFrame) -> Town:
        """The town of which the records in `removed` (kind, name, parent; empty is any parent) are unknown.

        With a record goes whatever tells it: its address in other rows, and the stations called after it.
        A removed building, house or door is a row of the areas or of the places, whichever has the name.
        """
        keys = set(zip(removed["name"], removed["parent"], strict=True))
        names = set(removed["name"])

        def gone(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
            parents = frame["parent"] if "parent" in frame else pd.Series("", index=frame.index)
            pairs = zip(frame["name"], parents, strict=True)
            return np.array([(name, parent) in keys or (name, "") in keys for name, parent in pairs], bool)

        inner = self.areas["level"] == Level.BUILDING
        areas = self.areas[~(inner & self.areas["name"].isin(names))]
        places = self.places[~gone(self.places)]
        called = tuple(removed.loc[removed["kind"].isin(("estate", "place")), "name"])
        stations = self.stations[~self.stations["name"].str.startswith(called)]
        return replace(
            self,
            areas=areas.reset_index(drop=True),
            places=_untold(places, names),
            stations=_untold(stations, names),
        )


def _untold(frame: gpd.GeoDataFrame, names: set[str]) -> gpd.GeoDataFrame:
    """The frame without the addresses that are removed."""
    return frame.assign(address=frame["address"].mask(frame["address"].isin(names))).reset_index(drop=True)


@cache
def read() -> Town:
    """The whole town."""
    kinds, station_kinds, amenities = (
        pd.read_csv(DICTIONARIES / name, dtype=str)
        for name in ("place_kinds.csv", "station_kinds.csv", "amenities.csv")
    )

    def rows(name: str, cleaner: Callable[..., clean.Cleaned], **given: Any) -> gpd.GeoDataFrame:
        cleaned = cleaner(readers.read(FOLDER / name), "wgs84", {}, **given)
        assert cleaned.rejected.empty, cleaned.lines()[0]
        return cleaned.accepted

    areas = [rows(name, clean.clean_areas, level=level, codes="national") for level, name in _AREAS]
    places = [rows(f"{name}.geojson", clean.clean_places, kinds=kinds) for name in ("estates", "places")]
    return Town(
        areas=_joined(areas, ["code", "name", "level", "kind"]),
        places=_joined(places, ["name", "aliases", "kind", "parent", "address"]),
        stations=_joined(
            [rows("stations.csv", clean.clean_stations, kinds=station_kinds, amenities=amenities)],
            ["name", "kind", "address"],
        ),
        streets=_joined([rows("streets.geojson", clean.clean_streets)], ["name"]),
    )


def _joined(frames: list[gpd.GeoDataFrame], columns: list[str]) -> gpd.GeoDataFrame:
    joined = pd.concat([frame[[*columns, "geometry"]] for frame in frames], ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=frames[0].crs)
