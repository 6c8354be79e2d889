"""Reports: what matches a filter, where it lies, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from gridmap.store import bulk, placements
from gridmap.store.frames import frame, geoframe
from gridmap.types import Bbox, Period

STATES = ("open", "overdue", "closed")
# A circle of Web Mercator; a tile of zoom z is 256 of its 2^z parts wide.
_WORLD_M = 40_075_016.685578488
# Clusters are at least this far apart on the screen; from this zoom on only what coincides is one.
_CELL_PX, _FINEST_ZOOM = 72, 18
_MOST_LISTED = 20

_STATE = (
    "CASE WHEN r.closed_at IS NOT NULL THEN 'closed' WHEN r.due_at < now() THEN 'overdue' ELSE 'open' END"
)


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What is asked for; an empty field asks for everything. A parent category includes its children."""

    categories: tuple[str, ...] = ()
    period: Period = field(default_factory=Period)
    states: tuple[str, ...] = ()
    area: str | None = None

    def where(self) -> tuple[str, dict[str, Any]]:
        """An SQL condition on `reports r`, and its values."""
        conditions, values = ["true"], dict[str, Any]()
        if self.categories:
            conditions.append(
                "r.category IN (SELECT code FROM categories WHERE code = ANY(:categories) "
                "OR parent = ANY(:categories))"
            )
            values["categories"] = list(self.categories)
        if self.period.start:
            conditions.append("r.reported_at >= :start")
            values["start"] = self.period.start
        if self.period.stop:
            conditions.append("r.reported_at < :stop")
            values["stop"] = self.period.stop
        if self.states and set(self.states) != set(STATES):
            conditions.append(f"{_STATE} = ANY(:states)")
            values["states"] = list(self.states)
        if self.area:
            conditions.append("r.area LIKE replace(:area, '_', '\\_') || '%'")
            values["area"] = self.area
        return " AND ".join(conditions), values


@dataclass(frozen=True, slots=True)
class Counts:
    """How many match: with an area, and waiting for one."""

    placed: int
    unplaced: int


def count(session: Session, chosen: ReportFilter) -> Counts:
    where, values = chosen.where()
    row = session.execute(
        text(f"SELECT count(r.area), count(*) - count(r.area) FROM reports r WHERE {where}"), values
    ).one()
    return Counts(row[0], row[1])


def count_states(session: Session, chosen: ReportFilter) -> dict[str, int]:
    """How many of the placed are open, overdue and closed now."""
    where, values = chosen.where()
    rows = session.execute(
        text(f"SELECT {_STATE}, count(*) FROM reports r WHERE r.area IS NOT NULL AND {where} GROUP BY 1"),
        values,
    )
    found: dict[str, int] = dict(rows.all())
    return {state: found.get(state, 0) for state in STATES}


def count_by_area(session: Session, chosen: ReportFilter) -> dict[str, int]:
    """Placed reports by the code of the area that owns them."""
    where, values = chosen.where()
    rows = session.execute(
        text(f"SELECT r.area, count(*) FROM reports r WHERE r.area IS NOT NULL AND {where} GROUP BY 1"),
        values,
    )
    return dict(rows.all())


def count_by_month(session: Session, chosen: ReportFilter) -> list[dict[str, Any]]:
    """month (YYYY-MM on the clock of China) and n, oldest first; months without reports are absent."""
    where, values = chosen.where()
    rows = session.execute(
        text(
            "SELECT to_char(r.reported_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, count(*) AS n "
            f"FROM reports r WHERE r.area IS NOT NULL AND {where} GROUP BY 1 ORDER BY 1"
        ),
        values,
    ).mappings()
    return [dict(row) for row in rows]


def latest(session: Session) -> datetime | None:
    """When the newest report came in: the day to which the data speak."""
    newest: datetime | None = session.scalar(text("SELECT max(reported_at) FROM reports"))
    return newest


def list_clusters(session: Session, chosen: ReportFilter, bbox: Bbox, zoom: int) -> list[dict[str, Any]]:
    """Placed reports of a box, gathered in square cells of the screen.

    Each row: lng, lat (mean position), n, open, overdue, closed, and `reports`: the report itself for
    n = 1, and from the finest zoom on, where only what coincides is one, the newest of the cell.
    Cells are aligned to the world, and those that the box cuts are counted whole, so a report is in
    exactly one row whatever the box; over the whole extent the n add up to the filtered total.
    """
    cell = _WORLD_M / 2**zoom * _CELL_PX / 256 if zoom < _FINEST_ZOOM else 0.5
    where, values = chosen.where()
    rows = session.execute(
        text(
            f"""
WITH box AS (SELECT ST_Transform(ST_MakeEnvelope(:west, :south, :east, :north, 4490), 3857) AS e),
cells AS (SELECT ST_MakeEnvelope(
    floor(ST_XMin(e) / :cell) * :cell, floor(ST_YMin(e) / :cell) * :cell,
    ceil(ST_XMax(e) / :cell) * :cell, ceil(ST_YMax(e) / :cell) * :cell, 3857) AS e FROM box),
found AS (
    SELECT r.id, r.geom, r.reported_at, {_STATE} AS state,
           floor(ST_X(r.geom_3857) / :cell) AS i, floor(ST_Y(r.geom_3857) / :cell) AS j
    FROM reports r, cells
    -- The index compares boxes in single precision: what it lets through beyond the edge is cut off here.
    WHERE r.geom_3857 && cells.e
      AND ST_X(r.geom_3857) >= ST_XMin(cells.e) AND ST_X(r.geom_3857) < ST_XMax(cells.e)
      AND ST_Y(r.geom_3857) >= ST_YMin(cells.e) AND ST_Y(r.geom_3857) < ST_YMax(cells.e)
      AND r.area IS NOT NULL AND {where}),
gathered AS (
    SELECT count(*) AS n, count(*) FILTER (WHERE state = 'open') AS open,
           count(*) FILTER (WHERE state = 'overdue') AS overdue,
           count(*) FILTER (WHERE state = 'closed') AS closed,
           avg(ST_X(geom)) AS lng, avg(ST_Y(geom)) AS lat, min(id) AS first,
           CASE WHEN count(*) = 1 OR :finest
                THEN (array_agg(id ORDER BY reported_at DESC, id))[1:{_MOST_LISTED}] ELSE '{{}}' END AS ids
    FROM found GROUP BY i, j)
SELECT n, open, overdue, closed, lng, lat, ids FROM gathered ORDER BY n DESC, first
"""
        ),
        values
        | {"west": bbox.west, "south": bbox.south, "east": bbox.east, "north": bbox.north}
        | {"cell": cell, "finest": zoom >= _FINEST_ZOOM},
    ).mappings()
    clusters = [dict(row) for row in rows]
    told = _by_id(session, [identity for cluster in clusters for identity in cluster["ids"]])
    return [
        cluster | {"reports": [told[identity] for identity in cluster.pop("ids")]} for cluster in clusters
    ]


def _by_id(session: Session, ids: list[int]) -> dict[int, dict[str, Any]]:
    """reference, category, category_name, state, reported_at and address of each of the reports."""
    rows = session.execute(
        text(
            f"SELECT r.id, r.reference, r.category, c.name AS category_name, {_STATE} AS state, "
            "r.reported_at, r.address FROM reports r JOIN categories c ON c.code = r.category "
            "WHERE r.id = ANY(:ids)"
        ),
        {"ids": ids},
    ).mappings()
    return {row["id"]: {name: row[name] for name in row if name != "id"} for row in rows}


def count_bins(
    session: Session, chosen: ReportFilter, bbox: Bbox, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Placed reports in a raster (rows, columns) over `bbox` in Web Mercator; row 0 in the south."""
    where, values = chosen.where()
    rows, columns = shape
    result = session.execute(
        text(
            f"""
WITH box AS (SELECT ST_Transform(ST_MakeEnvelope(:west, :south, :east, :north, 4490), 3857) AS e),
side AS (SELECT e, ST_XMin(e) AS x, ST_YMin(e) AS y,
                ST_XMax(e) - ST_XMin(e) AS w, ST_YMax(e) - ST_YMin(e) AS h FROM box)
SELECT least(floor((ST_Y(r.geom_3857) - y) / h * :rows), :rows - 1)::int AS j,
       least(floor((ST_X(r.geom_3857) - x) / w * :columns), :columns - 1)::int AS i, count(*)
FROM reports r, side WHERE r.geom_3857 && side.e AND r.area IS NOT NULL AND {where} GROUP BY 1, 2
"""
        ),
        values
        | {"west": bbox.west, "south": bbox.south, "east": bbox.east, "north": bbox.north}
        | {"rows": rows, "columns": columns},
    ).all()
    bins = np.zeros(shape)
    if result:
        j, i, n = np.array(result, dtype=np.int64).T
        bins[j, i] = n
    return bins


def list_reports(session: Session, chosen: ReportFilter) -> gpd.GeoDataFrame:
    """Every matching report with its state; those without coordinates have no geometry."""
    where, values = chosen.where()
    return geoframe(
        session,
        "SELECT r.reference, r.source, r.category, r.category_given, r.text, r.address, r.area, "
        "r.raw_x, r.raw_y, r.raw_crs, r.accuracy_m, r.location_method, "
        "r.occurred_at, r.reported_at, r.due_at, r.closed_at, "
        f"{_STATE} AS state, ST_AsBinary(r.geom) AS geometry "
        f"FROM reports r WHERE {where} ORDER BY r.reported_at, r.id",
        values,
    )


@dataclass(frozen=True, slots=True)
class Saved:
    """What `save` did. `geocoded` of the rows are placed by their address; `waiting` counts by reason."""

    merged: bulk.Merged
    geocoded: int
    waiting: dict[str, int]


def save(connection: Connection, columns: Mapping[str, Any], progress: bulk.Progress | None = None) -> Saved:
    """Insert reports or update those with the same source and reference.

    `columns` holds the arrays of `_WIRE`, plus `x`, `y` (EPSG:4490, NaN where unknown). A report that a
    person has confirmed keeps its place, and so does one that has a place and whose coordinates and
    address are as before: an old report keeps its old grid. What is placed by its address is logged.
    """
    made = wire(columns)
    total = bulk.stage(connection, "reports", made, progress)
    place = ", ".join(_PLACE)
    connection.execute(
        text(
            f"UPDATE staging s SET ({place}) = ROW({', '.join(f'r.{name}' for name in _PLACE)}) "
            "FROM reports r WHERE r.source = s.source AND r.reference = s.reference "
            "AND (r.location_method = 'confirmed' OR (r.waiting IS NULL OR s.waiting IS NOT NULL) AND "
            "(r.raw_x, r.raw_y, r.raw_crs, r.address) IS NOT DISTINCT FROM "
            "(s.raw_x, s.raw_y, s.raw_crs, s.address))"
        )
    )
    rows = connection.execute(
        text(
            "SELECT waiting, count(*), count(*) FILTER (WHERE location_method = 'geocoded') "
            "FROM staging GROUP BY waiting"
        )
    ).all()
    geocoded = sum(row[2] for row in rows)
    merged = bulk.merge_staged(
        connection,
        "reports",
        list(made),
        ["source", "reference"],
        total,
        and_then=placements.LOG_GEOCODED if geocoded else "",
    )
    connection.execute(text("DROP TABLE staging"))
    return Saved(merged, geocoded, {row[0]: row[1] for row in rows if row[0]})


def wire(columns: Mapping[str, Any]) -> dict[str, bulk.Column]:
    """The columns of `save` in COPY's wire format."""
    made = {name: make(columns[name]) for name, make in _WIRE.items()}
    return made | {"geom": bulk.points(columns["x"], columns["y"])}


def list_in_ended_versions(session: Session) -> pd.DataFrame:
    """Position of each report whose area's version has ended: lng, lat, code, name, valid_from, valid_to."""
    return frame(
        session,
        "SELECT ST_X(r.geom) AS lng, ST_Y(r.geom) AS lat, v.code, v.name, v.valid_from, v.valid_to "
        "FROM reports r JOIN areas v ON v.id = r.area_id WHERE v.valid_to IS NOT NULL",
    )


# What a placement consists of.
_PLACE = (
    "area",
    "area_id",
    "location_method",
    "location_confidence",
    "location_reasons",
    "waiting",
    "geom",
)


def _float8(values: Any) -> bulk.Column:
    return bulk.numbers(values, "float8")


_WIRE = {
    "reference": bulk.texts,
    "source": bulk.texts,
    "category": bulk.texts,
    "category_given": bulk.texts,
    "text": bulk.texts,
    "address": bulk.texts,
    "raw_x": _float8,
    "raw_y": _float8,
    "raw_crs": bulk.texts,
    "accuracy_m": _float8,
    "area": bulk.texts,
    "area_id": lambda values: bulk.numbers(values, "int4"),
    "location_method": bulk.texts,
    "location_confidence": _float8,
    "location_reasons": bulk.text_arrays,
    "waiting": bulk.texts,
    "occurred_at": bulk.times,
    "reported_at": bulk.times,
    "due_at": bulk.times,
    "closed_at": bulk.times,
}
