"""Small files as people send them, and the dictionaries that come with the project."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gridmap.config import ROOT
from gridmap.ingest.readers import Source, read


@pytest.fixture(scope="session")
def dictionaries() -> dict[str, pd.DataFrame]:
    folder = ROOT / "geodata" / "dictionaries"
    return {path.stem: pd.read_csv(path, dtype=str) for path in folder.glob("*.csv")}


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes the text of a CSV and gives its path."""

    def write(text: str, encoding: str = "utf-8", name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def table(csv) -> Callable[[str], Source]:
    """The source of a CSV given as text."""
    return lambda text: read(csv(text))


@pytest.fixture
def geojson(tmp_path: Path) -> Callable[..., Path]:
    """Writes features given as (geometry, properties) and gives the path."""

    def write(*features: tuple[object, dict], crs: str | None = None, name: str = "areas.geojson") -> Path:
        document: dict = {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": geometry, "properties": properties}
                for geometry, properties in features
            ],
        }
        if crs:
            document["crs"] = {"type": "name", "properties": {"name": crs}}
        path = tmp_path / name
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        return path

    return write


def square(x: float, y: float, side: float = 0.01) -> dict:
    """A square's GeoJSON, its lower left corner at x, y."""
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def point(x: float, y: float) -> dict:
    return {"type": "Point", "coordinates": [x, y]}
