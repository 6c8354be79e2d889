"""A street, a community and three grids in a row, and how files are brought into them."""

from __future__ import annotations

import json
from datetime import date

import pytest
import shapely
from sqlalchemy import text

from gridmap.errors import InputError
from gridmap.operations import importing
from gridmap.types import Level
from tests.conftest import quiet

STREET, COMMUNITY = "519900001", "519900001001"
W, S, D = 107.86, 31.08, 0.004


def run(session, kind, file, *, crs="wgs84", **options):
    """Prepare and save; returns the plan and the outcome."""
    plan = importing.prepare(session, importing.Request(kind=kind, file=file, crs=crs, **options), quiet)
    refusal = plan.refusal(skip_rejected=False)
    if refusal:
        raise InputError(refusal)
    return plan, importing.save(session, plan, quiet)


def write_areas(file, rows):
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": f"第{code[-3:]}", **more},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for code, shape, more in rows
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return file


def grids(file, shift=0.0):
    cells = [
        (f"{COMMUNITY}{n + 1:03d}", shapely.box(W + n * D + shift, S, W + (n + 1) * D + shift, S + D), {})
        for n in range(3)
    ]
    return write_areas(file, cells)


@pytest.fixture
def town(session, tmp_path):
    """A street, a community and three grids in a row."""
    whole = shapely.box(W, S, W + 3 * D, S + D)
    run(session, "areas", write_areas(tmp_path / "s.geojson", [(STREET, whole, {})]), level=Level.STREET)
    run(
        session, "areas", write_areas(tmp_path / "c.geojson", [(COMMUNITY, whole, {})]), level=Level.COMMUNITY
    )
    run(session, "areas", grids(tmp_path / "g.geojson"), level=Level.GRID, valid_from=date(2026, 1, 1))
    return session


def count(session, table, condition="true"):
    return session.scalar(text(f"SELECT count(*) FROM {table} WHERE {condition}"))
