"""/maps/overview/…: the data that the overview map asks for as it is moved and filtered."""

from __future__ import annotations

import math
from datetime import datetime

from flask import Blueprint, Response, jsonify, request

from gridmap.analysis import density
from gridmap.errors import InputError
from gridmap.maps import heat
from gridmap.operations import briefing
from gridmap.store import areas, reports
from gridmap.store.db import data_version
from gridmap.types import CHINA_TIME, Bbox, Level
from gridmap.web import params
from gridmap.web.caching import conditional
from gridmap.web.context import database

blueprint = Blueprint("overview", __name__, url_prefix="/maps/overview")

_HEAT_PIXELS = 512
_HEAT_BANDWIDTH_M = 120.0
_EARTH_RADIUS_M = 6_378_137.0


@blueprint.get("/reports")
def report_clusters() -> Response:
    """Clusters of a box as GeoJSON; `total` and `unplaced` are of the whole filter."""
    chosen, bbox, zoom = params.report_filter(request), params.bbox(request), params.zoom(request)
    with database().session() as session:
        rows = reports.list_clusters(session, chosen, bbox, zoom)
        counts = reports.count(session, chosen)
        newest = reports.latest(session)
    features = []
    for row in rows:
        lng, lat = row.pop("lng"), row.pop("lat")
        for report in row["reports"]:
            report["reported_at"] = report["reported_at"].astimezone(CHINA_TIME).strftime("%Y-%m-%d %H:%M")
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(lng, 6), round(lat, 6)]},
                "properties": row,
            }
        )
    return jsonify(
        {
            "type": "FeatureCollection",
            "features": features,
            "total": counts.placed,
            "unplaced": counts.unplaced,
            "shown": sum(row["n"] for row in rows),
            "as_of": newest.astimezone(CHINA_TIME).isoformat(timespec="minutes") if newest else None,
        }
    )


@blueprint.get("/counts")
def counts() -> Response:
    """Reports of each area of a level, with the states of the whole filter."""
    try:
        level = Level(request.args.get("level", "grid"))
    except ValueError:
        raise InputError(f"level must be one of {', '.join(Level)}") from None
    chosen = params.report_filter(request)
    with database().session() as session:
        found = reports.count(session, chosen)
        newest = reports.latest(session)
        return jsonify(
            {
                "level": level,
                "total": found.placed,
                "unplaced": found.unplaced,
                "states": reports.count_states(session, chosen),
                "counts": briefing.counts_by_level(session, chosen, level),
                "as_of": newest.astimezone(CHINA_TIME).isoformat(timespec="minutes") if newest else None,
            }
        )


@blueprint.get("/heat.png")
def heat_picture() -> Response:
    """Kernel density of the filtered reports over the box of all areas, in Web Mercator."""
    chosen = params.report_filter(request)
    with database().session() as session:
        extent = areas.extent(session)
        if extent is None:
            raise InputError("还没有辖区：先导入网格边界")

        def draw() -> Response:
            bins = reports.count_bins(session, chosen, extent, _raster_shape(extent))
            surface = density.smooth(bins, _pixel_m(extent), _HEAT_BANDWIDTH_M)
            return Response(heat.picture(surface), mimetype="image/png")

        version = data_version(session, "reports", "areas")
        if chosen.states:
            # A report becomes overdue without any change of the data.
            version += datetime.now(CHINA_TIME).strftime(" %Y-%m-%d %H:%M")
        return conditional(request, version, draw)


def _raster_shape(extent: Bbox) -> tuple[int, int]:
    """Rows and columns of a raster over the box whose pixels are square in Web Mercator."""

    def northing(lat: float) -> float:
        return math.asinh(math.tan(math.radians(lat)))

    height = northing(extent.north) - northing(extent.south)
    aspect = height / math.radians(extent.east - extent.west)
    longest = max(1.0, aspect)
    return max(1, round(_HEAT_PIXELS * aspect / longest)), max(1, round(_HEAT_PIXELS / longest))


def _pixel_m(extent: Bbox) -> float:
    """True width of a pixel: Web Mercator stretches lengths by 1 / cos(latitude)."""
    width = math.radians(extent.east - extent.west) * _EARTH_RADIUS_M
    return width * math.cos(math.radians(extent.center.lat)) / _raster_shape(extent)[1]
