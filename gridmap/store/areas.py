"""Areas: versions, lookup of a point's owner, and lists for maps and indexes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from gridmap.errors import NotFoundError
from gridmap.store import bulk
from gridmap.store.frames import frame, geoframe
from gridmap.types import Bbox, Level, Point

# Buildings own no reports: they are the fifth level of the drill-down, not of duty.
OWNING_LEVELS = (Level.GRID, Level.COMMUNITY, Level.STREET, Level.COUNTY)

# The owner rule of `geo.locate.AreaIndex`, in SQL: the finest level that covers the point; on it a
# dedicated area before a general one, then the smallest code (bytewise, whatever the collation).
_OWNER = """
SELECT id, code, name, level, kind, parent FROM areas
WHERE valid_to IS NULL AND level = ANY(:levels)
  AND ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lng, :lat), 4490))
ORDER BY array_position(:levels, level), kind <> 'dedicated', code COLLATE "C"
LIMIT 1
"""

_COLUMNS = "id, code, level, kind, name, parent, households, population, valid_from, valid_to"


def find_owner(session: Session, point: Point) -> dict[str, Any] | None:
    """The area that owns a point (lon/lat, EPSG:4490), or None where no area covers it."""
    row = (
        session.execute(
            text(_OWNER),
            {"lng": point.lng, "lat": point.lat, "levels": [str(level) for level in OWNING_LEVELS]},
        )
        .mappings()
        .first()
    )
    return dict(row) if row else None


def get_area(session: Session, code: str) -> dict[str, Any]:
    """The version in force of an area; raises NotFoundError."""
    row = (
        session.execute(
            text(f"SELECT {_COLUMNS} FROM areas WHERE code = :code AND valid_to IS NULL"), {"code": code}
        )
        .mappings()
        .first()
    )
    if row is None:
        raise NotFoundError(f"no area has the code {code!r}")
    return dict(row)


def list_path(session: Session, code: str) -> list[dict[str, Any]]:
    """The area and its parents, from the top down: code, name, level, kind."""
    rows = session.execute(
        text(
            "WITH RECURSIVE path AS ("
            "  SELECT code, name, level, kind, parent, 0 AS step FROM areas"
            "  WHERE code = :code AND valid_to IS NULL"
            "  UNION ALL SELECT a.code, a.name, a.level, a.kind, a.parent, step + 1 FROM areas a"
            "  JOIN path ON a.code = path.parent WHERE a.valid_to IS NULL AND step < 5)"
            "SELECT code, name, level, kind FROM path ORDER BY step DESC"
        ),
        {"code": code},
    ).mappings()
    return [dict(row) for row in rows]


def list_children(session: Session, code: str) -> pd.DataFrame:
    """code, name, level, kind, households, population of the areas below, in code order."""
    return frame(
        session,
        "SELECT code, name, level, kind, households, population FROM areas "
        'WHERE parent = :code AND valid_to IS NULL ORDER BY code COLLATE "C"',
        {"code": code},
    )


def list_versions(session: Session, code: str) -> gpd.GeoDataFrame:
    """Every version of an area, oldest first."""
    return geoframe(
        session,
        f"SELECT {_COLUMNS}, ST_AsBinary(geom) AS geometry FROM areas WHERE code = :code "
        "ORDER BY valid_from, id",
        {"code": code},
    )


def list_areas(session: Session, *levels: Level) -> gpd.GeoDataFrame:
    """The versions in force, of the given levels or of all, in code order; geometry in EPSG:4490."""
    return geoframe(
        session,
        f"SELECT {_COLUMNS}, ST_AsBinary(geom) AS geometry FROM areas "
        'WHERE valid_to IS NULL AND level = ANY(:levels) ORDER BY code COLLATE "C"',
        {"levels": [str(level) for level in levels or Level]},
    )


def list_named(session: Session, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """code, name, level, kind of those of the codes that are in force, by code."""
    rows = session.execute(
        text("SELECT code, name, level, kind FROM areas WHERE valid_to IS NULL AND code = ANY(:codes)"),
        {"codes": sorted(set(codes))},
    ).mappings()
    return {row["code"]: dict(row) for row in rows}


def list_parents(session: Session) -> pd.DataFrame:
    """code, parent, level, name of every area in force but buildings: enough to add up a tree."""
    return frame(
        session,
        "SELECT code, parent, level, name FROM areas WHERE valid_to IS NULL AND level <> 'building'",
    )


def count_by_level(session: Session) -> dict[str, int]:
    rows = session.execute(text("SELECT level, count(*) FROM areas WHERE valid_to IS NULL GROUP BY level"))
    return dict(rows.all())


def extent(session: Session) -> Bbox | None:
    """The box around all areas in force, or None where there is none."""
    row = session.execute(
        text(
            "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM "
            "(SELECT ST_Extent(geom) AS e FROM areas WHERE valid_to IS NULL) box"
        )
    ).one()
    return Bbox(*row) if row[0] is not None else None


def bounds(session: Session, identity: int) -> list[float]:
    """west, south, east, north of one version."""
    row = session.execute(
        text("SELECT ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom) FROM areas WHERE id = :id"),
        {"id": identity},
    ).one()
    return [float(value) for value in row]


def list_in_force(session: Session, codes: list[str]) -> pd.DataFrame:
    """code, level, valid_from of those of the codes that are in force."""
    return frame(
        session,
        "SELECT code, level, valid_from FROM areas WHERE valid_to IS NULL AND code = ANY(:codes)",
        {"codes": list(np.unique(codes))},
    )


def save(
    connection: Connection, areas: gpd.GeoDataFrame, day: date, progress: bulk.Progress | None = None
) -> bulk.Merged:
    """Make new versions, in force from `day`, of areas that are new or differ in anything.

    The version that was in force ends on that day. Areas that the frame does not name stay.
    """
    valid_from = areas["valid_from"] if "valid_from" in areas else pd.Series(pd.NaT, index=areas.index)
    columns = {
        "code": bulk.texts(areas["code"]),
        "level": bulk.texts(areas["level"]),
        "kind": bulk.texts(areas["kind"]),
        "name": bulk.texts(areas["name"]),
        "parent": bulk.texts(areas["parent"]),
        "households": bulk.numbers(areas["households"], "int4"),
        "population": bulk.numbers(areas["population"], "int4"),
        "valid_from": bulk.days(valid_from.fillna(pd.Timestamp(day))),
        # One order of parts, rings and vertices, so that a boundary is the same from whatever format.
        "geom": bulk.geometries(shapely.normalize(areas.geometry.to_numpy())),
    }
    names = ", ".join(columns)
    connection.execute(text(f"CREATE TEMP TABLE staging ON COMMIT DROP AS SELECT {names} FROM areas LIMIT 0"))
    total = bulk.copy(connection, "staging", columns, progress)
    compared = ("level", "kind", "name", "parent", "households", "population", "geom")
    old = ", ".join(f"areas.{name}" for name in compared)
    new = ", ".join(f"staging.{name}" for name in compared)
    ended = connection.execute(
        text(
            "UPDATE areas SET valid_to = greatest(staging.valid_from, areas.valid_from) FROM staging "
            f"WHERE areas.code = staging.code AND areas.valid_to IS NULL AND ({old}) IS DISTINCT FROM ({new})"
        )
    ).rowcount
    begun = connection.execute(
        text(
            f"INSERT INTO areas ({names}) SELECT {names} FROM staging WHERE NOT EXISTS "
            "(SELECT FROM areas WHERE areas.code = staging.code AND areas.valid_to IS NULL)"
        )
    ).rowcount
    connection.execute(text("DROP TABLE staging"))
    return bulk.Merged(begun - ended, ended, total - begun)
