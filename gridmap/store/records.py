"""What the store keeps about imports, and the positions of everything that belongs to an area."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from gridmap.store.bulk import Merged
from gridmap.store.frames import geoframe
from gridmap.store.models import Import


def add_import(
    session: Session, kind: str, file: str, sha256: str, crs: str | None, merged: Merged, rejected: int
) -> None:
    """Record a committed import."""
    session.add(
        Import(
            kind=kind,
            file=file,
            sha256=sha256,
            crs=crs,
            added=merged.added,
            changed=merged.changed,
            unchanged=merged.unchanged,
            rejected=rejected,
        )
    )
    session.flush()


def list_positions(session: Session, table: str) -> gpd.GeoDataFrame:
    """id and a point of each row of stations, places or demand; EPSG:4490."""
    return geoframe(
        session,
        f"SELECT id, ST_AsBinary(CASE WHEN ST_GeometryType(geom) = 'ST_Point' THEN geom "
        f"ELSE ST_PointOnSurface(geom) END) AS geometry FROM {table} ORDER BY id",
    )


def set_areas(connection: Connection, table: str, ids: NDArray[np.int64], codes: Any) -> None:
    """Give rows of stations, places or demand their owner, where it is another than before."""
    connection.execute(
        text(
            f"UPDATE {table} SET area = a.area FROM unnest(CAST(:ids AS bigint[]), CAST(:codes AS text[])) "
            f"AS a(id, area) WHERE {table}.id = a.id AND {table}.area IS DISTINCT FROM a.area"
        ),
        {"ids": ids.tolist(), "codes": list(codes)},
    )


def list_all_points(session: Session, limit: int) -> NDArray[np.float64]:
    """(n, 2) lon/lat of stored stations, homes and reports, at most `limit` of each."""
    rows = session.execute(
        text(
            "(SELECT ST_X(geom), ST_Y(geom) FROM stations LIMIT :n) UNION ALL "
            "(SELECT ST_X(geom), ST_Y(geom) FROM demand LIMIT :n) UNION ALL "
            "(SELECT ST_X(geom), ST_Y(geom) FROM reports WHERE geom IS NOT NULL LIMIT :n)"
        ),
        {"n": limit},
    ).all()
    return np.array(rows, dtype=np.float64).reshape(-1, 2)
