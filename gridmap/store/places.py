"""What lies on the ground: places, streets, landscape, and where people live."""

from __future__ import annotations

import geopandas as gpd
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from gridmap.store import bulk
from gridmap.store.frames import geoframe


def list_places(session: Session) -> gpd.GeoDataFrame:
    """reference, kind, name, aliases (list), parent, address, managed, committee, area; EPSG:4490."""
    return geoframe(
        session,
        "SELECT reference, kind, name, aliases, parent, address, managed, committee, area, "
        "ST_AsBinary(geom) AS geometry FROM places ORDER BY id",
    )


def list_streets(session: Session) -> gpd.GeoDataFrame:
    """reference, name (None where a street has none), class; EPSG:4490."""
    return geoframe(
        session,
        "SELECT reference, name, class, ST_AsBinary(geom) AS geometry FROM streets ORDER BY id",
    )


def save_places(
    connection: Connection, places: gpd.GeoDataFrame, progress: bulk.Progress | None = None
) -> bulk.Merged:
    return bulk.merge(
        connection,
        "places",
        {
            "reference": bulk.texts(places["reference"]),
            "kind": bulk.texts(places["kind"]),
            "name": bulk.texts(places["name"]),
            "aliases": bulk.text_arrays(places["aliases"].tolist()),
            "parent": bulk.texts(places["parent"]),
            "address": bulk.texts(places["address"]),
            "managed": bulk.booleans(places["managed"]),
            "committee": bulk.booleans(places["committee"]),
            "area": bulk.texts(places["area"]),
            "geom": bulk.geometries(places.geometry.to_numpy()),
        },
        key=["reference"],
        progress=progress,
    )


def save_streets(
    connection: Connection, streets: gpd.GeoDataFrame, progress: bulk.Progress | None = None
) -> bulk.Merged:
    return bulk.merge(
        connection,
        "streets",
        {
            "reference": bulk.texts(streets["reference"]),
            "name": bulk.texts(streets["name"]),
            "class": bulk.texts(streets["class"]),
            "bridge": bulk.booleans(streets["bridge"]),
            "geom": bulk.geometries(streets.geometry.to_numpy()),
        },
        key=["reference"],
        progress=progress,
    )


def save_landscape(
    connection: Connection, landscape: gpd.GeoDataFrame, progress: bulk.Progress | None = None
) -> bulk.Merged:
    return bulk.merge(
        connection,
        "landscape",
        {
            "reference": bulk.texts(landscape["reference"]),
            "kind": bulk.texts(landscape["kind"]),
            "name": bulk.texts(landscape["name"]),
            "geom": bulk.geometries(landscape.geometry.to_numpy()),
        },
        key=["reference"],
        progress=progress,
    )


def save_demand(
    connection: Connection, demand: gpd.GeoDataFrame, progress: bulk.Progress | None = None
) -> bulk.Merged:
    counts = ("people", "households", "elderly", "children", "riders")
    return bulk.merge(
        connection,
        "demand",
        {
            "reference": bulk.texts(demand["reference"]),
            "building": bulk.texts(demand["building"]),
            **{name: bulk.numbers(demand[name], "float8") for name in counts},
            "area": bulk.texts(demand["area"]),
            "geom": bulk.geometries(demand.geometry.to_numpy()),
        },
        key=["reference"],
        progress=progress,
    )
