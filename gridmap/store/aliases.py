"""Names that people taught the gazetteer."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.store.frames import frame
from gridmap.types import Point


def list_aliases(session: Session) -> pd.DataFrame:
    """alias, name (of the place that it means, None for a spot), x, y (EPSG:4490) and area of what is taught
    and not withdrawn, in the order of teaching."""
    return frame(
        session,
        "SELECT alias, place AS name, ST_X(geom) AS x, ST_Y(geom) AS y, area "
        "FROM taught_aliases WHERE withdrawn_at IS NULL ORDER BY id",
    )


def teach(
    session: Session, alias: str, place: str | None, point: Point, area: str, report: int, taught_by: str
) -> int:
    """Record that `alias` means a place, or the spot itself; returns the alias's id."""
    identity: int = session.execute(
        text(
            "INSERT INTO taught_aliases (alias, place, area, report_id, taught_by, geom) VALUES "
            "(:alias, :place, :area, :report, :taught_by, ST_SetSRID(ST_MakePoint(:lng, :lat), 4490)) "
            "RETURNING id"
        ),
        {
            "alias": alias,
            "place": place,
            "area": area,
            "report": report,
            "taught_by": taught_by,
            "lng": point.lng,
            "lat": point.lat,
        },
    ).scalar_one()
    return identity


def withdraw(session: Session, identity: int) -> None:
    """Take back what was taught."""
    session.execute(
        text("UPDATE taught_aliases SET withdrawn_at = now() WHERE id = :id AND withdrawn_at IS NULL"),
        {"id": identity},
    )
