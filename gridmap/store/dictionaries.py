"""The editable lists: what they start with, and what they hold now."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridmap.store.models import (
    Amenity,
    Base,
    Category,
    PlaceKind,
    ReportSource,
    StationKind,
    Workday,
)

_LISTS: tuple[tuple[str, type[Base]], ...] = (
    ("station_kinds", StationKind),
    ("amenities", Amenity),
    ("categories", Category),
    ("report_sources", ReportSource),
    ("place_kinds", PlaceKind),
    ("workdays", Workday),
)


def load(session: Session, folder: Path) -> None:
    """Fill each list that is empty from geodata/dictionaries; what an administrator edited stays."""
    for name, model in _LISTS:
        if session.scalar(select(func.count()).select_from(model)):
            continue
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = [_typed(model, row) for row in csv.DictReader(file)]
        session.execute(insert(model).values(rows))


def station_kinds(session: Session) -> pd.DataFrame:
    """code, name, character, shape, color, mobile, in the order of the legend."""
    return _frame(session, StationKind)


def amenities(session: Session) -> pd.DataFrame:
    """code, name."""
    return _frame(session, Amenity)


def categories(session: Session) -> pd.DataFrame:
    """code, parent, name, sensitive, national; parents before children."""
    return _frame(session, Category)


def report_sources(session: Session) -> pd.DataFrame:
    """code, name."""
    return _frame(session, ReportSource)


def place_kinds(session: Session) -> pd.DataFrame:
    """code, name."""
    return _frame(session, PlaceKind)


def add_station_kinds(session: Session, names: Sequence[str]) -> None:
    """Add kinds that a file names and the dictionary lacks: a circle with the name's first character."""
    last = session.scalar(select(func.max(StationKind.position))) or 0
    for position, name in enumerate(names, last + 1):
        session.execute(
            insert(StationKind)
            .values(
                code=name,
                name=name,
                character=name[0],
                shape="circle",
                color="#5E6B73",
                mobile=False,
                position=position,
            )
            .on_conflict_do_nothing()
        )


def _typed(model: type[Base], row: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in row.items():
        kind = model.__table__.c[name].type.python_type
        if kind is bool:
            values[name] = value == "yes"
        elif value == "":
            values[name] = None
        elif kind in (int, str):
            values[name] = kind(value)
        else:
            values[name] = kind.fromisoformat(value)
    return values


def _frame(session: Session, model: type[Base]) -> pd.DataFrame:
    table = model.__table__
    order = [table.c.position] if "position" in table.c else list(table.primary_key)
    return pd.DataFrame(
        session.execute(select(table).order_by(*order)).mappings().all(), columns=list(table.c.keys())
    )
