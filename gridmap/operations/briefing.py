"""Figures for a reader: what an area holds, how it fares, who answers for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from gridmap.operations.owners import Locator
from gridmap.store import areas, people, reports, stations
from gridmap.store.reports import ReportFilter
from gridmap.types import CHINA_TIME, Level, Period

_TREND_MONTHS = 12


def area_card(session: Session, code: str) -> dict[str, Any]:
    """People, workers, reports by state, stations, children and the months' counts of one area.

    Counts are of placed reports in the area and below it, as of `as_of`, the newest report of all.
    Raises NotFoundError.
    """
    area = areas.get_area(session, code)
    within = ReportFilter(area=code)
    states = reports.count_states(session, within)
    newest = reports.latest(session)
    until = (newest or datetime.now(CHINA_TIME)).astimezone(CHINA_TIME).date()
    recent = ReportFilter(area=code, period=Period(until - timedelta(days=29), until))
    by_owner = reports.count_by_area(session, within)
    children = [
        {
            "code": child.code,
            "name": child.name,
            "level": child.level,
            "reports": sum(n for owner, n in by_owner.items() if owner.startswith(str(child.code))),
        }
        for child in areas.list_children(session, code).itertuples()
        if child.level != Level.BUILDING
    ]
    return {
        "code": area["code"],
        "name": area["name"],
        "level": area["level"],
        "level_name": Level(area["level"]).label,
        "kind": area["kind"],
        "parents": areas.list_path(session, code)[:-1],
        "households": area["households"],
        "population": area["population"],
        "valid_from": area["valid_from"].isoformat(),
        "bounds": areas.bounds(session, area["id"]),
        "workers": people.list_workers(session, code),
        "reports": {"total": sum(states.values()), **states},
        "last_30_days": reports.count(session, recent).placed,
        "children": children,
        "stations": stations.list_in_area(session, code),
        "trend": reports.count_by_month(session, within)[-_TREND_MONTHS:],
        "as_of": newest.astimezone(CHINA_TIME).isoformat(timespec="minutes") if newest else None,
    }


def counts_by_level(session: Session, chosen: ReportFilter, level: Level) -> dict[str, int]:
    """Placed reports of each area of a level: those it owns and those that areas below it own.

    Areas without a report are 0. Reports of areas above the level are in no entry.
    """
    tree = areas.list_parents(session)
    parent = dict(zip(tree["code"], tree["parent"], strict=True))
    level_of = dict(zip(tree["code"], tree["level"], strict=True))
    counts = dict.fromkeys(tree.loc[tree["level"] == level, "code"], 0)
    for owner, number in reports.count_by_area(session, chosen).items():
        code: str | None = owner
        while code is not None and level_of.get(code) != level:
            code = parent.get(code)
        if code is not None:
            counts[code] += number
    return counts


def then_and_now(session: Session) -> list[dict[str, Any]]:
    """How reports placed in a version that has ended would be placed by today's boundaries.

    One row for each ended version and area of today: code, name, valid_from, valid_to, now_code,
    now_name (None outside all areas), n. The reports themselves keep the area that they were given.
    """
    past = reports.list_in_ended_versions(session)
    if past.empty:
        return []
    owners = Locator.load(session).locate(past["lng"].to_numpy(), past["lat"].to_numpy())
    names = areas.list_parents(session).set_index("code")["name"]
    version = ["code", "name", "valid_from", "valid_to"]
    counted = past.assign(now_code=owners.code).groupby([*version, "now_code"], dropna=False).size()
    rows = (
        counted.rename("n")
        .reset_index()
        .sort_values(["code", "valid_from", "n"], ascending=[True, True, False])
    )
    rows["now_code"] = rows["now_code"].astype(object).where(rows["now_code"].notna(), None)
    rows["now_name"] = rows["now_code"].map(names).astype(object).where(rows["now_code"].notna(), None)
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def roster(session: Session) -> list[dict[str, Any]]:
    """Grids with the names of their full-time workers; `amiss` where these are none or several, first."""
    rows = people.roster(session)
    rows["amiss"] = rows["workers"] != 1
    ordered = rows.sort_values(["amiss", "code"], ascending=[False, True])
    return [{str(name): value for name, value in row.items()} for row in ordered.to_dict("records")]
