"""Where something lies: a point, an address, and reports with either or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Geod
from sqlalchemy.orm import Session

from gridmap.config import Settings
from gridmap.geo import crs
from gridmap.geocode import address, parts
from gridmap.geocode.match import Match, geocode, geocode_many
from gridmap.operations import asking, gazetteer
from gridmap.operations.gazetteer import Known
from gridmap.store import areas, people, stations
from gridmap.types import CHINA_TIME, Level, OpeningHours, Point

_NEAREST = 5
# Declared coordinates and address contradict each other when they name different areas and lie farther
# apart than both may err, and this much more: people stand at the gate, and write the building.
_SLACK_M: Final = 150.0
# A device that does not tell its accuracy: a telephone among houses.
_UNKNOWN_ACCURACY_M: Final = 50.0
_CHUNK: Final = 20_000
_ELLIPSOID: Final = Geod(ellps="GRS80")  # of CGCS2000

Floats = NDArray[np.float64]


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


def locate_address(session: Session, settings: Settings, text: str) -> dict[str, Any]:
    """What `locate_point` answers, for the place that an address names; and how sure that is.

    Besides: parts (how the address was read, by the names of `parts.Parts`), place, radius_m (by how much
    the point may err), candidates (place, kind, lng, lat, confidence, area, best first). Where the address
    cannot be told for sure, `status` is "unsure", nothing is placed
    and the candidates are there to choose from; before that the provider is asked, where one is configured.
    `reasons` are of the geocode first.
    """
    known = gazetteer.known(session)
    match = asking.ask(geocode(text, known.gazetteer, known.owner), asking.provider(settings), known)
    options, read = candidates(session, match), parts.split(text).told()
    if match.area is None or match.x is None or match.y is None:
        return {
            "status": "unsure",
            "lng": None,
            "lat": None,
            "area": None,
            "path": [],
            "workers": [],
            "stations": [],
            "confidence": match.confidence,
            "reasons": list(match.reasons),
            "parts": read,
            "place": None,
            "radius_m": None,
            "candidates": options,
        }
    found = locate_point(session, settings, Point(match.x, match.y), "cgcs2000")
    if found["area"] is None or found["area"]["code"] != match.area:
        # The area that the address names: of a point on its edge, or of one that is known to a street's width.
        named = areas.get_area(session, match.area)
        found |= {
            "status": "located",
            "area": {name: named[name] for name in ("code", "name", "level", "kind")},
            "path": areas.list_path(session, match.area),
            "workers": people.list_workers(session, match.area),
        }
    return found | {
        "confidence": match.confidence,
        "reasons": [*match.reasons, *found["reasons"]],
        "parts": read,
        "place": match.place,
        "radius_m": None if match.radius_m is None else round(match.radius_m),
        "candidates": options,
    }


def candidates(session: Session, match: Match) -> list[dict[str, Any]]:
    """The candidates of a match as place, kind, lng, lat, confidence and area (code, name, level, kind)."""
    named = areas.list_named(session, [found.area for found in match.candidates if found.area])
    return [
        {
            "place": found.place,
            "kind": found.kind,
            "lng": round(found.x, 7),
            "lat": round(found.y, 7),
            "confidence": round(found.confidence, 4),
            "area": named.get(found.area or ""),
        }
        for found in match.candidates
    ]


def place_reports(
    known: Known,
    names: dict[str, str],
    reports: pd.DataFrame,
    progress: Callable[[int], None],
) -> pd.DataFrame:
    """Where each report belongs, by its declared coordinates and by its address.

    `reports`: x, y (declared, EPSG:4490, NaN without coordinates), accuracy_m, address. `names` of areas by
    code, for the reasons. The answer has the same index and x, y, area, area_id, location_method,
    location_confidence, location_reasons (list or None), waiting (None, or why a person has to look).

    Declared coordinates are never overruled: where the address tells of another place, the report keeps
    its declared area and waits as a contradiction. `progress` is told of reports whose address was read.
    """
    x, y = reports["x"].to_numpy(np.float64), reports["y"].to_numpy(np.float64)
    declared = np.isfinite(x) & np.isfinite(y)
    owners = known.locator.locate(x, y)
    written = reports["address"].astype(object).where(reports["address"].notna(), "").to_numpy(dtype=object)
    found = _read(written, known, progress)
    there = found["area"].astype(object).where(found["area"].notna(), None).to_numpy(dtype=object)
    there_x, there_y = found["x"].to_numpy(np.float64), found["y"].to_numpy(np.float64)
    # An area that is not in force any more owns nothing.
    ids = np.array([known.locator.ids.get(code, -1) for code in there], dtype=np.int64)
    answered = ids >= 0
    apart_m = _apart_m(x, y, there_x, there_y, declared & answered)
    accuracy_m = np.nan_to_num(reports["accuracy_m"].to_numpy(np.float64), nan=_UNKNOWN_ACCURACY_M)
    allowed_m = np.nan_to_num(found["radius_m"].to_numpy(np.float64)) + accuracy_m + _SLACK_M
    contradicted = owners.found & answered & (there != owners.code) & (apart_m > allowed_m)
    by_address = ~declared & answered
    unsaid = np.array([address.is_nothing(address.normalise(text)) for text in written], dtype=bool)
    waiting = np.select(
        [contradicted, owners.found | by_address, declared, unsaid],
        ["contradiction", "", "outside", "no_address"],
        "unsure",
    ).astype(object)

    def words(row: int) -> list[str] | None:
        said = found["reasons"].iat[row]
        own = said.split("；") if isinstance(said, str) and said else []
        aim = f"地址指向{found['place'].iat[row]}（{names.get(there[row], there[row])}）"
        match waiting[row]:
            case "contradiction":
                at = names.get(owners.code[row], owners.code[row])
                return [f"坐标在{at}，{aim}，相距约{apart_m[row]:,.0f}米", *own]
            case "outside":
                return ["坐标不在任何网格内", *([aim] if answered[row] else [])]
            case "no_address":
                return ["没有坐标，也没有可用的地址"]
            case "":
                return own if by_address[row] else None
        return own

    method = np.full(len(reports), None, dtype=object)
    method[owners.found], method[by_address] = "declared", "geocoded"
    told = pd.Series([words(row) for row in range(len(reports))], index=reports.index, dtype=object)
    doubted = by_address | (waiting == "unsure") | contradicted
    return pd.DataFrame(
        {
            "x": np.where(by_address, there_x, x),
            "y": np.where(by_address, there_y, y),
            "area": np.where(by_address, there, owners.code),
            "area_id": pd.Series(np.where(by_address, ids, owners.id), index=reports.index).where(
                by_address | owners.found
            ),
            "location_method": method,
            "location_confidence": np.where(doubted, found["confidence"].to_numpy(np.float64), np.nan),
            "location_reasons": told,
            "waiting": pd.Series(waiting, index=reports.index).where(waiting != "", None),
        },
        index=reports.index,
    )


def _read(written: NDArray[np.object_], known: Known, progress: Callable[[int], None]) -> pd.DataFrame:
    """`geocode_many` of texts, each different one read once."""
    which, texts = pd.factorize(written)
    times = np.bincount(which, minlength=len(texts))
    parts = []
    for start in range(0, len(texts), _CHUNK):
        chunk: Sequence[str] = texts[start : start + _CHUNK].tolist()
        parts.append(geocode_many(chunk, known.gazetteer, known.owner))
        progress(int(times[start : start + _CHUNK].sum()))
    if not parts:
        return geocode_many([], known.gazetteer, known.owner)
    return pd.concat(parts, ignore_index=True).iloc[which].reset_index(drop=True)


def _apart_m(x: Floats, y: Floats, to_x: Floats, to_y: Floats, where: NDArray[np.bool_]) -> Floats:
    """Metres on the ellipsoid between pairs of lon/lat points; 0 where not asked for."""
    apart = np.zeros(len(x))
    if where.any():
        apart[where] = _ELLIPSOID.inv(x[where], y[where], to_x[where], to_y[where])[2]
    return apart
