"""The frame that a gazetteer is made of, from what is known of areas, places, stations and streets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.geo import crs
from gridmap.geocode import address

Owner = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.object_]]

COLUMNS: Final = ("name", "aliases", "kind", "parent", "x", "y", "area")
# A road is known by points along it; half of this is the most by which one misses it.
ROAD_STEP_M: Final = 25.0


def gather(
    areas: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    owner: Owner,
) -> pd.DataFrame:
    """Rows of `COLUMNS` for `Gazetteer`: x, y lon/lat in EPSG:4490.

    areas: code, name, level; places: name, aliases, kind, parent, address; stations: name, address;
    streets: name. All in EPSG:4490. `owner` takes x, y (n,) and answers the code of the area of each, or
    None. An area's row carries its own code, a building's and every other row's that of its owner. Lines
    become points along them, and the address of a place or a station becomes a row of kind `address`
    where it tells a number that no row has yet.
    """
    inner = areas[areas["level"] == "building"]
    above = areas[areas["level"] != "building"]
    lines = places.geometry.geom_type.isin(("LineString", "MultiLineString"))
    known = set(places.loc[lines, "name"])
    roads = pd.concat(
        [
            _along(places[lines]),
            _along(streets[streets["name"].notna() & ~streets["name"].isin(known)].assign(kind="road")),
        ]
    )
    named = [
        _rows(above, kind=above["level"]).assign(area=above["code"].to_numpy(dtype=object)),
        _rows(inner, kind="building"),
        _rows(places[~lines]),
        roads,
        _rows(stations, kind="station"),
    ]
    frame = pd.concat([*named, _numbered(places, stations)], ignore_index=True)
    frame = frame[frame["name"].notna() & frame["x"].notna()].reset_index(drop=True)
    open_rows = np.flatnonzero(frame["area"].isna().to_numpy())
    owned = frame["area"].to_numpy(dtype=object, copy=True)
    at = frame.iloc[open_rows]
    owned[open_rows] = owner(at["x"].to_numpy(np.float64), at["y"].to_numpy(np.float64))
    return frame.assign(area=owned)[list(COLUMNS)]


def _rows(frame: gpd.GeoDataFrame, kind: Any = None) -> pd.DataFrame:
    """The frame's rows at a point on their surface; columns that it lacks are empty."""
    at = shapely.point_on_surface(frame.geometry.to_numpy())
    nothing = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    return pd.DataFrame(
        {
            "name": frame["name"].astype(object),
            "aliases": frame["aliases"].astype(object) if "aliases" in frame else nothing,
            "kind": frame["kind"].astype(object) if kind is None else kind,
            "parent": frame["parent"].astype(object)
            if "parent" in frame and "level" not in frame
            else nothing,
            "x": shapely.get_x(at),
            "y": shapely.get_y(at),
            "area": nothing,
        }
    ).reset_index(drop=True)


def _along(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """A row for every `ROAD_STEP_M` of each line and for its ends."""
    if lines.empty:
        return _rows(lines, kind="road")
    metric = crs.project(lines)
    parts = metric.explode(index_parts=False)
    geometry = parts.geometry.to_numpy()
    counts = np.maximum(np.ceil(shapely.length(geometry) / ROAD_STEP_M).astype(int), 1) + 1
    which = np.repeat(np.arange(len(parts)), counts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    share = (np.arange(len(which)) - first[which]) / (counts[which] - 1)
    points = shapely.line_interpolate_point(geometry[which], share, normalized=True)
    sampled = gpd.GeoDataFrame(
        parts.drop(columns=parts.geometry.name).iloc[which].reset_index(drop=True),
        geometry=points,
        crs=metric.crs,
    )
    return _rows(sampled.to_crs(crs.STORAGE))


def _numbered(places: gpd.GeoDataFrame, stations: gpd.GeoDataFrame) -> pd.DataFrame:
    """Addresses with a door number, of places and stations, as rows of their own."""
    told = pd.concat([places, stations])
    told = told[told["address"].notna()]
    texts = told["address"].map(address.canonical)
    told = told.assign(name=texts)[texts.str.fullmatch(r".{2,}\d(?:-\d+)?[号弄]")]
    known = set(places.loc[places["kind"] == "address", "name"].map(address.canonical))
    told = told[~told["name"].isin(known)].drop_duplicates("name")
    return _rows(told.assign(aliases=None), kind="address")
