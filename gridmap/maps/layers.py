"""The layers of the maps. Each is one element whose behaviour lives in static/js/map."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from gridmap.maps.base import MapElement, corners, needs
from gridmap.maps.legend import StationKind, kind_list
from gridmap.types import Bbox, Level, OpeningHours

_DAYS = {"Mo": "周一", "Tu": "周二", "We": "周三", "Th": "周四", "Fr": "周五", "Sa": "周六", "Su": "周日"}


class Areas(MapElement):
    """街道, 社区 and 网格 from vector tiles, with names and with `counts` of the filtered reports.

    `levels` tells how many areas each level has; the map begins with `first`, or with the finest level
    where there are none of it. A click anywhere asks /api/locate whose place it is.
    """

    default_js = needs("areas")

    def __init__(self, levels: Mapping[str, int], first: Level, counts: bool = True) -> None:
        offered = [level for level in Level if level is not Level.BUILDING and levels.get(level)]
        super().__init__(
            "addAreas",
            {
                "levels": [{"code": level, "name": level.label, "count": levels[level]} for level in offered],
                "level": first if first in offered else offered[-1] if offered else "none",
                "tiles": "/tiles/areas/{z}/{x}/{y}.mvt",
                "counts": "/maps/overview/counts" if counts else None,
            },
        )


class Stations(MapElement):
    """Stations by kind, clustered in rings whose segments are the kinds.

    `stations` is the store's frame in EPSG:4490; `amenities` names the codes of its amenities.
    """

    default_js = needs("markercluster", "stations")
    default_css = needs("markercluster_css")

    def __init__(
        self, stations: gpd.GeoDataFrame, kinds: Sequence[StationKind], amenities: Mapping[str, str]
    ) -> None:
        counts = Counter(stations["kind"])
        super().__init__(
            "addStations",
            {"kinds": kind_list(kinds, counts), "stations": station_features(stations, amenities)},
        )


class Reports(MapElement):
    """Reports as the server's clusters: pins that differ in shape by state, bubbles with true counts."""

    default_js = needs("reports")

    def __init__(self) -> None:
        super().__init__("addReports", {"url": "/maps/overview/reports"})


class Heat(MapElement):
    """Density of the reports as one picture over `bounds`."""

    default_js = needs("heat")

    def __init__(self, bounds: Bbox) -> None:
        super().__init__("addHeat", {"url": "/maps/overview/heat.png", "bounds": corners(bounds)})


class Locator(MapElement):
    """The user's own position, as the framing page reports it."""

    default_js = needs("locate")

    def __init__(self) -> None:
        super().__init__("addLocator")


class Pins(MapElement):
    """The places that a report may belong to and the pin of whoever decides, as the framing page says."""

    default_js = needs("pins")

    def __init__(self) -> None:
        super().__init__("addPins")


def station_features(stations: gpd.GeoDataFrame, amenities: Mapping[str, str]) -> dict[str, Any]:
    """A GeoJSON FeatureCollection; raises ValueError unless `stations` is in EPSG:4490.

    `open` lists the opening spans as minutes of the week from Monday 00:00 in China, None where the
    hours are not known, so that the browser can tell what is closed now.
    """
    if stations.crs is None or stations.crs.to_epsg() != 4490:
        raise ValueError(f"stations must be in EPSG:4490, not {stations.crs}")
    features = []
    rows = stations.drop(columns="geometry").to_dict("records")
    for row, lng, lat in zip(rows, stations.geometry.x, stations.geometry.y, strict=True):
        hours = OpeningHours.parse(_text(row["opening_hours"]))
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(lng, 6), round(lat, 6)]},
                "properties": {
                    "reference": _text(row["reference"]),
                    "kind": _text(row["kind"]),
                    "name": _text(row["name"]),
                    "address": _text(row["address"]),
                    "phone": _text(row["phone"]),
                    "hours": hours_text(hours),
                    "open": _week(hours) if hours.text else None,
                    "amenities": [amenities.get(code, code) for code in row["amenities"]],
                    "capacity": _number(row["capacity"]),
                    "use": _use(row),
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}


def hours_text(hours: OpeningHours) -> str:
    """Opening hours as people write them: `周一至周五 08:00-18:00；周六 休息`."""
    if hours.text == "24/7":
        return "全天开放"
    text = re.sub(r"(?<=[a-z])-(?=[A-Z])", "至", hours.text)
    for day, name in _DAYS.items():
        text = text.replace(day, name)
    return re.sub(r";\s*", "；", text.replace("off", "休息"))


def _week(hours: OpeningHours) -> list[list[int]]:
    return [
        [day * 1440 + opens, day * 1440 + closes]
        for day, spans in enumerate(hours.spans)
        for opens, closes in spans
    ]


def _use(row: Mapping[Hashable, Any]) -> str:
    month = _text(row["use_month"])[:7]
    parts = [
        f"{name} {number:,} {unit}"
        for key, name, unit in (
            ("visits", "服务", "人次"),
            ("waters", "饮水", "份"),
            ("medicines", "用药", "份"),
        )
        if (number := _number(row[key])) is not None
    ]
    return f"{month} {'，'.join(parts)}" if month and parts else ""


def _number(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
