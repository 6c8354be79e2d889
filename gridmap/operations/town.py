"""Loading a folder of files in the demo town's layout: the same imports that a user would run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from gridmap.errors import InputError
from gridmap.operations import importing
from gridmap.types import Level

# Parents before children, and areas before whatever is assigned to them.
_FILES = (
    ("areas", "street.geojson", Level.STREET),
    ("areas", "communities.geojson", Level.COMMUNITY),
    ("areas", "grids.geojson", Level.GRID),
    ("areas", "buildings.geojson", Level.BUILDING),
    ("landscape", "landscape.geojson", None),
    ("streets", "streets.geojson", None),
    ("places", "estates.geojson", None),
    ("places", "places.geojson", None),
    ("stations", "stations.csv", None),
    ("demand", "demand.csv", None),
    ("workers", "workers.csv", None),
    ("reports", "reports.csv", None),
)
# The boundaries of the town are older than its oldest report.
_IN_FORCE = date(2024, 1, 1)


def load(session: Session, folder: Path, bars: importing.Bars) -> None:
    """Import every file in the caller's transaction: all of the town, or none of it."""
    for kind, name, level in _FILES:
        request = importing.Request(
            kind=kind,
            file=folder / name,
            crs=None if kind == "workers" else "wgs84",
            level=level,
            valid_from=_IN_FORCE,
            codes="national",
        )
        plan = importing.prepare(session, request, bars)
        refusal = plan.refusal(skip_rejected=False)
        if refusal:
            raise InputError(refusal)
        importing.save(session, plan, bars)
