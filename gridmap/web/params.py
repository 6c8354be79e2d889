"""Reading a request: each parameter through its door, with an error that names it."""

from __future__ import annotations

import re
from typing import Any

from flask import Request

from gridmap.errors import InputError
from gridmap.geo import crs
from gridmap.store.placements import REASONS
from gridmap.store.reports import STATES, ReportFilter
from gridmap.types import Bbox, Period, Point

_NUMBER = re.compile(r"[0-9]{1,6}")
_LONGEST_TEXT = 100


def point(request: Request) -> tuple[Point, str]:
    """`lng`, `lat` and the system they are declared in (`crs`, wgs84 unless given)."""
    found = Point.parse(request.args.get("lng"), request.args.get("lat"))
    return found, crs.declare(request.args.get("crs") or "wgs84")


def bbox(request: Request) -> Bbox:
    """`bbox=west,south,east,north` in degrees, cut to the world (a map at low zoom shows more)."""
    try:
        west, south, east, north = (float(part) for part in request.args.get("bbox", "").split(","))
    except ValueError:
        raise InputError("bbox must be four numbers: west,south,east,north") from None
    return Bbox(max(west, -180.0), max(south, -85.05), min(east, 180.0), min(north, 85.05))


def zoom(request: Request) -> int:
    text = request.args.get("zoom", "")
    if not _NUMBER.fullmatch(text) or int(text) > 22:
        raise InputError(f"zoom must be a whole number from 0 to 22, not {text[:20]!r}")
    return int(text)


def report_filter(request: Request) -> ReportFilter:
    """`category` and `state` (lists by comma), `since` and `until` (days, both included)."""
    states = _words(request, "state")
    for state in states:
        if state not in STATES:
            raise InputError(f"state must be of {', '.join(STATES)}, not {state[:20]!r}")
    return ReportFilter(
        categories=_words(request, "category"),
        period=Period.parse(request.args.get("since"), request.args.get("until")),
        states=states,
    )


def page(request: Request, size: int) -> tuple[int, int]:
    """`page` counted from 1, as (limit, offset)."""
    text = request.args.get("page", "1")
    if not _NUMBER.fullmatch(text) or int(text) == 0:
        raise InputError(f"页码必须是从 1 开始的整数，而不是 {text[:20]!r}")
    return size, (int(text) - 1) * size


def reason(request: Request) -> str | None:
    """`reason`: why reports of the queue wait, or None for all."""
    text = request.args.get("reason") or None
    if text is not None and text not in REASONS:
        raise InputError(f"没有这种待确认原因：{text[:20]!r}")
    return text


def body(request: Request) -> dict[str, Any]:
    """The JSON object that was posted."""
    try:
        found = request.get_json(silent=True)
    except RecursionError:
        found = None
    if not request.is_json or not isinstance(found, dict):
        raise InputError("the body must be a JSON object, sent as application/json")
    return found


def point_of(body: dict[str, Any]) -> Point:
    """`lng` and `lat` of a posted object, numbers in WGS-84."""
    lng, lat = body.get("lng"), body.get("lat")
    for name, value in (("lng", lng), ("lat", lat)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{name} must be a number")
    return Point.parse(lng, lat)


def text_of(body: dict[str, Any], name: str) -> str:
    """A short text of a posted object, empty where there is none."""
    value = body.get(name)
    if value is None:
        return ""
    # Half of a surrogate pair is no character, and PostgreSQL takes neither it nor NUL.
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or re.search("[\0\ud800-\udfff]", value):
        raise InputError(f"{name} must be a text of at most {_LONGEST_TEXT} characters")
    return value.strip()


def whole_number_of(body: dict[str, Any], name: str) -> int:
    """A number of 1 or more of a posted object."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise InputError(f"{name} must be a whole number above 0")
    return value


def _words(request: Request, name: str) -> tuple[str, ...]:
    return tuple(word for word in request.args.get(name, "").split(",") if word)
