"""Query results as frames: rows of the database become pandas and GeoPandas, once, here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.store.models.base import SRID


def frame(session: Session, statement: str, values: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Every row of a query."""
    result = session.execute(text(statement), dict(values or {}))
    return pd.DataFrame(result.fetchall(), columns=list(result.keys()))


def geoframe(session: Session, statement: str, values: Mapping[str, Any] | None = None) -> gpd.GeoDataFrame:
    """Every row of a query whose column `geometry` is WKB (ST_AsBinary), in EPSG:4490."""
    rows = frame(session, statement, values)
    wkb = [None if value is None else bytes(value) for value in rows["geometry"]]
    return gpd.GeoDataFrame(rows.drop(columns="geometry"), geometry=shapely.from_wkb(wkb), crs=f"EPSG:{SRID}")
