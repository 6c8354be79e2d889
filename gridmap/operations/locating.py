"""Where a point lies: its owner among the areas, one point by SQL, a million by an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gridmap.config import Settings
from gridmap.geo import crs
from gridmap.geo.locate import AreaIndex
from gridmap.store import areas, people, stations
from gridmap.types import CHINA_TIME, Level, OpeningHours, Point

_NEAREST = 5


@dataclass(frozen=True)
class Owners:
    """For each point the code and the row id of the area version that owns it; None and -1 outside."""

    code: NDArray[np.object_]
    id: NDArray[np.int64]

    @property
    def found(self) -> NDArray[np.bool_]:
        return self.id >= 0


class Locator:
    """The owner rule for many points: the finest level that covers a point, as `areas.find_owner`."""

    def __init__(self, everything: gpd.GeoDataFrame) -> None:
        """`everything`: areas in force with id, code, level, kind; EPSG:4490."""
        self._levels = [
            (rows, AreaIndex(rows, kind="kind"))
            for level in areas.OWNING_LEVELS
            if len(rows := everything[everything["level"] == level].reset_index(drop=True))
        ]

    @classmethod
    def load(cls, session: Session) -> Locator:
        return cls(areas.list_areas(session, *areas.OWNING_LEVELS))

    def __bool__(self) -> bool:
        return bool(self._levels)

    def locate(self, x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> Owners:
        """x, y in EPSG:4490; NaN is outside."""
        code = np.full(len(x), None, dtype=object)
        identity = np.full(len(x), -1, dtype=np.int64)
        open_rows = np.arange(len(x))
        for rows, index in self._levels:
            row = index.locate(x[open_rows], y[open_rows])
            hit = row >= 0
            code[open_rows[hit]] = rows["code"].to_numpy(dtype=object)[row[hit]]
            identity[open_rows[hit]] = rows["id"].to_numpy()[row[hit]]
            open_rows = open_rows[~hit]
        return Owners(code, identity)


def locate_point(session: Session, settings: Settings, point: Point, declared: str) -> dict[str, Any]:
    """Area, its path of parents, its workers, and the nearest stations, for one point.

    `declared` is the system of the point. Minutes are straight-line distance × detour ÷ speed, and
    `reasons` says so. `confidence` is 1 inside an area: the point itself is taken at its word.
    """
    lng, lat = crs.to_storage(np.array([[point.lng, point.lat]]), crs.declare(declared))[0]
    stored = Point(float(lng), float(lat))
    owner = areas.find_owner(session, stored)
    now = datetime.now(CHINA_TIME)
    near = stations.list_nearest(session, stored, _NEAREST)
    for station in near:
        hours = OpeningHours.parse(station.pop("opening_hours") or "")
        station["open_now"] = hours.open_at(now)
        metres = station["distance_m"] * settings.detour_factor
        station["walk_minutes"] = round(metres / settings.walk_speed_mps / 60, 1)
        station["distance_m"] = round(station["distance_m"])
    reasons = [
        f"步行时间按直线距离×{settings.detour_factor:g}、每秒{settings.walk_speed_mps:g}米估算，非路网计算",
    ]
    if owner is None:
        reasons.insert(0, "该点不在任何辖区内")
    elif owner["level"] != Level.GRID:
        reasons.insert(0, f"该点没有网格，按{Level(owner['level']).label}归属")
    return {
        "status": "located" if owner else "outside",
        "lng": stored.lng,
        "lat": stored.lat,
        "area": {name: owner[name] for name in ("code", "name", "level", "kind")} if owner else None,
        "path": areas.list_path(session, owner["code"]) if owner else [],
        "workers": people.list_workers(session, owner["code"]) if owner else [],
        "stations": near,
        "confidence": 1.0 if owner else 0.0,
        "reasons": reasons,
    }
