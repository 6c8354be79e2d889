"""Bulk loading and the overview map, each beside what it is measured against."""

from __future__ import annotations

import gzip
import socket
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import text

from gridmap.config import ROOT, Settings
from gridmap.operations import serving, town
from gridmap.operations.owners import Locator
from gridmap.store import areas, bulk, reports
from tests.bench.table import Ratio
from tests.conftest import quiet, start_server

_ROWS = 1_000_000
_MOST_BYTES = 500_000


def bulk_load() -> list[Ratio]:
    """A million reports with their areas found and merged by key, against COPY of the same finished rows."""
    rng = np.random.default_rng(1)
    with serving.scratch(Settings.load(), "bench") as database:
        with database.owner_session() as session:
            cells = _lattice(45)
            areas.save(session.connection(), cells, pd.Timestamp("2026-01-01").date())
            locator = Locator.load(session)
        west, south, east, north = cells.total_bounds
        x, y = rng.uniform(west, east, _ROWS), rng.uniform(south, north, _ROWS)
        columns = _reports(rng, x, y)
        ours = _timed(database, lambda connection: _assign_and_save(connection, locator, columns))
        owners = locator.locate(x, y)
        finished = reports.wire(columns | _owned(owners))
        peer = _timed(database, lambda connection: bulk.copy(connection, "reports", finished))
        ours = min(ours, _timed(database, lambda connection: _assign_and_save(connection, locator, columns)))
        return [
            Ratio(
                name="bulk load with assignment, 1,000,000 reports",
                ours_seconds=ours,
                peer="binary COPY of the same finished rows",
                peer_seconds=peer,
                goal=0.5,
                note=f"{_ROWS / ours:,.0f} rows/s",
            )
        ]


def overview() -> list[Ratio]:
    """/maps/overview of the demo town: cold, warm, unchanged, and its compressed size."""
    with serving.scratch(Settings.load(), "bench") as database:
        with database.owner_session() as session:
            town.load(session, ROOT / "geodata" / "demo", quiet)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with tempfile.TemporaryDirectory() as folder:
            process = start_server(str(database.owner.url.database), port, Path(folder) / "log")
            try:
                url = f"http://127.0.0.1:{port}/maps/overview"
                cold, body, tag = _fetch(url)
                warm = float(np.median([_fetch(url)[0] for _ in range(20)]))
                unchanged = float(np.median([_fetch(url, tag)[0] for _ in range(20)]))
            finally:
                process.terminate()
                process.wait(20)
    size = len(gzip.compress(body))
    small = size < _MOST_BYTES
    return [
        Ratio(
            "/maps/overview, cold", cold, limit_seconds=1.0, sound=small, note=f"{size / 1000:.0f} kB gzipped"
        ),
        Ratio("/maps/overview, warm", warm, limit_seconds=0.05),
        Ratio("/maps/overview, unchanged (304)", unchanged, limit_seconds=0.01),
    ]


def _fetch(url: str, tag: str | None = None) -> tuple[float, bytes, str]:
    request = urllib.request.Request(url, headers={"If-None-Match": tag} if tag else {})
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
            return time.perf_counter() - began, body, answer.headers["ETag"]
    except urllib.error.HTTPError as error:
        if error.code != 304:
            raise
        return time.perf_counter() - began, b"", tag or ""


def _assign_and_save(connection, locator: Locator, columns) -> None:
    reports.save(connection, columns | _owned(locator.locate(columns["x"], columns["y"])))


def _owned(owners):
    return {"area": owners.code, "area_id": pd.Series(owners.id).where(owners.found)}


def _timed(database, work) -> float:
    """Seconds of one piece of work in a transaction of its own, which is undone."""
    with database.owner.connect() as connection:
        transaction = connection.begin()
        began = time.perf_counter()
        work(connection)
        seconds = time.perf_counter() - began
        transaction.rollback()
    with database.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM reports"))
    return seconds


def _lattice(side: int) -> gpd.GeoDataFrame:
    """side² square grids."""
    step = 0.002
    i, j = (axis.ravel() for axis in np.meshgrid(range(side), range(side)))
    cells = shapely.box(107.8 + i * step, 31 + j * step, 107.8 + (i + 1) * step, 31 + (j + 1) * step)
    return gpd.GeoDataFrame(
        {
            "code": [f"519900001001{number:05d}" for number in range(side * side)],
            "level": "grid",
            "kind": "general",
            "name": "网格",
            "parent": "519900001001",
            "households": 400,
            "population": 1000,
        },
        geometry=shapely.multipolygons(cells.reshape(-1, 1)),
        crs="EPSG:4490",
    )


def _reports(rng, x, y):
    moments = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 6e7, _ROWS), unit="s")
    whole = {
        "source": "resident",
        "category": "lighting",
        "category_given": None,
        "text": "楼下路灯不亮，晚上出门看不见路",
        "address": "状元府小区3栋2单元旁边",
        "raw_crs": "wgs84",
        "location_method": "declared",
    }
    return {
        **{name: pd.Series([value] * _ROWS, dtype="str") for name, value in whole.items()},
        "reference": pd.Series([f"R{number}" for number in range(_ROWS)], dtype="str"),
        **dict.fromkeys(("occurred_at", "reported_at", "due_at", "closed_at"), moments),
        "accuracy_m": rng.uniform(3, 30, _ROWS),
        "location_confidence": np.full(_ROWS, np.nan),
        "location_reasons": [None] * _ROWS,
        "waiting": pd.Series([None] * _ROWS, dtype="str"),
        "raw_x": x,
        "raw_y": y,
        "x": x,
        "y": y,
    }
