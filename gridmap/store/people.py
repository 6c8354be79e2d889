"""Grid workers and the areas they answer for."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from gridmap.store import bulk
from gridmap.store.frames import frame


def list_workers(session: Session, area: str) -> list[dict[str, Any]]:
    """Who answers for exactly this area today: name, phone, role; full-time before part-time."""
    rows = session.execute(
        text(
            "SELECT w.name, w.phone, w.role FROM workers w JOIN worker_areas a ON a.worker_id = w.id "
            "WHERE a.area = :area AND a.valid_to IS NULL "
            "ORDER BY array_position(ARRAY['full', 'lead', 'part'], w.role), w.reference"
        ),
        {"area": area},
    ).mappings()
    return [dict(row) for row in rows]


def roster(session: Session) -> pd.DataFrame:
    """Every grid in force with its full-time workers, counted and named: 0 is a vacancy, 2 a double."""
    return frame(
        session,
        "SELECT g.code, g.name, g.parent, count(w.id) AS workers, "
        "  coalesce(array_agg(w.name ORDER BY w.reference) FILTER (WHERE w.id IS NOT NULL), '{}') AS names "
        "FROM areas g LEFT JOIN worker_areas a ON a.area = g.code AND a.valid_to IS NULL "
        "LEFT JOIN workers w ON w.id = a.worker_id AND w.role = 'full' "
        "WHERE g.level = 'grid' AND g.valid_to IS NULL GROUP BY g.code, g.name, g.parent ORDER BY g.code",
    )


def save(connection: Connection, workers: pd.DataFrame) -> bulk.Merged:
    """Insert workers or update those with the same reference; their areas become those of the frame.

    An area that a worker no longer answers for is ended today, not forgotten.
    """
    merged = bulk.merge(
        connection,
        "workers",
        {name: bulk.texts(workers[name]) for name in ("reference", "name", "phone", "role")},
        key=["reference"],
    )
    pairs = workers[["reference", "areas"]].explode("areas").dropna()
    given = {"references": pairs["reference"].tolist(), "areas": pairs["areas"].tolist()}
    source = (
        "(SELECT w.id AS worker_id, g.area "
        "FROM unnest(CAST(:references AS text[]), CAST(:areas AS text[])) AS g(reference, area) "
        "JOIN workers w USING (reference))"
    )
    connection.execute(
        text(
            f"UPDATE worker_areas a SET valid_to = current_date WHERE valid_to IS NULL "
            f"AND worker_id IN (SELECT id FROM workers WHERE reference = ANY(:everyone)) "
            f"AND NOT EXISTS (SELECT FROM {source} g WHERE g.worker_id = a.worker_id AND g.area = a.area)"
        ),
        given | {"everyone": workers["reference"].tolist()},
    )
    connection.execute(
        text(
            f"INSERT INTO worker_areas (worker_id, area) SELECT DISTINCT worker_id, area FROM {source} g "
            "WHERE NOT EXISTS (SELECT FROM worker_areas a WHERE a.worker_id = g.worker_id "
            "AND a.area = g.area AND a.valid_to IS NULL) "
            "ON CONFLICT (worker_id, area, valid_from) DO UPDATE SET valid_to = NULL"
        ),
        given,
    )
    return merged
