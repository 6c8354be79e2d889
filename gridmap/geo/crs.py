"""Declared coordinate systems, the storage CRS, and the metric CRS of a place."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from gridmap.errors import InputError
from gridmap.geo import datum
from gridmap.types import Crs, Point

if TYPE_CHECKING:
    import geopandas as gpd

Geometries: TypeAlias = NDArray[np.object_]

STORAGE: Final = "EPSG:4490"

_ACCEPTED: Final = "wgs84, cgcs2000, gcj02, bd09 or EPSG:n"
_NAMES: Final = {"wgs84": Crs.WGS84, "cgcs2000": Crs.CGCS2000, "gcj02": Crs.GCJ02, "bd09": Crs.BD09}


def declare(text: str | None) -> str:
    """The canonical name of a declared system: `wgs84`, `cgcs2000`, `gcj02`, `bd09` or `EPSG:n`.

    Letter case, spaces, hyphens and underscores do not matter in the four names. Raises InputError that
    names the accepted ones when nothing is declared, and for a code that is unknown or has no horizontal
    coordinates.
    """
    if text is None or not text.strip():
        raise InputError(f"the coordinate system must be declared: {_ACCEPTED}")
    name = _NAMES.get(re.sub(r"[\s_-]", "", text).lower())
    if name is not None:
        return name.value
    match = re.fullmatch(r"\s*epsg\s*:\s*(\d{4,6})\s*", text, re.IGNORECASE)
    if match is None:
        raise InputError(f"unknown coordinate system {text.strip()[:40]!r}: use {_ACCEPTED}")
    code = int(match[1])
    try:
        horizontal = _from_epsg(code).to_2d()
    except CRSError:
        raise InputError(f"EPSG:{code} is not a code of a coordinate system: use {_ACCEPTED}") from None
    if not (horizontal.is_geographic or horizontal.is_projected):
        raise InputError(f"EPSG:{code} ({horizontal.name}) has no horizontal coordinates: use {_ACCEPTED}")
    return f"EPSG:{code}"


def to_storage(xy: ArrayLike, declared: str) -> NDArray[np.float64]:
    """Positions of a declared system as longitude, latitude in EPSG:4490.

    `xy` and the answer have shape (n, 2), x = easting or longitude first, whatever the axis order of the
    EPSG code. A row that the projection cannot carry over comes back as NaN. Raises InputError as `declare`
    and `datum.convert` do.
    """
    system = declare(declared)
    if not system.startswith("EPSG:"):
        return datum.convert(xy, system, "wgs84")
    points = datum.convert(xy, "wgs84", "wgs84")
    if system != STORAGE and len(points):
        lng, lat = _transformer(system, STORAGE).transform(points[:, 0], points[:, 1])
        points = np.column_stack([lng, lat])
        points[~np.isfinite(points).all(axis=1)] = np.nan
    return points


def geometries_to_storage(geometries: Geometries, declared: str) -> Geometries:
    """Shapely geometries of a declared system in EPSG:4490, x = longitude; heights are dropped, None stays.

    Vertices are moved and edges stay straight between them. Raises InputError as `declare` does, and when
    a vertex cannot be carried over.
    """
    system = declare(declared)
    flat = shapely.force_2d(np.asarray(geometries, dtype=object))

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = to_storage(xy, system)
        lost = ~np.isfinite(moved).all(axis=1) & np.isfinite(xy).all(axis=1)
        if lost.any():
            x, y = xy[lost.argmax()]
            raise InputError(f"coordinates ({x:g}, {y:g}) lie outside the reach of {system}")
        return moved

    result: Geometries = shapely.transform(flat, move)
    return result


def metric(lng: float, lat: float) -> CRS:
    """The CRS in which to measure around a place given in degrees: metres, x = easting.

    In China (73.5..136.5° E, 3..54° N) the CGCS2000 3-degree zone by central meridian, EPSG:4534 to 4554,
    at most 1.0003 in scale at a zone's edge; elsewhere the WGS 84 / UTM zone. Both have northing first by
    definition: transform with `always_xy=True`. Raises InputError for a place that is not on the Earth.
    """
    place = Point(lng, lat)
    if 73.5 <= place.lng <= 136.5 and 3 <= place.lat <= 54:
        zone = min(math.floor((place.lng + 1.5) / 3), 45)
        return _from_epsg(4534 + zone - 25)
    zone = min(math.floor((place.lng + 180) / 6) + 1, 60)
    return _from_epsg((32600 if place.lat >= 0 else 32700) + zone)


def require(*frames: gpd.GeoDataFrame) -> CRS:
    """The one CRS of all the frames; raises InputError when a frame has none or when they differ."""
    systems = []
    for frame in frames:
        if frame.crs is None:
            raise InputError("the frame has no coordinate system: set one with set_crs before it is used")
        systems.append(CRS.from_user_input(frame.crs))
    for system in systems[1:]:
        if system != systems[0]:
            raise InputError(
                f"the frames differ in their coordinate systems, {systems[0].to_string()} and "
                f"{system.to_string()}: bring them into one with to_crs"
            )
    return systems[0]


def project(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The frame in the metric CRS of the middle of its bounds. Raises InputError when it has no CRS."""
    crs = require(frame)
    bounds: NDArray[Any] = frame.total_bounds
    if not np.isfinite(bounds).all():
        return frame.to_crs(metric(105.0, 35.0))
    middle = Transformer.from_crs(crs, STORAGE, always_xy=True).transform(
        (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    )
    return frame.to_crs(metric(*middle))


@cache
def _from_epsg(code: int) -> CRS:
    return CRS.from_epsg(code)


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)
