"""Writing what is stored to a file of any format that the imports read."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from gridmap.errors import InputError
from gridmap.store import areas, places, reports, stations
from gridmap.store.reports import ReportFilter
from gridmap.types import CHINA_TIME, Level

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ENDINGS = (".geojson", ".gpkg", ".zip", ".csv", ".xlsx", ".parquet")


def export(session: Session, kind: str, file: Path, level: Level | None) -> int:
    """Write areas, stations, places or reports; returns the number of rows.

    Tables without a geometry type (.csv, .xlsx) get columns lng and lat, and WKT for anything but
    points. Raises InputError for an ending that is not one of ours.
    """
    ending = file.suffix.lower()
    if ending not in _ENDINGS:
        raise InputError(f"{file.name}: the ending must be one of {', '.join(_ENDINGS)}")
    folder = file.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(f"{folder} is not a folder that can be written")
    frame = _frame(session, kind, level)
    for name in frame.columns:
        column = frame[name]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            frame[name] = column.dt.tz_convert(CHINA_TIME).dt.strftime("%Y-%m-%d %H:%M:%S")
        elif name in ("amenities", "aliases"):
            frame[name] = [";".join(values) for values in column]
        elif name.startswith("valid_") or name.endswith("_month"):
            frame[name] = [None if pd.isna(value) else value.isoformat() for value in column]
        if name != "geometry" and not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].map(_inert)
    if ending in (".csv", ".xlsx"):
        _write_table(frame, file)
    elif ending == ".parquet":
        frame.to_parquet(file)
    elif ending == ".zip":
        _write_shapefile(frame, file, kind)
    else:
        frame.to_file(file, driver={".geojson": "GeoJSON", ".gpkg": "GPKG"}[ending])
    return len(frame)


def _frame(session: Session, kind: str, level: Level | None) -> gpd.GeoDataFrame:
    if kind == "areas":
        return areas.list_areas(session, *([level] if level else [])).drop(columns="id")
    if kind == "stations":
        return stations.list_stations(session)
    if kind == "places":
        return places.list_places(session)
    return reports.list_reports(session, ReportFilter())


def _write_shapefile(frame: gpd.GeoDataFrame, file: Path, name: str) -> None:
    """A zipped Shapefile with the .cpg that names its encoding."""
    with tempfile.TemporaryDirectory() as folder:
        frame.to_file(Path(folder) / f"{name}.shp", driver="ESRI Shapefile", encoding="UTF-8")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)


def _write_table(frame: gpd.GeoDataFrame, file: Path) -> None:
    shapes = frame.geometry
    table = pd.DataFrame(frame.drop(columns="geometry"))
    if (shapes.geom_type.dropna() == "Point").all():
        table["lng"], table["lat"] = shapes.x, shapes.y
    else:
        table["wkt"] = shapes.to_wkt(rounding_precision=8)
    if file.suffix.lower() == ".csv":
        # The mark lets Excel read Chinese.
        table.to_csv(file, index=False, encoding="utf-8-sig")
    else:
        table.to_excel(file, index=False)


def _inert(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe; our import strips it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
