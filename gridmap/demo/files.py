"""The town's files: one feature or row on a line, the same bytes for the same town."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

if TYPE_CHECKING:
    from gridmap.demo.town import Town

LAYERS = ("street", "communities", "grids", "buildings", "estates", "places", "streets", "landscape")
TABLES = ("stations", "demand", "workers", "reports", "truth")


def write(town: Town, directory: Path) -> None:
    """Write the layers as GeoJSON, the tables as CSV and the hot spots as JSON, UTF-8 with LF."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in LAYERS:
        _write(directory / f"{name}.geojson", geojson(getattr(town, name)))
    for name in TABLES:
        _write(directory / f"{name}.csv", getattr(town, name).to_csv(index=False, lineterminator="\n"))
    lines = ",\n".join(_compact(spot) for spot in town.hotspots)
    _write(directory / "hotspots.json", f"[\n{lines}\n]\n")


def geojson(frame: gpd.GeoDataFrame) -> str:
    """A FeatureCollection (RFC 7946) with one feature on a line; coordinates as they are in the frame."""
    columns = [column for column in frame.columns if column != "geometry"]
    features = []
    for values, geometry in zip(
        frame[columns].astype(object).itertuples(index=False), frame.geometry, strict=True
    ):
        properties = _compact(dict(zip(columns, values, strict=True)))
        shape = _compact(shapely.geometry.mapping(geometry))
        features.append(f'{{"type":"Feature","properties":{properties},"geometry":{shape}}}')
    lines = ",\n".join(features)
    return f'{{"type":"FeatureCollection","features":[\n{lines}\n]}}\n'


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
