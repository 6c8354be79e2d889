"""Whether coordinates were declared in the wrong system: they say so by falling outside all areas."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gridmap.geo import datum
from gridmap.operations.owners import Locator
from gridmap.store import records

# A wrong frame moves points by 300 to 1,300 m: of points spread over a county only those near its
# border fall out, 1 to 5 in 100, but nearly all of them come back under the right system. Stray
# points of a file that is declared rightly do not.
_SUSPICIOUS_SHARE = 0.01
_FEWEST = 3
_SAMPLE = 100_000

Floats = NDArray[np.float64]


def suspect_points(locator: Locator, points: gpd.GeoDataFrame, declared: str) -> list[str]:
    """Warnings about imported points, against the stored areas. `points` has raw_x, raw_y as received."""
    placed = points[~points.geometry.isna()]
    if placed.empty or not locator:
        return []
    placed = placed.iloc[:: max(1, len(placed) // _SAMPLE)]
    raw = placed[["raw_x", "raw_y"]].to_numpy(dtype=np.float64)
    stored = shapely.get_coordinates(placed.geometry.to_numpy())
    return _judge(locator, stored, _readings(raw, stored, declared))


def suspect_areas(session: Session, imported: gpd.GeoDataFrame) -> list[str]:
    """Warnings about imported areas, against the points that are stored already."""
    points = records.list_all_points(session, _SAMPLE)
    if not len(points):
        return []
    frame = imported[["code", "level", "kind", "geometry"]].assign(id=np.arange(len(imported)))
    around = shapely.box(*imported.total_bounds)
    # Points far from the file's areas tell nothing about them.
    near = shapely.intersects_xy(shapely.buffer(around, 0.02), points[:, 0], points[:, 1])
    return _judge(Locator(frame), points[near], _areas_readings(points[near]))


def _judge(locator: Locator, points: Floats, readings: Iterator[tuple[str, Floats]]) -> list[str]:
    if not len(points):
        return []
    inside = _inside(locator, points)
    outside = len(points) - inside
    if outside < max(_FEWEST, _SUSPICIOUS_SHARE * len(points)):
        return []
    best = max(((_inside(locator, moved), words) for words, moved in readings), default=(0, ""))
    gain = best[0] - inside
    if gain < max(_FEWEST, _SUSPICIOUS_SHARE * len(points)) or gain < outside / 2:
        return []
    return [
        f"{outside} of {len(points)} points lie outside all areas, but {gain} of them would lie inside "
        f"{best[1]}: check the declared system"
    ]


def _readings(raw: Floats, stored: Floats, declared: str) -> Iterator[tuple[str, Floats]]:
    """The points under every other system that the file, or the areas, might be in."""
    for system in ("wgs84", "gcj02", "bd09"):
        if system != declared and not (system == "wgs84" and declared == "cgcs2000"):
            yield f"if the file were {system}", datum.convert(raw, system, "wgs84")
    yield "if longitude and latitude were swapped", raw[:, ::-1]
    yield from _areas_readings(stored)


def _areas_readings(stored: Floats) -> Iterator[tuple[str, Floats]]:
    for system in ("gcj02", "bd09"):
        # Areas drawn in GCJ-02 but stored as they are: the points must be moved the same way to meet them.
        yield f"if the areas were {system}", datum.convert(stored, "wgs84", system)


def _inside(locator: Locator, points: Floats) -> int:
    return int(locator.locate(points[:, 0].copy(), points[:, 1].copy()).found.sum())
