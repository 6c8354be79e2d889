"""Importing a file: read, clean, check against what is stored, and only then, if asked, save.

`prepare` changes nothing and tells everything; `save` does what was told, in the caller's transaction.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from gridmap.errors import InputError
from gridmap.geo import crs, tiling
from gridmap.ingest import clean, readers
from gridmap.operations import systems
from gridmap.operations.locating import Locator
from gridmap.store import areas, bulk, dictionaries, people, places, records, reports, stations
from gridmap.types import Level

Progress = Callable[[int], None]
Bars = Callable[[str, int], Progress]

_SHOWN_LINES = 20


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

    def write_findings(self, folder: Path) -> list[Path]:
        """Write the rejected rows, and the tiling's findings as a layer; returns the paths written."""
        folder = folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
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
    """What `save` did. `placed` and `queued` count points with and without an owning area."""

    kind: str
    merged: bulk.Merged
    placed: int | None
    queued: int | None
    adopted: int

    def report(self) -> list[str]:
        """Lines for the user."""
        merged = self.merged
        lines = [f"saved: {merged.added} added, {merged.changed} changed, {merged.unchanged} unchanged"]
        if self.placed is not None:
            lines.append(f"areas found for {self.placed} of {self.placed + (self.queued or 0)}")
        if self.queued and self.kind == "reports":
            lines.append(f"{self.queued} reports wait for a place in the queue (/review)")
        if self.adopted:
            lines.append(f"{self.adopted} reports of the queue lie in these areas and were placed")
        return lines


def prepare(session: Session, request: Request, bars: Bars) -> Plan:
    """Read and check a file against itself and against what is stored; saves nothing.

    Raises InputError when the file as a whole cannot be used.
    """
    declared = "wgs84" if request.kind == "workers" else crs.declare(request.crs)
    step = bars(f"{request.kind} {request.file.name}: reading", 3)
    source = readers.read(request.file, layer=request.layer, encoding=request.encoding)
    step(1)
    cleaned = _clean(session, request, source, declared)
    step(1)
    warnings: list[str] = []
    report = None
    if request.kind == "areas":
        cleaned = _check_parents(session, request, cleaned)
        if request.level is not Level.BUILDING:
            report = tiling.check(cleaned.accepted)
            warnings += systems.suspect_areas(session, cleaned.accepted)
    elif request.kind in ("stations", "demand", "reports"):
        warnings += systems.suspect_points(Locator.load(session), cleaned.accepted, declared)
    step(1)
    return Plan(request, cleaned, _sha256(request.file), warnings, report)


def save(session: Session, plan: Plan, bars: Bars) -> Outcome:
    """Save the accepted rows in the session's transaction, and record the import."""
    connection = session.connection()
    accepted = plan.cleaned.accepted
    kind = plan.request.kind
    progress = bars(f"{kind} {plan.request.file.name}: saving", len(accepted))
    placed = queued = None
    adopted = 0
    if kind == "areas":
        merged = areas.save(connection, accepted, plan.request.valid_from, progress)
        if plan.request.level is not Level.BUILDING and merged.added + merged.changed:
            adopted = _assign_anew(session)
    elif kind == "workers":
        merged = people.save(connection, accepted)
    elif kind == "streets":
        merged = places.save_streets(connection, _referenced(accepted, "name"), progress)
    elif kind == "landscape":
        merged = places.save_landscape(connection, _referenced(accepted, "kind", "name"), progress)
    else:
        located = Locator.load(session)
        anchor = shapely.point_on_surface(accepted.geometry.to_numpy())
        owners = located.locate(shapely.get_x(anchor), shapely.get_y(anchor))
        accepted = accepted.assign(area=owners.code)
        placed, queued = int(owners.found.sum()), int((~owners.found).sum())
        if kind == "stations":
            dictionaries.add_station_kinds(session, plan.cleaned.new_kinds)
            merged = stations.save(connection, accepted, progress)
        elif kind == "places":
            merged = places.save_places(connection, _referenced(accepted, "kind", "name", "parent"), progress)
        elif kind == "demand":
            merged = places.save_demand(connection, _referenced(accepted, "building"), progress)
        else:
            merged = reports.save(
                connection,
                {
                    **{name: accepted[name] for name in accepted.columns if name != "geometry"},
                    "raw_crs": accepted["crs"],
                    "area_id": pd.Series(owners.id, index=accepted.index).where(owners.found),
                    "location_method": pd.Series("declared", index=accepted.index).where(owners.found),
                    "x": shapely.get_x(anchor),
                    "y": shapely.get_y(anchor),
                },
                progress,
            )
    records.add_import(
        session, kind, plan.request.file.name, plan.sha256, plan.request.crs, merged, plan.rejected
    )
    return Outcome(kind, merged, placed, queued, adopted)


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


def _check_parents(session: Session, request: Request, cleaned: clean.Cleaned) -> clean.Cleaned:
    """Reject areas whose parent is not stored. Streets and counties may stand without one."""
    if request.level in (Level.COUNTY, Level.STREET):
        return cleaned
    named = cleaned.accepted["parent"].notna()
    stored = areas.existing_codes(session, cleaned.accepted.loc[named, "parent"].tolist())
    orphan = named & ~cleaned.accepted["parent"].isin(stored)
    return cleaned.reject(
        orphan,
        "code",
        [
            f"its parent {parent} is not stored: import that level first"
            for parent in cleaned.accepted.loc[orphan, "parent"]
        ],
    )


def _assign_anew(session: Session) -> int:
    """After areas changed: owners of stations, places and people's homes; and queued reports now inside.

    Reports that have an area keep it: an old case keeps its old grid.
    """
    locator = Locator.load(session)
    connection = session.connection()
    for table in ("stations", "places", "demand"):
        rows = records.list_positions(session, table)
        if len(rows):
            owners = locator.locate(rows.geometry.x.to_numpy(), rows.geometry.y.to_numpy())
            records.set_areas(connection, table, rows["id"].to_numpy(), owners.code)
    orphans = reports.list_orphans(session)
    if orphans.empty:
        return 0
    owners = locator.locate(orphans.geometry.x.to_numpy(), orphans.geometry.y.to_numpy())
    found = owners.found
    if found.any():
        reports.adopt(connection, orphans["id"].to_numpy()[found], owners.code[found], owners.id[found])
    return int(found.sum())


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
    # The same row twice in one file is one thing.
    return rows.assign(reference=marks).drop_duplicates("reference")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
