"""Service points."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from gridmap.store import bulk
from gridmap.store.frames import geoframe
from gridmap.types import Point

_USE = ("visits", "waters", "medicines")


def list_stations(session: Session) -> gpd.GeoDataFrame:
    """Every station with its amenities (list of codes) and its latest month of use; EPSG:4490."""
    return geoframe(
        session,
        "SELECT s.reference, s.kind, s.name, s.address, s.phone, s.opening_hours, s.capacity, s.area, "
        "       coalesce(a.amenities, '{}') AS amenities, "
        "       u.month AS use_month, u.visits, u.waters, u.medicines, "
        "       s.raw_x, s.raw_y, s.raw_crs, ST_AsBinary(s.geom) AS geometry "
        "FROM stations s JOIN station_kinds k ON k.code = s.kind "
        "LEFT JOIN LATERAL (SELECT array_agg(x.amenity ORDER BY d.position) AS amenities "
        "  FROM station_amenities x JOIN amenities d ON d.code = x.amenity "
        "  WHERE x.station_id = s.id) a ON true "
        "LEFT JOIN LATERAL (SELECT month, visits, waters, medicines FROM station_use "
        "  WHERE station_id = s.id ORDER BY month DESC LIMIT 1) u ON true "
        "ORDER BY k.position, s.reference",
    )


def list_nearest(session: Session, point: Point, limit: int) -> list[dict[str, Any]]:
    """The nearest stations in a straight line: distance_m on the ellipsoid, nearest first.

    The index orders by degrees, which misjudges east against north; so more candidates than asked
    for are taken from it and put in order by metres.
    """
    rows = session.execute(
        text(
            "SELECT reference, kind, kind_name, name, address, phone, opening_hours, "
            "  ST_Distance(geom::geography, "
            "    ST_SetSRID(ST_MakePoint(:lng, :lat), 4490)::geography) AS distance_m "
            "FROM (SELECT s.*, k.name AS kind_name FROM stations s JOIN station_kinds k ON k.code = s.kind "
            "  ORDER BY s.geom <-> ST_SetSRID(ST_MakePoint(:lng, :lat), 4490) LIMIT :candidates) near "
            "ORDER BY distance_m, reference LIMIT :limit"
        ),
        {"lng": point.lng, "lat": point.lat, "limit": limit, "candidates": 8 * limit},
    ).mappings()
    return [dict(row) for row in rows]


def list_in_area(session: Session, prefix: str) -> list[dict[str, Any]]:
    """reference, kind, kind_name, name of the stations of an area and of those below it."""
    rows = session.execute(
        text(
            "SELECT s.reference, s.kind, k.name AS kind_name, s.name FROM stations s "
            "JOIN station_kinds k ON k.code = s.kind "
            "WHERE s.area LIKE replace(:prefix, '_', '\\_') || '%' ORDER BY k.position, s.reference"
        ),
        {"prefix": prefix},
    ).mappings()
    return [dict(row) for row in rows]


def save(
    connection: Connection, stations: gpd.GeoDataFrame, progress: bulk.Progress | None = None
) -> bulk.Merged:
    """Insert stations or update those with the same reference; amenities are replaced where they differ."""
    merged = bulk.merge(
        connection,
        "stations",
        {
            "reference": bulk.texts(stations["reference"]),
            "kind": bulk.texts(stations["kind"]),
            "name": bulk.texts(stations["name"]),
            "address": bulk.texts(stations["address"]),
            "phone": bulk.texts(stations["phone"]),
            "opening_hours": bulk.texts(stations["opening_hours"]),
            "capacity": bulk.numbers(stations["capacity"], "int4"),
            "raw_x": bulk.numbers(stations["raw_x"], "float8"),
            "raw_y": bulk.numbers(stations["raw_y"], "float8"),
            "raw_crs": bulk.texts(stations["crs"]),
            "area": bulk.texts(stations["area"]),
            "geom": bulk.geometries(stations.geometry.to_numpy()),
        },
        key=["reference"],
        progress=progress,
    )
    ids: dict[str, int] = dict(connection.execute(text("SELECT reference, id FROM stations")).all())
    offered = [
        {"station": ids[reference], "amenity": amenity}
        for reference, amenities in zip(stations["reference"], stations["amenities"], strict=True)
        for amenity in amenities
    ]
    # A file without amenities says nothing about them; one with them is the whole truth.
    if offered:
        connection.execute(
            text("DELETE FROM station_amenities WHERE station_id = ANY(:ids)"),
            {"ids": [ids[reference] for reference in stations["reference"]]},
        )
        connection.execute(text("INSERT INTO station_amenities VALUES (:station, :amenity)"), offered)
    counted = stations.loc[stations["use_month"].notna(), ["reference", "use_month", *_USE]]
    used = [
        {
            "station": ids[row["reference"]],
            "month": row["use_month"],
            **{name: _count(row[name]) for name in _USE},
        }
        for row in counted.to_dict("records")
    ]
    if used:
        connection.execute(
            text(
                "INSERT INTO station_use VALUES (:station, :month, :visits, :waters, :medicines) "
                "ON CONFLICT (station_id, month) DO UPDATE SET (visits, waters, medicines) = "
                "ROW(excluded.visits, excluded.waters, excluded.medicines)"
            ),
            used,
        )
    return merged


def _count(value: Any) -> int | None:
    return None if value is None or value != value else int(value)
