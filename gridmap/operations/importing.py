"""Importing a file: read, clean, check against what is stored, and only then, if asked, save.

`prepare` changes nothing and tells everything; `save` does what was told, in the caller's transaction.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from sqlalchemy.orm import Session

from gridmap.errors import InputError
from gridmap.geo import crs, tiling
from gridmap.ingest import clean, readers
from gridmap.operations import gazetteer, locating, systems
from gridmap.operations.owners import Locator
from gridmap.store import (
    areas,
    bulk,
    dictionaries,
    people,
    placements,
    places,
    records,
    reports,
    stations,
)
from gridmap.types import Level

Progress = Callable[[int], None]
Bars = Callable[[str, int], Progress]

_SHOWN_LINES = 20
# What tells where an address is, or whose a place is.
_KNOWLEDGE = ("areas", "places", "streets", "stations")
_WAITING = {
    "no_address": "without coordinates or address",
    "unsure": "with an address that is not sure",
    "outside": "with coordinates outside all areas",
    "contradiction": "with coordinates and an address that contradict each other",
}


@dataclass(frozen=True)
class Request:
    """What the user asked for. `crs` is the declared system; `mapping` field → column."""

    kind: str
    file: Path
    crs: str | None
    level: Level | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    layer: str | None = None
    encoding: str | None = None
    codes: str = "auto"
    merge_parts: bool = False
    without_prj: bool = False
    valid_from: date = field(default_factory=date.today)


@dataclass(frozen=True)
class Plan:
    """A file that has been checked. `warnings` are for the eye; `cleaned.rejected` forbids saving."""

    request: Request
    cleaned: clean.Cleaned
    sha256: str
    warnings: list[str]
    tiling: tiling.TilingReport | None

    @property
    def accepted(self) -> int:
        return len(self.cleaned.accepted)

    @property
    def rejected(self) -> int:
        return len(self.cleaned.rejected)

    def report(self) -> list[str]:
        """Lines for the user: counts, guessed fields, repairs, warnings, the first rejected rows."""
        name = self.request.file.name
        lines = [f"{name}: {self.accepted} rows accepted, {self.rejected} rejected"]
        lines += [f"note: {notice}" for notice in self.cleaned.notices]
        if self.tiling:
            lines += [f"tiling: {line}" for line in self.tiling.summary()]
        lines += [f"warning: {warning}" for warning in self.warnings]
        refused = self.cleaned.lines()
        lines += [f"rejected: {line}" for line in refused[:_SHOWN_LINES]]
        if len(refused) > _SHOWN_LINES:
            lines.append(f"rejected: and {len(refused) - _SHOWN_LINES} more, in the file of rejected rows")
        return lines

    def write_findings(self) -> list[Path]:
        """Write the rejected rows, and the tiling's findings as a layer; returns the paths written.

        They go into the current folder, or into the system's temporary one where that cannot be written.
        """
        try:
            return self._write_findings(Path())
        except (OSError, DataSourceError, DataLayerError):
            return self._write_findings(Path(tempfile.mkdtemp(prefix="gridmap-")))

    def _write_findings(self, folder: Path) -> list[Path]:
        stem = self.request.file.stem
        written = []
        if self.rejected:
            path = folder / f"{stem}.rejected.csv"
            self.cleaned.rejected.to_csv(path, index=False, encoding="utf-8-sig")
            written.append(path)
        if self.tiling and len(layer := self.tiling.layer()):
            path = folder / f"{stem}.tiling.geojson"
            layer.to_crs("EPSG:4326").to_file(path, driver="GeoJSON")
            written.append(path)
        return written

    def refusal(self, skip_rejected: bool) -> str | None:
        """Why nothing will be saved, or None."""
        if self.rejected and not skip_rejected:
            return (
                f"{self.cleaned.lines()[0]} ({self.rejected} of {self.accepted + self.rejected} rows rejected, "
                "nothing saved: mend them, or save the others with --skip-rejected)"
            )
        if not self.accepted:
            return f"{self.request.file.name}: no row can be used"
        return None


@dataclass(frozen=True)
class Outcome:
    """What `save` did. `placed` and `queued` count points with and without an owning area.

    Of reports, `geocoded` of the placed owe it to their address, and `waiting` counts by reason those for
    which a person has to look. `settled` reports of the queue found their place by what was imported.
    """

    kind: str
    merged: bulk.Merged
    placed: int | None = None
    queued: int | None = None
    geocoded: int = 0
    waiting: dict[str, int] = field(default_factory=dict)
    settled: int = 0

    def report(self) -> list[str]:
        """Lines for the user."""
        merged = self.merged
        lines = [f"saved: {merged.added} added, {merged.changed} changed, {merged.unchanged} unchanged"]
        if self.placed is not None:
            lines.append(f"areas found for {self.placed} of {self.placed + (self.queued or 0)}")
        if self.geocoded:
            lines.append(f"{self.geocoded} of them were placed by their address")
        if self.waiting:
            reasons = ", ".join(f"{_WAITING[reason]} {n}" for reason, n in sorted(self.waiting.items()))
            lines.append(f"{sum(self.waiting.values())} reports wait for a person (/review): {reasons}")
        if self.settled:
            lines.append(f"{self.settled} reports of the queue could be placed now")
        return lines


def prepare(session: Session, request: Request, bars: Bars) -> Plan:
    """Read and check a file against itself and against what is stored; saves nothing.

    Raises InputError when the file as a whole cannot be used.
    """
    declared = "wgs84" if request.kind == "workers" else crs.declare(request.crs)
    step = bars(f"{request.kind} {request.file.name}: reading", 3)
    source = readers.read(
        request.file, layer=request.layer, encoding=request.encoding, without_prj=request.without_prj
    )
    step(1)
    cleaned = _clean(session, request, source, declared)
    step(1)
    warnings: list[str] = []
    report = None
    if request.kind == "areas":
        cleaned = _check_areas(session, request, cleaned)
        if request.level is not Level.BUILDING:
            # As drawn, so that rings which were repaired are listed with their size.
            report = tiling.check(cleaned.accepted.set_geometry(cleaned.original, crs=crs.STORAGE))
            warnings += systems.suspect_areas(session, cleaned.accepted)
    elif request.kind == "workers":
        cleaned = _check_workers(session, cleaned)
    elif request.kind in ("stations", "demand", "reports"):
        warnings += systems.suspect_points(Locator.load(session), cleaned.accepted, declared)
    step(1)
    return Plan(request, cleaned, _sha256(request.file), warnings, report)


def save(session: Session, plan: Plan, bars: Bars) -> Outcome:
    """Save the accepted rows in the session's transaction, and record the import."""
    request = plan.request
    outcome = (_save_reports if request.kind == "reports" else _save_others)(session, plan, bars)
    if request.kind in _KNOWLEDGE and outcome.merged.added + outcome.merged.changed:
        outcome = replace(outcome, settled=_settle(session, bars))
    records.add_import(
        session, request.kind, request.file.name, plan.sha256, request.crs, outcome.merged, plan.rejected
    )
    return outcome


def _save_others(session: Session, plan: Plan, bars: Bars) -> Outcome:
    """Save anything but reports."""
    connection = session.connection()
    accepted = plan.cleaned.accepted
    kind = plan.request.kind
    progress = bars(f"{kind} {plan.request.file.name}: saving", len(accepted))
    if kind == "areas":
        merged = areas.save(connection, accepted, plan.request.valid_from, progress)
        if plan.request.level is not Level.BUILDING and merged.added + merged.changed:
            _assign_anew(session)
        return Outcome(kind, merged)
    if kind == "workers":
        return Outcome(kind, people.save(connection, accepted))
    if kind == "streets":
        return Outcome(kind, places.save_streets(connection, _referenced(accepted, "name"), progress))
    if kind == "landscape":
        rows = _referenced(accepted, "kind", "name")
        return Outcome(kind, places.save_landscape(connection, rows, progress))
    anchor = shapely.point_on_surface(accepted.geometry.to_numpy())
    owners = Locator.load(session).locate(shapely.get_x(anchor), shapely.get_y(anchor))
    accepted = accepted.assign(area=owners.code)
    if kind == "stations":
        dictionaries.add_station_kinds(session, plan.cleaned.new_kinds)
        merged = stations.save(connection, accepted, progress)
    elif kind == "places":
        merged = places.save_places(connection, _referenced(accepted, "kind", "name", "parent"), progress)
    else:
        merged = places.save_demand(connection, _referenced(accepted, "building"), progress)
    return Outcome(kind, merged, int(owners.found.sum()), int((~owners.found).sum()))


def _save_reports(session: Session, plan: Plan, bars: Bars) -> Outcome:
    """Place reports by their coordinates and addresses, and save them."""
    accepted = plan.cleaned.accepted.reset_index(drop=True)
    file = plan.request.file.name
    anchor = shapely.point_on_surface(accepted.geometry.to_numpy())
    given = accepted[["accuracy_m", "address"]].assign(x=shapely.get_x(anchor), y=shapely.get_y(anchor))
    reading = bars(f"reports {file}: reading addresses", len(given))
    placed = locating.place_reports(gazetteer.known(session), _area_names(session), given, reading)
    saved = reports.save(
        session.connection(),
        {
            **{name: accepted[name] for name in accepted.columns if name != "geometry"},
            "raw_crs": accepted["crs"],
            **{name: placed[name] for name in placed.columns},
        },
        bars(f"reports {file}: saving", len(accepted)),
    )
    queued = sum(n for reason, n in saved.waiting.items() if reason != "contradiction")
    return Outcome(
        "reports", saved.merged, len(accepted) - queued, queued, saved.geocoded, dict(saved.waiting)
    )


def _settle(session: Session, bars: Bars) -> int:
    """Try the reports that wait once more, with what is known now; returns how many were placed."""
    waiting = placements.list_unsettled(session)
    if waiting.empty:
        return 0
    given = waiting[["accuracy_m", "address"]].assign(x=waiting.geometry.x, y=waiting.geometry.y)
    progress = bars("reports that wait: reading addresses", len(given))
    placed = locating.place_reports(gazetteer.known(session), _area_names(session), given, progress)
    return placements.settle(session.connection(), placed.assign(id=waiting["id"]))


def _area_names(session: Session) -> dict[str, str]:
    tree = areas.list_parents(session)
    return dict(zip(tree["code"], tree["name"], strict=True))


def _clean(session: Session, request: Request, source: readers.Source, declared: str) -> clean.Cleaned:
    mapping = request.mapping
    match request.kind:
        case "areas":
            if request.level is None:
                raise InputError("areas need --level: " + ", ".join(Level))
            return clean.clean_areas(
                source,
                declared,
                mapping,
                level=request.level,
                codes=request.codes,
                merge_parts=request.merge_parts,
            )
        case "stations":
            return clean.clean_stations(
                source,
                declared,
                mapping,
                kinds=dictionaries.station_kinds(session),
                amenities=dictionaries.amenities(session),
            )
        case "places":
            return clean.clean_places(source, declared, mapping, kinds=dictionaries.place_kinds(session))
        case "streets":
            return clean.clean_streets(source, declared, mapping)
        case "landscape":
            return clean.clean_landscape(source, declared, mapping)
        case "demand":
            return clean.clean_demand(source, declared, mapping)
        case "workers":
            return clean.clean_workers(source, declared, mapping)
        case "reports":
            return clean.clean_reports(
                source,
                declared,
                mapping,
                categories=dictionaries.categories(session),
                sources=dictionaries.report_sources(session),
            )
    raise InputError(f"there is no import of {request.kind!r}")


def _check_areas(session: Session, request: Request, cleaned: clean.Cleaned) -> clean.Cleaned:
    """Reject areas whose code, parent or date the stored areas forbid.

    A code keeps its level for ever; a parent is stored and of a broader level (streets and counties may
    stand without one); a version begins no earlier than the one in force, and not in the future.
    """
    level = request.level
    assert level is not None
    rows = cleaned.accepted
    stored = areas.list_in_force(session, [*rows["code"], *rows["parent"].dropna()]).set_index("code")
    broader = list(Level)[: list(Level).index(level)]

    def fault(code: str, parent: str | None, begins: date) -> tuple[str, str] | None:
        if code in stored.index:
            if stored["level"][code] != level:
                return "code", f"is the code of a {stored['level'][code]} already: a code keeps its level"
            if begins < stored["valid_from"][code]:
                since = stored["valid_from"][code]
                return "valid_from", f"{begins} is before the version in force, which began on {since}"
        if begins > date.today():
            return (
                "valid_from",
                f"{begins} lies in the future: import the boundary on the day it takes effect",
            )
        if parent is None:
            return None
        if parent not in stored.index:
            if level in (Level.COUNTY, Level.STREET):
                return None
            return "code", f"its parent {parent} is not stored: import that level first"
        if stored["level"][parent] not in broader:
            return (
                "parent",
                f"its parent {parent} is a {stored['level'][parent]}, which cannot hold a {level}",
            )
        return None

    begins = pd.to_datetime(rows["valid_from"]).fillna(pd.Timestamp(request.valid_from)).dt.date
    parents = rows["parent"].astype(object).where(rows["parent"].notna(), None)
    faults = [fault(*row) for row in zip(rows["code"], parents, begins, strict=True)]
    for name in ("code", "parent", "valid_from"):
        here = [found is not None and found[0] == name for found in faults]
        reasons = [found[1] for found, hit in zip(faults, here, strict=True) if hit and found]
        cleaned = cleaned.reject(pd.Series(here, dtype=bool), name, reasons)
        faults = [found for found, hit in zip(faults, here, strict=True) if not hit]
    return cleaned


def _check_workers(session: Session, cleaned: clean.Cleaned) -> clean.Cleaned:
    """Reject workers who are given an area that is not stored."""
    given = cleaned.accepted["areas"]
    stored = set(areas.list_in_force(session, [code for codes in given for code in codes])["code"])
    unknown = [[code for code in codes if code not in stored] for codes in given]
    reasons = [f"area {codes[0]} is not stored: import the areas first" for codes in unknown if codes]
    return cleaned.reject(pd.Series([bool(codes) for codes in unknown], dtype=bool), "areas", reasons)


def _assign_anew(session: Session) -> None:
    """After areas changed: owners of stations, places and people's homes.

    Reports that have an area keep it: an old case keeps its old grid.
    """
    locator = Locator.load(session)
    connection = session.connection()
    for table in ("stations", "places", "demand"):
        rows = records.list_positions(session, table)
        if len(rows):
            owners = locator.locate(rows.geometry.x.to_numpy(), rows.geometry.y.to_numpy())
            records.set_areas(connection, table, rows["id"].to_numpy(), owners.code)


def _referenced(rows: gpd.GeoDataFrame, *named: str) -> gpd.GeoDataFrame:
    """Give rows a reference made of what they are, so that the same row of a file is the same again."""
    if "reference" in rows and rows["reference"].notna().all():
        return rows
    shapes = shapely.to_wkb(rows.geometry.to_numpy())
    words = rows[list(named)].astype("string").fillna("").agg("\x1f".join, axis=1)
    marks = [
        hashlib.sha256(word.encode() + b"\x1f" + shape).hexdigest()[:24]
        for word, shape in zip(words, shapes, strict=True)
    ]
    # Two alike in one file are two: the second one's mark says that it is the second.
    repeats = pd.Series(marks).groupby(marks).cumcount()
    numbered = [mark if not n else f"{mark}-{n + 1}" for mark, n in zip(marks, repeats, strict=True)]
    return rows.assign(reference=numbered)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
