from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from gridmap.config import ROOT
from gridmap.maps import base
from gridmap.maps.legend import StationKind
from gridmap.types import Bbox

STATIC = ROOT / "static"
LEVELS = {"street": 1, "community": 8, "grid": 150, "building": 2000}
BOUNDS = Bbox(107.80, 31.00, 107.90, 31.10)
KINDS = [
    StationKind("jiuke", "九可驿站", "驿", "circle", "#0F5C63"),
    StationKind("red", "红色驿站", "红", "shield", "#B5314C"),
    StationKind("mobile", "调解流动车", "车", "bar", "#5B6B2F"),
]
AMENITIES = {"water": "饮水", "toilet": "如厕"}


@pytest.fixture(scope="session", autouse=True)
def local_assets() -> None:
    base.use_local_assets(STATIC)


def stations(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    """The store's frame of stations; what a row does not say is unknown."""
    unknown = {
        "kind": "jiuke",
        "name": "东门驿站",
        "address": None,
        "phone": None,
        "opening_hours": None,
        "capacity": float("nan"),
        "amenities": [],
        "use_month": None,
        "visits": float("nan"),
        "waters": float("nan"),
        "medicines": float("nan"),
    }
    records = [{"reference": f"S{number}", **unknown, **row} for number, row in enumerate(rows)]
    points = [shapely.Point(107.85 + 0.001 * number, 31.05) for number in range(len(rows))]
    return gpd.GeoDataFrame(records, columns=["reference", *unknown], geometry=points, crs="EPSG:4490")
