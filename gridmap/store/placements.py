"""The queue of reports that wait for a person, placing and correcting by hand, its undoing, and the log of it all."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from gridmap.errors import NotFoundError
from gridmap.store import bulk
from gridmap.store.frames import geoframe
from gridmap.types import Point

# Why a report waits, in the order in which people work them off.
REASONS = ("unsure", "contradiction", "outside", "no_address")
# The log's word for the program itself.
PROGRAM = "gridmap"

_ROW = (
    "r.id, r.reference, s.name AS source, c.name AS category, r.text, r.address, r.reported_at, r.waiting, "
    "coalesce(r.location_reasons, '{}') AS reasons"
)
_OF_REPORTS = (
    "FROM reports r JOIN categories c ON c.code = r.category JOIN report_sources s ON s.code = r.source"
)
_LOGGED = (
    "report_id, done_by, action, area, area_id, method, confidence, waiting, reasons, geom, "
    "area_before, area_id_before, method_before, confidence_before, waiting_before, geom_before"
)
_BEFORE = "r.area, r.area_id, r.location_method, r.location_confidence, r.waiting, r.geom"

# A step of `bulk.merge_staged` on reports: `r` is the report as it was before, if it was there.
LOG_GEOCODED = f"""
INSERT INTO placements ({_LOGGED})
SELECT m.id, '{PROGRAM}', 'geocoded', s.area, s.area_id, s.location_method, s.location_confidence, s.waiting,
       s.location_reasons, s.geom, {_BEFORE}
FROM merged m JOIN staging s USING (source, reference) LEFT JOIN reports r ON r.id = m.id
WHERE s.location_method = 'geocoded'
  AND (r.location_method, r.geom) IS DISTINCT FROM (s.location_method, s.geom)
"""


def count_waiting(session: Session) -> dict[str, int]:
    """How many reports wait, by reason; every reason is named."""
    rows = session.execute(
        text("SELECT waiting, count(*) FROM reports WHERE waiting IS NOT NULL GROUP BY waiting")
    )
    found: dict[str, int] = dict(rows.all())
    return {reason: found.get(reason, 0) for reason in REASONS}


def list_waiting(session: Session, reason: str | None, limit: int, offset: int) -> list[dict[str, Any]]:
    """Part of the queue, newest first: id, reference, source, category, text, address, reported_at, waiting,
    reasons (list, perhaps empty). `reason` is one of `REASONS`, or None for all."""
    rows = session.execute(
        text(
            f"SELECT {_ROW} {_OF_REPORTS} "
            "WHERE r.waiting IS NOT NULL AND (CAST(:reason AS text) IS NULL OR r.waiting = :reason) "
            "ORDER BY r.reported_at DESC, r.id DESC LIMIT :limit OFFSET :offset"
        ),
        {"reason": reason, "limit": limit, "offset": offset},
    ).mappings()
    return [dict(row) for row in rows]


def list_numbered(session: Session, reference: str) -> list[dict[str, Any]]:
    """Reports of a number, waiting or not, newest first: the columns of `list_waiting`, area_name (in the
    version of its day), method. Each source counts for itself, so that there may be several."""
    rows = session.execute(
        text(
            f"SELECT {_ROW}, a.name AS area_name, r.location_method AS method {_OF_REPORTS} "
            "LEFT JOIN areas a ON a.id = r.area_id "
            # By source, as the index has it.
            "WHERE (r.source, r.reference) IN (SELECT code, :reference FROM report_sources) "
            "ORDER BY r.reported_at DESC, r.id DESC"
        ),
        {"reference": reference},
    ).mappings()
    return [dict(row) for row in rows]


def get_report(session: Session, identity: int, *, lock: bool = False) -> dict[str, Any]:
    """One report with its place: the columns of `list_waiting`, and lng, lat (EPSG:4490, None without a
    place), declared (whether the position is as received), accuracy_m, area, area_id, method, confidence.

    `lock` holds the report until the transaction ends. Raises NotFoundError.
    """
    row = (
        session.execute(
            text(
                f"SELECT {_ROW}, ST_X(r.geom) AS lng, ST_Y(r.geom) AS lat, "
                "r.raw_x IS NOT NULL AND r.location_method IS DISTINCT FROM 'confirmed' AS declared, "
                "r.accuracy_m, r.area, r.area_id, r.location_method AS method, "
                f"r.location_confidence AS confidence {_OF_REPORTS} "
                f"WHERE r.id = :id {'FOR UPDATE OF r' if lock else ''}"
            ),
            {"id": identity},
        )
        .mappings()
        .first()
    )
    if row is None:
        raise NotFoundError(f"没有序号为 {identity} 的上报")
    return dict(row)


def list_unsettled(session: Session) -> gpd.GeoDataFrame:
    """Every report that waits: id, address, accuracy_m; its declared position in EPSG:4490, or none."""
    return geoframe(
        session,
        "SELECT id, address, accuracy_m, ST_AsBinary(geom) AS geometry FROM reports "
        "WHERE waiting IS NOT NULL ORDER BY id",
    )


def settle(connection: Connection, places: pd.DataFrame) -> int:
    """Place reports that still wait, or renew the reasons for which they do; returns how many were placed.

    `places`: id, x, y (EPSG:4490, NaN without a place), area, area_id, location_method,
    location_confidence, location_reasons, waiting. Whoever was placed by a person meanwhile stays there.
    """
    columns = {
        "id": bulk.numbers(places["id"], "int8"),
        "area": bulk.texts(places["area"]),
        "area_id": bulk.numbers(places["area_id"], "int4"),
        "location_method": bulk.texts(places["location_method"]),
        "location_confidence": bulk.numbers(places["location_confidence"], "float8"),
        "location_reasons": bulk.text_arrays(places["location_reasons"].tolist()),
        "waiting": bulk.texts(places["waiting"]),
        "geom": bulk.points(places["x"], places["y"]),
    }
    bulk.stage(connection, "reports", columns)
    names = [name for name in columns if name != "id"]
    ours, theirs = (", ".join(f"{side}.{name}" for name in names) for side in ("r", "s"))
    placed = connection.execute(
        text(
            f"""
WITH settled AS (
    UPDATE reports r SET ({", ".join(names)}) = ROW({theirs}) FROM staging s
    WHERE r.id = s.id AND r.waiting IS NOT NULL AND ({ours}) IS DISTINCT FROM ({theirs}) RETURNING r.id),
logged AS (
    INSERT INTO placements ({_LOGGED})
    SELECT r.id, '{PROGRAM}', CASE s.location_method WHEN 'geocoded' THEN 'geocoded' ELSE 'adopted' END,
           s.area, s.area_id, s.location_method, s.location_confidence, s.waiting, s.location_reasons, s.geom,
           {_BEFORE}
    FROM settled JOIN staging s USING (id) JOIN reports r USING (id)
    WHERE s.area IS NOT NULL AND r.area IS NULL
    RETURNING 1)
SELECT count(*) FROM logged
"""
        )
    ).scalar_one()
    connection.execute(text("DROP TABLE staging"))
    return int(placed)


def confirm(
    session: Session, identity: int, point: Point, owner: dict[str, Any], done_by: str, alias_id: int | None
) -> int:
    """Put a report at a point (EPSG:4490) of the area `owner` (code, id); returns the log's line."""
    return int(
        session.execute(
            text(
                f"""
WITH placed AS (
    UPDATE reports SET area = :area, area_id = :area_id, location_method = 'confirmed', waiting = NULL,
        location_confidence = NULL, location_reasons = NULL,
        geom = ST_SetSRID(ST_MakePoint(:lng, :lat), 4490)
    WHERE id = :id)
INSERT INTO placements ({_LOGGED}, alias_id)
SELECT r.id, :done_by, 'confirmed', :area, :area_id, 'confirmed', NULL, NULL, r.location_reasons,
       ST_SetSRID(ST_MakePoint(:lng, :lat), 4490), {_BEFORE}, :alias_id
FROM reports r WHERE r.id = :id RETURNING id
"""
            ),
            {
                "id": identity,
                "lng": point.lng,
                "lat": point.lat,
                "area": owner["code"],
                "area_id": owner["id"],
                "done_by": done_by,
                "alias_id": alias_id,
            },
        ).scalar_one()
    )


def withdraw(session: Session, line: int, done_by: str) -> int:
    """Put a report back to where it was before a line of the log; returns the log's new line."""
    return int(
        session.execute(
            text(
                f"""
WITH line AS (SELECT * FROM placements WHERE id = :line),
back AS (
    UPDATE reports r SET area = l.area_before, area_id = l.area_id_before, location_method = l.method_before,
        waiting = l.waiting_before, location_confidence = l.confidence_before, location_reasons = l.reasons,
        geom = l.geom_before
    FROM line l WHERE r.id = l.report_id)
INSERT INTO placements ({_LOGGED}, undoes)
SELECT r.id, :done_by, 'withdrawn', l.area_before, l.area_id_before, l.method_before, l.confidence_before,
       l.waiting_before, l.reasons, l.geom_before, {_BEFORE}, l.id
FROM line l JOIN reports r ON r.id = l.report_id RETURNING id
"""
            ),
            {"line": line, "done_by": done_by},
        ).scalar_one()
    )


def list_geocoded(session: Session, *, since: int) -> list[dict[str, Any]]:
    """Reports that lie where the program put them by their address, after a line of the log: id, address,
    area, lng, lat (EPSG:4490)."""
    rows = session.execute(
        text(
            "SELECT r.id, r.address, r.area, ST_X(r.geom) AS lng, ST_Y(r.geom) AS lat FROM reports r "
            "WHERE r.location_method = 'geocoded' AND r.address IS NOT NULL AND r.id IN "
            "(SELECT report_id FROM placements WHERE id > :line AND action = 'geocoded') ORDER BY r.id"
        ),
        {"line": since},
    ).mappings()
    return [dict(row) for row in rows]


def release(session: Session, identity: int, confidence: float, reasons: list[str]) -> None:
    """Let a report that the program placed by its address wait again, and log that; whoever was placed by a
    person meanwhile stays there. `confidence` and `reasons` are of the address as it is read now."""
    session.execute(
        text(
            f"""
WITH back AS (
    UPDATE reports SET area = NULL, area_id = NULL, location_method = NULL, geom = NULL, waiting = 'unsure',
        location_confidence = :confidence, location_reasons = CAST(:reasons AS text[])
    WHERE id = :id AND location_method = 'geocoded' RETURNING id)
INSERT INTO placements ({_LOGGED}, undoes)
SELECT r.id, '{PROGRAM}', 'withdrawn', NULL, NULL, NULL, :confidence, 'unsure', CAST(:reasons AS text[]), NULL,
       {_BEFORE}, (SELECT max(p.id) FROM placements p WHERE p.report_id = r.id)
FROM back JOIN reports r ON r.id = back.id
"""
        ),
        {"id": identity, "confidence": confidence, "reasons": reasons},
    )


def renew_reasons(
    session: Session, identity: int, confidence: float | None, reasons: list[str] | None
) -> None:
    """Tell anew why a report waits, if it does."""
    session.execute(
        text(
            "UPDATE reports SET location_confidence = :confidence, location_reasons = CAST(:reasons AS text[]) "
            "WHERE id = :id AND waiting IS NOT NULL"
        ),
        {"id": identity, "confidence": confidence, "reasons": reasons},
    )


def list_log(session: Session, identity: int) -> list[dict[str, Any]]:
    """What happened to a report's place, newest first: id, at, done_by, action, area, area_name (in the
    version of that day), method, confidence, lng, lat, reasons, alias_id, alias."""
    rows = session.execute(
        text(
            "SELECT p.id, p.at, p.done_by, p.action, p.area, a.name AS area_name, p.method, p.confidence, "
            "ST_X(p.geom) AS lng, ST_Y(p.geom) AS lat, coalesce(p.reasons, '{}') AS reasons, "
            "p.alias_id, t.alias "
            "FROM placements p LEFT JOIN areas a ON a.id = p.area_id "
            "LEFT JOIN taught_aliases t ON t.id = p.alias_id "
            "WHERE p.report_id = :id ORDER BY p.id DESC"
        ),
        {"id": identity},
    ).mappings()
    return [dict(row) for row in rows]
